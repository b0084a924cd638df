#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/shared_slot.h"
#include "base/times.h"

struct ssl_ctx_st;

namespace oxbow::net {

/// No certificate with its chain, and no key, is longer.
inline constexpr std::size_t kPemBytesMax = 256 * 1024;
/// Session tickets are sealed with the same keys for this long: who steals those of a running
/// server reads no more.
inline constexpr std::chrono::hours kTicketKeysMax{12};

/// What a server says and does in every handshake: its certificate, TLS 1.2 and 1.3, session
/// tickets. Immutable; connections of any thread may begin with it.
class TlsContext {
public:
    /// In:     a certificate with its chain, and its private key, both in PEM.
    /// Errors: Malformed  one of them is none, or the key is that of another certificate.
    static Result<std::shared_ptr<const TlsContext>> make(const std::string& certificate,
                                                          const std::string& key);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    ssl_ctx_st* native() const { return context_; }
    /// When the certificate ends.
    WallTime expires() const { return expires_; }

private:
    explicit TlsContext(ssl_ctx_st* context);

    ssl_ctx_st* context_;
    WallTime expires_{};
};

struct TlsFiles {
    std::filesystem::path certificate;  // the certificate first, then its chain; PEM
    std::filesystem::path key;          // its private key, without a passphrase; PEM
};

/// The bytes of `file`, which hold a certificate.
///
/// Errors: NotFound       it cannot be read.
///         LimitExceeded  it is longer than kPemBytesMax.
///         Malformed      there is no certificate in it.
Result<std::string> read_certificate(const std::filesystem::path& file);
/// The same for a private key; Malformed also where it has a passphrase.
Result<std::string> read_private_key(const std::filesystem::path& file);

/// A certificate that is renewed on disk while the server runs.
///
/// newest() is thread-safe; look() is called by one thread.
class TlsCertificate {
public:
    /// Errors: as of read_certificate, read_private_key and TlsContext::make.
    static Result<std::shared_ptr<TlsCertificate>> load(TlsFiles files);

    /// For the next connection.
    std::shared_ptr<const TlsContext> newest() const { return newest_.load(); }

    enum class Look { Unchanged, Renewed };
    /// Takes up a pair that has changed on disk since the last call: other files (as behind Let's
    /// Encrypt's links) or another time or size. Makes new keys for tickets when they are due.
    ///
    /// Errors: what is wrong with the new pair, once; the old one stays in use.
    Result<Look> look(SteadyTime now);

private:
    explicit TlsCertificate(TlsFiles files) : files_(std::move(files)) {}
    Result<void> read(SteadyTime now);
    std::string fingerprint() const;

    TlsFiles files_;
    std::string seen_;         // fingerprint of what was read last, right or wrong
    std::string certificate_;  // as in use
    std::string key_;
    SteadyTime made_{};
    bool first_ = true;  // nobody has looked since the start
    SharedSlot<const TlsContext> newest_;
};

}  // namespace oxbow::net
