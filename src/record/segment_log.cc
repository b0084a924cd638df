#include "record/segment_log.h"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace oxbow::record {

Result<std::vector<Chunk>> read_segment_log(const std::filesystem::path& folder) {
    const auto path = folder / "segments.m3u8";
    std::ifstream file{path, std::ios::binary};
    if (!file) return fail(ErrorCode::NotFound, fmt::format("there is no {}", path.string()));
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    // An entry ends with its URI; what a killed process left behind the last one is no entry.
    const std::size_t whole = text.rfind(".ts\n");
    if (whole == std::string::npos) return std::vector<Chunk>{};
    text.resize(whole + 4);
    auto read = read_byte_range_playlist(text);
    if (!read) return std::unexpected(read.error());
    return std::move(read->chunks);
}

}  // namespace oxbow::record
