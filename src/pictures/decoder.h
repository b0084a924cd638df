#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "pictures/messages.h"

namespace oxbow::pictures {

/// FFmpeg's libraries, loaded when they are needed and by no process but the helper: the server
/// starts without them and never runs a line of theirs.
///
/// Thread safety: one thread.
class Decoder {
public:
    /// Errors: Unsupported  the libraries of the version that we were built for are not installed.
    static Result<Decoder> load();

    Decoder(Decoder&&) noexcept;
    ~Decoder();

    /// Prepares what every picture needs, so that processes forked from this one have it.
    void warm_up();

    /// Decodes one key frame and writes it as baseline JPEG of `size` to `out`.
    ///
    /// In:     one access unit in Annex B form, parameter sets included.
    /// Out:    the bytes written, at most kJpegBytesMax and out.size().
    /// Errors: Undecodable  no picture came out, one with errors, or one above kPicturePixelsMax;
    ///         TooLarge     the JPEG does not fit.
    std::expected<std::size_t, Outcome> jpeg_of(BytesView access_unit, PictureSize size,
                                                std::span<std::uint8_t> out);

private:
    class Impl;
    explicit Decoder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::pictures
