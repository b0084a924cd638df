#include "base/content_hash.h"

#include <array>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include "base/ensure.h"

namespace oxbow {
namespace {

constexpr std::size_t kEtagBytes = 16;

EVP_MD_CTX* as_context(void* context) {
    return static_cast<EVP_MD_CTX*>(context);
}

}  // namespace

void ContentHash::Free::operator()(void* context) const {
    EVP_MD_CTX_free(as_context(context));
}

ContentHash::ContentHash() : context_(EVP_MD_CTX_new()) {
    ENSURE(EVP_DigestInit_ex(as_context(context_.get()), EVP_sha256(), nullptr) == 1);
}

ContentHash::ContentHash(const ContentHash& other) : context_(EVP_MD_CTX_new()) {
    ENSURE(EVP_MD_CTX_copy_ex(as_context(context_.get()), as_context(other.context_.get())) == 1);
}

void ContentHash::add(std::string_view bytes) {
    ENSURE(EVP_DigestUpdate(as_context(context_.get()), bytes.data(), bytes.size()) == 1);
}

std::string ContentHash::etag() const {
    const ContentHash finished{*this};
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    ENSURE(EVP_DigestFinal_ex(as_context(finished.context_.get()), digest.data(), nullptr) == 1);
    return fmt::format("{:02x}", fmt::join(std::span{digest}.first(kEtagBytes), ""));
}

}  // namespace oxbow
