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
