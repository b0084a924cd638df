#pragma once

#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/bytes.h"
#include "base/result.h"
#include "base/times.h"
#include "pictures/messages.h"

namespace oxbow::pictures {

/// Makes JPEGs of key frames.
class Pictures {
public:
    virtual ~Pictures() = default;

    /// In:     one access unit in Annex B form, parameter sets included; the size wanted.
    /// Out:    a baseline JPEG of that size.
    /// Errors: Malformed      the key frame cannot be decoded, or is damaged;
    ///         LimitExceeded  it is larger than kAccessUnitBytesMax, or its JPEG than
    ///         kJpegBytesMax; Unavailable    who makes them crashed, says what makes no sense, or
    ///         rests after that; Timeout        it took longer than is allowed; Unsupported    this
    ///         machine cannot make any.
    virtual Result<Bytes> jpeg_of(BytesView access_unit, PictureSize size) = 0;

    /// Lets go of what waits for the next picture.
    virtual void rest() = 0;

    /// Makes a picture that is under way, and all later ones, fail at once. Any thread.
    virtual void cancel() = 0;
};

/// How long the helper may take, and how long it is left alone after a failure.
struct PictureTimes {
    std::chrono::milliseconds start_max{30'000};  // until it says that it is ready
    std::chrono::milliseconds answer_max{15'000};
    std::chrono::milliseconds rest_min{1'000};  // after its first failure; twice as long after each
    std::chrono::milliseconds rest_max{60'000};
};

/// Has them made by a helper, a process of its own: a key frame is bytes from anybody, and a
/// decoder is a large program. Whatever the helper does, it costs the picture that it was asked
/// for; it is started with the first picture, and again after a failure, with growing pauses.
///
/// Thread safety: one thread, which outlives it: the system takes its end for ours.
class PictureProcess final : public Pictures {
public:
    /// In: the program and its arguments; it finds its end of the socket at kHelperSocket.
    PictureProcess(std::vector<std::string> command, const Clock& clock, PictureTimes times = {});
    ~PictureProcess() override;

    Result<Bytes> jpeg_of(BytesView access_unit, PictureSize size) override;
    void rest() override { end(); }
    void cancel() override { cancelled_ = true; }

private:
    Result<void> start();
    Result<void> await_ready();
    Result<Bytes> ask(BytesView access_unit, PictureSize size);
    Result<void> send(BytesView bytes, SteadyTime deadline) const;
    Result<void> receive(std::span<std::uint8_t> out, SteadyTime deadline) const;
    Result<void> await(short events, SteadyTime deadline) const;
    void end();
    bool former_has_ended();
    Result<void> await_end_of_former();
    void failed();

    std::vector<std::string> command_;
    const Clock& clock_;
    PictureTimes times_;
    pid_t pid_ = -1;
    pid_t former_ = -1;  // killed, and not known to have ended
    int socket_ = -1;
    std::chrono::milliseconds rest_{0};
    SteadyTime not_before_{};
    std::atomic<bool> cancelled_{false};
};

}  // namespace oxbow::pictures
