#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "edge/playback_token.h"

namespace oxbow::edge {

/// For whom a multivariant playlist is.
struct MultivariantViewer {
    std::string_view path;   // of the playlist: relative URIs in it start there
    std::string_view mount;  // "/p/AQ...", which every URI begins with then; "": none
    Resolution maximum = Resolution::Any;
};

/// A multivariant playlist as one viewer gets it: without the renditions above the maximum, and
/// with URIs that lead through the viewer's session.
///
/// Errors: Refused  no rendition is left.
Result<std::string> multivariant_for(std::string_view playlist, const MultivariantViewer& viewer);

}  // namespace oxbow::edge
