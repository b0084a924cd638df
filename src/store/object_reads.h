#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "store/object_store.h"

namespace oxbow::store {

// What get and get_range give, the same in every kind of bucket.

/// Errors: Malformed  it ends before it begins; LimitExceeded  more than ObjectStore::kGetBytesMax.
Result<void> check_range(std::string_view key, ByteRange range);

/// LimitExceeded  an object of `size` bytes is longer than may be read.
std::unexpected<Error> longer_than(std::string_view key, std::uint64_t size,
                                   std::uint64_t bytes_max);

/// The whole object out of its file. In: for errors, where it lies: "the bucket folder
/// /data/bucket". Errors: LimitExceeded  more than bytes_max; Unavailable.
Result<std::string> read_object(int fd, const ObjectInfo& object, std::size_t bytes_max,
                                std::string_view place);

/// Errors: as check_range; Malformed  the range is not inside the object; Unavailable.
Result<Bytes> read_object_range(int fd, const ObjectInfo& object, ByteRange range,
                                std::string_view place);

}  // namespace oxbow::store
