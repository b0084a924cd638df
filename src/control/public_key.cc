#include "control/public_key.h"

#include <array>
#include <cstdint>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/ensure.h"

namespace oxbow::control {
namespace {

using Bio = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;
using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;
using Der = std::unique_ptr<unsigned char, decltype([](unsigned char* der) { OPENSSL_free(der); })>;

constexpr std::string_view kCurve = "secp384r1";

std::string curve_of(EVP_PKEY* key) {
    std::array<char, 64> name{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) return {};
    return {name.data(), size};
}

}  // namespace

Result<std::string> fingerprint_of_public_key(std::string_view pem) {
    const Bio input{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    const Key key{input ? PEM_read_bio_PUBKEY(input.get(), nullptr, nullptr, nullptr) : nullptr};
    ERR_clear_error();
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC || curve_of(key.get()) != kCurve) {
        return fail(ErrorCode::Malformed,
                    "must be a public key in PEM of ECDSA with the curve P-384 (openssl ec -in "
                    "private.pem -pubout, of a key made with openssl ecparam -name secp384r1 "
                    "-genkey)");
    }
    unsigned char* bytes = nullptr;
    const int size = i2d_PUBKEY(key.get(), &bytes);
    ENSURE(size > 0);
    const Der der{bytes};
    std::array<std::uint8_t, 16> digest{};
    unsigned digest_size = 0;
    ENSURE(EVP_Digest(der.get(), static_cast<std::size_t>(size), digest.data(), &digest_size,
                      EVP_md5(), nullptr) == 1);
    return fmt::format("{:02x}", fmt::join(digest, ":"));
}

}  // namespace oxbow::control
