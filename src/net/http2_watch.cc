#include "net/http2_watch.h"

#include <algorithm>

namespace oxbow::net {
namespace {

// RFC 9113 §6
constexpr std::uint8_t kData = 0;
constexpr std::uint8_t kHeaders = 1;
constexpr std::uint8_t kRstStream = 3;
constexpr std::uint8_t kContinuation = 9;
constexpr std::uint8_t kEndHeaders = 0x4;

}  // namespace

bool Http2Watch::see(BytesView bytes, Time now) {
    refill(now);
    const auto skip = [&](std::size_t& left) {
        const std::size_t skipped = std::min(left, bytes.size());
        bytes = bytes.subspan(skipped);
        left -= skipped;
    };
    skip(preface_left_);
    while (!bytes.empty()) {
        if (payload_left_ > 0) {
            skip(payload_left_);
            if (payload_left_ == 0) end_frame();
            continue;
        }
        if (head_bytes_ == 0 && !in_block_) begun_ = now;
        head_[head_bytes_++] = bytes.front();
        bytes = bytes.subspan(1);
        if (head_bytes_ == kHeadBytes && !begin_frame()) return false;
    }
    return true;
}

/// With the head of a frame.
bool Http2Watch::begin_frame() {
    payload_left_ = std::size_t{head_[0]} << 16 | std::size_t{head_[1]} << 8 | head_[2];
    const std::uint8_t type = head_[3];
    bool fine = true;
    if (type == kHeaders || type == kContinuation) {
        if (type == kHeaders) block_bytes_ = 0;
        block_bytes_ += kHeadBytes + payload_left_;
        in_block_ = (head_[4] & kEndHeaders) == 0;
        fine = block_bytes_ <= kHeaderBlockBytesMax;
    } else if (type == kRstStream) {
        fine = take(resets_);
    } else if (type != kData || payload_left_ < kBodyFrameBytesMin) {
        fine = take(spare_frames_);
    }
    if (payload_left_ == 0) end_frame();
    return fine;
}

void Http2Watch::end_frame() {
    head_bytes_ = 0;
}

bool Http2Watch::take(std::size_t& allowance) {
    if (allowance == 0) return false;
    --allowance;
    return true;
}

void Http2Watch::answer_frame_sent() {
    spare_frames_ = std::min(spare_frames_ + kSpareFramesPerAnswerFrame, kSpareFramesMax);
}

bool Http2Watch::stream_reset() {
    return take(resets_);
}

std::optional<Http2Watch::Time> Http2Watch::in_the_middle_since() const {
    const bool in_body = payload_left_ > 0 && head_[3] == kData;
    if (preface_left_ > 0 || in_block_ || (head_bytes_ > 0 && !in_body)) return begun_;
    return std::nullopt;
}

void Http2Watch::refill(Time now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now - refilled_);
    if (seconds.count() <= 0) return;
    refilled_ += seconds;
    const auto count = static_cast<std::size_t>(std::min<std::int64_t>(seconds.count(), 1'000));
    spare_frames_ = std::min(spare_frames_ + count * kSpareFramesPerSecond, kSpareFramesMax);
    resets_ = std::min(resets_ + count * kResetsPerSecond, kResetsMax);
}

void Http2Watch::stood_still(std::chrono::steady_clock::duration time) {
    refilled_ += time;
    begun_ += time;
}

}  // namespace oxbow::net
