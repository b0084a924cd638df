#include "net/tls.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "base/ensure.h"

namespace oxbow::net {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freed {
    void operator()(T* object) const { kFree(object); }
};
void free_bio(BIO* bio) {
    BIO_free(bio);
}
using Bio = std::unique_ptr<BIO, Freed<BIO, free_bio>>;
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;

/// Forward secrecy and authenticated encryption only; what browsers and encoders have had since
/// 2014. AES with keys of 128 bits first, as CloudFront has it: nobody breaks those either, and
/// media costs less. A client without AES in hardware gets ChaCha20.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kCipherSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/// What OpenSSL says of the last failure: "key values mismatch".
std::string why() {
    const unsigned long error = ERR_peek_last_error();
    const char* const reason = ERR_reason_error_string(error);
    std::string text = reason ? reason : "no reason is given";
    ERR_clear_error();
    return text;
}

Bio bio_of(const std::string& pem) {
    return Bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
}

/// A key with a passphrase has nobody to ask.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

Certificate first_certificate(const std::string& pem) {
    const Bio bio = bio_of(pem);
    Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)};
    ERR_clear_error();
    return certificate;
}

Key key_of(const std::string& pem) {
    const Bio bio = bio_of(pem);
    Key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)};
    ERR_clear_error();
    return key;
}

Result<std::string> read_pem(const std::filesystem::path& file) {
    const auto cannot = [&](const std::string& reason) {
        return fail(ErrorCode::NotFound, fmt::format("cannot read {}: {}", file.string(), reason));
    };
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) return cannot(std::generic_category().message(errno));
    if (!S_ISREG(status.st_mode)) return cannot("it is not a file");
    if (std::cmp_greater(status.st_size, kPemBytesMax)) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("{} is larger than {} KiB, which no certificate and no key is",
                                file.string(), kPemBytesMax / 1024));
    }
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::ifstream input{file, std::ios::binary};
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!input) return cannot(std::generic_category().message(errno));
    return text;
}

/// The certificate and, behind it, its chain.
bool use_chain(SSL_CTX* context, const std::string& pem) {
    const Bio bio = bio_of(pem);
    const Certificate own{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)};
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) return false;
    while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
        if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return false;
        static_cast<void>(next.release());  // the context's now
    }
    ERR_clear_error();  // the end of the text
    return true;
}

/// The first of what we speak that the client offers, as it was said of this connection.
int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    const auto* const spoken = static_cast<const std::string*>(SSL_get_app_data(ssl));
    if (!spoken || spoken->empty()) return SSL_TLSEXT_ERR_NOACK;
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(
        &found, chosen_size, reinterpret_cast<const unsigned char*>(spoken->data()),
        static_cast<unsigned>(spoken->size()), offered, offered_size);
    *chosen = found;
    // A client that offers none of them is spoken to in the first one that everybody knows.
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

void set_up(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, kCiphers);  // up to TLS 1.2
    SSL_CTX_set_ciphersuites(context, kCipherSuites);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // A record is written whole or not at all. Buffers stay until TlsStream::release(): to give
    // them back with every record, as SSL_MODE_RELEASE_BUFFERS does, costs a busy connection time.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    // Tickets keep sessions with the clients: nothing to lock, and nothing to fill, here.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, std::chrono::seconds{kTicketKeysMax}.count());
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

WallTime end_of(SSL_CTX* context) {
    std::tm end{};
    ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &end);
    return WallTime{std::chrono::seconds{::timegm(&end)}};
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context) : context_(context) {}

TlsContext::~TlsContext() {
    SSL_CTX_free(context_);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const std::string& certificate,
                                                           const std::string& key) {
    ERR_clear_error();
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    ENSURE(context);
    std::shared_ptr<TlsContext> made{new TlsContext{context}};
    set_up(context);
    if (!use_chain(context, certificate)) {
        return fail(ErrorCode::Malformed,
                    fmt::format("the certificate cannot be used ({})", why()));
    }
    const Key private_key = key_of(key);
    if (!private_key || SSL_CTX_use_PrivateKey(context, private_key.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return fail(ErrorCode::Malformed,
                    fmt::format("the key is not that of the certificate ({})", why()));
    }
    made->expires_ = end_of(context);
    return made;
}

Result<std::string> read_certificate(const std::filesystem::path& file) {
    auto pem = read_pem(file);
    if (pem && !first_certificate(*pem)) {
        return fail(ErrorCode::Malformed,
                    fmt::format("{} has no certificate in PEM form, which begins with -----BEGIN "
                                "CERTIFICATE-----",
                                file.string()));
    }
    return pem;
}

Result<std::string> read_private_key(const std::filesystem::path& file) {
    auto pem = read_pem(file);
    if (pem && !key_of(*pem)) {
        return fail(ErrorCode::Malformed,
                    fmt::format("{} has no private key in PEM form without a passphrase, which "
                                "begins with -----BEGIN PRIVATE KEY-----",
                                file.string()));
    }
    return pem;
}

Result<std::shared_ptr<TlsCertificate>> TlsCertificate::load(TlsFiles files) {
    std::shared_ptr<TlsCertificate> loaded{new TlsCertificate{std::move(files)}};
    if (auto read = loaded->read({}); !read) return std::unexpected(read.error());
    return loaded;
}

Result<void> TlsCertificate::read(SteadyTime now) {
    seen_ = fingerprint();  // before reading: what changes meanwhile is read again
    auto certificate = read_certificate(files_.certificate);
    if (!certificate) return std::unexpected(certificate.error());
    auto key = read_private_key(files_.key);
    if (!key) return std::unexpected(key.error());
    auto context = TlsContext::make(*certificate, *key);
    if (!context) {
        return fail(context.error().code,
                    fmt::format("{} and {} are no pair: {}", files_.certificate.string(),
                                files_.key.string(), context.error().what));
    }
    certificate_ = std::move(*certificate);
    key_ = std::move(*key);
    made_ = now;
    newest_.store(std::move(*context));
    return {};
}

Result<TlsCertificate::Look> TlsCertificate::look(SteadyTime now) {
    if (std::exchange(first_, false)) made_ = now;
    if (fingerprint() != seen_) {
        if (auto renewed = read(now); !renewed) return std::unexpected(renewed.error());
        return Look::Renewed;
    }
    if (now - made_ >= kTicketKeysMax) {
        made_ = now;
        if (auto context = TlsContext::make(certificate_, key_)) newest_.store(std::move(*context));
    }
    return Look::Unchanged;
}

/// What tells that a file is another one, or has other contents; also that it is not there.
std::string TlsCertificate::fingerprint() const {
    std::string out;
    for (const auto& file : {files_.certificate, files_.key}) {
        struct stat status{};
        if (::stat(file.c_str(), &status) != 0) {
            out += "none ";
            continue;
        }
        out += fmt::format("{}/{}/{}/{}.{} ", status.st_dev, status.st_ino, status.st_size,
                           status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    }
    return out;
}

}  // namespace oxbow::net
