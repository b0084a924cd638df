#include "store/object_key.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "store/object_store.h"

namespace oxbow::store {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

bool is_part(std::string_view part) {
    return !part.empty() && part.size() <= kKeyPartBytesMax && part != "." && part != "..";
}

bool has_parts(std::string_view key) {
    while (true) {
        const std::size_t slash = key.find('/');
        if (!is_part(key.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        key.remove_prefix(slash + 1);
    }
}

}  // namespace

Result<void> check_key(std::string_view key) {
    if (key.size() <= ObjectStore::kKeyBytesMax && has_parts(key) &&
        std::ranges::none_of(key, is_control)) {
        return {};
    }
    return fail(
        ErrorCode::Malformed,
        fmt::format("'{}' is not an object key: at most {} bytes without control characters, "
                    "in parts of 1 to {} bytes between '/', none '.' or '..'",
                    log::printable(key), ObjectStore::kKeyBytesMax, kKeyPartBytesMax));
}

}  // namespace oxbow::store
