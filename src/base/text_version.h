#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/content_hash.h"

namespace oxbow {

/// A piece of a text: never changes, and is shared by all versions of the text that hold it.
class TextPiece {
public:
    explicit TextPiece(std::string text) : text_(std::move(text)) {}
    const std::string& text() const { return text_; }

    /// The piece as raw deflate blocks that end at a byte and refer to nothing before them, so that
    /// those of several pieces, one behind the other, are one stream.
    struct Deflated {
        std::string bytes;
        std::uint32_t crc = 0;  // of the text
    };
    /// Made by the first who asks; everybody else shares it. Thread-safe.
    const Deflated& deflated() const;

private:
    std::string text_;
    mutable std::once_flag once_;
    mutable Deflated deflated_;
};

/// One version of a text that viewers fetch: its bytes, its ETag, and its gzip form, which the
/// first who asks makes. Immutable, thread-safe.
class TextVersion {
public:
    using Piece = std::shared_ptr<const TextPiece>;

    explicit TextVersion(std::string text);
    /// In: an ETag that no other content of this URL has or ever will have, without quotes.
    TextVersion(std::vector<Piece> pieces, std::string etag);

    std::uint64_t size() const { return size_; }
    std::string str() const;
    const std::vector<Piece>& pieces() const { return pieces_; }
    const std::string& etag() const { return etag_; }

    /// The whole text as one gzip member: browsers and curl stop behind the first of several.
    ///
    /// Source: RFC 1952; RFC 1951 §3.2.4 (the empty stored block that ends a piece at a byte).
    struct Gzip {
        std::vector<BytesView> pieces;  // refer to the version
        std::uint64_t size = 0;
    };
    const Gzip& gzip() const;

private:
    std::vector<Piece> pieces_;
    std::string etag_;
    std::uint64_t size_ = 0;
    mutable std::once_flag once_;
    mutable Gzip gzip_;
    mutable std::array<std::uint8_t, 10> trailer_{};  // the last, empty block, CRC and size
};

/// A text that is only appended to. Its versions share all pieces but the newest, which are small,
/// and what a version costs does not grow with the text: nor does its ETag, nor its gzip form, for
/// a piece is compressed once, when it is full.
class GrowingText {
public:
    void append(std::string_view text);

    /// The text so far, between a `head` and a `tail` that may differ in every version.
    std::shared_ptr<const TextVersion> version(std::string_view head = "",
                                               std::string_view tail = "") const;
    std::size_t size() const { return size_; }

    static constexpr std::size_t kPieceBytes = 16 * 1024;

private:
    std::vector<TextVersion::Piece> full_;
    std::string open_;
    std::size_t size_ = 0;
    ContentHash hash_;
};

}  // namespace oxbow
