#include "pictures/messages.h"

#include <algorithm>

#include <fmt/format.h>

namespace oxbow::pictures {
namespace {

// Markers, behind the byte ff (ISO/IEC 10918-1 table B.1).
constexpr std::uint8_t kBaseline = 0xc0;
constexpr std::uint8_t kHuffmanTables = 0xc4;
constexpr std::uint8_t kRestartFirst = 0xd0;
constexpr std::uint8_t kRestartLast = 0xd7;
constexpr std::uint8_t kStart = 0xd8;
constexpr std::uint8_t kEnd = 0xd9;
constexpr std::uint8_t kScan = 0xda;
constexpr std::uint8_t kQuantization = 0xdb;
constexpr std::uint8_t kRestartInterval = 0xdd;
constexpr std::uint8_t kJfif = 0xe0;
constexpr std::size_t kSegmentsMax = 32;  // before the scan

template <std::size_t kBytes>
std::array<std::uint8_t, kBytes> fixed(const Bytes& bytes) {
    std::array<std::uint8_t, kBytes> out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}

std::unexpected<Error> malformed(std::string_view what) {
    return fail(ErrorCode::Malformed, fmt::format("not a picture: {}", what));
}

bool is_side(std::uint64_t pixels) {
    return pixels >= 1 && pixels <= kSidePixelsMax;
}

Result<void> check_frame(BytesView frame, PictureSize size) {
    BytesReader reader{frame};
    const auto precision = reader.number(1);
    const auto height = reader.number(2);
    const auto width = reader.number(2);
    const auto components = reader.number(1);
    if (!components || precision != 8 || (components != 1 && components != 3))
        return malformed("its frame is none of 8 bits");
    if (width != static_cast<std::uint64_t>(size.width) ||
        height != static_cast<std::uint64_t>(size.height)) {
        return malformed(
            fmt::format("it is {}x{}, not {}x{}", *width, *height, size.width, size.height));
    }
    return reader.remaining() == *components * 3 ? Result<void>{}
                                                 : malformed("its frame has a wrong length");
}

/// The coded data of the only scan, which ends with the file.
Result<void> check_scan(BytesView data) {
    while (true) {
        const auto marker = std::ranges::find(data, std::uint8_t{0xff});
        data = data.subspan(static_cast<std::size_t>(marker - data.begin()));
        if (data.size() < 2) return malformed("its scan has no end");
        const std::uint8_t code = data[1];
        data = data.subspan(2);
        if (code == kEnd)
            return data.empty() ? Result<void>{} : malformed("there is more behind its end");
        const bool restart = code >= kRestartFirst && code <= kRestartLast;
        if (code != 0 && !restart) return malformed("there is a marker inside its scan");
    }
}

}  // namespace

std::array<std::uint8_t, kRequestBytes> to_bytes(const Request& request) {
    Bytes out;
    append_number(out, request.access_unit_bytes, 4);
    append_number(out, static_cast<std::uint64_t>(request.size.width), 4);
    append_number(out, static_cast<std::uint64_t>(request.size.height), 4);
    return fixed<kRequestBytes>(out);
}

std::array<std::uint8_t, kAnswerBytes> to_bytes(const Answer& answer) {
    Bytes out;
    append_number(out, static_cast<std::uint32_t>(answer.outcome), 4);
    append_number(out, answer.jpeg_bytes, 4);
    return fixed<kAnswerBytes>(out);
}

Result<Request> read_request(BytesView bytes) {
    BytesReader reader{bytes};
    const auto access_unit_bytes = reader.number(4);
    const auto width = reader.number(4);
    const auto height = reader.number(4);
    if (!height || reader.remaining() > 0 || !is_side(*width) || !is_side(*height))
        return fail(ErrorCode::Malformed, "not a request for a picture");
    if (*access_unit_bytes == 0 || *access_unit_bytes > kAccessUnitBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("an access unit of {} bytes; 1 to {} are taken", *access_unit_bytes,
                                kAccessUnitBytesMax));
    }
    return Request{.access_unit_bytes = static_cast<std::uint32_t>(*access_unit_bytes),
                   .size = {static_cast<int>(*width), static_cast<int>(*height)}};
}

Result<Answer> read_answer(BytesView bytes) {
    BytesReader reader{bytes};
    const auto outcome = reader.number(4);
    const auto jpeg_bytes = reader.number(4);
    const bool known = jpeg_bytes && reader.remaining() == 0 &&
                       *outcome <= static_cast<std::uint32_t>(Outcome::NotConfined);
    if (!known || (*outcome != static_cast<std::uint32_t>(Outcome::Done) && *jpeg_bytes > 0))
        return fail(ErrorCode::Malformed, "not an answer of the helper that makes thumbnails");
    if (*jpeg_bytes > kJpegBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("a thumbnail of more than {} bytes", kJpegBytesMax));
    }
    return Answer{.outcome = static_cast<Outcome>(*outcome),
                  .jpeg_bytes = static_cast<std::uint32_t>(*jpeg_bytes)};
}

Result<void> check_jpeg(BytesView jpeg, PictureSize size) {
    BytesReader reader{jpeg};
    if (reader.number(2) != (0xff00U | kStart)) return malformed("it does not begin as one");
    bool has_frame = false;
    for (std::size_t segments = 0; segments < kSegmentsMax; ++segments) {
        const auto marker = reader.number(2);
        const auto length = reader.number(2);
        if (!length || *marker >> 8 != 0xff || *length < 2) return malformed("it is cut short");
        const auto body = reader.take(*length - 2);
        if (!body) return malformed("a segment reaches past its end");
        const auto code = static_cast<std::uint8_t>(*marker & 0xff);
        if (code == kScan) {
            return has_frame ? check_scan(reader.rest()) : malformed("its scan has no frame");
        }
        if (code == kBaseline) {
            if (has_frame) return malformed("it has two frames");
            has_frame = true;
            if (auto right = check_frame(*body, size); !right) return right;
            continue;
        }
        const bool known = code == kHuffmanTables || code == kQuantization ||
                           code == kRestartInterval || code == kJfif;
        if (!known) return malformed(fmt::format("it has a segment {:02x}", code));
    }
    return malformed("it has too many segments");
}

}  // namespace oxbow::pictures
