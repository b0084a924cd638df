#pragma once

#include <functional>
#include <string>

namespace oxbow::control {

/// Where recordings can be written. Declared here, answered by who knows the buckets. Thread-safe.
class RecordingBuckets {
public:
    virtual ~RecordingBuckets() = default;
    /// Finds out whether `bucket` can be written, and calls `done` with it; later, on another
    /// thread.
    virtual void check(const std::string& bucket, std::function<void(bool writable)> done) = 0;
};

}  // namespace oxbow::control
