#pragma once

// What an S3 server says in XML.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/object_store.h"

namespace oxbow::store {

/// One page of ListObjectsV2.
struct S3Page {
    std::vector<ObjectInfo> objects;
    std::vector<std::string> folders;  // CommonPrefixes
    std::string next;                  // NextContinuationToken; empty: this was the last page
};

/// Errors: Malformed  not such an answer.
/// Source: Amazon S3 API reference, ListObjectsV2, "Response Syntax".
Result<S3Page> read_s3_page(std::string_view xml);

/// <Error><Code>NoSuchKey</Code><Message>...</Message></Error>; empty members where there is none.
///
/// Source: Amazon S3 API reference, "Error responses". Ceph RGW leaves Message empty or out.
struct S3Problem {
    std::string code;
    std::string message;
};
S3Problem read_s3_problem(std::string_view xml);

inline constexpr std::size_t kS3TextBytesMax = 4 * 1024;  // of one element
inline constexpr std::size_t kS3DepthMax = 16;            // of elements

}  // namespace oxbow::store
