#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace oxbow::net {

/// Watches what one peer of HTTP/2 sends, frame by frame, for what costs more than it asks for:
/// floods of SETTINGS, PING and the like, requests that are taken back at once (rapid reset),
/// header blocks without an end. Reads the heads of frames alone; what is in them is another's
/// matter.
///
/// A peer has allowances, which come back with time and with what it is sent; who has used one up
/// is to be let go.
/// Source: RFC 9113 §4.1, §10.5.
class Http2Watch {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// Frames that ask for nothing, at once.
    static constexpr std::size_t kSpareFramesMax = 2'000;
    static constexpr std::size_t kSpareFramesPerSecond = 50;
    /// For each frame of an answer that went out: its reader opens two windows.
    static constexpr std::size_t kSpareFramesPerAnswerFrame = 4;
    /// Streams that ended without their answer, at once.
    static constexpr std::size_t kResetsMax = 200;
    static constexpr std::size_t kResetsPerSecond = 20;
    /// Of one header block on the wire, with the heads of its frames.
    static constexpr std::size_t kHeaderBlockBytesMax = 64 * 1024;
    /// A frame of a body with fewer bytes asks for nothing.
    static constexpr std::size_t kBodyFrameBytesMin = 256;

    explicit Http2Watch(Time now) : refilled_(now), begun_(now) {}

    /// In: the peer's bytes from the first one on, in pieces of any size. False when an allowance
    /// is used up.
    bool see(BytesView bytes, Time now);
    /// A frame of an answer went out.
    void answer_frame_sent();
    /// We ended a stream without its answer. False when that were too many.
    bool stream_reset();

    /// Since when a frame or a header block is there in part; nullopt: none is. Of bodies nothing
    /// is said.
    std::optional<Time> in_the_middle_since() const;

    /// Moves all times on.
    void stood_still(std::chrono::steady_clock::duration time);

private:
    static constexpr std::size_t kPrefaceBytes = 24;
    static constexpr std::size_t kHeadBytes = 9;

    bool begin_frame();
    bool take(std::size_t& allowance);
    void refill(Time now);
    void end_frame();

    std::size_t preface_left_ = kPrefaceBytes;
    std::array<std::uint8_t, kHeadBytes> head_{};
    std::size_t head_bytes_ = 0;    // of the frame that begins
    std::size_t payload_left_ = 0;  // of the frame under way
    bool in_block_ = false;         // behind HEADERS or CONTINUATION without END_HEADERS
    std::size_t block_bytes_ = 0;
    std::size_t spare_frames_ = kSpareFramesMax;
    std::size_t resets_ = kResetsMax;
    Time refilled_;
    Time begun_;  // the frame or the block under way
};

}  // namespace oxbow::net
