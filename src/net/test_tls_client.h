#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace oxbow::net {

/// The client's end of a TLS connection, which believes every certificate. It never waits, unless
/// it is told to: call again when the other side has done its part.
class TestTlsClient {
public:
    struct Options {
        int version = 0;        // TLS1_2_VERSION: that one alone; 0: any
        std::string protocols;  // as ALPN has them
        SSL_SESSION* resume = nullptr;
        bool waits = false;  // until the server has done its part
    };

    /// The descriptor becomes the client's own.
    TestTlsClient(int socket, const Options& options)
        : socket_(socket), context_(SSL_CTX_new(TLS_client_method())) {
        if (!options.waits) ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
        if (options.version) {
            SSL_CTX_set_security_level(context_, 0);  // also what is refused today
            SSL_CTX_set_min_proto_version(context_, options.version);
            SSL_CTX_set_max_proto_version(context_, options.version);
        }
        SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT);
        ssl_ = SSL_new(context_);
        if (!options.protocols.empty()) {
            SSL_set_alpn_protos(ssl_,
                                reinterpret_cast<const unsigned char*>(options.protocols.data()),
                                static_cast<unsigned>(options.protocols.size()));
        }
        if (options.resume) SSL_set_session(ssl_, options.resume);
        SSL_set_fd(ssl_, socket);
        SSL_set_connect_state(ssl_);
    }
    ~TestTlsClient() {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
        ::close(socket_);
    }
    TestTlsClient(const TestTlsClient&) = delete;
    TestTlsClient& operator=(const TestTlsClient&) = delete;

    bool handshake() { return SSL_do_handshake(ssl_) == 1; }
    bool write(std::string_view bytes) {
        return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
    }
    /// What is there.
    std::string read() {
        std::string out;
        char bytes[16 * 1024];
        for (int count; (count = SSL_read(ssl_, bytes, sizeof bytes)) > 0;)
            out.append(bytes, static_cast<std::size_t>(count));
        return out;
    }
    /// nullopt: the server has closed. With `waits`.
    std::optional<std::size_t> read_some(std::span<char> buffer) {
        const int count = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
        return count > 0 ? std::optional{static_cast<std::size_t>(count)} : std::nullopt;
    }
    /// The server has said that it sends no more.
    bool told_of_end() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }
    void close() { SSL_shutdown(ssl_); }
    bool resumed() const { return SSL_session_reused(ssl_) == 1; }
    /// The caller's to free.
    SSL_SESSION* session() const { return SSL_get1_session(ssl_); }
    ssl_st* native() const { return ssl_; }
    std::string_view protocol() const {
        const unsigned char* name = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_, &name, &size);
        return {reinterpret_cast<const char*>(name), size};
    }

    std::string_view cipher() const { return SSL_get_cipher_name(ssl_); }

private:
    int socket_;
    SSL_CTX* context_;
    SSL* ssl_ = nullptr;
};

}  // namespace oxbow::net
