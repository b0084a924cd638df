#include "app/recording_buckets.h"

#include "base/log.h"

namespace oxbow::app {
namespace {

// Put and removed again; Amazon IVS probes a bucket by an object of this name, too.
constexpr std::string_view kProbe = "ivs-check";

bool can_write(store::ObjectStore& store) {
    const auto put = store.put(kProbe, BytesView{});
    if (!put) {
        log::warning("the bucket cannot be written: {}", put.error().what);
        return false;
    }
    if (const auto removed = store.remove(kProbe); !removed)
        log::warning("the bucket keeps {}: {}", kProbe, removed.error().what);
    return true;
}

}  // namespace

void OneBucket::check(const std::string& bucket, std::function<void(bool writable)> done) {
    const bool ours = bucket == name_;
    in_background_(
        [&store = store_, ours, done = std::move(done)] { done(ours && can_write(store)); });
}

}  // namespace oxbow::app
