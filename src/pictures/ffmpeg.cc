#include "pictures/ffmpeg.h"

#include <string>

#include <dlfcn.h>
#include <fmt/format.h>

namespace oxbow::pictures {
namespace {

/// One shared library and what was missing of it.
class Library {
public:
    explicit Library(std::string name)
        : name_(std::move(name)), handle_(::dlopen(name_.c_str(), RTLD_LAZY | RTLD_LOCAL)) {
        if (handle_ == nullptr) missing_ = name_;
    }

    template <typename Function>
    void find(const char* symbol, Function& function) {
        if (handle_ == nullptr) return;
        function = reinterpret_cast<Function>(::dlsym(handle_, symbol));
        if (function == nullptr && missing_.empty())
            missing_ = fmt::format("{} of {}", symbol, name_);
    }

    const std::string& missing() const { return missing_; }

private:
    std::string name_;
    void* handle_;
    std::string missing_;
};

}  // namespace

Result<Ffmpeg> load_ffmpeg() {
    Ffmpeg out{};
    Library util{fmt::format("libavutil.so.{}", LIBAVUTIL_VERSION_MAJOR)};
    Library codec{fmt::format("libavcodec.so.{}", LIBAVCODEC_VERSION_MAJOR)};
    Library scale{fmt::format("libswscale.so.{}", LIBSWSCALE_VERSION_MAJOR)};
    util.find("av_log_set_level", out.av_log_set_level);
    util.find("av_max_alloc", out.av_max_alloc);
    util.find("av_opt_set", out.av_opt_set);
    util.find("av_frame_alloc", out.av_frame_alloc);
    util.find("av_frame_free", out.av_frame_free);
    util.find("av_frame_get_buffer", out.av_frame_get_buffer);
    codec.find("avcodec_find_decoder", out.avcodec_find_decoder);
    codec.find("avcodec_find_encoder", out.avcodec_find_encoder);
    codec.find("avcodec_alloc_context3", out.avcodec_alloc_context3);
    codec.find("avcodec_free_context", out.avcodec_free_context);
    codec.find("avcodec_open2", out.avcodec_open2);
    codec.find("avcodec_send_packet", out.avcodec_send_packet);
    codec.find("avcodec_receive_frame", out.avcodec_receive_frame);
    codec.find("avcodec_send_frame", out.avcodec_send_frame);
    codec.find("avcodec_receive_packet", out.avcodec_receive_packet);
    codec.find("av_packet_alloc", out.av_packet_alloc);
    codec.find("av_packet_free", out.av_packet_free);
    codec.find("av_new_packet", out.av_new_packet);
    scale.find("sws_getContext", out.sws_getContext);
    scale.find("sws_freeContext", out.sws_freeContext);
    scale.find("sws_scale", out.sws_scale);
    for (const Library* library : {&util, &codec, &scale}) {
        if (library->missing().empty()) continue;
        return fail(
            ErrorCode::Unsupported,
            fmt::format("{} is not there: install libavcodec{} and libswscale{}",
                        library->missing(), LIBAVCODEC_VERSION_MAJOR, LIBSWSCALE_VERSION_MAJOR));
    }
    return out;
}

}  // namespace oxbow::pictures
