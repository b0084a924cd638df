#include "store/object_reads.h"

#include <span>

#include <fmt/format.h>

#include "base/log.h"
#include "store/folder_files.h"

namespace oxbow::store {
namespace {

std::unexpected<Error> not_read(std::string_view key, std::string_view place, int error) {
    return fail(ErrorCode::Unavailable, fmt::format("cannot read object '{}' in {}: {}",
                                                    log::printable(key), place, describe(error)));
}

}  // namespace

Result<void> check_range(std::string_view key, ByteRange range) {
    if (range.first > range.last) {
        return fail(ErrorCode::Malformed,
                    fmt::format("bytes {}-{} of object '{}' are no range", range.first, range.last,
                                log::printable(key)));
    }
    const std::uint64_t length = range.last - range.first + 1;
    if (length <= ObjectStore::kGetBytesMax) return {};
    return fail(ErrorCode::LimitExceeded,
                fmt::format("{} bytes of object '{}' are more than the {} that are read at once",
                            length, log::printable(key), ObjectStore::kGetBytesMax));
}

std::unexpected<Error> longer_than(std::string_view key, std::uint64_t size,
                                   std::uint64_t bytes_max) {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("object '{}' has {} bytes, more than the {} that are read",
                            log::printable(key), size, bytes_max));
}

Result<std::string> read_object(int fd, const ObjectInfo& object, std::size_t bytes_max,
                                std::string_view place) {
    if (object.size > bytes_max) return longer_than(object.key, object.size, bytes_max);
    std::string out(object.size, '\0');
    const std::span bytes{reinterpret_cast<std::uint8_t*>(out.data()), out.size()};
    if (const int error = read_all(fd, 0, bytes); error != 0)
        return not_read(object.key, place, error);
    return out;
}

Result<Bytes> read_object_range(int fd, const ObjectInfo& object, ByteRange range,
                                std::string_view place) {
    if (range.first > range.last || range.last >= object.size) {
        return fail(ErrorCode::Malformed,
                    fmt::format("bytes {}-{} are not inside object '{}' of {} bytes", range.first,
                                range.last, log::printable(object.key), object.size));
    }
    if (auto checked = check_range(object.key, range); !checked)
        return std::unexpected(checked.error());
    Bytes out(range.last - range.first + 1);
    if (const int error = read_all(fd, range.first, out); error != 0)
        return not_read(object.key, place, error);
    return out;
}

}  // namespace oxbow::store
