// recording-*.json read back. Input: such a file.

#include "ivs/recording_metadata.h"
#include "base/ensure.h"
#include "fuzz/target.h"

namespace oxbow::fuzz {
namespace {

using namespace ivs;

/// Whether `path` stays below the folder it is put behind.
bool stays_inside(std::string_view path) {
    const std::string framed = "/" + std::string{path} + "/";
    return !path.starts_with('/') && !framed.contains("/../") && !framed.contains("//");
}

}  // namespace

void check(BytesView input) {
    const auto metadata = read_recording_metadata(as_text(input));
    if (!metadata) {
        ENSURE(!metadata.error().what.empty());
        return;
    }
    ENSURE(stays_inside(metadata->hls_path));
    ENSURE(stays_inside(metadata->playlist));
    ENSURE(metadata->renditions.size() <= kMetadataRenditionsMax);
    for (const RenditionMetadata& rendition : metadata->renditions) {
        ENSURE(stays_inside(rendition.path) && stays_inside(rendition.playlist));
        ENSURE(rendition.width >= 0 && rendition.height >= 0);
    }

    // What is read can be saved, and is read as the same again.
    const std::string written = to_json(*metadata);
    const auto again = read_recording_metadata(written);
    ENSURE(again.has_value());
    ENSURE(to_json(*again) == written);
}

}  // namespace oxbow::fuzz
