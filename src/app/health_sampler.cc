#include "app/health_sampler.h"

#include <mutex>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "control/health_history.h"

namespace oxbow::app {

struct HealthSampler::Rounds : std::enable_shared_from_this<Rounds> {
    Rounds(boost::asio::any_io_executor executor, std::function<void()> each)
        : timer(std::move(executor)), sample(std::move(each)) {}

    /// With the mutex held.
    void await() {
        timer.expires_after(control::HealthHistory::kSampleEvery);
        timer.async_wait([self = shared_from_this()](boost::system::error_code) {
            const std::scoped_lock lock{self->mutex};
            if (self->ended) return;
            self->sample();
            self->await();
        });
    }

    std::mutex mutex;
    boost::asio::steady_timer timer;
    std::function<void()> sample;
    bool ended = false;
};

HealthSampler::HealthSampler(boost::asio::any_io_executor executor, std::function<void()> sample)
    : rounds_(std::make_shared<Rounds>(std::move(executor), std::move(sample))) {
    const std::scoped_lock lock{rounds_->mutex};
    rounds_->await();
}

HealthSampler::~HealthSampler() {
    const std::scoped_lock lock{rounds_->mutex};
    rounds_->ended = true;
    rounds_->timer.cancel();
}

}  // namespace oxbow::app
