#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"

namespace oxbow::catalog {
namespace {

std::string named(std::string_view kind, std::string_view name) {
    return fmt::format("{} '{}'", kind, name);
}

/// Errors: NotFound  the channel names a recording configuration that is not there.
Result<void> check_configuration(const Directory& directory, const Channel& channel) {
    const std::string& arn = channel.recording_configuration_arn;
    if (arn.empty() || directory.recording_configurations.contains(arn)) return {};
    return fail(ErrorCode::NotFound,
                fmt::format("there is no recording configuration '{}'; create it first", arn));
}

void insert_stream_key(soci::session& session, const StreamKey& key) {
    session << "INSERT INTO stream_keys (arn, value, channel, tags) "
               "VALUES (:arn, :value, :channel, :tags)",
        soci::use(key);
}

}  // namespace

Result<void> Catalog::add_channel(const Channel& channel, const StreamKey& key) {
    return impl_->change(
        named("channel", channel.id.view()),
        [&](soci::session& session) -> Result<void> {
            if (auto checked = check_configuration(*directory(), channel); !checked) return checked;
            session << "INSERT INTO channels (id, arn, name, latency_mode, type, "
                       "recording_configuration_arn, authorized, insecure_ingest, preset, tags, "
                       "created_at) VALUES (:id, :arn, :name, :latency_mode, :type, "
                       ":recording_configuration_arn, :authorized, :insecure_ingest, :preset, "
                       ":tags, :created_at)",
                soci::use(channel);
            StreamKey own = key;
            own.channel = channel.id;
            insert_stream_key(session, own);
            return {};
        },
        [&](Directory& directory) {
            directory.channels.emplace(channel.id, channel);
            directory.stream_keys.emplace(key.value, channel.id);
        });
}

Result<Channel> Catalog::channel(const ChannelId& id) const {
    const auto known = directory();
    const auto found = known->channels.find(id);
    if (found != known->channels.end()) return found->second;
    return fail(ErrorCode::NotFound, fmt::format("there is no channel '{}'", id.view()));
}

Result<std::vector<Channel>> Catalog::channels(Page page) const {
    return impl_->read([page](soci::session& session) -> Result<std::vector<Channel>> {
        const long long limit = column(page.limit);
        const long long offset = column(page.offset);
        return fetch<Channel>(
            (session.prepare
                 << "SELECT * FROM channels ORDER BY created_at, id LIMIT :limit OFFSET :offset",
             soci::use(limit, "limit"), soci::use(offset, "offset")));
    });
}

Result<void> Catalog::update_channel(const Channel& channel) {
    const std::string subject = named("channel", channel.id.view());
    return impl_->change(
        subject,
        [&](soci::session& session) -> Result<void> {
            if (auto checked = check_configuration(*directory(), channel); !checked) return checked;
            return touch(
                (session.prepare
                     << "UPDATE channels SET name = :name, latency_mode = :latency_mode, "
                        "type = :type, recording_configuration_arn = :recording_configuration_arn, "
                        "authorized = :authorized, insecure_ingest = :insecure_ingest, "
                        "preset = :preset, tags = :tags WHERE id = :id",
                 soci::use(channel)),
                subject);
        },
        [&](Directory& directory) {
            Channel& known = directory.channels.at(channel.id);
            Channel updated = channel;
            updated.arn = known.arn;
            updated.created_at = known.created_at;
            known = std::move(updated);
        });
}

Result<void> Catalog::remove_channel(const ChannelId& id) {
    const std::string subject = named("channel", id.view());
    return impl_->change(
        subject,
        [&](soci::session& session) {
            // Its stream key goes by ON DELETE CASCADE.
            return touch((session.prepare << "DELETE FROM channels WHERE id = :id",
                          soci::use(id.str(), "id")),
                         subject);
        },
        [&](Directory& directory) {
            directory.channels.erase(id);
            std::erase_if(directory.stream_keys,
                          [&id](const auto& entry) { return entry.second == id; });
        });
}

Result<void> Catalog::add_stream_key(const StreamKey& key) {
    const std::string subject =
        fmt::format("a stream key of channel '{}', or this stream key,", key.channel.view());
    return impl_->change(
        subject,
        [&](soci::session& session) -> Result<void> {
            if (!directory()->channels.contains(key.channel)) {
                return fail(ErrorCode::NotFound,
                            fmt::format("there is no channel '{}'", key.channel.view()));
            }
            insert_stream_key(session, key);
            return {};
        },
        [&](Directory& directory) { directory.stream_keys.emplace(key.value, key.channel); });
}

Result<std::vector<StreamKey>> Catalog::stream_keys(const ChannelId& channel) const {
    return impl_->read([&channel](soci::session& session) -> Result<std::vector<StreamKey>> {
        return fetch<StreamKey>(
            (session.prepare << "SELECT * FROM stream_keys WHERE channel = :channel ORDER BY arn",
             soci::use(channel.str(), "channel")));
    });
}

Result<void> Catalog::remove_stream_key(const std::string& arn) {
    const std::string subject = named("stream key", arn);
    std::string value;
    return impl_->change(
        subject,
        [&](soci::session& session) {
            session << "SELECT value FROM stream_keys WHERE arn = :arn", soci::use(arn, "arn"),
                soci::into(value);
            return touch((session.prepare << "DELETE FROM stream_keys WHERE arn = :arn",
                          soci::use(arn, "arn")),
                         subject);
        },
        [&](Directory& directory) { directory.stream_keys.erase(StreamKeyValue{value}); });
}

Result<void> Catalog::add_recording_configuration(const RecordingConfiguration& configuration) {
    return impl_->change(
        named("recording configuration", configuration.arn),
        [&](soci::session& session) -> Result<void> {
            session
                << "INSERT INTO recording_configurations (arn, name, state, bucket_name, "
                   "reconnect_window_seconds, thumbnail_mode, thumbnail_interval_seconds, tags) "
                   "VALUES (:arn, :name, :state, :bucket_name, :reconnect_window_seconds, "
                   ":thumbnail_mode, :thumbnail_interval_seconds, :tags)",
                soci::use(configuration);
            return {};
        },
        [&](Directory& directory) {
            directory.recording_configurations.emplace(configuration.arn, configuration);
        });
}

Result<std::vector<RecordingConfiguration>> Catalog::recording_configurations() const {
    return impl_->read([](soci::session& session) -> Result<std::vector<RecordingConfiguration>> {
        return fetch<RecordingConfiguration>(
            session.prepare << "SELECT * FROM recording_configurations ORDER BY name, arn");
    });
}

Result<void> Catalog::remove_recording_configuration(const std::string& arn) {
    const std::string subject = named("recording configuration", arn);
    return impl_->change(
        subject,
        [&](soci::session& session) -> Result<void> {
            for (const auto& [id, channel] : directory()->channels) {
                if (channel.recording_configuration_arn != arn) continue;
                return fail(ErrorCode::Conflict,
                            fmt::format("{} is used by channel '{}'; detach it there first",
                                        subject, id.view()));
            }
            return touch(
                (session.prepare << "DELETE FROM recording_configurations WHERE arn = :arn",
                 soci::use(arn, "arn")),
                subject);
        },
        [&](Directory& directory) { directory.recording_configurations.erase(arn); });
}

}  // namespace oxbow::catalog
