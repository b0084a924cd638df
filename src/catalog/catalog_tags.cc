#include <optional>

#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"

namespace oxbow::catalog {
namespace {

/// Where the tags of a resource lie in the database and in the snapshot.
struct Tagged {
    std::string_view table;
    Tags tags;
    std::function<void(Directory&, const Tags&)> show;
};

/// For the maps that lead from ARN to resource.
template <typename Row>
std::optional<Tagged> tagged_in(SharedMap<std::string, Row> Directory::* map,
                                std::string_view table, const Directory& directory,
                                const std::string& arn) {
    const auto found = (directory.*map).find(arn);
    if (found == (directory.*map).end()) return std::nullopt;
    return Tagged{.table = table,
                  .tags = found->second.tags,
                  .show = [map, arn](Directory& next, const Tags& tags) {
                      Row row = (next.*map).at(arn);
                      row.tags = tags;
                      (next.*map).set(arn, std::move(row));
                  }};
}

std::optional<Tagged> tagged_channel(const Directory& directory, const std::string& arn) {
    const auto id = ivs::channel_of_arn(arn);
    if (!id) return std::nullopt;
    const auto found = directory.channels.find(*id);
    if (found == directory.channels.end() || found->second.arn != arn) return std::nullopt;
    return Tagged{.table = "channels",
                  .tags = found->second.tags,
                  .show = [id = *id](Directory& next, const Tags& tags) {
                      Channel channel = next.channels.at(id);
                      channel.tags = tags;
                      next.channels.set(id, std::move(channel));
                  }};
}

std::optional<Tagged> tagged_stream_key(const Directory& directory, const std::string& arn) {
    const auto found = directory.stream_key_arns.find(arn);
    if (found == directory.stream_key_arns.end()) return std::nullopt;
    const ChannelId channel = found->second;
    return Tagged{.table = "stream_keys",
                  .tags = directory.stream_key_of.at(channel).tags,
                  .show = [channel](Directory& next, const Tags& tags) {
                      StreamKey key = next.stream_key_of.at(channel);
                      key.tags = tags;
                      next.stream_key_of.set(channel, std::move(key));
                  }};
}

std::optional<Tagged> tagged(const Directory& directory, const std::string& arn) {
    if (auto found = tagged_channel(directory, arn)) return found;
    if (auto found = tagged_stream_key(directory, arn)) return found;
    if (auto found = tagged_in(&Directory::recording_configurations, "recording_configurations",
                               directory, arn)) {
        return found;
    }
    if (auto found =
            tagged_in(&Directory::playback_key_pairs, "playback_key_pairs", directory, arn)) {
        return found;
    }
    return tagged_in(&Directory::playback_restriction_policies, "playback_restriction_policies",
                     directory, arn);
}

}  // namespace

Result<void> Catalog::change_tags(const std::string& arn, const TagChange& change) {
    std::optional<Tagged> resource;
    Tags changed;
    return impl_->change(
        fmt::format("the tags of '{}'", arn),
        [&](soci::session& session) -> Result<void> {
            resource = tagged(*directory(), arn);
            if (!resource) return fail(ErrorCode::NotFound, fmt::format("there is no '{}'", arn));
            auto tags = change(resource->tags);
            if (!tags) return std::unexpected(tags.error());
            changed = std::move(*tags);
            return touch((session.prepare << "UPDATE " << resource->table
                                          << " SET tags = :tags WHERE arn = :arn",
                          soci::use(tags_column(changed), "tags"), soci::use(arn, "arn")),
                         arn);
        },
        [&](Directory& directory) { resource->show(directory, changed); });
}

}  // namespace oxbow::catalog
