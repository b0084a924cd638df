#include <boost/json/array.hpp>

#include "control/operations.h"
#include "control/shapes.h"
#include "ivs/recording_metadata.h"

// How the streams and the machine do: Oxbow's own.

namespace oxbow::control {
namespace {

constexpr std::size_t kHealthBatchMax = 50;
constexpr std::int64_t kSinceMax = 4'102'444'800'000;  // the year 2100

boost::json::array samples_json(const std::vector<HealthSample>& samples) {
    boost::json::array out;
    out.reserve(samples.size());
    for (const HealthSample& sample : samples) {
        out.push_back(boost::json::array{
            sample.at.time_since_epoch().count(), sample.bits_per_second,
            static_cast<double>(static_cast<std::int64_t>(sample.frame_rate * 100)) / 100,
            sample.key_frame_interval_ms, sample.viewers});
    }
    return out;
}

boost::json::object uploads_json(const ServerStatus::Uploads& uploads) {
    boost::json::object out{{"objects", uploads.objects},
                            {"bytes", uploads.bytes},
                            {"oldestAgeMs", uploads.age.count()},
                            {"failures", uploads.failures}};
    if (!uploads.trouble.empty()) out["trouble"] = uploads.trouble;
    return out;
}

}  // namespace

Answer batch_get_stream_health(const Rooms& rooms, Arguments& arguments) {
    const auto arns = arguments.arn_list("channelArns", "channel", kHealthBatchMax);
    const std::int64_t since = arguments.number("since", 0, kSinceMax, 0);
    if (arguments.error()) return refuse(*arguments.error());
    boost::json::array streams;
    boost::json::array errors;
    for (const std::string& arn : arns) {
        const auto channel = channel_of(rooms, arn);
        if (!channel) {
            errors.push_back(batch_error_json(arn, channel.error()));
            continue;
        }
        const WallTime then{std::chrono::milliseconds{since}};
        boost::json::object item{{"channelArn", arn},
                                 {"samples", samples_json(rooms.health.since(channel->id, then))}};
        if (const auto stream = rooms.live.stream(channel->id); stream && stream->ingest)
            item["ingestConfiguration"] = ivs::ingest_configuration_json(*stream->ingest);
        streams.push_back(std::move(item));
    }
    return boost::json::object{
        {"sampleIntervalMs", HealthHistory::kSampleEvery / std::chrono::milliseconds{1}},
        {"streams", std::move(streams)},
        {"errors", std::move(errors)}};
}

Answer get_server_status(const Rooms& rooms, Arguments& arguments) {
    if (arguments.error()) return refuse(*arguments.error());
    const ServerStatus status = rooms.settings.status ? rooms.settings.status() : ServerStatus{};
    boost::json::object out{{"time", format_rfc3339_ms(rooms.clock.wall())},
                            {"ingestUrl", rooms.settings.ingest_url},
                            {"disk", boost::json::object{{"freeBytes", status.disk_free},
                                                         {"sizeBytes", status.disk_size}}},
                            {"bucket", status.bucket}};
    if (!status.rtmps_url.empty()) out["secureIngestUrl"] = status.rtmps_url;
    if (status.uploads) out["uploads"] = uploads_json(*status.uploads);
    return boost::json::object{{"server", std::move(out)}};
}

}  // namespace oxbow::control
