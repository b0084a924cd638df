#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/times.h"

namespace oxbow::ivs {

/// "IVS Stream State Change".
struct StreamStateChange {
    std::string event_name;  // "Session Created", "Stream Start", "Stream End", "Session Ended"
    std::string code;        // of Session Ended and Stream Takeover Failure; "": absent
    std::string reason;      // of Stream Failure; "": absent
};

/// "IVS Stream Health Change".
struct StreamHealthChange {
    std::string event_name;  // "Starvation Start", "Starvation End"
};

/// "IVS Limit Breach", of one stream's ingest or of the account.
struct LimitBreach {
    std::string limit_name;  // "Ingest Bitrate", "Ingest Resolution", "Concurrent Broadcasts"
    std::int64_t limit_value = 0;
    std::int64_t value = 0;  // what was measured; the event tells by how much it is too much
    std::string limit_unit;  // "bits per second", "total pixels", "pixels per edge",
                             // "active streams"
};

/// "IVS Recording State Change".
struct RecordingStateChange {
    std::string status;  // "Recording Start", "Recording End", "Recording Start Failure", ...
    std::string reason;  // of failures: "InternalServerException"
    std::string bucket_name;
    std::string prefix;  // "" when it could not start
    std::chrono::milliseconds duration{};
    std::string session_id;            // "j8Z9O91ndcVs"
    std::vector<StreamId> stream_ids;  // oldest first
};

/// "Oxbow Recording Change", of source "oxbow": Amazon IVS deletes no recordings and tells of none.
struct RecordingDeleted {
    std::string reason;  // "requested", "max_age", "max_size", "keep_free"
    std::string bucket_name;
    std::string prefix;
    std::chrono::milliseconds duration{};
    std::uint64_t bytes = 0;
    std::string session_id;            // "j8Z9O91ndcVs"
    std::vector<StreamId> stream_ids;  // oldest first
};

using EventDetail = std::variant<StreamStateChange, StreamHealthChange, LimitBreach,
                                 RecordingStateChange, RecordingDeleted>;

/// What stands around an event's detail.
struct EventHead {
    std::string id;  // "0f8fad5b-d9cb-469f-a165-70867728950e"
    WallTime time;
    std::string account;
    std::string region;
    std::string channel_arn;  // "": of the account; then neither name nor stream is told
    std::string channel_name;
    StreamId stream;
};

// IVS Stream State Change
std::string_view detail_type(const EventDetail& detail);

/// What tells events of one type apart: "Stream Start", "Recording End"; of a breach its limit.
std::string_view event_name(const EventDetail& detail);

/// The code of an event that has one; "" otherwise.
std::string_view event_code(const EventDetail& detail);

/// Whether a session with such an event `hasErrorEvent`: a breach or a failure.
bool is_error(std::string_view type, std::string_view name);

/// The event as Amazon EventBridge delivers it; minified.
// {"version":"0","id":"0f8f...","detail-type":"IVS Stream State Change","source":"aws.ivs",...}
///
/// Source: Amazon IVS user guide, "Using Amazon EventBridge with Amazon IVS".
std::string to_json(const EventHead& head, const EventDetail& detail);

}  // namespace oxbow::ivs
