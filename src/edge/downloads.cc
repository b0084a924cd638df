#include "edge/downloads.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/log.h"
#include "edge/blocking.h"
#include "edge/windows.h"

namespace oxbow::edge {
namespace {

constexpr std::size_t kNameBytesMax = 128;

/// A passage as one run of bytes. One thread at a time.
class PassageReader {
public:
    PassageReader(store::ObjectStore& store, Passage passage, std::uint64_t offset,
                  std::uint64_t length)
        : store_(store), passage_(std::move(passage)), left_(length) {
        ENSURE(offset + length <= passage_.bytes);
        while (left_ > 0 && offset >= segment_bytes()) {
            offset -= segment_bytes();
            ++segment_;
        }
        offset_ = offset;
    }

    const Passage& passage() const { return passage_; }
    std::uint64_t left() const { return left_; }

    /// The next bytes, up to kDownloadPieceBytes; none at the end.
    Result<std::string> read() {
        std::string out(std::min<std::uint64_t>(left_, kDownloadPieceBytes), '\0');
        std::size_t filled = 0;
        while (filled < out.size()) {
            const std::uint64_t rest = segment_bytes() - offset_;
            const auto count = std::min<std::uint64_t>(rest, out.size() - filled);
            if (auto taken = take(out.data() + filled, count); !taken)
                return std::unexpected(taken.error());
            filled += count;
            offset_ += count;
            if (count == rest) {
                ++segment_;
                offset_ = 0;
            }
        }
        left_ -= filled;
        return out;
    }

private:
    std::size_t stored() const { return passage_.run.last - passage_.run.first; }
    const live::MediaPlace& held() const { return passage_.tail.at(segment_ - stored()); }
    SegmentPlace place() const { return passage_.index->at(passage_.run.first + segment_); }
    std::uint64_t segment_bytes() const {
        return segment_ < stored() ? place().length : held().segment->bytes.size();
    }

    Result<void> take(char* to, std::uint64_t count) {
        if (segment_ < stored()) return take_stored(to, place(), count);
        std::uint64_t skipped = offset_;
        for (const BytesView slice : held().segment->bytes.slices()) {
            if (skipped >= slice.size()) {
                skipped -= slice.size();
                continue;
            }
            const auto taken = std::min<std::uint64_t>(slice.size() - skipped, count);
            to = std::copy_n(slice.begin() + static_cast<std::ptrdiff_t>(skipped), taken, to);
            count -= taken;
            skipped = 0;
            if (count == 0) break;
        }
        return {};
    }

    Result<void> take_stored(char* to, const SegmentPlace& place, std::uint64_t count) {
        std::uint64_t from = place.offset + offset_;
        if (!chunk_ || chunk_number_ != place.chunk) {
            const catalog::Recording& of = passage_.recording;
            const std::string key = fmt::format("{}/{}/{}/{}.ts", of.prefix, of.layout.hls_path,
                                                of.rendition, place.chunk);
            auto opened = store_.open(key);
            if (!opened && opened.error().code == ErrorCode::LimitExceeded)
                return take_range(to, key, {from, from + count - 1});
            if (!opened) return std::unexpected(opened.error());
            chunk_ = std::move(opened->file);
            chunk_number_ = place.chunk;
        }
        while (count > 0) {
            const ssize_t got = ::pread(chunk_->fd(), to, count, static_cast<off_t>(from));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {
                return fail(ErrorCode::Unavailable,
                            fmt::format("{}.ts is shorter than its playlist says", place.chunk));
            }
            to += got;
            from += static_cast<std::uint64_t>(got);
            count -= static_cast<std::uint64_t>(got);
        }
        return {};
    }

    /// Of a chunk that is too large to be a file here.
    Result<void> take_range(char* to, const std::string& key, store::ByteRange range) {
        const auto bytes = store_.get_range(key, range);
        if (!bytes) return std::unexpected(bytes.error());
        std::ranges::copy(*bytes, to);
        return {};
    }

    store::ObjectStore& store_;
    const Passage passage_;
    std::uint64_t left_;
    std::size_t segment_ = 0;   // of the passage
    std::uint64_t offset_ = 0;  // in that segment
    std::shared_ptr<const SharedFile> chunk_;
    std::uint64_t chunk_number_ = 0;
};

class PassageStream final : public net::HttpStream {
public:
    PassageStream(DownloadRooms rooms, std::shared_ptr<PassageReader> reader,
                  std::shared_ptr<const void> place)
        : rooms_(std::move(rooms)),
          reader_(std::move(reader)),
          place_(std::move(place)),
          bytes_(reader_->left()) {}

    boost::asio::awaitable<std::optional<std::string>> next() override {
        if (reader_->left() == 0) co_return std::nullopt;
        rooms_.served();
        // The reader stays for as long as it reads, whoever has gone meanwhile.
        auto piece = co_await in_blocking_pool(rooms_.blocking,
                                               [reader = reader_] { return reader->read(); });
        if (!piece) {
            log::warning("[recording {}] a download is cut short: {}",
                         reader_->passage().recording.id.view(), piece.error().what);
            co_return std::nullopt;
        }
        co_return *std::move(piece);
    }
    std::optional<std::uint64_t> bytes() const override { return bytes_; }

private:
    DownloadRooms rooms_;
    std::shared_ptr<PassageReader> reader_;
    std::shared_ptr<const void> place_;
    std::uint64_t bytes_;
};

}  // namespace

std::string Passage::etag() const {
    return fmt::format("{}-{}-{}", recording.id.view(), first,
                       first + (run.last - run.first) + tail.size());
}

Result<Passage> passage_of(catalog::Recording recording, std::shared_ptr<const SegmentIndex> index,
                           const live::TimelineView* timeline, const WallRange& range) {
    Passage out{.recording = std::move(recording), .index = std::move(index)};
    const auto& [from, to] = range;
    out.run = out.index->between(from, to);
    if (out.run.empty()) out.run = {};
    std::optional<WallTime> begins;
    for (std::size_t i = out.run.first; i < out.run.last; ++i) {
        const SegmentPlace place = out.index->at(i);
        if (!begins) out.first = i;
        if (!begins) begins = place.start;
        out.bytes += place.length;
        out.to = place.end();
    }
    out.whole = out.run.last - out.run.first == out.index->size();
    for (std::uint64_t i = out.index->size(); timeline != nullptr; ++i) {
        const live::MediaPlace* const held = timeline->held_segment(i);
        if (held == nullptr) break;
        const LiveSegment& segment = *held->segment;
        const bool inside = segment.program_date_time < to && segment.end() > from;
        out.whole = out.whole && inside;
        if (!inside) continue;
        if (!begins) out.first = i;
        if (!begins) begins = segment.program_date_time;
        out.bytes += segment.bytes.size();
        out.to = segment.end();
        out.tail.push_back(*held);
    }
    if (!begins) {
        Neighbours neighbours{.goes_on = timeline != nullptr};
        neighbours.take(*out.index, range);
        return std::unexpected(nothing_there(range, neighbours));
    }
    out.from = *begins;
    return out;
}

std::string download_name(std::string_view name, const Passage& passage) {
    std::string out{name.empty() ? passage.recording.channel.view() : name};
    out.resize(std::min(out.size(), kNameBytesMax));
    std::ranges::replace_if(
        out,
        [](char c) {
            return !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '-');
        },
        '-');
    std::string from = format_rfc3339(passage.from);
    std::ranges::replace(from, ':', '-');
    out += fmt::format("-{}", from);
    if (!passage.whole) {
        const auto seconds = std::chrono::round<std::chrono::seconds>(passage.to - passage.from);
        out += fmt::format("-{}s", seconds.count());
    }
    return out + ".ts";
}

std::shared_ptr<const void> DownloadPlaces::take() {
    if (taken_->fetch_add(1) >= places_max_) {
        taken_->fetch_sub(1);
        return nullptr;
    }
    return {taken_.get(), [taken = taken_](const void*) { taken->fetch_sub(1); }};
}

std::shared_ptr<net::HttpStream> read_passage(DownloadRooms rooms, Passage passage,
                                              std::uint64_t offset, std::uint64_t length,
                                              std::shared_ptr<const void> place) {
    auto reader = std::make_shared<PassageReader>(rooms.store, std::move(passage), offset, length);
    return std::make_shared<PassageStream>(std::move(rooms), std::move(reader), std::move(place));
}

}  // namespace oxbow::edge
