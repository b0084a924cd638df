#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace oxbow::pictures {

struct PictureSize {
    int width = 0;  // pixels
    int height = 0;

    friend bool operator==(const PictureSize&, const PictureSize&) = default;
};

/// What the server and its helper say to each other, over one socket, all numbers big-endian:
///
///     helper:  answer          once, when it can be asked: Done with 0 bytes, or why it cannot
///     server:  request         12 bytes, then the access unit
///     helper:  answer          8 bytes, then the JPEG
struct Request {
    std::uint32_t access_unit_bytes = 0;
    PictureSize size;
};

/// How an answer came out.
enum class Outcome : std::uint32_t {
    Done = 0,
    Undecodable = 1,  // no picture, or one with errors in it
    TooLarge = 2,     // the JPEG would pass kJpegBytesMax
    Crashed = 3,      // the process that decoded it was ended: a fault, its memory or its time
    NoLibraries = 4,  // FFmpeg's libraries are not installed
    NotConfined = 5,  // the system does not let a process give up its rights
};

struct Answer {
    Outcome outcome = Outcome::Done;
    std::uint32_t jpeg_bytes = 0;
};

inline constexpr std::size_t kRequestBytes = 12;
inline constexpr std::size_t kAnswerBytes = 8;

inline constexpr std::size_t kAccessUnitBytesMax = 4 * 1024 * 1024;  // of a key frame
inline constexpr std::size_t kJpegBytesMax = 4 * 1024 * 1024;
inline constexpr int kSidePixelsMax = 8'192;
/// A frame of H.264 level 5.2: 4096x2304.
inline constexpr std::int64_t kPicturePixelsMax = 9'437'184;

std::array<std::uint8_t, kRequestBytes> to_bytes(const Request& request);
std::array<std::uint8_t, kAnswerBytes> to_bytes(const Answer& answer);

/// Errors: Malformed      not kRequestBytes, or a size that cannot be.
///         LimitExceeded  an access unit above kAccessUnitBytesMax, or none.
Result<Request> read_request(BytesView bytes);

/// Errors: Malformed      not kAnswerBytes, an unknown outcome, bytes where there can be none.
///         LimitExceeded  a JPEG above kJpegBytesMax.
Result<Answer> read_answer(BytesView bytes);

/// Looks at every byte of structure of a file that claims to be a JPEG of `size`, so that nothing
/// else is put where viewers fetch it: baseline, 8 bits, the segments that the encoder writes and
/// no others, one scan, nothing behind its end.
///
/// Errors: Malformed  it is not; says where.
/// Source: ISO/IEC 10918-1 Annex B.
Result<void> check_jpeg(BytesView jpeg, PictureSize size);

}  // namespace oxbow::pictures
