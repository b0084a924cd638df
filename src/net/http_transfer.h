#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "net/http.h"
#include "net/tls_stream.h"

namespace oxbow::net {

/// One answer on its way into a socket, in as few system calls as the kernel allows: memory goes
/// with the head in one sendmsg (of at most kPiecesPerCall pieces), a file by sendfile behind a
/// head sent with MSG_MORE. Nothing is copied but what is small.
class HttpTransfer {
public:
    enum class Progress {
        Done,
        Blocked,  // the socket takes no more now: wait until it is writable
        Paused,   // this turn was long enough: let others go first
        Failed,   // the peer is gone, or the file ended early: close
    };

    static constexpr std::size_t kPiecesPerCall = 64;
    static constexpr std::size_t kCopiedBytesMax = 4096;
    /// What one turn sends before other connections of the loop get theirs.
    static constexpr std::uint64_t kTurnBytesMax = 2 * 1024 * 1024;

    /// In: `head` as write_head gives it.
    HttpTransfer(std::string head, HttpBody body)
        : head_(std::move(head)), body_(std::move(body)), left_(head_.size() + body_.size()) {}
    HttpTransfer(const HttpTransfer&) = delete;
    HttpTransfer& operator=(const HttpTransfer&) = delete;

    /// Sends what the non-blocking `socket` takes.
    Progress advance(int socket);
    /// The same by TLS, several records by one call: what fills them goes out of its memory,
    /// smaller pieces and files are gathered first.
    Progress advance(TlsStream& stream);

    /// Bytes that the kernel has not taken yet.
    std::uint64_t left() const { return left_ + unsent_; }

    /// Gives the memory of the head back, for the next answer.
    std::string release_head() { return std::move(head_); }

private:
    BytesView piece(std::size_t index) const;
    std::size_t piece_count() const { return 1 + body_.pieces.size(); }
    std::uint64_t file_left() const { return body_.file.length - file_sent_; }
    Progress advance_small(int socket);
    Progress advance_memory(int socket, std::uint64_t& turn_left);
    Progress advance_file(int socket, std::uint64_t& turn_left);
    Progress advance_records(TlsStream& stream);
    BytesView next_records() const;
    std::size_t gather_memory(std::span<std::uint8_t> records) const;
    bool gather_file(std::span<std::uint8_t> records) const;
    void skip(std::size_t bytes);

    std::string head_;
    HttpBody body_;
    std::size_t next_piece_ = 0;    // the head, then the pieces of the body
    std::size_t piece_offset_ = 0;  // of next_piece_ that went out
    std::uint64_t file_sent_ = 0;
    std::uint64_t left_;
    std::uint64_t unsent_ = 0;  // made to records, which the kernel has not taken
    bool corked_ = false;
};

}  // namespace oxbow::net
