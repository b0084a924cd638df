#include "ivs/recording_metadata.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "ivs/json_members.h"

namespace oxbow::ivs {
namespace {

namespace json = boost::json;

constexpr std::int64_t kSidePixelsMax = 65'535;
constexpr std::int64_t kLiveTargetSecondsMax = 60;
constexpr std::int64_t kDurationMsMax = 366LL * 24 * 3600 * 1000;

json::object rendition_json(const RenditionMetadata& rendition) {
    json::object out{{"path", rendition.path}, {"playlist", rendition.playlist}};
    if (!rendition.byte_range_playlist.empty()) {
        out["byte_range_playlist"] = rendition.byte_range_playlist;
    }
    if (rendition.width > 0) {
        out["resolution_width"] = rendition.width;
        out["resolution_height"] = rendition.height;
    }
    return out;
}

json::object hls_json(const RecordingMetadata& metadata) {
    json::object hls;
    if (metadata.duration) hls["duration_ms"] = metadata.duration->count();
    hls["path"] = metadata.hls_path;
    hls["playlist"] = metadata.playlist;
    if (!metadata.byte_range_playlist.empty()) {
        hls["byte_range_playlist"] = metadata.byte_range_playlist;
    }
    json::array renditions;
    for (const auto& rendition : metadata.renditions) {
        renditions.emplace_back(rendition_json(rendition));
    }
    hls["renditions"] = std::move(renditions);
    return hls;
}

json::object thumbnail_json(const ThumbnailMetadata& thumbnail) {
    json::object out{{"path", thumbnail.path}};
    if (thumbnail.width > 0) {
        out["resolution_width"] = thumbnail.width;
        out["resolution_height"] = thumbnail.height;
    }
    return out;
}

json::object media_json(const RecordingMetadata& metadata) {
    json::object media{{"hls", hls_json(metadata)}};
    if (metadata.thumbnails) media["thumbnails"] = thumbnail_json(*metadata.thumbnails);
    if (metadata.latest_thumbnail)
        media["latest_thumbnail"] = thumbnail_json(*metadata.latest_thumbnail);
    return media;
}

/// Whether `text` can stand inside a key: parts not empty, not "." or "..", no control characters.
bool is_key_path(std::string_view text) {
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    };
    if (std::ranges::any_of(text, is_control)) return false;
    while (true) {
        const std::size_t slash = text.find('/');
        const std::string_view part = text.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == std::string_view::npos) return true;
        text.remove_prefix(slash + 1);
    }
}

std::string read_path(JsonMembers& members, std::string_view name) {
    const std::string path = members.text(name);
    if (!is_key_path(path)) members.wrong(name, "is not a relative path");
    return path;
}

std::string read_optional_path(JsonMembers& members, std::string_view name) {
    return members.has(name) ? read_path(members, name) : "";
}

int read_side(JsonMembers& members, std::string_view name) {
    return static_cast<int>(members.optional_number(name, 0, kSidePixelsMax).value_or(0));
}

RenditionMetadata read_rendition(JsonMembers& members) {
    return {.path = read_path(members, "path"),
            .playlist = read_path(members, "playlist"),
            .byte_range_playlist = read_optional_path(members, "byte_range_playlist"),
            .width = read_side(members, "resolution_width"),
            .height = read_side(members, "resolution_height")};
}

std::optional<ThumbnailMetadata> read_thumbnail(JsonMembers& media, std::string_view name) {
    auto members = media.optional_object(name);
    if (!members) return std::nullopt;
    return ThumbnailMetadata{.path = read_path(*members, "path"),
                             .width = read_side(*members, "resolution_width"),
                             .height = read_side(*members, "resolution_height")};
}

void read_hls(JsonMembers hls, RecordingMetadata& metadata) {
    const auto duration_ms = hls.optional_number("duration_ms", 0, kDurationMsMax);
    if (duration_ms) metadata.duration = std::chrono::milliseconds{*duration_ms};
    metadata.hls_path = read_path(hls, "path");
    metadata.playlist = read_path(hls, "playlist");
    metadata.byte_range_playlist = read_optional_path(hls, "byte_range_playlist");
    for (JsonMembers& rendition : hls.objects("renditions", kMetadataRenditionsMax)) {
        metadata.renditions.push_back(read_rendition(rendition));
    }
}

json::object oxbow_json(const RecordingMetadata& metadata) {
    json::object out{{"started_at", format_rfc3339_ms(metadata.started_at)}};
    if (metadata.ended_at) out["ended_at"] = format_rfc3339_ms(*metadata.ended_at);
    out["segment_epochs"] = *metadata.segment_epochs;
    if (metadata.live_target_seconds) out["live_target_seconds"] = *metadata.live_target_seconds;
    return out;
}

/// Times to the millisecond stand for those to the second, where they say the same.
void read_oxbow(JsonMembers& ours, RecordingMetadata& metadata) {
    const auto same_second = [](WallTime a, WallTime b) {
        return std::chrono::floor<std::chrono::seconds>(a) ==
               std::chrono::floor<std::chrono::seconds>(b);
    };
    const auto started_at = ours.optional_time("started_at");
    if (started_at && same_second(*started_at, metadata.started_at))
        metadata.started_at = *started_at;
    const auto ended_at = ours.optional_time("ended_at");
    if (ended_at && metadata.ended_at && same_second(*ended_at, *metadata.ended_at))
        metadata.ended_at = *ended_at;
    metadata.segment_epochs = ours.optional_text("segment_epochs");
    const auto target = ours.optional_number("live_target_seconds", 1, kLiveTargetSecondsMax);
    if (target) metadata.live_target_seconds = static_cast<int>(*target);
}

}  // namespace

std::string_view name_of(RecordingStatus status) {
    switch (status) {
        case RecordingStatus::Started:
            return "RECORDING_STARTED";
        case RecordingStatus::Ended:
            return "RECORDING_ENDED";
        case RecordingStatus::EndedWithFailure:
            return "RECORDING_ENDED_WITH_FAILURE";
    }
    return "";
}

std::string to_json(const RecordingMetadata& metadata) {
    json::object out{{"version", "v1"},
                     {"recording_started_at", format_rfc3339(metadata.started_at)}};
    if (metadata.ended_at) out["recording_ended_at"] = format_rfc3339(*metadata.ended_at);
    out["channel_arn"] = metadata.channel_arn;
    out["recording_status"] = metadata.status;
    if (metadata.status_message) out["recording_status_message"] = *metadata.status_message;
    out["media"] = media_json(metadata);
    if (metadata.recording_session_id) out["recording_session_id"] = *metadata.recording_session_id;
    if (!metadata.recording_session_stream_ids.empty()) {
        const auto& ids = metadata.recording_session_stream_ids;
        out["recording_session_stream_ids"] = json::array(ids.begin(), ids.end());
    }
    if (metadata.segment_epochs) out["oxbow"] = oxbow_json(metadata);
    if (metadata.stream_id) out["streamId"] = *metadata.stream_id;
    if (metadata.sequencer) out["sequencer"] = *metadata.sequencer;
    return json::serialize(out);
}

Result<RecordingMetadata> read_recording_metadata(std::string_view json) {
    const auto object = parse_json_object(json, kMetadataBytesMax, "the recording metadata");
    if (!object) return std::unexpected(object.error());

    std::optional<Error> first_error;
    JsonMembers members{*object, "", first_error};
    RecordingMetadata metadata;
    if (members.text("version") != "v1") members.wrong("version", "is not \"v1\"");
    metadata.started_at = members.time("recording_started_at");
    metadata.ended_at = members.optional_time("recording_ended_at");
    metadata.channel_arn = members.text("channel_arn");
    metadata.status = members.text("recording_status");
    metadata.status_message = members.optional_text("recording_status_message");
    JsonMembers media = members.object("media");
    read_hls(media.object("hls"), metadata);
    metadata.thumbnails = read_thumbnail(media, "thumbnails");
    metadata.latest_thumbnail = read_thumbnail(media, "latest_thumbnail");
    metadata.recording_session_id = members.optional_text("recording_session_id");
    metadata.recording_session_stream_ids = members.optional_texts("recording_session_stream_ids");
    if (auto ours = members.optional_object("oxbow")) read_oxbow(*ours, metadata);
    metadata.stream_id = members.optional_text("streamId");
    metadata.sequencer = members.optional_text("sequencer");

    if (first_error) {
        return fail(first_error->code,
                    "the recording metadata is not what Amazon IVS writes: " + first_error->what);
    }
    return metadata;
}

}  // namespace oxbow::ivs
