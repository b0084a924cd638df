#include "net/http_transfer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace oxbow::net {
namespace {

bool is_blocked(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

void cork(int socket, bool on) {
    const int value = on ? 1 : 0;
    ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

}  // namespace

BytesView HttpTransfer::piece(std::size_t index) const {
    return index == 0 ? as_bytes(head_) : body_.pieces[index - 1];
}

HttpTransfer::Progress HttpTransfer::advance(int socket) {
    std::uint64_t turn_left = kTurnBytesMax;
    if (body_.file.length == 0) {
        return left_ <= kCopiedBytesMax ? advance_small(socket) : advance_memory(socket, turn_left);
    }
    // Corked, the kernel sends full frames only; without it a file costs a tenth more.
    if (!std::exchange(corked_, true)) cork(socket, true);
    const Progress memory = advance_memory(socket, turn_left);
    if (memory != Progress::Done) return memory;
    const Progress file = advance_file(socket, turn_left);
    if (file == Progress::Done) cork(socket, false);
    return file;
}

/// Small answers in one piece: to copy them costs less than sendmsg's list of pieces.
HttpTransfer::Progress HttpTransfer::advance_small(int socket) {
    static thread_local std::array<std::uint8_t, kCopiedBytesMax> gathered;
    while (left_ > 0) {
        const std::size_t count = gather_memory(std::span{gathered}.first(left_));
        const ssize_t sent = ::send(socket, gathered.data(), count, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return is_blocked(errno) ? Progress::Blocked : Progress::Failed;
        }
        skip(static_cast<std::size_t>(sent));
    }
    return Progress::Done;
}

HttpTransfer::Progress HttpTransfer::advance_memory(int socket, std::uint64_t& turn_left) {
    while (next_piece_ < piece_count()) {
        if (turn_left == 0) return Progress::Paused;
        std::array<iovec, kPiecesPerCall> vectors;
        std::size_t count = 0;
        std::size_t index = next_piece_;
        std::uint64_t gathered = 0;
        for (; index < piece_count() && count < vectors.size() && gathered < turn_left; ++index) {
            BytesView bytes = piece(index);
            if (index == next_piece_) bytes = bytes.subspan(piece_offset_);
            if (bytes.empty()) continue;
            // sendmsg reads only; iovec has no const form.
            vectors[count++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
            gathered += bytes.size();
        }
        if (count == 0) {
            next_piece_ = index;
            break;
        }
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = count;
        const bool more = index < piece_count() || body_.file.length > 0;
        const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (sent < 0) {
            if (errno == EINTR) continue;
            return is_blocked(errno) ? Progress::Blocked : Progress::Failed;
        }
        skip(static_cast<std::size_t>(sent));
        turn_left -= std::min<std::uint64_t>(turn_left, static_cast<std::uint64_t>(sent));
    }
    return Progress::Done;
}

/// What the next records hold.
///
/// Out: empty when the file is shorter than was promised.
BytesView HttpTransfer::next_records() const {
    if (next_piece_ < piece_count()) {
        const BytesView rest = piece(next_piece_).subspan(piece_offset_);
        if (rest.size() >= TlsStream::kHeldBytesEnough)
            return rest.first(TlsStream::kHeldBytesEnough);
    }
    static thread_local std::array<std::uint8_t, TlsStream::kHeldBytesEnough> gathered;
    const std::span records{gathered.data(), std::min<std::uint64_t>(left_, gathered.size())};
    const std::size_t from_memory = gather_memory(records);
    if (!gather_file(records.subspan(from_memory))) return {};
    return records;
}

/// Copies as much of the pieces that are left as fits.
std::size_t HttpTransfer::gather_memory(std::span<std::uint8_t> records) const {
    std::size_t filled = 0;
    std::size_t offset = piece_offset_;
    for (std::size_t index = next_piece_; index < piece_count() && filled < records.size();
         ++index) {
        const BytesView rest = piece(index).subspan(offset);
        offset = 0;
        const std::size_t count = std::min(rest.size(), records.size() - filled);
        std::copy_n(rest.begin(), count, records.begin() + static_cast<std::ptrdiff_t>(filled));
        filled += count;
    }
    return filled;
}

/// False when the file ends before `records` is full.
bool HttpTransfer::gather_file(std::span<std::uint8_t> records) const {
    std::uint64_t offset = body_.file.offset + file_sent_;
    while (!records.empty()) {
        const ssize_t count = ::pread(body_.file.file->fd(), records.data(), records.size(),
                                      static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        records = records.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return true;
}

HttpTransfer::Progress HttpTransfer::advance(TlsStream& stream) {
    const Progress progress = advance_records(stream);
    unsent_ = stream.unsent();
    return progress;
}

HttpTransfer::Progress HttpTransfer::advance_records(TlsStream& stream) {
    std::uint64_t turn_left = kTurnBytesMax;
    auto flushed = stream.flush();  // what an earlier turn left
    while (flushed == TlsStream::Status::Done && left_ > 0) {
        if (turn_left == 0) return Progress::Paused;
        BytesView records = next_records();
        if (records.empty()) return Progress::Failed;
        const std::size_t count = records.size();
        stream.hold();
        while (!records.empty()) {
            const auto written = stream.write(records);
            if (written.status != TlsStream::Status::Done) return Progress::Failed;
            records = records.subspan(written.bytes);
        }
        const auto of_file = count - std::min<std::uint64_t>(count, left_ - file_left());
        skip(count - of_file);
        file_sent_ += of_file;
        left_ -= of_file;
        turn_left -= std::min<std::uint64_t>(turn_left, count);
        flushed = stream.flush();
    }
    if (flushed == TlsStream::Status::Blocked) return Progress::Blocked;
    return flushed == TlsStream::Status::Done ? Progress::Done : Progress::Failed;
}

void HttpTransfer::skip(std::size_t bytes) {
    left_ -= bytes;
    while (next_piece_ < piece_count()) {
        const std::size_t left = piece(next_piece_).size() - piece_offset_;
        if (bytes < left) {
            piece_offset_ += bytes;
            return;
        }
        bytes -= left;
        ++next_piece_;
        piece_offset_ = 0;
    }
}

HttpTransfer::Progress HttpTransfer::advance_file(int socket, std::uint64_t& turn_left) {
    while (file_sent_ < body_.file.length) {
        if (turn_left == 0) return Progress::Paused;
        auto offset = static_cast<off_t>(body_.file.offset + file_sent_);
        const auto wanted = std::min(body_.file.length - file_sent_, turn_left);
        const ssize_t sent = ::sendfile(socket, body_.file.file->fd(), &offset, wanted);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return is_blocked(errno) ? Progress::Blocked : Progress::Failed;
        }
        if (sent == 0) return Progress::Failed;  // the file is shorter than was promised
        file_sent_ += static_cast<std::uint64_t>(sent);
        left_ -= static_cast<std::uint64_t>(sent);
        turn_left -= static_cast<std::uint64_t>(sent);
    }
    return Progress::Done;
}

}  // namespace oxbow::net
