#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace oxbow {

/// A running SHA-256 of content that grows: what was added so far has an ETag, and adding to it
/// costs what is added, not what is there. Equal content has equal ETags, also in another process.
class ContentHash {
public:
    ContentHash();
    ContentHash(const ContentHash& other);
    ContentHash(ContentHash&&) noexcept = default;
    ContentHash& operator=(const ContentHash&) = delete;

    void add(std::string_view bytes);

    // ba7816bf8f01cfea414140de5dae2223      (of "abc": the first 128 bits, without quotes)
    std::string etag() const;

private:
    struct Free {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Free> context_;  // EVP_MD_CTX
};

}  // namespace oxbow
