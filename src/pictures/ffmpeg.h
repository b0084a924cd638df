#pragma once

// The functions of FFmpeg's libraries that are used, found at run time: their headers are needed to
// build, the libraries only to make thumbnails.

#include "base/result.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

namespace oxbow::pictures {

struct Ffmpeg {
    // libavutil
    decltype(&::av_log_set_level) av_log_set_level;
    decltype(&::av_max_alloc) av_max_alloc;
    decltype(&::av_opt_set) av_opt_set;
    decltype(&::av_frame_alloc) av_frame_alloc;
    decltype(&::av_frame_free) av_frame_free;
    decltype(&::av_frame_get_buffer) av_frame_get_buffer;
    // libavcodec
    decltype(&::avcodec_find_decoder) avcodec_find_decoder;
    decltype(&::avcodec_find_encoder) avcodec_find_encoder;
    decltype(&::avcodec_alloc_context3) avcodec_alloc_context3;
    decltype(&::avcodec_free_context) avcodec_free_context;
    decltype(&::avcodec_open2) avcodec_open2;
    decltype(&::avcodec_send_packet) avcodec_send_packet;
    decltype(&::avcodec_receive_frame) avcodec_receive_frame;
    decltype(&::avcodec_send_frame) avcodec_send_frame;
    decltype(&::avcodec_receive_packet) avcodec_receive_packet;
    decltype(&::av_packet_alloc) av_packet_alloc;
    decltype(&::av_packet_free) av_packet_free;
    decltype(&::av_new_packet) av_new_packet;
    // libswscale
    decltype(&::sws_getContext) sws_getContext;
    decltype(&::sws_freeContext) sws_freeContext;
    decltype(&::sws_scale) sws_scale;
};

/// Loads the libraries whose headers we were built with, and no other version of them: the layout
/// of their structures is compiled in. They stay loaded.
///
/// Errors: Unsupported  one is not installed; says which.
Result<Ffmpeg> load_ffmpeg();

}  // namespace oxbow::pictures
