#pragma once

namespace oxbow::pictures {

/// What `oxbow` is started as to make thumbnails, by PictureProcess and nobody else.
inline constexpr const char* kHelperCommand = "thumbnailer";
/// Where its socket is.
inline constexpr int kHelperSocket = 3;

/// The helper: answers requests for pictures, one after the other, until its socket is closed.
///
/// It loads FFmpeg's libraries and never shows them a byte from outside. Each picture is made by a
/// process of its own, forked from this one, which has no rights left but to compute before it
/// looks at the first byte, and hands its JPEG over in shared memory: it cannot harm, nor see, the
/// picture of another channel. One that crashes, takes too much memory or too much time is one
/// picture less.
///
/// Out: the exit code.
int run_helper(int socket);

}  // namespace oxbow::pictures
