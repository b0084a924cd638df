#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace oxbow::control {

/// How the machine behind the API does.
struct ServerStatus {
    std::uint64_t disk_free = 0;  // bytes, of the data directory; 0 and 0: not known
    std::uint64_t disk_size = 0;
    std::string
        bucket;  // "/data/bucket", "bucket recordings of https://s3.eu-west-1.amazonaws.com"
    std::string rtmps_url;  // "": not offered

    struct Uploads {
        std::uint64_t objects = 0;  // that wait
        std::uint64_t bytes = 0;
        std::chrono::milliseconds age{};  // of what waits longest
        std::uint64_t failures = 0;       // uploads that had to be tried again
        std::string trouble;              // why the last one failed; "": it did not
    };
    std::optional<Uploads> uploads;  // of a bucket that is far
};

}  // namespace oxbow::control
