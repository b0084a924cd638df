#include "ivs/ids.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"

namespace oxbow::ivs {
namespace {

constexpr std::size_t kRandomIdLength = 12;
constexpr std::size_t kRandomStreamIdLength = 23;

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_id_character(char c) {
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '-';
}
bool is_region_character(char c) {
    return is_lower(c) || is_digit(c) || c == '-';
}

/// Takes the text before the next ':' off the front of `rest`; all of it when there is no ':'.
std::string_view take_field(std::string_view& rest) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const std::string_view field = rest.substr(0, colon);
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    return field;
}

std::string arn(std::string_view region, std::string_view account, std::string_view kind,
                std::string_view id) {
    return fmt::format("arn:aws:ivs:{}:{}:{}/{}", region, account, kind, id);
}

}  // namespace

std::string channel_arn(std::string_view region, std::string_view account,
                        const ChannelId& channel) {
    return arn(region, account, "channel", channel.view());
}

std::string stream_key_arn(std::string_view region, std::string_view account, std::string_view id) {
    return arn(region, account, "stream-key", id);
}

std::string recording_configuration_arn(std::string_view region, std::string_view account,
                                        std::string_view id) {
    return arn(region, account, "recording-configuration", id);
}

std::string playback_key_arn(std::string_view region, std::string_view account,
                             std::string_view id) {
    return arn(region, account, "playback-key", id);
}

std::string playback_restriction_policy_arn(std::string_view region, std::string_view account,
                                            std::string_view id) {
    return arn(region, account, "playback-restriction-policy", id);
}

StreamKeyValue make_stream_key(std::string_view region, const ChannelId& channel) {
    return StreamKeyValue{
        fmt::format("sk_{}_{}_{}", region, channel.view(), random_alphanumeric(kRandomIdLength))};
}

std::string playback_name(std::string_view region, std::string_view account,
                          const ChannelId& channel) {
    return fmt::format("{}.{}.channel.{}.m3u8", region, account, channel.view());
}

ChannelId make_channel_id() {
    return ChannelId{random_alphanumeric(kRandomIdLength)};
}
RecordingId make_recording_id() {
    return RecordingId{random_alphanumeric(kRandomIdLength)};
}
StreamId make_stream_id() {
    return StreamId{"st-" + random_alphanumeric(kRandomStreamIdLength)};
}

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= kIdBytesMax &&
           std::ranges::all_of(text, is_id_character);
}

Result<ChannelId> parse_channel_id(std::string_view text) {
    if (!is_id(text)) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("'{}' is not a channel id: 1 to {} characters of A-Z, a-z, 0-9 and '-'",
                        log::printable(text), kIdBytesMax));
    }
    return ChannelId{std::string(text)};
}

bool is_arn(std::string_view arn, std::string_view kind) {
    constexpr std::string_view kStart = "arn:aws:ivs:";
    if (arn.size() > kArnBytesMax || !arn.starts_with(kStart)) return false;
    std::string_view rest = arn.substr(kStart.size());
    const std::string_view region = take_field(rest);
    const std::string_view account = take_field(rest);
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return false;
    const std::string_view given_kind = rest.substr(0, slash);
    const std::string_view id = rest.substr(slash + 1);
    const bool right_kind =
        kind.empty()
            ? !given_kind.empty() &&
                  std::ranges::all_of(given_kind, [](char c) { return is_lower(c) || c == '-'; })
            : given_kind == kind;
    return right_kind && !region.empty() && std::ranges::all_of(region, is_region_character) &&
           !account.empty() && std::ranges::all_of(account, is_digit) && !id.empty() &&
           std::ranges::all_of(id, is_id_character);
}

Result<ChannelId> channel_of_arn(std::string_view arn) {
    std::string_view rest = arn;
    const std::string_view scheme = take_field(rest);
    const std::string_view partition = take_field(rest);
    const std::string_view service = take_field(rest);
    const std::string_view region = take_field(rest);
    const std::string_view account = take_field(rest);
    constexpr std::string_view kKind = "channel/";
    const bool names_service = scheme == "arn" && partition.starts_with("aws") && service == "ivs";
    const bool names_owner = !region.empty() && std::ranges::all_of(region, is_region_character) &&
                             !account.empty() && std::ranges::all_of(account, is_digit);
    const bool well_formed = arn.size() <= kArnBytesMax && names_service && names_owner &&
                             std::ranges::all_of(partition, is_region_character) &&
                             rest.starts_with(kKind) && is_id(rest.substr(kKind.size()));
    if (!well_formed) {
        return fail(ErrorCode::Malformed,
                    fmt::format("'{}' is not a channel ARN such as "
                                "arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj",
                                log::printable(arn)));
    }
    return ChannelId{std::string(rest.substr(kKind.size()))};
}

}  // namespace oxbow::ivs
