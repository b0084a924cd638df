#include "app/server_impl.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>

#include <boost/asio/post.hpp>

#include "base/log.h"

// The end: every room before those that it asks.

namespace oxbow::app {
namespace asio = boost::asio;
namespace {

/// How long shutting down waits for the API's answers under way.
constexpr std::chrono::milliseconds kAnswersMax{3'000};
constexpr std::chrono::milliseconds kLastUploadsMax{3'000};  // the rest goes on at the next start
/// How long receivers of events get for the last ones.
constexpr std::chrono::milliseconds kLastDeliveriesMax{1'000};

}  // namespace

/// Ends what runs, each room before those that it asks: who deletes before the recorder, who
/// answers before the pools that answers wait for.
void Server::Impl::shut_down() {
    if (!running_) return;
    running_ = false;
    std::error_code ignored;
    std::filesystem::remove(settings_.data / "ready.json", ignored);
    if (settings_.ready_file) std::filesystem::remove(*settings_.ready_file, ignored);
    remover_->stop();
    demo_.reset();
    retention_->stop();
    event_api_->close();
    sampler_.reset();
    stop_api();
    rtmp_server_->stop();
    if (rtmps_server_) rtmps_server_->stop();
    live_->shut_down();
    recorder_->drain();
    bucket_->give_up_in(kLastUploadsMax);
    thumbnails_->stop();
    commit_->stop();
    created_->stop();
    bucket_->stop(kLastUploadsMax);
    finish_events();
    viewer_events_->close();
    private_events_->close();
    viewer_doors_->stop(clock_);
    loops_->stop();
    loops_->join();
    background_.join();
    readers_.join();
    request_watch_->stop();
}

/// The last events of streams and recordings into the log, and to who gets them, as far as they are
/// there: the next start goes on with the rest.
void Server::Impl::finish_events() {
    const auto deadline = clock_.steady() + kAnswersMax;
    for (std::size_t i = 0; i < loops_->size(); ++i) {
        // Behind what the recorder told the loop.
        const auto reached = std::make_shared<std::promise<void>>();
        auto told = reached->get_future();
        asio::post(loops_->at(i), [reached] { reached->set_value(); });
        told.wait_until(deadline);
    }
    if (!event_log_->drain(kAnswersMax))
        log::error("the last events are not in the log; the next start tells what it can");
    event_log_->stop();
    const auto last = clock_.steady() + kLastDeliveriesMax;
    for (const auto& webhook : webhooks_)
        webhook->drain(std::max(last - clock_.steady(), std::chrono::milliseconds{0}));
    for (const auto& webhook : webhooks_) webhook->stop();
}

/// Takes no more API calls and waits for those under way: one may still need the recorder.
void Server::Impl::stop_api() {
    const auto done = std::make_shared<std::promise<void>>();
    asio::post(loops_->at(0), [this, done] {
        api_server_->stop();
        asio::post(background_, [done] { done->set_value(); });
    });
    done->get_future().wait_for(kAnswersMax);
}

}  // namespace oxbow::app
