#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/times.h"
#include "store/object_store.h"

namespace oxbow::notify {

inline constexpr std::size_t kS3EventBytesMax = 256 * 1024;  // what SNS and SQS carry at most
inline constexpr std::size_t kS3EventRecordsMax = 1000;

/// Who the events of our own bucket say they are from.
struct S3EventSource {
    std::string region = "us-east-1";
    std::string account = "000000000000";
};

/// One ObjectCreated record.
struct ObjectCreatedRecord {
    std::string bucket;
    std::string key;  // decoded
    std::uint64_t size = 0;
    std::string etag;
    std::string sequencer;   // hex, upper or lower case; "": the sender gives none
    std::string event_name;  // "ObjectCreated:Put"
    WallTime event_time;
};

/// The event that Amazon S3 would send for the object.
///
/// Out:    {"Records":[{"eventVersion":"2.6","eventSource":"aws:s3",...}]}, the key
/// form-URL-encoded. Source: Amazon S3 user guide, "Event message structure".
std::string render_s3_event(const store::ObjectCreated& created, const S3EventSource& source);

/// Reads an S3 event as Amazon S3, Ceph RGW and MinIO send it, by itself or inside an SNS
/// notification or an EventBridge event.
///
/// Out:    every ObjectCreated record, in order; records of other kinds and the s3:TestEvent give
/// none. Errors: Malformed      not JSON, or a member that is missing or wrong (named).
///         LimitExceeded  above kS3EventBytesMax or kS3EventRecordsMax.
///         Unsupported    an eventVersion other than 2.x, or an SNS message that is no
///         notification.
Result<std::vector<ObjectCreatedRecord>> read_s3_event(std::string_view json);

// "ivs/v1/a+b%26c.json": '/' stays, a space becomes '+'
std::string form_url_encode(std::string_view key);

/// Errors: Malformed  a '%' without two hex digits behind it.
Result<std::string> form_url_decode(std::string_view text);

}  // namespace oxbow::notify
