#include "ivs/events.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace oxbow::ivs {
namespace {

namespace json = boost::json;

constexpr std::string_view kLimitBreach = "IVS Limit Breach";

template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

json::object detail_json(const StreamStateChange& change) {
    json::object out{{"event_name", change.event_name}};
    if (!change.code.empty()) out["code"] = change.code;
    if (!change.reason.empty()) out["reason"] = change.reason;
    return out;
}

json::object detail_json(const StreamHealthChange& change) {
    return {{"event_name", change.event_name}};
}

json::object detail_json(const LimitBreach& breach) {
    return {{"limit_name", breach.limit_name},
            {"limit_value", breach.limit_value},
            {"exceeded_by", breach.value - breach.limit_value},
            {"limit_unit", breach.limit_unit}};
}

json::array streams_json(const std::vector<StreamId>& ids) {
    json::array streams;
    for (const StreamId& stream : ids) streams.emplace_back(stream.view());
    return streams;
}

json::object detail_json(const RecordingDeleted& deleted) {
    return {{"event_name", "Recording Deleted"},
            {"reason", deleted.reason},
            {"recording_s3_bucket_name", deleted.bucket_name},
            {"recording_s3_key_prefix", deleted.prefix},
            {"recording_duration_ms", deleted.duration.count()},
            {"recording_bytes", deleted.bytes},
            {"recording_session_id", deleted.session_id},
            {"recording_session_stream_ids", streams_json(deleted.stream_ids)}};
}

json::object detail_json(const RecordingStateChange& change) {
    return {{"recording_status", change.status},
            {"recording_status_reason", change.reason},
            {"recording_s3_bucket_name", change.bucket_name},
            {"recording_s3_key_prefix", change.prefix},
            {"recording_duration_ms", change.duration.count()},
            {"recording_session_id", change.session_id},
            {"recording_session_stream_ids", streams_json(change.stream_ids)}};
}

}  // namespace

std::string_view detail_type(const EventDetail& detail) {
    return std::visit(
        Overloaded{
            [](const StreamStateChange&) -> std::string_view { return "IVS Stream State Change"; },
            [](const StreamHealthChange&) -> std::string_view {
                return "IVS Stream Health Change";
            },
            [](const LimitBreach&) { return kLimitBreach; },
            [](const RecordingStateChange&) -> std::string_view {
                return "IVS Recording State Change";
            },
            [](const RecordingDeleted&) -> std::string_view { return "Oxbow Recording Change"; }},
        detail);
}

std::string_view event_name(const EventDetail& detail) {
    return std::visit(
        Overloaded{
            [](const LimitBreach& breach) -> std::string_view { return breach.limit_name; },
            [](const RecordingStateChange& change) -> std::string_view { return change.status; },
            [](const RecordingDeleted&) -> std::string_view { return "Recording Deleted"; },
            [](const auto& change) -> std::string_view { return change.event_name; }},
        detail);
}

std::string_view event_code(const EventDetail& detail) {
    const auto* const change = std::get_if<StreamStateChange>(&detail);
    return change == nullptr ? std::string_view{} : change->code;
}

bool is_error(std::string_view type, std::string_view name) {
    return type == kLimitBreach || name.ends_with("Failure");
}

std::string to_json(const EventHead& head, const EventDetail& detail) {
    json::object inner = std::visit([](const auto& one) { return detail_json(one); }, detail);
    const bool ours = std::holds_alternative<RecordingDeleted>(detail);
    const std::string_view source = ours ? "oxbow" : "aws.ivs";
    json::array resources;
    if (!head.channel_arn.empty()) {
        resources.emplace_back(head.channel_arn);
        inner["channel_name"] = head.channel_name;
        inner["stream_id"] = head.stream.view();
    }
    return json::serialize(json::object{{"version", "0"},
                                        {"id", head.id},
                                        {"detail-type", detail_type(detail)},
                                        {"source", source},
                                        {"account", head.account},
                                        {"time", format_rfc3339(head.time)},
                                        {"region", head.region},
                                        {"resources", std::move(resources)},
                                        {"detail", std::move(inner)}});
}

}  // namespace oxbow::ivs
