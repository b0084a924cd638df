#include "edge/es384.h"

#include <memory>
#include <vector>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/ensure.h"

namespace oxbow::edge {
namespace {

using Bio = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;
using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* c) { EVP_MD_CTX_free(c); })>;
using Number = std::unique_ptr<BIGNUM, decltype([](BIGNUM* number) { BN_free(number); })>;
using Pair = std::unique_ptr<ECDSA_SIG, decltype([](ECDSA_SIG* pair) { ECDSA_SIG_free(pair); })>;

constexpr std::string_view kCurve = "secp384r1";
constexpr int kHalf = kEs384SignatureBytes / 2;

/// What was said about a failure lies in a queue of this thread, where the next one would find it.
struct ErrorsCleared {
    ~ErrorsCleared() { ERR_clear_error(); }
};

bool is_p384(EVP_PKEY* key) {
    if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return false;
    std::array<char, 64> name{};
    std::size_t size = 0;
    return EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
           std::string_view{name.data(), size} == kCurve;
}

Bio text_source(std::string_view text) {
    return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

/// Nobody is asked for a passphrase.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// R and S as OpenSSL takes them: in DER. Empty when they cannot be.
std::vector<unsigned char> der_of(const Es384Signature& signature) {
    const Pair pair{ECDSA_SIG_new()};
    Number r{BN_bin2bn(signature.data(), kHalf, nullptr)};
    Number s{BN_bin2bn(signature.data() + kHalf, kHalf, nullptr)};
    if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
    (void)r.release();  // the pair's now
    (void)s.release();
    const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
    if (size <= 0) return {};
    std::vector<unsigned char> der(static_cast<std::size_t>(size));
    unsigned char* end = der.data();
    i2d_ECDSA_SIG(pair.get(), &end);
    return der;
}

}  // namespace

bool verify_es384(std::string_view pem, std::string_view text, const Es384Signature& signature) {
    const ErrorsCleared cleared;
    const Bio source = text_source(pem);
    const Key key{source ? PEM_read_bio_PUBKEY(source.get(), nullptr, no_passphrase, nullptr)
                         : nullptr};
    if (!is_p384(key.get())) return false;
    const std::vector<unsigned char> der = der_of(signature);
    const Context context{EVP_MD_CTX_new()};
    return !der.empty() && context &&
           EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha384(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), der.data(), der.size(), bytes_of(text), text.size()) ==
               1;
}

Result<Es384Signature> sign_es384(std::string_view pem, std::string_view text) {
    const ErrorsCleared cleared;
    const Bio source = text_source(pem);
    const Key key{source ? PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr)
                         : nullptr};
    if (!is_p384(key.get())) {
        return fail(ErrorCode::Malformed,
                    "it is no private key in PEM of ECDSA with the curve P-384, or it has a "
                    "passphrase; openssl ecparam -name secp384r1 -noout -genkey makes one");
    }
    const Context context{EVP_MD_CTX_new()};
    std::size_t size = 0;
    ENSURE(context &&
           EVP_DigestSignInit(context.get(), nullptr, EVP_sha384(), nullptr, key.get()) == 1 &&
           EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1);
    std::vector<unsigned char> der(size);
    ENSURE(EVP_DigestSign(context.get(), der.data(), &size, bytes_of(text), text.size()) == 1);

    const unsigned char* begin = der.data();
    const Pair pair{d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(size))};
    ENSURE(pair);
    Es384Signature signature{};
    ENSURE(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), signature.data(), kHalf) == kHalf);
    ENSURE(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), signature.data() + kHalf, kHalf) == kHalf);
    return signature;
}

}  // namespace oxbow::edge
