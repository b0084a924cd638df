#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

namespace oxbow::ingest {

/// Carries "stop" from any thread to a connection that changes its loop while it lives.
///
/// A stop that comes while nobody listens is kept for the next `listen`. Only the first one counts.
/// Thread-safe.
class StopSignal {
public:
    using Handler = std::function<void(const std::string& why)>;

    void stop(std::string why);

    /// Why it was stopped; nullopt while it was not.
    std::optional<std::string> why() const;

    /// From now on a stop is posted to `executor` as a call of `handler`, which must bear being
    /// called after `ignore`.
    ///
    /// Out: false when it was stopped already; the handler is not called then.
    bool listen(boost::asio::any_io_executor executor, Handler handler);

    /// Nobody listens any more.
    void ignore();

private:
    mutable std::mutex mutex_;
    std::optional<std::string> why_;
    boost::asio::any_io_executor executor_;
    Handler handler_;  // empty: nobody listens
};

}  // namespace oxbow::ingest
