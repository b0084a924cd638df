#include "base/text_version.h"

#include <algorithm>
#include <span>
#include <utility>

#include <zlib.h>

#include "base/ensure.h"

namespace oxbow {
namespace {

constexpr int kRawDeflate = -15;  // a window of 32 KiB, without zlib's own head and sum
constexpr int kMemoryLevel = 8;
// RFC 1952 §2.3: magic, deflate, no flags, no time, no extra flags, made by Unix.
constexpr std::array<std::uint8_t, 10> kGzipHead{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
constexpr std::array<std::uint8_t, 2> kEmptyLastBlock{0x03, 0x00};

const Bytef* as_zlib(std::string_view text) {
    return reinterpret_cast<const Bytef*>(text.data());
}

std::string deflate_blocks(std::string_view text) {
    z_stream stream{};
    ENSURE(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, kMemoryLevel,
                        Z_DEFAULT_STRATEGY) == Z_OK);
    // The bound is for a finished stream; a flushed one has five bytes more at its end.
    std::string out(deflateBound(&stream, text.size()) + 16, '\0');
    stream.next_in = const_cast<Bytef*>(as_zlib(text));  // zlib reads only
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ENSURE(deflate(&stream, Z_SYNC_FLUSH) == Z_OK && stream.avail_out > 0);
    out.resize(stream.total_out);
    out.shrink_to_fit();
    deflateEnd(&stream);
    return out;
}

std::string etag_of(std::string_view text) {
    ContentHash hash;
    hash.add(text);
    return hash.etag();
}

std::vector<TextVersion::Piece> one_piece(std::string text) {
    return {std::make_shared<const TextPiece>(std::move(text))};
}

/// In little-endian order, as RFC 1952 wants it.
void put_number(std::span<std::uint8_t, 4> out, std::uint32_t number) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
}

}  // namespace

const TextPiece::Deflated& TextPiece::deflated() const {
    std::call_once(once_, [this] {
        deflated_.bytes = deflate_blocks(text_);
        deflated_.crc =
            static_cast<std::uint32_t>(crc32(0, as_zlib(text_), static_cast<uInt>(text_.size())));
    });
    return deflated_;
}

TextVersion::TextVersion(std::string text) : etag_(etag_of(text)), size_(text.size()) {
    pieces_ = one_piece(std::move(text));
}

TextVersion::TextVersion(std::vector<Piece> pieces, std::string etag)
    : pieces_(std::move(pieces)), etag_(std::move(etag)) {
    for (const Piece& piece : pieces_) size_ += piece->text().size();
}

std::string TextVersion::str() const {
    std::string out;
    out.reserve(size_);
    for (const Piece& piece : pieces_) out += piece->text();
    return out;
}

const TextVersion::Gzip& TextVersion::gzip() const {
    std::call_once(once_, [this] {
        gzip_.pieces.emplace_back(kGzipHead);
        uLong crc = crc32(0, nullptr, 0);
        for (const Piece& piece : pieces_) {
            const TextPiece::Deflated& deflated = piece->deflated();
            gzip_.pieces.push_back(as_bytes(deflated.bytes));
            crc = crc32_combine(crc, deflated.crc, static_cast<z_off_t>(piece->text().size()));
        }
        const std::span trailer{trailer_};
        std::ranges::copy(kEmptyLastBlock, trailer.begin());
        put_number(trailer.subspan<2, 4>(), static_cast<std::uint32_t>(crc));
        put_number(trailer.subspan<6, 4>(), static_cast<std::uint32_t>(size_));
        gzip_.pieces.emplace_back(trailer_);
        for (const BytesView piece : gzip_.pieces) gzip_.size += piece.size();
    });
    return gzip_;
}

void GrowingText::append(std::string_view text) {
    if (open_.size() >= kPieceBytes) {
        full_.push_back(std::make_shared<const TextPiece>(std::exchange(open_, {})));
        // Now, on its owner's thread: a first viewer after a day would find a day to compress.
        full_.back()->deflated();
    }
    open_ += text;
    size_ += text.size();
    hash_.add(text);
}

std::shared_ptr<const TextVersion> GrowingText::version(std::string_view head,
                                                        std::string_view tail) const {
    std::vector<TextVersion::Piece> pieces;
    pieces.reserve(full_.size() + 2);
    if (!head.empty()) pieces.push_back(std::make_shared<const TextPiece>(std::string{head}));
    pieces.insert(pieces.end(), full_.begin(), full_.end());
    std::string newest = open_;
    newest += tail;
    if (!newest.empty()) pieces.push_back(std::make_shared<const TextPiece>(std::move(newest)));

    ContentHash hash{hash_};
    hash.add(tail);
    if (!head.empty()) {  // what stands in front cannot be added in front: a NUL keeps them apart
        hash.add(std::string_view{"\0", 1});
        hash.add(head);
    }
    return std::make_shared<const TextVersion>(std::move(pieces), hash.etag());
}

}  // namespace oxbow
