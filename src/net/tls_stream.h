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
    };

private:
    Status status_of(int result);

    std::shared_ptr<const TlsContext> context_;
    Wire wire_;
    ssl_st* ssl_;
    bool begun_ = false;
    bool failed_ = false;
    std::string failure_;
};

}  // namespace oxbow::net
