#include "meta/get_latest_recording_start_meta.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/snapshots.h"
#include "ivs/recording_metadata.h"

namespace oxbow::meta {
namespace {

/// What the answer needs of recording-started-{CHANNEL_ID}.json.
struct SavedRecording {
    RecordingId recording;
    std::string master_key;  // "ivs/v1/.../j8Z9O91ndcVs/media/hls/byte-range-multivariant.m3u8"
    std::string started_at;  // "2023-02-09T22:55:41Z"
};

/// Errors: Malformed, LimitExceeded.
Result<SavedRecording> read_saved(std::string_view text) {
    const auto metadata = ivs::read_recording_metadata(text);
    if (!metadata) return std::unexpected(metadata.error());
    const auto recording = ivs::recording_of_key(metadata->hls_path);
    if (!recording) return std::unexpected(recording.error());
    // A failed recording may have no byte-range playlists; its others play as well.
    const std::string& playlist =
        metadata->byte_range_playlist.empty() ? metadata->playlist : metadata->byte_range_playlist;
    return SavedRecording{recording->recording, metadata->hls_path + "/" + playlist,
                          format_rfc3339(metadata->started_at)};
}

/// What stands before the paths of an answer.
struct Before {
    std::string_view base_url;  // without '/' at its end
    std::string_view mount;     // "" or "/p/AQ..."
};

std::string absolute(const Before& before, std::string_view url) {
    if (!url.starts_with('/')) return std::string(url);
    return fmt::format("{}{}{}", before.base_url, before.mount, url);
}

/// Keys have no '/' in front.
std::string mounted_key(std::string_view mount, std::string_view key) {
    return mount.empty() ? std::string(key) : fmt::format("{}/{}", mount.substr(1), key);
}

/// Whether the live stream is part of the recording. A started recording takes the stream up, even
/// when its list of streams does not show it yet.
bool records(const RecordingState& recording, const StreamId& stream) {
    return recording.status == RecordingStatus::Started ||
           std::ranges::find(recording.stream_ids, stream) != recording.stream_ids.end();
}

void add_recording(boost::json::object& out, const SavedRecording& saved,
                   const RecordingState& recording, std::string_view mount) {
    out["masterKey"] = mounted_key(mount, saved.master_key);
    out["recordingStartedAt"] = saved.started_at;
    out["playlistDuration"] = std::chrono::floor<std::chrono::seconds>(recording.duration).count();
    out["recordingStatus"] = name_of(recording.status);
}

}  // namespace

class GetLatestRecordingStartMeta::Impl {
public:
    Impl(store::ObjectStore& store, const StreamStates& streams)
        : store_(store), streams_(streams) {}

    Result<std::shared_ptr<const TextVersion>> answer(const ChannelId& channel, Before before);
    Result<void> saved(const ChannelId& channel);

private:
    using SavedPointer = std::shared_ptr<const SavedRecording>;
    struct Answered {
        std::optional<StateStamp> of;
        SavedPointer saved;
        std::string base_url;
        std::shared_ptr<const TextVersion> text;
    };

    std::string text(const ChannelId& channel, const SavedPointer& newest_saved,
                     Before before) const;

    store::ObjectStore& store_;
    const StreamStates& streams_;
    std::mutex reading_;  // one saved() at a time, so that a slow read never undoes a later one
    Snapshots<ChannelId, SavedRecording> saved_;
    Snapshots<ChannelId, Answered> answered_;  // the last of each channel, for the same again
};

Result<std::shared_ptr<const TextVersion>> GetLatestRecordingStartMeta::Impl::answer(
    const ChannelId& channel, Before before) {
    if (!streams_.channel_exists(channel)) {
        return fail(ErrorCode::NotFound, fmt::format("there is no channel '{}'", channel.view()));
    }
    while (before.base_url.ends_with('/')) before.base_url.remove_suffix(1);
    // The stamp first: what changes after it makes the next answer anew.
    auto stamp = streams_.stamp(channel);
    auto saved = saved_.get(channel);
    if (!before.mount.empty())
        return std::make_shared<const TextVersion>(text(channel, saved, before));

    const auto last = answered_.get(channel);
    const bool same_url = last && last->base_url == before.base_url;
    if (same_url && stamp && last->of == stamp && last->saved == saved) return last->text;
    std::string now = text(channel, saved, before);
    // Said again, it keeps its ETag and its gzip form.
    const bool said =
        same_url && last->text->size() == now.size() && last->text->pieces()[0]->text() == now;
    auto version = said ? last->text : std::make_shared<const TextVersion>(std::move(now));
    answered_.publish(
        channel, std::make_shared<const Answered>(Answered{.of = std::move(stamp),
                                                           .saved = std::move(saved),
                                                           .base_url = std::string(before.base_url),
                                                           .text = version}));
    return version;
}

/// In: `newest_saved` may be of an older recording, while the event that saves the newest is still
/// on its way.
std::string GetLatestRecordingStartMeta::Impl::text(const ChannelId& channel,
                                                    const SavedPointer& newest_saved,
                                                    Before before) const {
    const auto live = streams_.live_stream(channel);
    const auto recording = streams_.newest_recording(channel);
    if (!live && !recording) return "null";

    const bool is_saved =
        recording && newest_saved && newest_saved->recording == recording->recording_id;
    const SavedPointer saved = is_saved ? newest_saved : nullptr;
    boost::json::object out;
    out["isChannelLive"] = live.has_value();
    out["livePlaybackUrl"] = live ? absolute(before, live->playback_url) : "";
    if (!before.mount.empty()) out["sessionPath"] = before.mount;
    if (live && saved && records(*recording, live->stream_id)) {
        add_recording(out, *saved, *recording, before.mount);
        out["streamId"] = live->stream_id.view();
        out["rewindPlaybackUrl"] = absolute(before, fmt::format("/rewind/{}.m3u8", channel.view()));
    } else if (live && live->rewindable) {
        out["rewindPlaybackUrl"] = absolute(before, fmt::format("/rewind/{}.m3u8", channel.view()));
    }
    if (!live && saved) {
        add_recording(out, *saved, *recording, before.mount);
        if (recording->status == RecordingStatus::Started && recording->reconnect_until) {
            out["reconnectUntil"] = format_rfc3339(*recording->reconnect_until);
        }
        if (recording->status != RecordingStatus::Started && recording->ended_at) {
            out["recordingEndedAt"] = format_rfc3339(*recording->ended_at);
        }
    }
    return boost::json::serialize(out);
}

Result<void> GetLatestRecordingStartMeta::Impl::saved(const ChannelId& channel) {
    const std::scoped_lock reading{reading_};
    const std::string key = ivs::latest_metadata_key(channel);
    const auto text = store_.get(key, ivs::kMetadataBytesMax);
    if (!text && text.error().code != ErrorCode::NotFound) return std::unexpected(text.error());
    if (!text) {
        if (saved_.get(channel)) saved_.publish(channel, nullptr);
        return {};
    }
    auto read = read_saved(*text);
    if (!read) {
        return fail(read.error().code, fmt::format("object '{}': {}", key, read.error().what));
    }
    saved_.publish(channel, std::make_shared<const SavedRecording>(*std::move(read)));
    return {};
}

GetLatestRecordingStartMeta::GetLatestRecordingStartMeta(store::ObjectStore& store,
                                                         const StreamStates& streams)
    : impl_(std::make_unique<Impl>(store, streams)) {}

GetLatestRecordingStartMeta::~GetLatestRecordingStartMeta() = default;

Result<std::shared_ptr<const TextVersion>> GetLatestRecordingStartMeta::answer(
    const ChannelId& channel, std::string_view base_url, std::string_view mount) {
    return impl_->answer(channel, {.base_url = base_url, .mount = mount});
}

Result<void> GetLatestRecordingStartMeta::saved(const ChannelId& channel) {
    return impl_->saved(channel);
}

}  // namespace oxbow::meta
