#pragma once

#include <functional>
#include <string>

#include "control/recording_buckets.h"
#include "store/object_store.h"

namespace oxbow::app {

/// The one bucket of this process, as the control plane asks for it: any other name is none.
class OneBucket final : public control::RecordingBuckets {
public:
    using Post = std::function<void(std::function<void()>)>;

    /// `store` outlives all that `in_background` runs.
    OneBucket(std::string name, store::ObjectStore& store, Post in_background)
        : name_(std::move(name)), store_(store), in_background_(std::move(in_background)) {}

    void check(const std::string& bucket, std::function<void(bool writable)> done) override;

private:
    std::string name_;
    store::ObjectStore& store_;
    Post in_background_;
};

}  // namespace oxbow::app
