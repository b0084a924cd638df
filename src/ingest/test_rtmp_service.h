#pragma once

#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <doctest/doctest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "ingest/amf0.h"
#include "ingest/chunk_stream.h"
#include "ingest/ffmpeg_capture_test_data.h"
#include "ingest/handshake.h"
#include "ingest/rtmp_server.h"
#include "net/test_tls_client.h"

namespace oxbow::ingest::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

inline const tcp::endpoint kAnyPort{asio::ip::address_v4::loopback(), 0};

/// What one publisher delivered, and how it ended.
struct Broadcast {
    std::vector<StreamMetadata> metadata;
    std::size_t video_parameters = 0;
    std::size_t audio_parameters = 0;
    std::size_t video_frames = 0;
    std::size_t audio_frames = 0;
    int times_ended = 0;
    EndReason reason{};
    std::string why;
    bool on_channel_loop = true;
};

class Session final : public PublishSession {
public:
    Session(asio::any_io_executor loop, std::promise<Broadcast>& ended)
        : loop_(std::move(loop)), ended_(ended) {}
    ~Session() override {
        check_loop();
        ended_.set_value(std::move(broadcast_));
    }
    void on_metadata(const StreamMetadata& metadata) override {
        broadcast_.metadata.push_back(metadata);
    }
    void on_video_parameters(VideoParameters) override { ++broadcast_.video_parameters; }
    void on_audio_parameters(AudioParameters) override { ++broadcast_.audio_parameters; }
    void on_access_unit(AccessUnit unit) override {
        check_loop();
        ++(unit.track == Track::Video ? broadcast_.video_frames : broadcast_.audio_frames);
    }
    void on_ended(EndReason reason, std::string_view why) override {
        check_loop();
        ++broadcast_.times_ended;
        broadcast_.reason = reason;
        broadcast_.why = why;
    }

private:
    void check_loop() {
        const auto* loop = loop_.target<asio::io_context::executor_type>();
        broadcast_.on_channel_loop &= loop != nullptr && loop->running_in_this_thread();
    }

    asio::any_io_executor loop_;
    std::promise<Broadcast>& ended_;
    Broadcast broadcast_;
};

/// Knows one stream key; keeps the last request.
class Gate final : public PublishGate {
public:
    explicit Gate(asio::any_io_executor channel_loop) : channel_loop_(std::move(channel_loop)) {}

    Result<PublishGrant> publish(PublishRequest request) override {
        if (request.stream_key.view() != "sk_us-east-1_AsXego4U6tnj_567890abcdef") {
            return fail(ErrorCode::NotFound, "no channel has this stream key");
        }
        last_request = std::move(request);
        return PublishGrant{channel_loop_, std::make_unique<Session>(channel_loop_, ended)};
    }

    PublishRequest last_request;
    std::promise<Broadcast> ended;

private:
    asio::any_io_executor channel_loop_;
};

/// A server on its loop, channels on another, each with its thread.
struct Service {
    asio::io_context server_loop{1};
    asio::io_context channel_loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> channel_work{
        channel_loop.get_executor()};
    Gate gate{channel_loop.get_executor()};
    RtmpServer server;
    std::jthread server_thread{[this] { server_loop.run(); }};
    std::jthread channel_thread{[this] { channel_loop.run(); }};

    explicit Service(RtmpLimits limits = {},
                     std::shared_ptr<const net::TlsCertificate> certificate = nullptr)
        : server(server_loop, kAnyPort, gate, limits, std::move(certificate)) {}
    ~Service() {
        server.stop();
        channel_work.reset();
    }

    Broadcast broadcast() {
        auto future = gate.ended.get_future();
        REQUIRE(future.wait_for(20s) == std::future_status::ready);
        return future.get();
    }
};

/// A publisher with a blocking socket.
class Client {
public:
    enum class By { Rtmp, Rtmps };

    explicit Client(const Service& service, By by = By::Rtmp) {
        socket_.connect(service.server.address());
        socket_.set_option(tcp::no_delay(true));
        if (by == By::Rtmps) {
            tls_.emplace(::dup(socket_.native_handle()),
                         net::TestTlsClient::Options{.waits = true});
            REQUIRE(tls_->handshake());
        }
    }

    void send(BytesView bytes) {
        if (tls_) {
            REQUIRE(tls_->write(as_text(bytes)));
        } else {
            asio::write(socket_, asio::buffer(bytes.data(), bytes.size()));
        }
        sent_ += static_cast<std::uint32_t>(bytes.size());
    }

    void send_sounds(int count, std::size_t bytes) {
        Bytes sounds;
        for (int i = 0; i < count; ++i)
            append_chunks(sounds, 6, {MessageType::Audio, 0, 1, Bytes(bytes, 0xaf)}, 64 * 1024);
        send(sounds);
    }

    /// Waits, too, until the server has acknowledged all but a window of what was sent. False when
    /// it closes first.
    bool send_sounds_and_wait(int count, std::size_t bytes) {
        send_sounds(count, bytes);
        while (acknowledged_ + kWindow <= sent_) {
            const auto message = next_message();
            if (!message) return false;
            if (message->type == MessageType::Acknowledgement)
                acknowledged_ =
                    static_cast<std::uint32_t>(*BytesReader{message->payload}.number(4));
        }
        return true;
    }

    /// Asks for an acknowledgement every kWindow bytes.
    void set_window() {
        Bytes window;
        append_chunks(window, 2, {MessageType::WindowAcknowledgementSize, 0, 0, {0, 1, 0, 0}},
                      kChunkBytesAtStart);
        send(window);
    }

    void shake_hands() {
        Bytes hello(1 + Handshake::kBlockBytes, 0);
        hello[0] = 3;
        send(hello);
        Bytes answer(1 + 2 * Handshake::kBlockBytes);
        for (std::size_t got = 0; got < answer.size();)
            got += receive(std::span{answer}.subspan(got)).value();
        send(BytesView{answer}.subspan(1, Handshake::kBlockBytes));
    }

    /// Waits for a status; its code, or "" when the server closes first.
    std::string next_status() {
        while (const auto message = next_message()) {
            if (message->type != MessageType::CommandAmf0) continue;
            const auto values = amf0::read(message->payload).value();
            if (*values[0].text() == "onStatus") return *values[3].object()->find("code")->text();
        }
        return "";
    }

    void close() {
        tls_.reset();
        socket_.close();
    }

private:
    static constexpr std::uint32_t kWindow = 64 * 1024;

    /// nullopt when the server has closed.
    std::optional<Message> next_message() {
        for (;;) {
            auto message = answers_.next(unread_).value();
            if (message) return message;
            const auto bytes = receive(buffer_);
            if (!bytes) return std::nullopt;
            unread_ = BytesReader{BytesView{buffer_}.first(*bytes)};
        }
    }

    /// nullopt when the server has closed.
    std::optional<std::size_t> receive(std::span<std::uint8_t> buffer) {
        if (tls_) return tls_->read_some({reinterpret_cast<char*>(buffer.data()), buffer.size()});
        boost::system::error_code error;
        const std::size_t bytes =
            socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
        return error ? std::nullopt : std::optional{bytes};
    }

    asio::io_context loop_;
    tcp::socket socket_{loop_};
    std::optional<net::TestTlsClient> tls_;
    std::uint32_t sent_ = 0;
    std::uint32_t acknowledged_ = 0;
    ChunkReader answers_{ChunkLimits{}};
    Bytes buffer_ = Bytes(64 * 1024);
    BytesReader unread_{BytesView{}};
};

inline Bytes ffmpeg_publisher() {
    return from_hex(kFfmpegPublisher);
}

inline constexpr std::size_t kUpToPublish = 459;  // bytes of it: connect, ..., publish
inline constexpr std::size_t kUpToAudio = 913;    // metadata and the video configuration as well

inline void publish(Client& client) {
    client.shake_hands();
    client.send(BytesView{ffmpeg_publisher()}.first(kUpToPublish));
    REQUIRE(client.next_status() == "NetStream.Publish.Start");
}

}  // namespace oxbow::ingest::test
