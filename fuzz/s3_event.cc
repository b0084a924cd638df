// ObjectCreated records. Input: the body of a notification.

#include "notify/s3_event.h"
#include "base/ensure.h"
#include "fuzz/target.h"

namespace oxbow::fuzz {
namespace {

using namespace notify;

void check_key_form(std::string_view key) {
    const auto again = form_url_decode(form_url_encode(key));
    ENSURE(again.has_value() && *again == key);
}

/// What we send of a record is what we read of it.
void check_round_trip(const ObjectCreatedRecord& record) {
    store::ObjectCreated created;
    created.bucket = record.bucket;
    created.object.key = record.key;
    created.object.size = record.size;
    created.object.etag = record.etag;
    created.sequencer = record.sequencer;
    created.time = record.event_time;
    const std::string json = render_s3_event(created, {});
    const auto again = read_s3_event(json);
    if (json.size() > kS3EventBytesMax) return;
    ENSURE(again.has_value() && again->size() == 1);
    ENSURE(again->front().key == record.key && again->front().bucket == record.bucket);
    ENSURE(again->front().size == record.size && again->front().etag == record.etag);
    ENSURE(again->front().event_time == record.event_time);
}

}  // namespace

void check(BytesView input) {
    check_key_form(as_text(input));
    const auto records = read_s3_event(as_text(input));
    if (!records) {
        ENSURE(!records.error().what.empty());
        return;
    }
    ENSURE(records->size() <= kS3EventRecordsMax);
    for (const ObjectCreatedRecord& record : *records) {
        ENSURE(record.event_name.starts_with("ObjectCreated:"));
        check_key_form(record.key);
    }
    if (!records->empty()) check_round_trip(records->front());
}

}  // namespace oxbow::fuzz
