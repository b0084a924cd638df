#pragma once

#include <span>
#include <string>
#include <string_view>

namespace oxbow::edge {

/// A recording of a window: its multivariant playlist, and which of its renditions is shown.
struct WindowRendition {
    std::string_view multivariant;
    std::string_view rendition;  // "720p30": the folder of its playlist
};

/// The multivariant playlist of a window: one variant, as the newest recording describes it, with
/// the highest bandwidth of all and a codec of every kind that any of them has.
///
/// In:  recordings oldest first, at least one; what has no such variant adds nothing.
/// Out: with a line for `uri`.
std::string window_multivariant(std::span<const WindowRendition> recordings, std::string_view uri);

}  // namespace oxbow::edge
