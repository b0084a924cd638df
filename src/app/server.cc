#include "app/server_impl.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ostream>
#include <system_error>

#include <fmt/format.h>

#include "app/process_epoch.h"
#include "base/log.h"

namespace oxbow::app {
namespace asio = boost::asio;
namespace {

/// What a start makes in the data directory beside the database, the outer before the inner.
std::vector<std::filesystem::path> places_of(const std::filesystem::path& data) {
    std::vector<std::filesystem::path> out;
    for (auto parent = std::filesystem::absolute(data).lexically_normal();
         parent != parent.root_path(); parent = parent.parent_path()) {
        out.insert(out.begin(), parent);
    }
    for (const char* inner : {"credentials", "session-secret", "bucket", "bucket/.oxbow-tmp"})
        out.push_back(data / inner);
    return out;
}

}  // namespace

Result<void> Server::Impl::start() {
    log::set_level(level_of(settings_.log_level));
    epoch_ = process_epoch(clock_.wall());
    made_ = places_of(settings_.data);
    if (settings_.request_log.mode != edge::LogMode::Off && !settings_.request_log.file.empty())
        made_.push_back(settings_.request_log.file);
    std::erase_if(made_, [](const std::filesystem::path& place) {
        std::error_code not_there;
        return std::filesystem::exists(std::filesystem::symlink_status(place, not_there));
    });
    auto started = start_rooms();
    if (!started) take_back();
    return started;
}

Result<void> Server::Impl::start_rooms() {
    if (auto opened = open_rooms(); !opened) return opened;
    if (auto taken = take_up_recordings(); !taken) return taken;
    if (auto opened = open_event_log(); !opened) return opened;
    wire_functions();
    wire_remover();
    reconcile_metadata();
    if (auto listens = listen(); !listens) return listens;
    // Before anybody is told that we run: from here on a signal ends recordings, not the process.
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](boost::system::error_code, int) { main_loop_.stop(); });
    request_watch_->reopen_at_signal(main_loop_);
    if (settings_.certificate) {
        certificate_watch_ =
            std::make_unique<CertificateWatch>(main_loop_, settings_.certificate, clock_);
    }
    running_ = true;
    loops_->start();
    retention_->start();
    if (auto announced = announce(); !announced) return announced;
    return settings_.demo ? start_demo() : Result<void>{};
}

Result<void> Server::Impl::announce() {
    const std::string text = ready_json(ready_);
    if (auto written = write_atomically(settings_.data / "ready.json", text); !written)
        return written;
    if (settings_.ready_file) {
        if (auto written = write_atomically(*settings_.ready_file, text); !written) return written;
    }
    notify_systemd();
    out_ << fmt::format(
        "Oxbow is ready.\n\n  watch    {}/\n  publish  {}/STREAM_KEY\n  API      {}\n", ready_.http,
        *ready_.rtmp, ready_.api);
    if (settings_.certificate) {
        out_ << fmt::format("\nBy TLS:\n\n  watch    {}/\n  publish  {}/STREAM_KEY\n",
                            *ready_.https, *ready_.rtmps);
    }
    out_ << std::flush;
    return {};
}

Result<void> Server::Impl::start_demo() {
    auto channels = Demo::channels(*catalog_, clock_, settings_.region, settings_.account);
    if (!channels) return std::unexpected(channels.error());
    out_ << "\nDemo channels, on the air in a moment:\n\n";
    for (const Demo::Channel& channel : *channels) {
        out_ << fmt::format("  {:12}  {}/watch/{}   stream key {}\n", channel.name, ready_.http,
                            channel.id.view(), channel.stream_key.view());
    }
    out_ << fmt::format("\nCtrl-C ends them and keeps what was recorded in {}.\n",
                        settings_.data.string())
         << std::flush;
    demo_ =
        std::make_unique<Demo>(std::move(*channels), *ready_.rtmp, *catalog_, clock_, *remover_);
    return {};
}

void Server::Impl::run() {
    viewer_doors_->tell_of_open_files();
    main_loop_.run();  // until a signal
    log::info("shutting down: every recording is ended first");
    shut_down();
}

void Server::Impl::take_back() {
    shut_down();
    if (event_log_) event_log_->stop();  // it writes to the database
    webhooks_.clear();
    if (request_watch_) request_watch_->stop();  // it would make its file again
    if (catalog_) catalog_->take_back();
    for (; !made_.empty(); made_.pop_back()) {
        std::error_code ignored;
        // Not what is in a folder: that somebody else put there meanwhile.
        std::filesystem::remove(made_.back(), ignored);
    }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(Settings settings, std::ostream& out) {
    auto impl = std::make_unique<Impl>(std::move(settings), out);
    if (auto started = impl->start(); !started) return std::unexpected(started.error());
    return std::unique_ptr<Server>{new Server{std::move(impl)}};
}

void Server::run() {
    impl_->run();
}

}  // namespace oxbow::app
