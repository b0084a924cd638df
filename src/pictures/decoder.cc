#include "pictures/decoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "pictures/colors.h"
#include "pictures/ffmpeg.h"

namespace oxbow::pictures {
namespace {

/// Of the JPEG's quantization, 1 (best) to 31: 1080p of a busy camera has 100 to 200 KB.
constexpr int kQuantizer = 7;
/// No single piece of memory that a picture needs is larger.
constexpr std::size_t kAllocationBytesMax = 64 * 1024 * 1024;

/// Frees what FFmpeg allocates; its functions take the address of the pointer.
template <typename Value>
class Owned {
public:
    using Free = void (*)(Value**);
    Owned(Value* value, Free free) : value_(value), free_(free) {}
    Owned(Owned&& other) noexcept
        : value_(std::exchange(other.value_, nullptr)), free_(other.free_) {}
    Owned& operator=(Owned&&) = delete;
    ~Owned() { free_(&value_); }

    explicit operator bool() const { return value_ != nullptr; }
    Value* get() const { return value_; }
    Value* operator->() const { return value_; }

private:
    Value* value_;
    Free free_;
};

/// What the pixels of a frame mean, as its header says or as is usual for its size.
ColorMeaning meaning_of(const AVFrame& frame) {
    constexpr int kHighDefinition = 720;
    const bool unsaid = frame.colorspace == AVCOL_SPC_UNSPECIFIED;
    return {
        .bt709 = unsaid ? frame.height >= kHighDefinition : frame.colorspace == AVCOL_SPC_BT709,
        .full_range = frame.color_range == AVCOL_RANGE_JPEG || frame.format == AV_PIX_FMT_YUVJ420P};
}

Planes planes_of(const AVFrame& frame) {
    return {.data = {frame.data[0], frame.data[1], frame.data[2]},
            .stride = {frame.linesize[0], frame.linesize[1], frame.linesize[2]}};
}

}  // namespace

class Decoder::Impl {
public:
    explicit Impl(Ffmpeg ffmpeg) : ffmpeg_(ffmpeg) {
        ffmpeg_.av_log_set_level(AV_LOG_QUIET);
        ffmpeg_.av_max_alloc(kAllocationBytesMax);
    }

    std::expected<std::size_t, Outcome> jpeg_of(BytesView access_unit, PictureSize size,
                                                std::span<std::uint8_t> out) {
        const Owned<AVFrame> decoded = frame();
        if (!decoded || !decode(access_unit, *decoded.get()))
            return std::unexpected(Outcome::Undecodable);
        const Owned<AVFrame> scaled = frame();
        AVFrame* const picture = scaled ? prepare(*decoded.get(), size, *scaled.get()) : nullptr;
        return picture ? encode(*picture, out) : std::unexpected(Outcome::Undecodable);
    }

    /// A grey picture takes the way of all others, but for the bytes of a decoder.
    void warm_up() {
        if (const auto opened = decoder(); !opened) return;
        const Owned<AVFrame> grey = frame();
        if (!grey || !fill(*grey.get(), {64, 64}, AV_PIX_FMT_YUV420P)) return;
        for (const int plane : {0, 1, 2}) {
            const int rows = plane == 0 ? 64 : 32;
            std::memset(
                grey->data[plane], 0x80,
                static_cast<std::size_t>(rows) * static_cast<std::size_t>(grey->linesize[plane]));
        }
        const Owned<AVFrame> scaled = frame();
        AVFrame* const picture = scaled ? prepare(*grey.get(), {32, 32}, *scaled.get()) : nullptr;
        Bytes out(kWarmUpBytes);
        if (picture == nullptr || !encode(*picture, out)) return;
    }

private:
    static constexpr std::size_t kWarmUpBytes = 64 * 1024;

    Owned<AVFrame> frame() const { return {ffmpeg_.av_frame_alloc(), ffmpeg_.av_frame_free}; }
    Owned<AVPacket> packet() const { return {ffmpeg_.av_packet_alloc(), ffmpeg_.av_packet_free}; }
    Owned<AVCodecContext> context(const AVCodec* codec) const {
        return {codec != nullptr ? ffmpeg_.avcodec_alloc_context3(codec) : nullptr,
                ffmpeg_.avcodec_free_context};
    }

    Owned<AVCodecContext> decoder() const {
        const AVCodec* const codec = ffmpeg_.avcodec_find_decoder(AV_CODEC_ID_H264);
        Owned<AVCodecContext> out = context(codec);
        if (!out) return out;
        out->thread_count = 1;
        // A quarter of the time, for edges that a thumbnail does not show.
        out->skip_loop_filter = AVDISCARD_ALL;
        out->max_pixels = kPicturePixelsMax;
        if (ffmpeg_.avcodec_open2(out.get(), codec, nullptr) < 0)
            return {nullptr, ffmpeg_.avcodec_free_context};
        return out;
    }

    bool decode(BytesView access_unit, AVFrame& out) const {
        const Owned<AVCodecContext> opened = decoder();
        const Owned<AVPacket> input = packet();
        if (!opened || !input) return false;
        // With the padding behind it that decoders read.
        if (ffmpeg_.av_new_packet(input.get(), static_cast<int>(access_unit.size())) < 0)
            return false;
        std::memcpy(input->data, access_unit.data(), access_unit.size());
        input->flags |= AV_PKT_FLAG_KEY;
        if (ffmpeg_.avcodec_send_packet(opened.get(), input.get()) < 0) return false;
        if (ffmpeg_.avcodec_send_packet(opened.get(), nullptr) < 0) return false;
        if (ffmpeg_.avcodec_receive_frame(opened.get(), &out) < 0) return false;
        const bool damaged =
            out.decode_error_flags != 0 || (out.flags & AV_FRAME_FLAG_CORRUPT) != 0;
        const bool known = out.format == AV_PIX_FMT_YUV420P || out.format == AV_PIX_FMT_YUVJ420P;
        return !damaged && known && out.width > 0 && out.height > 0;
    }

    bool fill(AVFrame& frame, PictureSize size, AVPixelFormat format) const {
        frame.width = size.width;
        frame.height = size.height;
        frame.format = format;
        return ffmpeg_.av_frame_get_buffer(&frame, 0) >= 0;
    }

    /// To another size; what the pixels mean stays.
    bool scale(const AVFrame& from, PictureSize size, AVFrame& to) const {
        if (!fill(to, size, AV_PIX_FMT_YUVJ420P)) return false;
        SwsContext* const scaler = ffmpeg_.sws_getContext(
            from.width, from.height, AV_PIX_FMT_YUV420P, size.width, size.height,
            AV_PIX_FMT_YUV420P, SWS_BILINEAR, nullptr, nullptr, nullptr);
        if (scaler == nullptr) return false;
        const int rows = ffmpeg_.sws_scale(scaler, from.data, from.linesize, 0, from.height,
                                           to.data, to.linesize);
        ffmpeg_.sws_freeContext(scaler);
        return rows == size.height;
    }

    /// A picture of `size` in the colors of a JPEG: `decoded` itself where it has that size.
    AVFrame* prepare(AVFrame& decoded, PictureSize size, AVFrame& scaled) const {
        const ColorMeaning meaning = meaning_of(decoded);
        AVFrame* out = &decoded;
        if (PictureSize{decoded.width, decoded.height} != size) {
            if (!scale(decoded, size, scaled)) return nullptr;
            out = &scaled;
        }
        to_jpeg_colors(planes_of(*out), size.width, size.height, meaning);
        out->format = AV_PIX_FMT_YUVJ420P;
        out->color_range = AVCOL_RANGE_JPEG;
        return out;
    }

    std::expected<std::size_t, Outcome> encode(AVFrame& picture,
                                               std::span<std::uint8_t> out) const {
        const AVCodec* const codec = ffmpeg_.avcodec_find_encoder(AV_CODEC_ID_MJPEG);
        const Owned<AVCodecContext> encoder = context(codec);
        const Owned<AVPacket> jpeg = packet();
        if (!encoder || !jpeg) return std::unexpected(Outcome::Undecodable);
        encoder->thread_count = 1;
        encoder->width = picture.width;
        encoder->height = picture.height;
        encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
        encoder->time_base = {1, 25};
        // Bit exact: the encoder's version does not stand in every file.
        encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
        encoder->global_quality = FF_QP2LAMBDA * kQuantizer;
        picture.quality = encoder->global_quality;
        picture.pts = 0;
        // With the code tables of the standard: those of its own would take a second look at all.
        const bool encoded = ffmpeg_.av_opt_set(encoder->priv_data, "huffman", "default", 0) >= 0 &&
                             ffmpeg_.avcodec_open2(encoder.get(), codec, nullptr) >= 0 &&
                             ffmpeg_.avcodec_send_frame(encoder.get(), &picture) >= 0 &&
                             ffmpeg_.avcodec_receive_packet(encoder.get(), jpeg.get()) >= 0;
        if (!encoded) return std::unexpected(Outcome::Undecodable);
        const auto bytes = static_cast<std::size_t>(jpeg->size);
        if (bytes > std::min(out.size(), kJpegBytesMax)) return std::unexpected(Outcome::TooLarge);
        std::memcpy(out.data(), jpeg->data, bytes);
        return bytes;
    }

    Ffmpeg ffmpeg_;
};

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Result<Decoder> Decoder::load() {
    const auto ffmpeg = load_ffmpeg();
    if (!ffmpeg) return std::unexpected(ffmpeg.error());
    return Decoder{std::make_unique<Impl>(*ffmpeg)};
}

void Decoder::warm_up() {
    impl_->warm_up();
}

std::expected<std::size_t, Outcome> Decoder::jpeg_of(BytesView access_unit, PictureSize size,
                                                     std::span<std::uint8_t> out) {
    return impl_->jpeg_of(access_unit, size, out);
}

}  // namespace oxbow::pictures
