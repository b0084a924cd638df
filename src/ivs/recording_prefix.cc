#include "ivs/recording_prefix.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "base/log.h"
#include "ivs/ids.h"

namespace oxbow::ivs {
namespace {

// "ivs", "v1", account, channel, year, month, day, hour, minute, recording
constexpr std::size_t kPrefixParts = 10;
constexpr std::size_t kAccountDigitsMax = 20;

/// The first kPrefixParts parts of a key between its '/', and what follows the '/' behind them.
struct SplitKey {
    std::array<std::string_view, kPrefixParts> parts;
    std::optional<std::string_view> rest;
};

std::optional<SplitKey> split(std::string_view key) {
    SplitKey out;
    for (std::size_t i = 0; i < kPrefixParts; ++i) {
        const std::size_t slash = key.find('/');
        const bool last = i + 1 == kPrefixParts;
        if (slash == std::string_view::npos && !last) return std::nullopt;
        out.parts[i] = key.substr(0, slash);
        if (slash != std::string_view::npos) key.remove_prefix(slash + 1);
        if (last && slash != std::string_view::npos) out.rest = key;
    }
    return out;
}

/// A decimal number of at most `digits_max` digits; -1 when `text` is none.
int number(std::string_view text, std::size_t digits_max) {
    if (text.empty() || text.size() > digits_max) return -1;
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

std::optional<RecordingRef> read(const SplitKey& key) {
    const auto& [ivs, v1, account, channel, year, month, day, hour, minute, recording] = key.parts;
    const bool account_ok = !account.empty() && account.size() <= kAccountDigitsMax &&
                            account.find_first_not_of("0123456789") == std::string_view::npos;
    const std::chrono::year_month_day date{
        std::chrono::year{number(year, 4)},
        std::chrono::month{static_cast<unsigned>(number(month, 2))},
        std::chrono::day{static_cast<unsigned>(number(day, 2))}};
    const int h = number(hour, 2);
    const int m = number(minute, 2);
    // Other years are not written with four digits.
    const bool year_ok = number(year, 4) >= 1'000;
    const bool time_ok = year_ok && date.ok() && h >= 0 && h < 24 && m >= 0 && m < 60;
    if (ivs != "ivs" || v1 != "v1" || !account_ok || !time_ok || !is_id(channel) ||
        !is_id(recording)) {
        return std::nullopt;
    }
    return RecordingRef{
        std::string(account), ChannelId{std::string(channel)}, RecordingId{std::string(recording)},
        std::chrono::sys_days{date} + std::chrono::hours{h} + std::chrono::minutes{m}};
}

std::unexpected<Error> no_recording(std::string_view what, std::string_view text) {
    return fail(ErrorCode::Malformed,
                fmt::format("'{}' is not {} ivs/v1/<account>/<channel>/<year>/<month>/<day>/<hour>/"
                            "<minute>/<recording>",
                            log::printable(text, 256), what));
}

}  // namespace

std::string recording_prefix(const RecordingRef& ref) {
    const auto day = std::chrono::floor<std::chrono::days>(ref.started_at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{ref.started_at - day};
    return fmt::format("ivs/v1/{}/{}/{}/{}/{}/{}/{}/{}", ref.account, ref.channel.view(),
                       static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), ref.recording.view());
}

Result<RecordingRef> parse_recording_prefix(std::string_view prefix) {
    const auto key = split(prefix);
    if (!key || key->rest) return no_recording("the prefix of a recording,", prefix);
    auto ref = read(*key);
    if (!ref) return no_recording("the prefix of a recording,", prefix);
    return *std::move(ref);
}

Result<RecordingRef> recording_of_key(std::string_view key) {
    const auto parts = split(key);
    if (!parts || !parts->rest) return no_recording("an object of a recording, below", key);
    auto ref = read(*parts);
    if (!ref) return no_recording("an object of a recording, below", key);
    return *std::move(ref);
}

Result<std::string_view> prefix_of_key(std::string_view key) {
    if (auto ref = recording_of_key(key); !ref) return std::unexpected(ref.error());
    return key.substr(0, key.size() - split(key)->rest->size() - 1);
}

std::string recording_started_key(std::string_view prefix) {
    return fmt::format("{}{}", prefix, kRecordingStartedSuffix);
}

std::string recording_ended_key(std::string_view prefix) {
    return fmt::format("{}/events/recording-ended.json", prefix);
}

std::string recording_failed_key(std::string_view prefix) {
    return fmt::format("{}/events/recording-failed.json", prefix);
}

std::string latest_metadata_key(const ChannelId& channel) {
    return fmt::format("recording-started-{}.json", channel.view());
}

std::string chunk_key(std::string_view prefix, std::string_view rendition, std::uint64_t number) {
    return fmt::format("{}/media/hls/{}/{}.ts", prefix, rendition, number);
}

}  // namespace oxbow::ivs
