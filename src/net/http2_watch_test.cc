#include "net/http2_watch.h"

#include <string>

#include <doctest/doctest.h>

namespace oxbow::net {
namespace {

using namespace std::chrono_literals;

constexpr Http2Watch::Time kNow{1h};

/// The watch of a peer that has sent its preface.
Http2Watch begun() {
    Http2Watch watch{kNow};
    watch.see(as_bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), kNow);
    return watch;
}

std::string frame(char type, char flags, std::size_t bytes) {
    return std::string{static_cast<char>(bytes >> 16),
                       static_cast<char>(bytes >> 8),
                       static_cast<char>(bytes),
                       type,
                       flags,
                       0,
                       0,
                       0,
                       1} +
           std::string(bytes, 'x');
}

/// How many of `bytes` are seen before it is too much, up to `most`.
std::size_t seen(Http2Watch& watch, const std::string& bytes, std::size_t most,
                 Http2Watch::Time now = kNow) {
    for (std::size_t count = 0; count < most; ++count)
        if (!watch.see(as_bytes(bytes), now)) return count;
    return most;
}

}  // namespace

TEST_CASE("SETTINGS, PING, PRIORITY and what nobody knows have one allowance") {
    for (const char type : {2, 4, 6, 8, 0x42}) {
        Http2Watch watch = begun();
        CHECK(seen(watch, frame(type, 0, 8), 10'000) == Http2Watch::kSpareFramesMax);
    }
}

TEST_CASE("frames of bodies count where they bring next to nothing") {
    Http2Watch empty = begun();
    Http2Watch full = begun();

    CHECK(seen(empty, frame(0, 0, Http2Watch::kBodyFrameBytesMin - 1), 10'000) ==
          Http2Watch::kSpareFramesMax);
    CHECK(seen(full, frame(0, 0, Http2Watch::kBodyFrameBytesMin), 10'000) == 10'000);
}

TEST_CASE("an allowance comes back with time, and with what the peer was sent") {
    Http2Watch used_up = begun();
    const std::string ping = frame(6, 0, 8);
    CHECK(seen(used_up, ping, Http2Watch::kSpareFramesMax) == Http2Watch::kSpareFramesMax);

    Http2Watch later = used_up;
    CHECK(seen(later, ping, 10'000, kNow + 1'999ms) == Http2Watch::kSpareFramesPerSecond);
    Http2Watch sent = used_up;
    sent.answer_frame_sent();
    CHECK(seen(sent, ping, 10'000) == Http2Watch::kSpareFramesPerAnswerFrame);
    Http2Watch long_after = used_up;
    CHECK(seen(long_after, ping, 10'000, kNow + 1h) == Http2Watch::kSpareFramesMax);
    CHECK(seen(used_up, ping, 1) == 0);
}

TEST_CASE("streams that end early have one allowance, whoever ends them") {
    Http2Watch watch = begun();
    CHECK(seen(watch, frame(3, 0, 4), Http2Watch::kResetsMax - 1) == Http2Watch::kResetsMax - 1);

    CHECK(watch.stream_reset());
    CHECK_FALSE(watch.stream_reset());
    Http2Watch later = watch;
    CHECK(seen(later, frame(3, 0, 4), 1'000, kNow + 1s) == Http2Watch::kResetsPerSecond);
    CHECK_FALSE(watch.see(as_bytes(frame(3, 0, 4)), kNow));
}

TEST_CASE("a header block has a limit on the wire, over all its frames") {
    const std::string begin = frame(1, 0, 991);
    const std::string more = frame(9, 0, 991);
    constexpr std::size_t kFrames = Http2Watch::kHeaderBlockBytesMax / 1'000;
    const std::size_t left = Http2Watch::kHeaderBlockBytesMax - kFrames * 1'000;

    Http2Watch fits = begun();
    CHECK(fits.see(as_bytes(begin), kNow));
    CHECK(seen(fits, more, kFrames - 1) == kFrames - 1);
    CHECK(fits.see(as_bytes(frame(9, 4, left - 9)), kNow));
    Http2Watch too_long = begun();
    CHECK(too_long.see(as_bytes(begin), kNow));
    CHECK(seen(too_long, more, kFrames - 1) == kFrames - 1);
    CHECK_FALSE(too_long.see(as_bytes(frame(9, 4, left - 8)), kNow));
}

TEST_CASE("what is there in part is known, byte by byte, but for bodies") {
    Http2Watch watch{kNow};
    CHECK(watch.in_the_middle_since() == kNow);
    watch.see(as_bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r"), kNow);
    CHECK(watch.in_the_middle_since() == kNow);
    watch.see(as_bytes("\n"), kNow);
    CHECK_FALSE(watch.in_the_middle_since());

    const std::string headers = frame(1, 0, 3);
    for (const char byte : headers) {
        watch.see(as_bytes({&byte, 1}), kNow + 1s);
        CHECK(watch.in_the_middle_since() == kNow + 1s);
    }
    watch.see(as_bytes(frame(9, 4, 3)), kNow + 2s);
    CHECK_FALSE(watch.in_the_middle_since());

    const std::string body = frame(0, 0, 300);
    watch.see(as_bytes(body).first(100), kNow + 3s);
    CHECK_FALSE(watch.in_the_middle_since());
    watch.see(as_bytes(body).subspan(100), kNow + 3s);
    watch.see(as_bytes(frame(1, 4, 3)).first(5), kNow + 4s);
    CHECK(watch.in_the_middle_since() == kNow + 4s);
}

}  // namespace oxbow::net
