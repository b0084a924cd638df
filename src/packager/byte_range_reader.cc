#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "packager/playlists.h"

namespace oxbow {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLineBytesMax = 1'024;
constexpr std::uint64_t kObjectBytesMax = std::uint64_t{1} << 40;
constexpr std::chrono::milliseconds kEntryMax = 24h;  // an entry is shorter

/// `text` behind `tag`; nullopt when it does not begin so.
std::optional<std::string_view> after(std::string_view text, std::string_view tag) {
    if (!text.starts_with(tag)) return std::nullopt;
    return text.substr(tag.size());
}

/// All of `text` as a decimal number without sign.
std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// 10.267,title      (rounded to whole milliseconds; at most nine decimals)
std::optional<MediaTime> duration_of(std::string_view text) {
    const std::string_view number = text.substr(0, text.find(','));
    const std::size_t point = number.find('.');
    const auto seconds = whole_number(number.substr(0, point));
    if (!seconds || *seconds >= kEntryMax / 1s) return std::nullopt;
    std::string decimals{point == std::string_view::npos ? "0" : number.substr(point + 1)};
    if (decimals.size() > 9) return std::nullopt;
    decimals.resize(9, '0');
    const auto nanoseconds = whole_number(decimals);
    if (!nanoseconds || number.ends_with('.')) return std::nullopt;
    const auto ms = *seconds * 1'000 + (*nanoseconds + 500'000) / 1'000'000;
    if (ms >= kEntryMax.count()) return std::nullopt;
    return std::chrono::milliseconds{ms};
}

/// What the tags since the last URI have said.
struct Pending {
    std::optional<MediaTime> duration;
    std::optional<std::uint64_t> length;
    std::optional<std::uint64_t> offset;  // not stated: where the range before ends
    std::optional<WallTime> program_date_time;
    bool discontinuity = false;
};

class Reader {
public:
    Result<ByteRangePlaylist> read(std::string_view text) {
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            std::string_view line = text.substr(0, end);
            text = end == std::string_view::npos ? "" : text.substr(end + 1);
            ++line_;
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (auto taken = take(line); !taken) return std::unexpected(taken.error());
        }
        if (line_ == 0) return malformed("it is empty");
        if (pending_.duration || pending_.length) return malformed("the last entry has no URI");
        return std::move(out_);
    }

private:
    std::unexpected<Error> malformed(std::string_view why) const {
        return fail(
            ErrorCode::Malformed,
            fmt::format("The byte-range playlist is not valid in line {}: {}; restore it or "
                        "remove the recording.",
                        line_, why));
    }

    Result<void> take(std::string_view line) {
        if (line.size() > kLineBytesMax) return malformed("the line is too long");
        if (line_ == 1 && line != "#EXTM3U") return malformed("it does not begin with #EXTM3U");
        if (line.empty()) return {};
        if (line.front() == '#') return take_tag(line);
        if (out_.ended) return malformed("an entry stands behind #EXT-X-ENDLIST");
        return take_uri(line);
    }

    Result<void> take_tag(std::string_view line) {
        if (const auto value = after(line, "#EXTINF:")) {
            pending_.duration = duration_of(*value);
            if (!pending_.duration) return malformed("the duration is not one");
        } else if (const auto range = after(line, "#EXT-X-BYTERANGE:")) {
            return take_range(*range);
        } else if (const auto time = after(line, "#EXT-X-PROGRAM-DATE-TIME:")) {
            const auto parsed = parse_rfc3339(*time);
            if (!parsed) return malformed("the time is not one");
            pending_.program_date_time = *parsed;
        } else if (line == "#EXT-X-DISCONTINUITY") {
            pending_.discontinuity = true;
        } else if (line == "#EXT-X-ENDLIST") {
            out_.ended = true;
        }
        return {};  // RFC 8216 §6.3.1: what is not known is passed over
    }

    Result<void> take_range(std::string_view text) {
        const std::size_t at = text.find('@');
        pending_.length = whole_number(text.substr(0, at));
        pending_.offset.reset();
        if (at != std::string_view::npos) pending_.offset = whole_number(text.substr(at + 1));
        const bool valid = pending_.length && *pending_.length > 0 &&
                           *pending_.length <= kObjectBytesMax &&
                           (at == std::string_view::npos || pending_.offset);
        if (!valid) return malformed("the byte range is not one");
        return {};
    }

    /// Ends the entry that the tags before it describe.
    Result<void> take_uri(std::string_view uri) {
        if (!uri.ends_with(".ts")) return malformed("the object is not named NUMBER.ts");
        const auto number = whole_number(uri.substr(0, uri.size() - 3));
        if (!number) return malformed("the object is not named NUMBER.ts");
        if (!pending_.duration || !pending_.length)
            return malformed("the entry lacks EXTINF or BYTERANGE");
        if (++entries_ > kEntriesMax) {
            return fail(
                ErrorCode::LimitExceeded,
                fmt::format("The byte-range playlist has more than {} entries; play its chunks "
                            "by the standard playlist.",
                            kEntriesMax));
        }
        const bool same_object = !out_.chunks.empty() && out_.chunks.back().number == *number;
        if (!same_object) {
            if (!out_.chunks.empty() && *number < out_.chunks.back().number) {
                return malformed("the objects are not in order");
            }
            out_.chunks.push_back(
                {.number = *number, .discontinuity = pending_.discontinuity, .segments = {}});
        } else if (pending_.discontinuity) {
            return malformed("a discontinuity stands inside an object");
        }
        return take_entry(out_.chunks.back());
    }

    Result<void> take_entry(Chunk& chunk) {
        const std::uint64_t expected = chunk.bytes();
        if (pending_.offset.value_or(expected) != expected) {
            return malformed("the byte range does not begin where the one before ends");
        }
        if (expected + *pending_.length > kObjectBytesMax)
            return malformed("the object is too large");
        if (!pending_.program_date_time && !next_time_)
            return malformed("the first entry has no time");
        const WallTime time = pending_.program_date_time.value_or(next_time_.value_or(WallTime{}));
        if (time > kWallTimeMax) return malformed("the time is behind the year 9999");
        chunk.segments.push_back({.offset = expected,
                                  .length = *pending_.length,
                                  .duration = *pending_.duration,
                                  .program_date_time = time});
        next_time_ = time + std::chrono::milliseconds{milliseconds(*pending_.duration)};
        pending_ = {};
        return {};
    }

    ByteRangePlaylist out_;
    Pending pending_;
    std::optional<WallTime> next_time_;
    std::size_t entries_ = 0;
    std::size_t line_ = 0;
};

}  // namespace

Result<ByteRangePlaylist> read_byte_range_playlist(std::string_view text) {
    return Reader{}.read(text);
}

}  // namespace oxbow
