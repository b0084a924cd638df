#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

namespace oxbow::app {

/// Calls `sample` on `executor` every HealthHistory::kSampleEvery, until it is gone.
class HealthSampler {
public:
    HealthSampler(boost::asio::any_io_executor executor, std::function<void()> sample);
    /// Waits for a call that is under way.
    ~HealthSampler();

private:
    struct Rounds;
    std::shared_ptr<Rounds> rounds_;
};

}  // namespace oxbow::app
