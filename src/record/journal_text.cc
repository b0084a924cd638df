#include <array>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "record/journal.h"

namespace oxbow::record {
namespace {

constexpr std::string_view kVersion = "2";
constexpr std::size_t kChecksumDigits = 8;

// 0a56d4f2 journal 2
std::string record_line(std::string_view body) {
    return fmt::format("{:08x} {}\n", crc32c(as_bytes(body)), body);
}

std::int64_t ms_of(WallTime time) {
    return time.time_since_epoch().count();
}

// "-": an empty text
std::string_view or_dash(std::string_view text) {
    return text.empty() ? "-" : text;
}

/// The fields of one record, read off in order. After a field that is none, all that follow are
/// none.
class Fields {
public:
    explicit Fields(std::string_view body) : rest_(body) {}

    std::string_view word() {
        const std::size_t end = std::min(rest_.find(' '), rest_.size());
        const std::string_view out = rest_.substr(0, end);
        if (out.empty() || over_) good_ = false;
        over_ = end == rest_.size();
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return out;
    }
    std::string text() {
        const std::string_view out = word();
        return out == "-" ? std::string{} : std::string{out};
    }
    template <typename Number>
    Number number(int base = 10) {
        const std::string_view digits = word();
        Number value{};
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
        if (error != std::errc{} || end != digits.data() + digits.size()) good_ = false;
        return value;
    }
    double real() {
        const std::string_view digits = word();
        double value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size()) good_ = false;
        return value;
    }
    WallTime wall() {
        const WallTime time{std::chrono::milliseconds{number<std::int64_t>()}};
        if (time < kWallTimeMin || time > kWallTimeMax) good_ = false;
        return time;
    }
    /// Every field was there and right, and no other follows.
    bool all_read() const { return good_ && over_; }

private:
    std::string_view rest_;
    bool good_ = true;
    bool over_ = false;
};

class Reader {
public:
    Result<JournalContent> read(std::string_view bytes) {
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t end = bytes.find('\n', at);
            if (end == std::string_view::npos) break;
            const auto body = body_of(bytes.substr(at, end - at));
            if (!body) break;
            ++line_;
            at = end + 1;
            if (auto taken = take(*body, at); !taken) return std::unexpected(taken.error());
            out_.whole_bytes = at;
        }
        if (line_ < 2) return fail(ErrorCode::Malformed, "the journal has no head");
        return std::move(out_);
    }

private:
    /// What the checksum stands for; nullopt: the line is torn.
    static std::optional<std::string_view> body_of(std::string_view line) {
        if (line.size() <= kChecksumDigits || line[kChecksumDigits] != ' ') return std::nullopt;
        const std::string_view digits = line.substr(0, kChecksumDigits);
        std::uint32_t checksum = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), checksum, 16);
        const std::string_view body = line.substr(kChecksumDigits + 1);
        if (error != std::errc{} || end != digits.data() + digits.size() ||
            checksum != crc32c(as_bytes(body))) {
            return std::nullopt;
        }
        return body;
    }

    std::unexpected<Error> malformed(std::string_view why) const {
        return fail(ErrorCode::Malformed,
                    fmt::format("the journal is not valid in line {}: {}", line_, why));
    }

    Result<void> take(std::string_view body, std::uint64_t end) {
        Fields fields{body};
        const std::string_view kind = fields.word();
        if (line_ == 1) return take_version(kind, fields);
        if (line_ == 2) return take_head(kind, fields);
        if (kind == "target") {
            return take_target(fields);
        } else if (kind == "process") {
            out_.epoch = fields.text();
            out_.boot = fields.text();
            is_renamed_ = true;
        } else if (kind == "stream") {
            out_.streams.emplace_back(fields.text());
            out_.away_until.reset();
        } else if (kind == "rendition") {
            take_rendition(fields);
        } else if (kind == "thumbnails") {
            return take_thumbnails(fields);
        } else if (kind == "segment") {
            return take_segment(fields, end);
        } else if (kind == "away") {
            out_.away_until = fields.wall();
        } else if (kind == "interrupted") {
            out_.interrupted = fields.text();
        } else if (kind == "synced") {
            out_.synced = fields.number<std::size_t>();
            if (out_.synced > out_.segments.size())
                return malformed("more is synced than there is");
        } else if (kind == "end") {
            return take_end(fields);
        } else {
            return malformed("the record is none of this version");
        }
        return fields.all_read() ? Result<void>{} : malformed("a field is not one");
    }

    Result<void> take_version(std::string_view kind, Fields& fields) {
        const std::string_view version = fields.word();
        if (kind != "journal" || !fields.all_read()) return malformed("it is no journal");
        if (version == kVersion) return {};
        return fail(ErrorCode::Unsupported,
                    fmt::format("the journal has version {}, not {}", version, kVersion));
    }

    Result<void> take_head(std::string_view kind, Fields& fields) {
        out_.head = {.recording = RecordingId{fields.text()},
                     .channel = ChannelId{fields.text()},
                     .account = fields.text(),
                     .region = fields.text(),
                     .started_at = fields.wall()};
        if (kind != "recording" || !fields.all_read()) return malformed("the head is none");
        return {};
    }

    Result<void> take_target(Fields& fields) {
        out_.head.live_target_seconds = fields.number<int>();
        const bool can_be = out_.head.live_target_seconds >= kLiveTargetDurationSecondsMin &&
                            out_.head.live_target_seconds <= kLiveTargetDurationSeconds;
        if (!fields.all_read() || !can_be) return malformed("no playlist has such a target");
        if (!out_.segments.empty()) return malformed("the target of a playlist never changes");
        return {};
    }

    void take_rendition(Fields& fields) {
        Variant variant;
        variant.group_id = fields.text();
        variant.name = fields.text();
        variant.width = fields.number<int>();
        variant.height = fields.number<int>();
        variant.frame_rate = fields.real();
        variant.bandwidth = fields.number<std::uint64_t>();
        variant.codecs = fields.text();
        out_.variant = std::move(variant);
    }

    Result<void> take_thumbnails(Fields& fields) {
        ThumbnailSettings settings;
        settings.interval = std::chrono::seconds{fields.number<std::uint16_t>()};
        settings.resolution = fields.text();
        settings.sequential = fields.number<unsigned>() != 0;
        settings.latest = fields.number<unsigned>() != 0;
        if (!fields.all_read() || settings.interval.count() == 0)
            return malformed("a field is not one");
        out_.thumbnails = std::move(settings);
        return {};
    }

    Result<void> take_segment(Fields& fields, std::uint64_t end) {
        JournalSegment segment;
        segment.number = fields.number<std::uint64_t>();
        segment.chunk = fields.number<std::uint64_t>();
        segment.discontinuity = fields.number<unsigned>() != 0;
        segment.entry.offset = fields.number<std::uint64_t>();
        segment.entry.length = fields.number<std::uint64_t>();
        segment.entry.duration =
            std::chrono::milliseconds{fields.number<std::uint32_t>()};  // 49 days at most
        segment.entry.program_date_time = fields.wall();
        segment.start = MediaTime{fields.number<std::int64_t>()};
        segment.checksum = fields.number<std::uint32_t>(16);
        segment.journal_end = end;
        if (!fields.all_read()) return malformed("a field is not one");
        if (auto follows = check_order(segment); !follows) return follows;
        if (out_.segments.size() == kEntriesMax)
            return fail(ErrorCode::LimitExceeded,
                        fmt::format("the journal has more than {} segments", kEntriesMax));
        const std::uint64_t index = out_.segments.size();
        const bool is_gap =
            !out_.segments.empty() && segment.number != out_.segments.back().number + 1;
        if (is_renamed_ || is_gap) out_.names.add(index, segment.number, out_.epoch);
        is_renamed_ = false;
        out_.segments.push_back(segment);
        return {};
    }

    Result<void> check_order(const JournalSegment& segment) const {
        if (!out_.variant || out_.epoch.empty())
            return malformed("nothing says what the segment is");
        if (segment.entry.length == 0) return malformed("the segment is empty");
        const bool first = out_.segments.empty();
        if (segment.number < out_.segments.size() ||
            (!first && segment.number <= out_.segments.back().number)) {
            return malformed("the numbers do not rise");
        }
        const bool same_chunk = !first && out_.segments.back().chunk == segment.chunk;
        if (!first && segment.chunk < out_.segments.back().chunk)
            return malformed("the chunks are not in order");
        const std::uint64_t expected =
            same_chunk ? out_.segments.back().entry.offset + out_.segments.back().entry.length : 0;
        if (segment.entry.offset != expected || segment.entry.length > std::uint64_t{1}
                                                                           << 40)  // a terabyte
            return malformed("the segment does not begin where the one before ends");
        if (same_chunk && segment.discontinuity)
            return malformed("a discontinuity stands inside a chunk");
        return {};
    }

    Result<void> take_end(Fields& fields) {
        const std::string_view status = fields.word();
        JournalEnd end{.at = fields.wall(), .message = fields.text()};
        if (!fields.all_read()) return malformed("a field is not one");
        if (status == ivs::name_of(ivs::RecordingStatus::EndedWithFailure)) {
            end.status = ivs::RecordingStatus::EndedWithFailure;
        } else if (status != ivs::name_of(ivs::RecordingStatus::Ended)) {
            return malformed("the recording ends in no known way");
        }
        out_.end = std::move(end);
        return {};
    }

    JournalContent out_;
    std::size_t line_ = 0;
    bool is_renamed_ = false;
};

}  // namespace

std::string journal_head(const JournalHead& head) {
    std::string out = record_line(fmt::format("journal {}", kVersion)) +
                      record_line(fmt::format("recording {} {} {} {} {}", head.recording.view(),
                                              head.channel.view(), head.account, head.region,
                                              ms_of(head.started_at)));
    if (head.live_target_seconds != kLiveTargetDurationSeconds)
        out += record_line(fmt::format("target {}", head.live_target_seconds));
    return out;
}

std::string journal_process(std::string_view epoch, std::string_view boot) {
    return record_line(fmt::format("process {} {}", epoch, or_dash(boot)));
}

std::string journal_stream(const StreamId& stream) {
    return record_line(fmt::format("stream {}", stream.view()));
}

std::string journal_rendition(const Variant& variant) {
    return record_line(fmt::format("rendition {} {} {} {} {} {} {}", or_dash(variant.group_id),
                                   or_dash(variant.name), variant.width, variant.height,
                                   variant.frame_rate, variant.bandwidth, or_dash(variant.codecs)));
}

std::string journal_thumbnails(const ThumbnailSettings& settings) {
    return record_line(fmt::format("thumbnails {} {} {:d} {:d}", settings.interval.count(),
                                   or_dash(settings.resolution), settings.sequential,
                                   settings.latest));
}

std::string journal_segment(const JournalSegment& segment) {
    const ByteRangeEntry& entry = segment.entry;
    return record_line(fmt::format("segment {} {} {:d} {} {} {} {} {} {:08x}", segment.number,
                                   segment.chunk, segment.discontinuity, entry.offset, entry.length,
                                   milliseconds(entry.duration), ms_of(entry.program_date_time),
                                   segment.start.count(), segment.checksum));
}

std::string journal_away(WallTime until) {
    return record_line(fmt::format("away {}", ms_of(until)));
}

std::string journal_interrupted(std::string_view why) {
    return record_line(fmt::format("interrupted {}", why));
}

std::string journal_synced(std::size_t segments) {
    return record_line(fmt::format("synced {}", segments));
}

std::string journal_end(const JournalEnd& end) {
    return record_line(
        fmt::format("end {} {} {}", ivs::name_of(end.status), ms_of(end.at), or_dash(end.message)));
}

Result<JournalContent> read_journal(std::string_view bytes) {
    return Reader{}.read(bytes);
}

}  // namespace oxbow::record
