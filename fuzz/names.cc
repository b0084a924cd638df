// Ids, ARNs, prefixes, keys and times as text. Input: any of these; each is tried.

#include "base/ensure.h"
#include "base/times.h"
#include "fuzz/target.h"
#include "ivs/ids.h"
#include "ivs/recording_prefix.h"
#include "store/object_key.h"

namespace oxbow::fuzz {
namespace {

using namespace ivs;

void check_ids(std::string_view text) {
    const auto id = parse_channel_id(text);
    ENSURE(id.has_value() == is_id(text));
    ENSURE(!id || (!text.empty() && text.size() <= kIdBytesMax));
    ENSURE(!id || store::check_key(latest_metadata_key(*id)).has_value());
    const auto channel = channel_of_arn(text);
    if (!channel) return;
    ENSURE(is_id(channel->view()));
    ENSURE(text.size() <= kArnBytesMax && text.ends_with(channel->view()));
}

void check_prefix(std::string_view text) {
    const auto ref = parse_recording_prefix(text);
    if (!ref) return;
    // Amazon pads some numbers with zeros: the form without is the one that stays.
    const std::string prefix = recording_prefix(*ref);
    const auto again = parse_recording_prefix(prefix);
    ENSURE(again.has_value());
    ENSURE(recording_prefix(*again) == prefix);
    ENSURE(store::check_key(chunk_key(prefix, "720p30", 17)).has_value());
    ENSURE(recording_of_key(recording_started_key(prefix)).has_value());
}

void check_key(std::string_view text) {
    const auto prefix = prefix_of_key(text);
    ENSURE(prefix.has_value() == recording_of_key(text).has_value());
    if (prefix) {
        ENSURE(parse_recording_prefix(*prefix).has_value());
        ENSURE(text.starts_with(*prefix) && text.substr(prefix->size()).starts_with('/'));
    }
    if (!store::check_key(text)) return;
    const std::string framed = "/" + std::string{text} + "/";
    ENSURE(!framed.contains("/../") && !framed.contains("/./") && !framed.contains("//"));
    ENSURE(!text.contains('\0') && !text.contains('\n'));
}

void check_time(std::string_view text) {
    const auto time = parse_rfc3339(text);
    if (!time) return;
    const std::string written = format_rfc3339_ms(*time);
    const auto again = parse_rfc3339(written);
    ENSURE(again.has_value() && *again == *time);
}

}  // namespace

void check(BytesView input) {
    const std::string_view text = as_text(input);
    check_ids(text);
    check_prefix(text);
    check_key(text);
    check_time(text);
}

}  // namespace oxbow::fuzz
