#include "ingest/stop_signal.h"

#include <utility>

#include <boost/asio/post.hpp>

namespace oxbow::ingest {

void StopSignal::stop(std::string why) {
    const std::lock_guard lock(mutex_);
    if (why_) return;
    why_ = std::move(why);
    if (!handler_) return;
    boost::asio::post(executor_,
                      [handler = std::exchange(handler_, {}), why = *why_] { handler(why); });
}

std::optional<std::string> StopSignal::why() const {
    const std::lock_guard lock(mutex_);
    return why_;
}

bool StopSignal::listen(boost::asio::any_io_executor executor, Handler handler) {
    const std::lock_guard lock(mutex_);
    if (why_) return false;
    executor_ = std::move(executor);
    handler_ = std::move(handler);
    return true;
}

void StopSignal::ignore() {
    const std::lock_guard lock(mutex_);
    handler_ = {};
    executor_ = {};
}

}  // namespace oxbow::ingest
