#include <algorithm>

#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"

namespace oxbow::catalog {
namespace {

std::string named(std::string_view arn) {
    return fmt::format("recording configuration '{}'", arn);
}

}  // namespace

Result<void> Catalog::add_recording_configuration(const RecordingConfiguration& configuration) {
    return impl_->change(
        named(configuration.arn),
        [&](soci::session& session) -> Result<void> {
            session << "INSERT INTO recording_configurations (arn, name, state, bucket_name, "
                       "reconnect_window_seconds, thumbnail_mode, thumbnail_interval_seconds, "
                       "thumbnail_resolution, thumbnail_storage, rendition_selection, renditions, "
                       "tags) VALUES (:arn, :name, :state, :bucket_name, "
                       ":reconnect_window_seconds, :thumbnail_mode, :thumbnail_interval_seconds, "
                       ":thumbnail_resolution, :thumbnail_storage, :rendition_selection, "
                       ":renditions, :tags)",
                soci::use(configuration);
            return {};
        },
        [&](Directory& directory) {
            directory.recording_configurations.set(configuration.arn, configuration);
        });
}

Result<std::vector<RecordingConfiguration>> Catalog::recording_configurations() const {
    std::vector<RecordingConfiguration> out;
    for (const auto& [arn, configuration] : directory()->recording_configurations) {
        out.push_back(configuration);
    }
    std::ranges::sort(out, {}, [](const RecordingConfiguration& configuration) {
        return std::pair{configuration.name, configuration.arn};
    });
    return out;
}

Result<void> Catalog::set_recording_configuration_state(const std::string& arn,
                                                        const std::string& state) {
    return impl_->change(
        named(arn),
        [&](soci::session& session) {
            return touch((session.prepare << "UPDATE recording_configurations SET state = :state "
                                             "WHERE arn = :arn",
                          soci::use(state, "state"), soci::use(arn, "arn")),
                         named(arn));
        },
        [&](Directory& directory) {
            RecordingConfiguration configuration = directory.recording_configurations.at(arn);
            configuration.state = state;
            directory.recording_configurations.set(arn, std::move(configuration));
        });
}

Result<void> Catalog::remove_recording_configuration(const std::string& arn) {
    return impl_->change(
        named(arn),
        [&](soci::session& session) -> Result<void> {
            const auto known = directory();
            for (const auto& [id, channel] : known->channels) {
                if (channel.recording_configuration_arn != arn) continue;
                return fail(ErrorCode::Conflict,
                            fmt::format("{} is used by channel '{}'; detach it there first",
                                        named(arn), id.view()));
            }
            return touch(
                (session.prepare << "DELETE FROM recording_configurations WHERE arn = :arn",
                 soci::use(arn, "arn")),
                named(arn));
        },
        [&](Directory& directory) { directory.recording_configurations.erase(arn); });
}

}  // namespace oxbow::catalog
