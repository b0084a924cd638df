#include "record/whole_chunks.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/shared_file.h"

namespace oxbow::record {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

/// One chunk of the journal, where it may lie.
struct Candidate {
    std::span<const JournalSegment> segments;
    std::string key;
    std::filesystem::path file;  // in the spool
};

/// The first `size` bytes from `offset` on have this checksum.
bool matches(int fd, const JournalSegment& segment) {
    Bytes buffer(kReadBytes);
    std::uint32_t checksum = 0;
    for (std::uint64_t done = 0; done < segment.entry.length;) {
        const std::size_t count =
            std::min<std::uint64_t>(buffer.size(), segment.entry.length - done);
        const ssize_t read =
            ::pread(fd, buffer.data(), count, static_cast<off_t>(segment.entry.offset + done));
        if (read < 0 && errno == EINTR) continue;
        if (read <= 0) return false;
        checksum = crc32c(BytesView{buffer}.first(static_cast<std::size_t>(read)), checksum);
        done += static_cast<std::uint64_t>(read);
    }
    return checksum == segment.checksum;
}

/// How many of the segments are whole in the file.
std::size_t whole_in(int fd, std::span<const JournalSegment> segments, std::size_t verify_from) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return 0;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    std::size_t whole = 0;
    for (const JournalSegment& segment : segments) {
        if (segment.entry.offset + segment.entry.length > size) break;
        if (whole >= verify_from && !matches(fd, segment)) break;
        ++whole;
    }
    return whole;
}

std::uint64_t bytes_of(std::span<const JournalSegment> segments) {
    return segments.back().entry.offset + segments.back().entry.length;
}

/// Copies the first `size` bytes of an object into the spool: an object is replaced whole.
Result<void> copy_out(int from, std::uint64_t size, const std::filesystem::path& to) {
    const auto failed = [&to](int error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot write {}: {}", to.string(), std::strerror(error)));
    };
    const SharedFile file{::open(to.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644)};
    if (file.fd() < 0) return failed(errno);
    Bytes buffer(kReadBytes);
    for (std::uint64_t done = 0; done < size;) {
        const std::size_t count = std::min<std::uint64_t>(buffer.size(), size - done);
        const ssize_t read = ::pread(from, buffer.data(), count, static_cast<off_t>(done));
        if (read <= 0) return failed(read < 0 ? errno : EIO);
        const ssize_t written = ::write(file.fd(), buffer.data(), static_cast<std::size_t>(read));
        if (written != read) return failed(written < 0 ? errno : ENOSPC);
        done += static_cast<std::uint64_t>(written);
    }
    return {};
}

Result<void> adopt(const RecordingPlace& place, const Candidate& chunk) {
    const auto adopted = place.store.adopt(chunk.file, chunk.key);
    return adopted ? Result<void>{} : std::unexpected(adopted.error());
}

/// The chunk is an object already: it is cut where it is longer than what is whole.
///
/// Out: how many segments are whole; 0: it is no object.
Result<std::size_t> whole_in_object(const RecordingPlace& place, const Candidate& chunk,
                                    std::size_t verify_from) {
    const auto object = place.store.open(chunk.key);
    if (!object && object.error().code == ErrorCode::NotFound) return 0;
    if (!object) return std::unexpected(object.error());
    const std::size_t whole = whole_in(object->file->fd(), chunk.segments, verify_from);
    if (whole == 0) return 0;
    const std::uint64_t size = bytes_of(chunk.segments.first(whole));
    if (object->info.size == size) return whole;
    if (auto copied = copy_out(object->file->fd(), size, chunk.file); !copied)
        return std::unexpected(copied.error());
    if (auto adopted = adopt(place, chunk); !adopted) return std::unexpected(adopted.error());
    return whole;
}

/// The chunk still lies in the spool: it is cut at its last whole segment and made an object.
Result<std::size_t> whole_in_spool(const RecordingPlace& place, const Candidate& chunk,
                                   std::size_t verify_from) {
    const SharedFile file{::open(chunk.file.c_str(), O_RDWR | O_CLOEXEC)};
    if (file.fd() < 0) return 0;
    const std::size_t whole = whole_in(file.fd(), chunk.segments, verify_from);
    if (whole == 0) return 0;
    const std::uint64_t size = bytes_of(chunk.segments.first(whole));
    if (::ftruncate(file.fd(), static_cast<off_t>(size)) != 0) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot cut {}: {}", chunk.file.string(), std::strerror(errno)));
    }
    if (auto adopted = adopt(place, chunk); !adopted) return std::unexpected(adopted.error());
    return whole;
}

}  // namespace

std::vector<Chunk> chunks_of(const std::vector<JournalSegment>& segments) {
    std::vector<Chunk> out;
    for (const JournalSegment& segment : segments) {
        if (out.empty() || out.back().number != segment.chunk) {
            out.push_back(
                {.number = segment.chunk, .discontinuity = segment.discontinuity, .segments = {}});
        }
        out.back().segments.push_back(segment.entry);
    }
    return out;
}

Result<WholeChunks> whole_chunks(const RecordingPlace& place, const std::string& prefix,
                                 const JournalContent& journal, std::size_t verify_from) {
    WholeChunks out;
    std::span<const JournalSegment> rest{journal.segments};
    while (!rest.empty()) {
        const auto end = std::ranges::find_if(rest, [&](const JournalSegment& segment) {
            return segment.chunk != rest.front().chunk;
        });
        const auto count = static_cast<std::size_t>(end - rest.begin());
        const Candidate chunk{
            .segments = rest.first(count),
            .key = ivs::chunk_key(prefix, journal.variant->group_id, rest.front().chunk),
            .file = place.spool / journal.head.recording.str() /
                    fmt::format("{}.ts", rest.front().chunk)};
        const std::size_t trusted = verify_from > out.segments ? verify_from - out.segments : 0;
        auto whole = whole_in_object(place, chunk, trusted);
        if (whole && *whole == 0) whole = whole_in_spool(place, chunk, trusted);
        if (!whole) return std::unexpected(whole.error());
        out.segments += *whole;
        if (*whole < count) break;
        rest = rest.subspan(count);
    }
    out.chunks = chunks_of({journal.segments.begin(),
                            journal.segments.begin() + static_cast<std::ptrdiff_t>(out.segments)});
    return out;
}

}  // namespace oxbow::record
