#include "catalog/json_columns.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace oxbow::catalog {

namespace json = boost::json;
namespace {

json::object tags_json(const Tags& tags) {
    json::object out;
    for (const auto& [key, value] : tags) out[key] = value;
    return out;
}

Tags tags_of(const json::object& object) {
    Tags out;
    for (const auto& tag : object) out.emplace(tag.key(), std::string(tag.value().as_string()));
    return out;
}

std::string text_of(const json::object& object, std::string_view name) {
    return std::string(object.at(name).as_string());
}

template <typename Number>
Number number_of(const json::object& object, std::string_view name) {
    return object.at(name).to_number<Number>();
}

json::array texts_json(const std::vector<std::string>& texts) {
    json::array out;
    for (const auto& text : texts) out.emplace_back(text);
    return out;
}

std::vector<std::string> texts_of(const json::array& array) {
    std::vector<std::string> out;
    for (const auto& text : array) out.emplace_back(text.as_string());
    return out;
}

}  // namespace

std::string tags_column(const Tags& tags) {
    return json::serialize(tags_json(tags));
}

std::string texts_column(const std::vector<std::string>& texts) {
    return json::serialize(texts_json(texts));
}

std::string streams_column(const std::vector<StreamId>& streams) {
    json::array out;
    for (const auto& stream : streams) out.emplace_back(stream.str());
    return json::serialize(out);
}

Tags read_tags(const std::string& column) {
    return tags_of(json::parse(column).as_object());
}

std::vector<std::string> read_texts(const std::string& column) {
    return texts_of(json::parse(column).as_array());
}

std::vector<StreamId> read_streams(const std::string& column) {
    std::vector<StreamId> out;
    const json::value value = json::parse(column);
    for (const auto& stream : value.as_array()) out.emplace_back(std::string(stream.as_string()));
    return out;
}

std::string ingest_column(const std::optional<ivs::IngestConfiguration>& ingest) {
    if (!ingest) return "";
    json::object out;
    if (const auto& video = ingest->video) {
        out["video"] = {{"codec", video->codec},
                        {"avc_profile", video->avc_profile},
                        {"avc_level", video->avc_level},
                        {"encoder", video->encoder},
                        {"width", video->width},
                        {"height", video->height},
                        {"bits_per_second", video->bits_per_second},
                        {"frame_rate", video->frame_rate},
                        {"key_frame_interval_ms", video->key_frame_interval_ms},
                        {"longest_key_frame_interval_ms", video->longest_key_frame_interval_ms}};
    }
    if (const auto& audio = ingest->audio) {
        out["audio"] = {{"codec", audio->codec},
                        {"channels", audio->channels},
                        {"sample_rate", audio->sample_rate},
                        {"bits_per_second", audio->bits_per_second}};
    }
    return json::serialize(out);
}

std::optional<ivs::IngestConfiguration> read_ingest(const std::string& column) {
    if (column.empty()) return std::nullopt;
    ivs::IngestConfiguration out;
    const json::value value = json::parse(column);
    if (const auto* const found = value.as_object().if_contains("video")) {
        const json::object& video = found->as_object();
        out.video = ivs::VideoIngest{
            .codec = text_of(video, "codec"),
            .avc_profile = text_of(video, "avc_profile"),
            .avc_level = text_of(video, "avc_level"),
            .encoder = text_of(video, "encoder"),
            .width = number_of<int>(video, "width"),
            .height = number_of<int>(video, "height"),
            .bits_per_second = number_of<std::int64_t>(video, "bits_per_second"),
            .frame_rate = number_of<double>(video, "frame_rate"),
            .key_frame_interval_ms = number_of<std::int64_t>(video, "key_frame_interval_ms"),
            // Older rows lack it.
            .longest_key_frame_interval_ms =
                video.contains("longest_key_frame_interval_ms")
                    ? number_of<std::int64_t>(video, "longest_key_frame_interval_ms")
                    : 0};
    }
    if (const auto* const found = value.as_object().if_contains("audio")) {
        const json::object& audio = found->as_object();
        out.audio =
            ivs::AudioIngest{.codec = text_of(audio, "codec"),
                             .channels = number_of<int>(audio, "channels"),
                             .sample_rate = number_of<int>(audio, "sample_rate"),
                             .bits_per_second = number_of<std::int64_t>(audio, "bits_per_second")};
    }
    return out;
}

std::string channel_column(const std::optional<Channel>& channel) {
    if (!channel) return "";
    return json::serialize(
        json::object{{"id", channel->id.view()},
                     {"arn", channel->arn},
                     {"name", channel->name},
                     {"latency_mode", channel->latency_mode},
                     {"type", channel->type},
                     {"recording_configuration_arn", channel->recording_configuration_arn},
                     {"authorized", channel->authorized},
                     {"insecure_ingest", channel->insecure_ingest},
                     {"preset", channel->preset},
                     {"playback_restriction_policy_arn", channel->playback_restriction_policy_arn},
                     {"tags", tags_json(channel->tags)},
                     {"created_at", channel->created_at.time_since_epoch().count()}});
}

std::optional<Channel> read_channel(const std::string& column) {
    if (column.empty()) return std::nullopt;
    const json::value value = json::parse(column);
    const json::object& object = value.as_object();
    return Channel{
        .id = ChannelId{text_of(object, "id")},
        .arn = text_of(object, "arn"),
        .name = text_of(object, "name"),
        .latency_mode = text_of(object, "latency_mode"),
        .type = text_of(object, "type"),
        .recording_configuration_arn = text_of(object, "recording_configuration_arn"),
        .authorized = object.at("authorized").as_bool(),
        .insecure_ingest = object.at("insecure_ingest").as_bool(),
        .preset = text_of(object, "preset"),
        .playback_restriction_policy_arn = text_of(object, "playback_restriction_policy_arn"),
        .tags = tags_of(object.at("tags").as_object()),
        .created_at =
            WallTime{std::chrono::milliseconds{number_of<std::int64_t>(object, "created_at")}}};
}

std::string recording_configuration_column(
    const std::optional<RecordingConfiguration>& configuration) {
    if (!configuration) return "";
    return json::serialize(
        json::object{{"arn", configuration->arn},
                     {"name", configuration->name},
                     {"state", configuration->state},
                     {"bucket_name", configuration->bucket_name},
                     {"reconnect_window_seconds", configuration->reconnect_window.count()},
                     {"thumbnail_mode", configuration->thumbnail_mode},
                     {"thumbnail_interval_seconds", configuration->thumbnail_interval.count()},
                     {"thumbnail_resolution", configuration->thumbnail_resolution},
                     {"thumbnail_storage", texts_json(configuration->thumbnail_storage)},
                     {"rendition_selection", configuration->rendition_selection},
                     {"renditions", texts_json(configuration->renditions)},
                     {"tags", tags_json(configuration->tags)}});
}

std::optional<RecordingConfiguration> read_recording_configuration(const std::string& column) {
    if (column.empty()) return std::nullopt;
    const json::value value = json::parse(column);
    const json::object& object = value.as_object();
    const auto seconds = [&object](std::string_view name) {
        return std::chrono::seconds{number_of<std::int64_t>(object, name)};
    };
    const auto texts = [&object](std::string_view name) {
        return texts_of(object.at(name).as_array());
    };
    return RecordingConfiguration{.arn = text_of(object, "arn"),
                                  .name = text_of(object, "name"),
                                  .state = text_of(object, "state"),
                                  .bucket_name = text_of(object, "bucket_name"),
                                  .reconnect_window = seconds("reconnect_window_seconds"),
                                  .thumbnail_mode = text_of(object, "thumbnail_mode"),
                                  .thumbnail_interval = seconds("thumbnail_interval_seconds"),
                                  .thumbnail_resolution = text_of(object, "thumbnail_resolution"),
                                  .thumbnail_storage = texts("thumbnail_storage"),
                                  .rendition_selection = text_of(object, "rendition_selection"),
                                  .renditions = texts("renditions"),
                                  .tags = tags_of(object.at("tags").as_object())};
}

std::string layout_column(const RecordingLayout& layout) {
    if (layout == RecordingLayout{}) return "";
    return json::serialize(json::object{{"hls_path", layout.hls_path},
                                        {"playlist", layout.playlist},
                                        {"byte_range_playlist", layout.byte_range_playlist},
                                        {"rendition_playlist", layout.rendition_playlist},
                                        {"live_target_seconds", layout.live_target_seconds}});
}

RecordingLayout read_layout(const std::string& column) {
    if (column.empty()) return {};
    const json::value value = json::parse(column);
    const json::object& object = value.as_object();
    return {.hls_path = text_of(object, "hls_path"),
            .playlist = text_of(object, "playlist"),
            .byte_range_playlist = text_of(object, "byte_range_playlist"),
            .rendition_playlist = text_of(object, "rendition_playlist"),
            // Older rows lack it.
            .live_target_seconds = object.contains("live_target_seconds")
                                       ? number_of<int>(object, "live_target_seconds")
                                       : RecordingLayout{}.live_target_seconds};
}

}  // namespace oxbow::catalog
