#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace oxbow::net {

/// The cores that the calling thread may run on: a container or taskset may give fewer than there
/// are, and each loop above them only costs wakes.
std::size_t usable_cores();

/// Event loops that share nothing: each has one thread, so what lives on a loop needs no lock.
class Loops {
public:
    explicit Loops(std::size_t count);
    /// Stops and joins.
    ~Loops();
    Loops(const Loops&) = delete;
    Loops& operator=(const Loops&) = delete;

    boost::asio::io_context& at(std::size_t index);
    std::size_t size() const { return loops_.size(); }

    /// Once. Before it, work may be posted; it runs from here on.
    void start();
    /// Ends every loop after the handler it is in. Thread-safe.
    void stop();
    /// Waits for the threads. Not from a loop's own thread.
    void join();

private:
    struct Loop;
    std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace oxbow::net
