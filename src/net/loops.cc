#include "net/loops.h"

#include <algorithm>

#include <sched.h>

#include <boost/asio/executor_work_guard.hpp>

#include "base/ensure.h"

namespace oxbow::net {

std::size_t usable_cores() {
    cpu_set_t cores;
    // A machine of more than CPU_SETSIZE cores is the one that refuses.
    if (::sched_getaffinity(0, sizeof cores, &cores) != 0)
        return std::max(1u, std::thread::hardware_concurrency());
    return static_cast<std::size_t>(CPU_COUNT(&cores));
}

struct Loops::Loop {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        context.get_executor()};
    std::thread thread;
};

Loops::Loops(std::size_t count) {
    ENSURE(count > 0);
    for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>());
}

Loops::~Loops() {
    stop();
    join();
}

boost::asio::io_context& Loops::at(std::size_t index) {
    ENSURE(index < loops_.size());
    return loops_[index]->context;
}

void Loops::start() {
    for (const auto& loop : loops_) {
        ENSURE(!loop->thread.joinable());
        loop->thread = std::thread{[&context = loop->context] { context.run(); }};
    }
}

void Loops::stop() {
    for (const auto& loop : loops_) loop->context.stop();
}

void Loops::join() {
    for (const auto& loop : loops_) {
        if (loop->thread.joinable()) loop->thread.join();
    }
}

}  // namespace oxbow::net
