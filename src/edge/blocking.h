#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace oxbow::edge {

namespace detail {
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work>> run(Work work) {
    co_return work();
}
}  // namespace detail

/// Runs `work`, which may wait for a disk, on a thread of `pool`; the caller goes on on its own
/// loop.
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work>> in_blocking_pool(
    boost::asio::any_io_executor pool, Work work) {
    co_return co_await boost::asio::co_spawn(pool, detail::run(std::move(work)),
                                             boost::asio::use_awaitable);
}

}  // namespace oxbow::edge
