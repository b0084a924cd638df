#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "ingest/connections.h"
#include "ingest/conversation.h"
#include "ingest/flv.h"
#include "ingest/line.h"
#include "ingest/publish_gate.h"
#include "ingest/rtmp_server.h"

namespace oxbow::ingest {

/// One RTMP connection from accept to close: first on the server's loop until the gate has decided,
/// then, as a publisher, on the loop of its channel.
///
/// Held by its own coroutine. Thread safety: the loop it is on; never both at once.
class RtmpConnection : public std::enable_shared_from_this<RtmpConnection> {
public:
    /// In: the peer as "127.0.0.1:53422".
    RtmpConnection(std::shared_ptr<Line> line, std::string peer, Connections::Slot slot,
                   PublishGate& gate, const RtmpLimits& limits);

    /// Begins the conversation on the socket's executor.
    void start();

private:
    static constexpr std::size_t kReadBytes = 64 * 1024;
    /// For the peer to read our last answer.
    static constexpr std::chrono::milliseconds kLingerMax{2'000};

    struct End {
        EndReason reason;
        std::string why;
    };

    static boost::asio::awaitable<void> greet(std::shared_ptr<RtmpConnection> self);
    boost::asio::awaitable<Result<void>> secure();
    boost::asio::awaitable<Result<PublishAsked>> wait_for_publish();
    Result<PublishGrant> ask_gate(PublishAsked asked);
    void move_to(PublishGrant grant);

    static boost::asio::awaitable<void> publish(std::shared_ptr<RtmpConnection> self);
    boost::asio::awaitable<End> receive();
    std::optional<End> deliver();
    void log_refusal(const Error& error);
    End end_of(const Error& error) const;
    void begin_broadcast();
    void end_broadcast(const End& end);

    boost::asio::awaitable<Result<void>> fill();
    void arrived(BytesView bytes);
    boost::asio::awaitable<Result<void>> send_replies();
    boost::asio::awaitable<void> hang_up();
    void on_stop(const std::string& why);

    const std::string peer_;
    PublishGate& gate_;
    const RtmpLimits limits_;
    Connections::Slot slot_;
    std::shared_ptr<Line> line_;
    Conversation conversation_;
    std::unique_ptr<std::uint8_t[]> buffer_;  // null while it publishes
    BytesReader unread_{BytesView{}};         // not yet read by the conversation

    std::unique_ptr<PublishSession> session_;  // while it publishes
    std::optional<FlvReader> reader_;          // into session_
    std::string key_in_log_;
    std::chrono::steady_clock::time_point began_;
    std::uint64_t received_ = 0;  // bytes since the connection was accepted
};

}  // namespace oxbow::ingest
