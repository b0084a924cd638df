#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "net/tls.h"

struct ssl_st;

namespace oxbow::net {

/// The server's end of one TLS connection, on a non-blocking socket that somebody else owns and
/// waits for. Nothing here waits.
///
/// Thread safety: one thread at a time.
class TlsStream {
public:
    enum class Status {
        Done,
        Blocked,  // wait until the socket is readable, or writable for write()
        Closed,   // the peer sends no more
        Failed,   // failure() tells why; nothing more comes or goes
        NotTls,   // of handshake() alone: the peer speaks something else, of which nothing is read
    };
    struct Moved {
        Status status;
        std::size_t bytes = 0;  // more than 0 when Done
    };
    /// What one record holds.
    static constexpr std::size_t kRecordBytesMax = 16 * 1024;
    /// When to flush(): in larger pieces nothing gets cheaper.
    static constexpr std::size_t kHeldBytesEnough = 64 * 1024;

    /// In: `protocols` as ALPN has them ("\2h2\10http/1.1"), the best first; lives on. Empty: a
    ///     client's offer is not answered.
    TlsStream(std::shared_ptr<const TlsContext> context, int socket, const std::string& protocols);
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    /// Call it again while it is Blocked; then the others.
    Status handshake();
    Moved read(std::span<char> buffer);
    /// Writes at most a record. After Blocked the same bytes must come again.
    Moved write(BytesView bytes);
    /// From now on records wait here for flush(), so that several go out by one call. Of the same
    /// turn: what waits lies in memory that all streams of a thread share. Not while unsent() > 0.
    void hold();
    std::size_t held() const { return wire_.held ? wire_.held->size() : 0; }
    /// Sends what waits. Blocked: what the socket did not take stays with this stream; wait until
    /// it is writable, and call it again.
    Status flush();
    /// Bytes that flush() has still to send: what held() was, at most.
    std::size_t unsent() const { return wire_.unsent.size() - wire_.unsent_sent; }
    /// Gives back the memory for records, of which each direction has one, unless one is under way.
    /// They come again when they are needed.
    void release();
    /// Tells the peer that no more comes; one try.
    void close();

    /// After read(): nothing is here, and the socket had no more a moment ago.
    bool drained() const;
    /// What was agreed on: "h2"; empty when nothing was.
    std::string_view protocol() const;
    const std::string& failure() const { return failure_; }

    /// The socket, as OpenSSL sees it.
    struct Wire {
        int socket;
        bool drained = false;  // the last read took all there was
        bool ended = false;
        Bytes* held = nullptr;        // records wait here; null: they are sent as they are made
        Bytes unsent;                 // what a flush() left
        std::size_t unsent_sent = 0;  // of it
    };

private:
    Status status_of(int result);
    Status broken();

    std::shared_ptr<const TlsContext> context_;
    Wire wire_;
    ssl_st* ssl_;
    bool begun_ = false;
    bool failed_ = false;
    std::string failure_;
};

}  // namespace oxbow::net
