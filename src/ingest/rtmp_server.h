#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "ingest/publish_gate.h"
#include "net/tls.h"

namespace oxbow::ingest {

/// A publisher that sends no audio and no video for this long has ended.
inline constexpr std::chrono::milliseconds kSilenceMax{30'000};

struct RtmpLimits {
    std::size_t connections_max = 1'000;
    std::size_t waiting_per_address_max = 32;  // connections that do not publish yet
    std::chrono::milliseconds handshake_deadline{10'000};
    std::chrono::milliseconds publish_deadline{10'000};  // from the handshake to publish
    std::chrono::milliseconds silence_max = kSilenceMax;
};

/// RTMP or RTMPS on one address: accepts connections, asks the gate, and hands each publisher's
/// media to the session that the gate grants, on the loop that the grant names.
///
/// What a connection does wrong ends that connection alone, with one line in the log.
/// Thread safety: constructed before or on the loop; `stop` and the destructor from any thread.
class RtmpServer {
public:
    /// In:         a gate that outlives the loop's last run; a certificate for RTMPS.
    /// Exceptions: std::system_error when the address cannot be listened on (a failed start).
    RtmpServer(boost::asio::io_context& loop, const boost::asio::ip::tcp::endpoint& address,
               PublishGate& gate, RtmpLimits limits,
               std::shared_ptr<const net::TlsCertificate> certificate = nullptr);
    ~RtmpServer();
    RtmpServer(const RtmpServer&) = delete;
    RtmpServer& operator=(const RtmpServer&) = delete;

    /// Where it listens; the real port where 0 was asked for.
    boost::asio::ip::tcp::endpoint address() const;

    /// Accepts no more and ends every connection. Publishers end as Stopped, each on its own loop,
    /// soon after this returns: let the loops run until they have.
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace oxbow::ingest
