#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

namespace oxbow::net {

/// A body that is made while it is sent: server-sent events, whose end nobody knows; a download.
/// Belongs to one answer.
class HttpStream {
public:
    virtual ~HttpStream() = default;

    /// The next bytes; waits for them. nullopt: that was all. Called on the connection's loop, one
    /// call at a time. A peer that is gone is noticed by what is sent, so it waits no longer than a
    /// heartbeat.
    virtual boost::asio::awaitable<std::optional<std::string>> next() = 0;

    /// How many bytes it is, where that is known. One that ends before was cut short, and the peer
    /// is shown so.
    virtual std::optional<std::uint64_t> bytes() const { return std::nullopt; }

    /// Whether a peer can tell its end from a cut, though nobody knows its length: by HTTP/1.1 it
    /// goes out in chunks, and nothing stands before it in the body. Then was_cut() counts behind
    /// its end.
    virtual bool shows_its_end() const { return false; }
    /// Behind nullopt of next(): not all of it came; the peer is shown so.
    virtual bool was_cut() const { return false; }
};

}  // namespace oxbow::net
