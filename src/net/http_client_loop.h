#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/http_client.h"

namespace oxbow::net {

/// The same as HttpClient for who has many questions under way that take long: one thread waits for
/// all of their answers.
///
/// Thread-safe.
class HttpClientLoop {
public:
    struct Settings {
        std::chrono::milliseconds connect_timeout{5'000};
        std::size_t connections_max = 256;          // beyond, questions wait for a connection
        std::size_t bytes_max = 512 * 1024 * 1024;  // of all answers that are under way
    };
    using Answered = std::function<void(Result<HttpClientResponse>)>;

    explicit HttpClientLoop(Settings settings);
    ~HttpClientLoop();

    /// In: `answered` is called once, on the loop's thread or by stop(); it must not block. What
    /// the request refers to outlives it.
    /// Errors: as http_request; Unavailable  stop() was called;
    ///         LimitExceeded  also for an answer that would pass bytes_max.
    void ask(HttpClientRequest request, Answered answered);

    /// Gives up what is under way, at once; what is asked later is given up, too.
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::net
