#include <algorithm>

#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"

namespace oxbow::catalog {
namespace {

std::string named(std::string_view kind, std::string_view name) {
    return fmt::format("{} '{}'", kind, name);
}

/// Errors: NotFound  the channel names a recording configuration or a policy that is not there.
Result<void> check_references(const Directory& directory, const Channel& channel) {
    const std::string& configuration = channel.recording_configuration_arn;
    if (!configuration.empty() && !directory.recording_configurations.contains(configuration)) {
        return fail(ErrorCode::NotFound,
                    fmt::format("there is no recording configuration '{}'; create it first",
                                configuration));
    }
    const std::string& policy = channel.playback_restriction_policy_arn;
    if (!policy.empty() && !directory.playback_restriction_policies.contains(policy)) {
        return fail(
            ErrorCode::NotFound,
            fmt::format("there is no playback restriction policy '{}'; create it first", policy));
    }
    return {};
}

void show_new_channel(Directory& directory, const Channel& channel) {
    directory.channels.set(channel.id, channel);
    auto places = std::make_shared<std::vector<ChannelPlace>>(*directory.channels_by_creation);
    const ChannelPlace place{channel.created_at, channel.id};
    places->insert(std::ranges::upper_bound(*places, place), place);
    directory.channels_by_creation = std::move(places);
}

void hide_channel(Directory& directory, const ChannelId& id) {
    auto places = std::make_shared<std::vector<ChannelPlace>>(*directory.channels_by_creation);
    std::erase_if(*places, [&id](const ChannelPlace& place) { return place.id == id; });
    directory.channels_by_creation = std::move(places);
    directory.channels.erase(id);
    hide_stream_key(directory, id);
}

void insert_stream_key(soci::session& session, const StreamKey& key) {
    session << "INSERT INTO stream_keys (arn, value, channel, tags) "
               "VALUES (:arn, :value, :channel, :tags)",
        soci::use(key);
}

std::string subject_of(const StreamKey& key) {
    return fmt::format("a stream key of channel '{}', or this stream key,", key.channel.view());
}

Result<void> insert(soci::session& session, const Directory& directory, const StreamKey& key) {
    if (!directory.channels.contains(key.channel)) {
        return fail(ErrorCode::NotFound,
                    fmt::format("there is no channel '{}'", key.channel.view()));
    }
    insert_stream_key(session, key);
    return {};
}

}  // namespace

Result<void> Catalog::add_channel(const Channel& channel, const StreamKey& key) {
    return impl_->change(
        named("channel", channel.id.view()),
        [&](soci::session& session) -> Result<void> {
            if (auto checked = check_references(*directory(), channel); !checked) return checked;
            session << "INSERT INTO channels (id, arn, name, latency_mode, type, "
                       "recording_configuration_arn, authorized, insecure_ingest, preset, "
                       "playback_restriction_policy_arn, tags, created_at) VALUES (:id, :arn, "
                       ":name, :latency_mode, :type, :recording_configuration_arn, :authorized, "
                       ":insecure_ingest, :preset, :playback_restriction_policy_arn, :tags, "
                       ":created_at)",
                soci::use(channel);
            StreamKey own = key;
            own.channel = channel.id;
            insert_stream_key(session, own);
            return {};
        },
        [&](Directory& directory) {
            show_new_channel(directory, channel);
            StreamKey own = key;
            own.channel = channel.id;
            show_stream_key(directory, own);
        });
}

Result<Channel> Catalog::channel(const ChannelId& id) const {
    const auto known = directory();
    const auto found = known->channels.find(id);
    if (found != known->channels.end()) return found->second;
    return fail(ErrorCode::NotFound, fmt::format("there is no channel '{}'", id.view()));
}

Result<std::vector<Channel>> Catalog::channels(Page page) const {
    const auto known = directory();
    const std::vector<ChannelPlace>& places = *known->channels_by_creation;
    const std::size_t begin = std::min(page.offset, places.size());
    const std::size_t end = begin + std::min(page.limit, places.size() - begin);
    std::vector<Channel> out;
    out.reserve(end - begin);
    for (std::size_t at = begin; at < end; ++at) out.push_back(known->channels.at(places[at].id));
    return out;
}

Result<void> Catalog::update_channel(const Channel& channel) {
    const std::string subject = named("channel", channel.id.view());
    return impl_->change(
        subject,
        [&](soci::session& session) -> Result<void> {
            if (auto checked = check_references(*directory(), channel); !checked) return checked;
            return touch(
                (session.prepare
                     << "UPDATE channels SET name = :name, latency_mode = :latency_mode, "
                        "type = :type, recording_configuration_arn = :recording_configuration_arn, "
                        "authorized = :authorized, insecure_ingest = :insecure_ingest, "
                        "preset = :preset, "
                        "playback_restriction_policy_arn = :playback_restriction_policy_arn, "
                        "tags = :tags WHERE id = :id",
                 soci::use(channel)),
                subject);
        },
        [&](Directory& directory) {
            const Channel& known = directory.channels.at(channel.id);
            Channel updated = channel;
            updated.arn = known.arn;
            updated.created_at = known.created_at;
            directory.channels.set(channel.id, std::move(updated));
        });
}

Result<void> Catalog::remove_channel(const ChannelId& id) {
    const std::string subject = named("channel", id.view());
    return impl_->change(
        subject,
        [&](soci::session& session) {
            session << "INSERT OR REPLACE INTO deleted_channels (id, arn, authorized) "
                       "SELECT id, arn, authorized FROM channels WHERE id = :id",
                soci::use(id.str(), "id");
            // Its stream key goes by ON DELETE CASCADE.
            return touch((session.prepare << "DELETE FROM channels WHERE id = :id",
                          soci::use(id.str(), "id")),
                         subject);
        },
        [&](Directory& directory) {
            const Channel& known = directory.channels.at(id);
            directory.deleted_channels.set(
                id, {.id = id, .arn = known.arn, .authorized = known.authorized});
            hide_channel(directory, id);
        });
}

Result<void> Catalog::add_stream_key(const StreamKey& key) {
    return impl_->change(
        subject_of(key), [&](soci::session& session) { return insert(session, *directory(), key); },
        [&](Directory& directory) { show_stream_key(directory, key); });
}

Result<void> Catalog::replace_stream_key(const StreamKey& key) {
    return impl_->change(
        subject_of(key),
        [&](soci::session& session) {
            session << "DELETE FROM stream_keys WHERE channel = :channel",
                soci::use(key.channel.str(), "channel");
            return insert(session, *directory(), key);
        },
        [&](Directory& directory) {
            hide_stream_key(directory, key.channel);
            show_stream_key(directory, key);
        });
}

Result<std::vector<StreamKey>> Catalog::stream_keys(const ChannelId& channel) const {
    const auto known = directory();
    const auto found = known->stream_key_of.find(channel);
    if (found == known->stream_key_of.end()) return std::vector<StreamKey>{};
    return std::vector<StreamKey>{found->second};
}

Result<void> Catalog::remove_stream_key(const std::string& arn) {
    const std::string subject = named("stream key", arn);
    return impl_->change(
        subject,
        [&](soci::session& session) {
            return touch((session.prepare << "DELETE FROM stream_keys WHERE arn = :arn",
                          soci::use(arn, "arn")),
                         subject);
        },
        [&](Directory& directory) {
            const ChannelId channel = directory.stream_key_arns.at(arn);
            hide_stream_key(directory, channel);
        });
}

}  // namespace oxbow::catalog
