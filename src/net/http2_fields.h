#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace oxbow::net {

/// Header lines of an answer as HTTP/2 sends them: names in lower case, without those that are for
/// one connection of HTTP/1.1 (RFC 9113 §8.2.2).
class Http2Fields {
public:
    Http2Fields() = default;
    Http2Fields(const Http2Fields&) = delete;
    Http2Fields& operator=(const Http2Fields&) = delete;

    /// In: "Name: value\r\n" lines, as HttpResponse has them.
    void assign(std::string_view lines);
    /// Refer to this, until the next assign().
    const std::vector<HttpHeader>& fields() const { return fields_; }

private:
    std::string text_;
    std::vector<HttpHeader> fields_;
};

/// The header blocks that many answers share, each made into fields once. The thread of its server.
class Http2HeaderBlocks {
public:
    /// What is kept; the others are made anew.
    static constexpr std::size_t kBlocksMax = 64;

    std::shared_ptr<const Http2Fields> of(const std::shared_ptr<const std::string>& block);

private:
    struct Kept {
        std::shared_ptr<const std::string> block;  // so that its address stays its own
        std::shared_ptr<const Http2Fields> fields;
    };
    std::array<Kept, kBlocksMax> kept_;
};

}  // namespace oxbow::net
