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
    if (body_.file.length == 0) return advance_memory(socket, turn_left);
    // Corked, the kernel sends full frames only; without it a file costs a tenth more.
    if (!std::exchange(corked_, true)) cork(socket, true);
    const Progress memory = advance_memory(socket, turn_left);
    if (memory != Progress::Done) return memory;
    const Progress file = advance_file(socket, turn_left);
    if (file == Progress::Done) cork(socket, false);
    return file;
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

/// What the next record holds. What a record that did not go out yet held is found again, for it
/// depends on nothing but how far the answer came.
///
/// Out: empty when the file is shorter than was promised.
BytesView HttpTransfer::next_record() const {
    if (next_piece_ < piece_count()) {
        const BytesView rest = piece(next_piece_).subspan(piece_offset_);
        if (rest.size() >= TlsStream::kRecordBytesMax)
            return rest.first(TlsStream::kRecordBytesMax);
    }
    static thread_local std::array<std::uint8_t, TlsStream::kRecordBytesMax> record;
    const std::size_t wanted = std::min<std::uint64_t>(left_, record.size());
    const std::size_t from_memory = gather_memory(std::span{record}.first(wanted));
    if (!gather_file(std::span{record}.first(wanted).subspan(from_memory))) return {};
    return BytesView{record}.first(wanted);
}

/// Copies as much of the pieces that are left as fits.
std::size_t HttpTransfer::gather_memory(std::span<std::uint8_t> record) const {
    std::size_t filled = 0;
    std::size_t offset = piece_offset_;
    for (std::size_t index = next_piece_; index < piece_count() && filled < record.size();
         ++index) {
        const BytesView rest = piece(index).subspan(offset);
        offset = 0;
        const std::size_t count = std::min(rest.size(), record.size() - filled);
        std::copy_n(rest.begin(), count, record.begin() + static_cast<std::ptrdiff_t>(filled));
        filled += count;
    }
    return filled;
}

/// False when the file ends before `record` is full.
bool HttpTransfer::gather_file(std::span<std::uint8_t> record) const {
    std::uint64_t offset = body_.file.offset + file_sent_;
    while (!record.empty()) {
        const ssize_t count = ::pread(body_.file.file->fd(), record.data(), record.size(),
                                      static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        record = record.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return true;
}

HttpTransfer::Progress HttpTransfer::advance(TlsStream& stream) {
    std::uint64_t turn_left = kTurnBytesMax;
    while (left_ > 0) {
        if (turn_left == 0) return Progress::Paused;
        const BytesView record = next_record();
        if (record.empty()) return Progress::Failed;
        const auto written = stream.write(record);
        if (written.status == TlsStream::Status::Blocked) return Progress::Blocked;
        if (written.status != TlsStream::Status::Done) return Progress::Failed;
        const auto of_file =
            written.bytes - std::min<std::uint64_t>(written.bytes, left_ - file_left());
        skip(written.bytes - of_file);
        file_sent_ += of_file;
        left_ -= of_file;
        turn_left -= std::min<std::uint64_t>(turn_left, written.bytes);
    }
    return Progress::Done;
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
