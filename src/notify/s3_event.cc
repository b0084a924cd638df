#include "notify/s3_event.h"

#include <limits>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "ivs/json_members.h"

namespace oxbow::notify {
namespace {

namespace json = boost::json;
using ivs::JsonMembers;
using Records = std::vector<ObjectCreatedRecord>;

constexpr std::string_view kCreated = "ObjectCreated:";
constexpr std::int64_t kSizeMax = std::numeric_limits<std::int64_t>::max();

bool stays(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"-_.*/"}.contains(c);
}

/// The value of a hex digit; -1 when it is none.
int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// MinIO writes "s3:ObjectCreated:Put", Amazon "ObjectCreated:Put".
std::string event_name_of(JsonMembers& record) {
    std::string name = record.text("eventName");
    if (name.starts_with("s3:")) name.erase(0, 3);
    return name;
}

std::string read_key(JsonMembers& object) {
    const auto key = form_url_decode(object.text("key"));
    if (!key) object.wrong("key", "has a broken percent escape");
    return key.value_or("");
}

/// Reads s3.object of a record, or detail.object of EventBridge, but for its key.
void read_object(JsonMembers& object, std::string_view etag_name, ObjectCreatedRecord& record) {
    record.size =
        static_cast<std::uint64_t>(object.optional_number("size", 0, kSizeMax).value_or(0));
    record.etag = object.optional_text(etag_name).value_or("");
    record.sequencer = object.optional_text("sequencer").value_or("");
}

ObjectCreatedRecord read_record(JsonMembers& members, std::string event_name) {
    ObjectCreatedRecord record;
    const bool is_ceph = members.optional_text("eventSource") == "ceph:s3";
    JsonMembers s3 = members.object("s3");
    JsonMembers object = s3.object("object");
    record.bucket = s3.object("bucket").text("name");
    // Ceph RGW sends keys as they are, everybody else form-URL-encoded.
    record.key = is_ceph ? object.text("key") : read_key(object);
    read_object(object, "eTag", record);
    record.event_name = std::move(event_name);
    record.event_time = members.optional_time("eventTime").value_or(WallTime{});
    return record;
}

Records read_records(JsonMembers& members) {
    Records out;
    for (JsonMembers& record : members.objects("Records", kS3EventRecordsMax)) {
        const std::string version = record.optional_text("eventVersion").value_or("2.0");
        if (!version.starts_with("2.")) {
            record.wrong("eventVersion", "is not 2.x", ErrorCode::Unsupported);
        }
        std::string event_name = event_name_of(record);
        if (!event_name.starts_with(kCreated)) continue;
        out.push_back(read_record(record, std::move(event_name)));
    }
    return out;
}

/// EventBridge has one event to a message, and its keys are not URL-encoded.
Records read_event_bridge(JsonMembers& members) {
    if (members.text("detail-type") != "Object Created") return {};
    JsonMembers detail = members.object("detail");
    JsonMembers object = detail.object("object");
    ObjectCreatedRecord record;
    record.bucket = detail.object("bucket").text("name");
    record.key = object.text("key");
    read_object(object, "etag", record);
    const std::string reason = detail.optional_text("reason").value_or("PutObject");
    record.event_name = std::string(kCreated) + (reason == "PutObject" ? "Put" : reason);
    record.event_time = members.optional_time("time").value_or(WallTime{});
    return {std::move(record)};
}

bool is_test_event(JsonMembers& members) {
    return members.optional_text("Event").value_or("") == "s3:TestEvent";
}

Result<Records> refused(const Error& error) {
    return fail(error.code, "the notification is not an S3 event: " + error.what);
}

/// An S3 event, or an EventBridge event, that stands in no other envelope.
Result<Records> read_plain(std::string_view text) {
    const auto object = ivs::parse_json_object(text, kS3EventBytesMax, "the text");
    if (!object) return refused(object.error());

    std::optional<Error> first_error;
    JsonMembers members{*object, "", first_error};
    Records out;
    if (members.has("detail-type")) {
        out = read_event_bridge(members);
    } else if (!is_test_event(members)) {
        out = read_records(members);
    }
    if (first_error) return refused(*first_error);
    return out;
}

}  // namespace

std::string form_url_encode(std::string_view key) {
    std::string out;
    for (const char c : key) {
        if (c == ' ') {
            out += '+';
        } else if (stays(c)) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

Result<std::string> form_url_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return fail(ErrorCode::Malformed,
                        fmt::format("'{}' has a broken percent escape", log::printable(text)));
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::string render_s3_event(const store::ObjectCreated& created, const S3EventSource& source) {
    const json::object bucket{{"name", created.bucket},
                              {"ownerIdentity", {{"principalId", source.account}}},
                              {"arn", "arn:aws:s3:::" + created.bucket}};
    const json::object object{{"key", form_url_encode(created.object.key)},
                              {"size", created.object.size},
                              {"eTag", created.object.etag},
                              {"sequencer", created.sequencer}};
    const json::object record{
        {"eventVersion", "2.6"},
        {"eventSource", "aws:s3"},
        {"awsRegion", source.region},
        {"eventTime", format_rfc3339_ms(created.time)},
        {"eventName", "ObjectCreated:Put"},
        {"userIdentity", {{"principalId", source.account}}},
        {"requestParameters", {{"sourceIPAddress", "127.0.0.1"}}},
        {"responseElements",
         {{"x-amz-request-id", created.sequencer}, {"x-amz-id-2", created.sequencer}}},
        {"s3",
         {{"s3SchemaVersion", "1.0"},
          {"configurationId", "oxbow"},
          {"bucket", bucket},
          {"object", object}}}};
    return json::serialize(json::object{{"Records", json::array(1, record)}});
}

Result<std::vector<ObjectCreatedRecord>> read_s3_event(std::string_view text) {
    const auto object = ivs::parse_json_object(text, kS3EventBytesMax, "the text");
    if (!object) return refused(object.error());

    std::optional<Error> first_error;
    JsonMembers members{*object, "", first_error};
    if (!members.has("TopicArn")) return read_plain(text);

    const std::string type = members.text("Type");
    const std::string message = members.text("Message");
    if (first_error) return refused(*first_error);
    if (type != "Notification") {
        return fail(ErrorCode::Unsupported,
                    fmt::format("an SNS message of type '{}' is not an event; confirm the "
                                "subscription with the AWS CLI (sns confirm-subscription)",
                                log::printable(type)));
    }
    return read_plain(message);
}

}  // namespace oxbow::notify
