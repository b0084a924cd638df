#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"

namespace oxbow::edge {

/// One file of the web UI, built into the binary.
struct UiFile {
    std::string_view path;          // "/index.html", "/assets/app-4f3a91c2.js"
    std::string_view content_type;  // "text/javascript; charset=utf-8"
    std::string_view etag;          // without quotes; of the content
    bool immutable;                 // its name carries a hash of its content
    BytesView bytes;
};

/// All of them. Defined by the build (cmake/ui.cmake) from ui/dist.
std::span<const UiFile> ui_files();

}  // namespace oxbow::edge
