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

bool is_part(std::string_view part, std::size_t bytes_max) {
    return !part.empty() && part.size() <= bytes_max && part != "." && part != "..";
}

bool has_parts(std::string_view key, std::size_t bytes_max) {
    while (true) {
        const std::size_t slash = key.find('/');
        if (!is_part(key.substr(0, slash), bytes_max)) return false;
        if (slash == std::string_view::npos) return true;
        key.remove_prefix(slash + 1);
    }
}

Result<void> check(std::string_view key, std::size_t part_bytes_max) {
    if (key.size() <= ObjectStore::kKeyBytesMax && has_parts(key, part_bytes_max) &&
        std::ranges::none_of(key, is_control)) {
        return {};
    }
    return fail(
        ErrorCode::Malformed,
        fmt::format("'{}' is not an object key: at most {} bytes without control characters, "
                    "in parts of 1 to {} bytes between '/', none '.' or '..'",
                    log::printable(key), ObjectStore::kKeyBytesMax, part_bytes_max));
}

}  // namespace

Result<void> check_key(std::string_view key) {
    return check(key, kKeyPartBytesMax);
}

Result<void> check_s3_key(std::string_view key) {
    return check(key, ObjectStore::kKeyBytesMax);
}

}  // namespace oxbow::store
