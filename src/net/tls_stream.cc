#include "net/tls_stream.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "base/ensure.h"

namespace oxbow::net {
namespace {

/// Every connection begins with a record of a handshake (RFC 8446 §5.1).
constexpr char kHandshakeRecord = 0x16;

bool is_blocked(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

TlsStream::Wire& wire_of(BIO* bio) {
    return *static_cast<TlsStream::Wire*>(BIO_get_data(bio));
}

int read_wire(BIO* bio, char* to, int size) {
    TlsStream::Wire& wire = wire_of(bio);
    BIO_clear_retry_flags(bio);
    const ssize_t count = ::recv(wire.socket, to, static_cast<std::size_t>(size), 0);
    wire.drained = count < size;
    wire.ended = count == 0;
    if (count < 0 && is_blocked(errno)) BIO_set_retry_read(bio);
    return static_cast<int>(count);
}

/// SSL_get_error(3) wants the thread's queue to be empty before; to look costs a fifth of clearing.
void forget_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

enum class Sent { All, Blocked, Broken };

/// Out: with `sent`, how many of `bytes` the socket took.
Sent send_all(int socket, BytesView bytes, std::size_t& sent) {
    while (sent < bytes.size()) {
        const BytesView rest = bytes.subspan(sent);
        const ssize_t count = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return is_blocked(errno) ? Sent::Blocked : Sent::Broken;
        sent += static_cast<std::size_t>(count);
    }
    return Sent::All;
}

Sent send_unsent(TlsStream::Wire& wire) {
    const Sent result = send_all(wire.socket, wire.unsent, wire.unsent_sent);
    if (result == Sent::All) {
        wire.unsent = Bytes{};  // its memory goes back
        wire.unsent_sent = 0;
    }
    return result;
}

int write_wire(BIO* bio, const char* from, int size) {
    TlsStream::Wire& wire = wire_of(bio);
    BIO_clear_retry_flags(bio);
    if (wire.held) {
        wire.held->insert(wire.held->end(), from, from + size);
        return size;
    }
    if (!wire.unsent.empty()) {  // which goes first
        const Sent sent = send_unsent(wire);
        if (sent == Sent::Blocked) BIO_set_retry_write(bio);
        if (sent != Sent::All) return -1;
    }
    const ssize_t count = ::send(wire.socket, from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (count < 0 && is_blocked(errno)) BIO_set_retry_write(bio);
    return static_cast<int>(count);
}

long control_wire(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return wire_of(bio).ended ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// OpenSSL's own BIO of sockets would raise SIGPIPE, and not tell of short reads.
BIO* make_bio(TlsStream::Wire& wire) {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const made =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "oxbow socket");
        ENSURE(made);
        BIO_meth_set_read(made, read_wire);
        BIO_meth_set_write(made, write_wire);
        BIO_meth_set_ctrl(made, control_wire);
        return made;
    }();
    BIO* const bio = BIO_new(method);
    ENSURE(bio);
    BIO_set_data(bio, &wire);
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, int socket,
                     const std::string& protocols)
    : context_(std::move(context)), wire_{.socket = socket}, ssl_(SSL_new(context_->native())) {
    ENSURE(ssl_);
    BIO* const bio = make_bio(wire_);
    SSL_set_bio(ssl_, bio, bio);  // which owns it
    // Read only: see choose_protocol.
    SSL_set_app_data(ssl_, const_cast<std::string*>(&protocols));
    SSL_set_accept_state(ssl_);
}

TlsStream::~TlsStream() {
    SSL_free(ssl_);
}

TlsStream::Status TlsStream::handshake() {
    if (failed_) return Status::Failed;
    if (!begun_) {
        char first = 0;
        const ssize_t count = ::recv(wire_.socket, &first, 1, MSG_PEEK);
        if (count == 0) return Status::Closed;
        if (count < 0) return is_blocked(errno) ? Status::Blocked : Status::Closed;
        if (first != kHandshakeRecord) return Status::NotTls;
        begun_ = true;
    }
    forget_errors();
    const int result = SSL_do_handshake(ssl_);
    return result == 1 ? Status::Done : status_of(result);
}

TlsStream::Moved TlsStream::read(std::span<char> buffer) {
    if (failed_) return {Status::Failed};
    forget_errors();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_, buffer.data(), buffer.size(), &bytes);
    if (result == 1) return {Status::Done, bytes};
    return {status_of(result)};
}

TlsStream::Moved TlsStream::write(BytesView bytes) {
    if (failed_) return {Status::Failed};
    forget_errors();
    std::size_t written = 0;
    const int result =
        SSL_write_ex(ssl_, bytes.data(), std::min(bytes.size(), kRecordBytesMax), &written);
    if (result == 1) return {Status::Done, written};
    return {status_of(result)};
}

void TlsStream::hold() {
    ENSURE(!wire_.held && wire_.unsent.empty());
    static thread_local Bytes held;
    held.clear();
    wire_.held = &held;
}

TlsStream::Status TlsStream::flush() {
    if (failed_) return Status::Failed;
    Sent result = Sent::All;
    if (wire_.held) {
        const Bytes& held = *std::exchange(wire_.held, nullptr);
        std::size_t sent = 0;
        result = send_all(wire_.socket, held, sent);
        if (result == Sent::Blocked)
            wire_.unsent.assign(held.begin() + static_cast<std::ptrdiff_t>(sent), held.end());
    } else if (!wire_.unsent.empty()) {
        result = send_unsent(wire_);
    }
    if (result == Sent::Broken) return broken();
    return result == Sent::All ? Status::Done : Status::Blocked;
}

void TlsStream::release() {
    if (SSL_is_init_finished(ssl_)) static_cast<void>(SSL_free_buffers(ssl_));
}

void TlsStream::close() {
    if (failed_ || !SSL_is_init_finished(ssl_)) return;
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

bool TlsStream::drained() const {
    return wire_.drained && SSL_has_pending(ssl_) == 0;
}

std::string_view TlsStream::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

TlsStream::Status TlsStream::status_of(int result) {
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return Status::Blocked;
        case SSL_ERROR_ZERO_RETURN:
            return Status::Closed;
        default:
            break;
    }
    return broken();
}

TlsStream::Status TlsStream::broken() {
    failed_ = true;  // SSL_shutdown(3) forbids to go on
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    if (!reason && !SSL_is_init_finished(ssl_)) return Status::Closed;
    failure_ = reason ? reason : "the connection broke";
    return Status::Failed;
}

}  // namespace oxbow::net
