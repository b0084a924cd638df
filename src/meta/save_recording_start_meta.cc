#include "meta/save_recording_start_meta.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "ivs/json_members.h"
#include "ivs/recording_metadata.h"

namespace oxbow::meta {
namespace {

constexpr std::size_t kSequencerBytesMax = 64;

/// A recording-started.json, read from the bucket.
struct Started {
    std::string prefix;
    ivs::RecordingRef recording;
    ivs::RecordingMetadata metadata;
    boost::json::object json;  // with members of Amazon's that RecordingMetadata does not know
};

/// The recording-started-{CHANNEL_ID}.json that is there already.
struct Saved {
    std::string text;
    ivs::RecordingMetadata metadata;
    RecordingId recording;
    std::string prefix;
};

/// A sequencer in a form in which longer is later, and of one length the greater: upper case
/// without leading zeros. "" when there is none. Errors: Malformed.
Result<std::string> normalized_sequencer(std::string_view sequencer) {
    std::string out(sequencer);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
    });
    if (out.size() > kSequencerBytesMax ||
        out.find_first_not_of("0123456789ABCDEF") != std::string::npos) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("the event's sequencer '{}' is not a hex number of at most {} digits",
                        log::printable(sequencer), kSequencerBytesMax));
    }
    return out.erase(0, std::min(out.find_first_not_of('0'), out.size()));
}

/// The total order in which the saved recording of a channel only ever rises.
auto order_of(const ivs::RecordingMetadata& metadata, const std::string& sequencer,
              const RecordingId& recording) {
    return std::tuple{std::chrono::floor<std::chrono::seconds>(metadata.started_at),
                      sequencer.size(), sequencer, recording};
}

/// Errors: NotFound, Unavailable; Malformed  what is not metadata, or of another channel.
Result<Started> read_started(store::ObjectStore& store, std::string_view key) {
    const std::string_view prefix = key.substr(0, key.size() - ivs::kRecordingStartedSuffix.size());
    const auto recording = ivs::parse_recording_prefix(prefix);
    if (!recording) return std::unexpected(recording.error());
    const auto text = store.get(key, ivs::kMetadataBytesMax);
    if (!text) return std::unexpected(text.error());
    const auto wrong = [key](const Error& error) {
        return fail(error.code, fmt::format("object '{}': {}", key, error.what));
    };
    auto metadata = ivs::read_recording_metadata(*text);
    if (!metadata) return wrong(metadata.error());
    const auto channel = ivs::channel_of_arn(metadata->channel_arn);
    if (!channel) return wrong(channel.error());
    if (*channel != recording->channel) {
        return fail(ErrorCode::Malformed,
                    fmt::format("object '{}' is of channel '{}', not of that in its key", key,
                                channel->view()));
    }
    auto json = ivs::parse_json_object(*text, ivs::kMetadataBytesMax, "the recording metadata");
    if (!json) return wrong(json.error());
    return Started{std::string(prefix), *recording, *std::move(metadata), *std::move(json)};
}

/// What is saved for the channel; nullopt when nothing is, or nothing that could be kept.
/// Errors: Unavailable.
Result<std::optional<Saved>> read_saved(store::ObjectStore& store, const ChannelId& channel) {
    const std::string key = ivs::latest_metadata_key(channel);
    auto text = store.get(key, ivs::kMetadataBytesMax);
    if (!text && text.error().code == ErrorCode::NotFound) return std::nullopt;
    if (!text && text.error().code != ErrorCode::LimitExceeded)
        return std::unexpected(text.error());
    auto metadata = text ? ivs::read_recording_metadata(*text)
                         : Result<ivs::RecordingMetadata>{std::unexpected(text.error())};
    auto recording = metadata ? ivs::recording_of_key(metadata->hls_path)
                              : Result<ivs::RecordingRef>{std::unexpected(metadata.error())};
    if (!recording) {
        log::warning("[channel {}] {} is replaced, it is not saved metadata: {}", channel.view(),
                     key, recording.error().what);
        return std::nullopt;
    }
    const std::string prefix(ivs::prefix_of_key(metadata->hls_path).value_or(""));
    return Saved{*std::move(text), *std::move(metadata), recording->recording, prefix};
}

/// Whether the saved recording makes place for another one: it is the lesser in the order, or it
/// was deleted from the bucket. Errors: Unavailable.
Result<bool> makes_place(store::ObjectStore& store, const Saved& saved,
                         const std::string& saved_sequencer, const Started& started,
                         const std::string& sequencer) {
    const auto ours = order_of(started.metadata, sequencer, started.recording.recording);
    if (order_of(saved.metadata, saved_sequencer, saved.recording) < ours) return true;
    const auto there = store.head(ivs::recording_started_key(saved.prefix));
    if (there) return false;
    if (there.error().code != ErrorCode::NotFound) return std::unexpected(there.error());
    return true;
}

/// Whether who records says that this is the channel's newest recording: whatever is saved of
/// another makes place, also where a bucket that is away does not say what that is.
bool is_newest(const Started& started, const StreamStates& streams) {
    const auto newest = streams.newest_recording(started.recording.channel);
    return newest && newest->recording_id == started.recording.recording;
}

/// The recording's own stream ids are known best to who wrote it; a lookup may come before the
/// stream is seen, or after it ended, so what one found before is kept.
std::string stream_id_for(const Started& started, const std::optional<Saved>& same_recording,
                          const StreamStates& streams) {
    const auto& own = started.metadata.recording_session_stream_ids;
    if (!own.empty()) return own.back();
    std::string before =
        same_recording ? same_recording->metadata.stream_id.value_or("") : std::string{};
    if (!before.empty()) return before;
    const auto live = streams.live_stream(started.recording.channel);
    return live ? live->stream_id.str() : "";
}

/// recording-started.json as it is saved, with every member that it has:
// {...,"media":{"hls":{"path":"ivs/v1/.../j8Z9O91ndcVs/media/hls",...}},"streamId":"st-1",...}
std::string saved_json(const Started& started, const std::string& stream_id,
                       const std::string& sequencer) {
    boost::json::object json = started.json;
    json.at("media").at("hls").at("path") = started.prefix + "/" + started.metadata.hls_path;
    json["streamId"] = stream_id;
    json.erase("sequencer");
    if (!sequencer.empty()) json["sequencer"] = sequencer;
    return boost::json::serialize(json);
}

/// The later of two normalized sequencers.
const std::string& later(const std::string& a, const std::string& b) {
    return std::tuple{a.size(), a} < std::tuple{b.size(), b} ? b : a;
}

}  // namespace

SaveRecordingStartMeta::SaveRecordingStartMeta(store::ObjectStore& store,
                                               const StreamStates& streams)
    : store_(store), streams_(streams) {}

Result<bool> SaveRecordingStartMeta::handle(std::string_view key, std::string_view sequencer) {
    if (!key.ends_with(ivs::kRecordingStartedSuffix)) return false;
    const auto event_sequencer = normalized_sequencer(sequencer);
    if (!event_sequencer) return std::unexpected(event_sequencer.error());
    const auto started = read_started(store_, key);
    if (!started) return std::unexpected(started.error());
    auto saved = read_saved(store_, started->recording.channel);
    if (!saved && saved.error().code == ErrorCode::Unavailable && is_newest(*started, streams_))
        saved = std::nullopt;
    if (!saved) return std::unexpected(saved.error());

    std::string newest_sequencer = *event_sequencer;
    if (*saved) {
        const std::string saved_sequencer =
            normalized_sequencer((*saved)->metadata.sequencer.value_or("")).value_or("");
        if ((*saved)->recording == started->recording.recording) {
            newest_sequencer = later(newest_sequencer, saved_sequencer);
        } else {
            const auto replaced =
                makes_place(store_, **saved, saved_sequencer, *started, *event_sequencer);
            if (!replaced || !*replaced) return replaced;
            saved->reset();
        }
    }
    const std::string json =
        saved_json(*started, stream_id_for(*started, *saved, streams_), newest_sequencer);
    if (*saved && (*saved)->text == json) return false;
    if (json.size() > ivs::kMetadataBytesMax) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("object '{}' would be saved with {} bytes, more than the {} that are "
                        "read",
                        key, json.size(), ivs::kMetadataBytesMax));
    }
    const auto put =
        store_.put(ivs::latest_metadata_key(started->recording.channel), as_bytes(json));
    if (!put) return std::unexpected(put.error());
    return true;
}

}  // namespace oxbow::meta
