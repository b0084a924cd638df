#include "ingest/rtmp_server.h"

#include <future>
#include <system_error>
#include <thread>

#include <doctest/doctest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "ingest/chunk_stream.h"
#include "ingest/commands.h"
#include "ingest/ffmpeg_capture_test_data.h"
#include "ingest/handshake.h"

namespace oxbow::ingest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

const tcp::endpoint kAnyPort{asio::ip::address_v4::loopback(), 0};

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

    explicit Service(RtmpLimits limits = {}) : server(server_loop, kAnyPort, gate, limits) {}
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
    explicit Client(const Service& service) {
        socket_.connect(service.server.address());
        socket_.set_option(tcp::no_delay(true));
    }

    void send(BytesView bytes) {
        asio::write(socket_, asio::buffer(bytes.data(), bytes.size()));
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
        asio::read(socket_, asio::buffer(answer));
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

    void close() { socket_.close(); }

private:
    static constexpr std::uint32_t kWindow = 64 * 1024;

    /// nullopt when the server has closed.
    std::optional<Message> next_message() {
        for (;;) {
            auto message = answers_.next(unread_).value();
            if (message) return message;
            boost::system::error_code error;
            const std::size_t bytes = socket_.read_some(asio::buffer(buffer_), error);
            if (error) return std::nullopt;
            unread_ = BytesReader{BytesView{buffer_}.first(bytes)};
        }
    }

    asio::io_context loop_;
    tcp::socket socket_{loop_};
    std::uint32_t sent_ = 0;
    std::uint32_t acknowledged_ = 0;
    ChunkReader answers_{ChunkLimits{}};
    Bytes buffer_ = Bytes(64 * 1024);
    BytesReader unread_{BytesView{}};
};

Bytes ffmpeg_publisher() {
    return test::from_hex(test::kFfmpegPublisher);
}

constexpr std::size_t kUpToPublish = 459;  // bytes of it: connect, ..., publish
constexpr std::size_t kUpToAudio = 913;    // metadata and the video configuration as well

void publish(Client& client) {
    client.shake_hands();
    client.send(BytesView{ffmpeg_publisher()}.first(kUpToPublish));
    REQUIRE(client.next_status() == "NetStream.Publish.Start");
}

}  // namespace

TEST_CASE(
    "a publisher's media arrives on the channel's loop, from the first frame to its last word") {
    Service service;
    Client client{service};

    publish(client);
    client.send(BytesView{ffmpeg_publisher()}.subspan(kUpToPublish));
    const auto status = client.next_status();
    const auto broadcast = service.broadcast();

    CHECK(status == "NetStream.Unpublish.Success");
    CHECK(service.gate.last_request.app == "app");
    CHECK(service.gate.last_request.query == "priority=2");
    CHECK(service.gate.last_request.peer.starts_with("127.0.0.1:"));
    REQUIRE(broadcast.metadata.size() == 1);
    CHECK(broadcast.metadata[0].encoder == "Lavf59.27.100");
    CHECK(broadcast.video_parameters == 1);
    CHECK(broadcast.audio_parameters == 1);
    CHECK(broadcast.video_frames == 3);
    CHECK(broadcast.audio_frames == 7);
    CHECK(broadcast.times_ended == 1);
    CHECK(broadcast.reason == EndReason::Unpublished);
    CHECK(broadcast.on_channel_loop);
}

TEST_CASE("media that is sent without waiting for the grant is not lost") {
    Service service;
    Client client{service};

    client.shake_hands();
    client.send(ffmpeg_publisher());
    const auto broadcast = service.broadcast();

    CHECK(broadcast.video_frames == 3);
    CHECK(broadcast.audio_frames == 7);
    CHECK(broadcast.on_channel_loop);
}

TEST_CASE("a burst of many times the read buffer is delivered whole") {
    Service service;
    Client client{service};
    publish(client);
    const Bytes capture = ffmpeg_publisher();
    Bytes picture{0x17, 0x01, 0, 0, 0, 0x00, 0x07, 0xa1, 0x20};  // one NAL unit of 500,000 bytes
    picture.resize(picture.size() + 500'000, 0x65);
    Bytes burst;
    append_chunks(burst, 8, {MessageType::Video, 40, 1, picture}, 64 * 1024);
    append_chunks(burst, 8, {MessageType::Video, 80, 1, picture}, 64 * 1024);

    client.send(BytesView{capture}.subspan(kUpToPublish, kUpToAudio - kUpToPublish));
    client.send(burst);
    client.close();
    const auto broadcast = service.broadcast();

    CHECK(broadcast.video_frames == 2);
    CHECK(broadcast.reason == EndReason::ConnectionLost);
}

TEST_CASE("a publisher may go on for ever at less than its rate of messages") {
    Service service;
    Client client{service};
    publish(client);
    client.set_window();
    client.send_sounds(19'500, 0);  // of the 20,000 that may come at once

    // A look at the line after the other, 50 ms between them: each is worth 100 messages.
    client.send_sounds_and_wait(100, 650);
    client.send_sounds_and_wait(100, 650);
    client.send_sounds_and_wait(100, 650);
    client.send_sounds_and_wait(100, 650);
    client.send_sounds_and_wait(100, 650);
    client.send_sounds_and_wait(100, 650);
    client.send_sounds_and_wait(100, 650);
    client.send_sounds_and_wait(100, 650);
    client.send_sounds_and_wait(100, 650);
    const bool taken = client.send_sounds_and_wait(100, 650);
    client.close();
    const auto broadcast = service.broadcast();

    CHECK(taken);
    CHECK(broadcast.reason == EndReason::ConnectionLost);
}

TEST_CASE("a publisher whose connection goes away ends as lost") {
    Service service;
    Client client{service};
    publish(client);
    client.send(BytesView{ffmpeg_publisher()}.subspan(kUpToPublish, kUpToAudio - kUpToPublish));

    client.close();
    const auto broadcast = service.broadcast();

    CHECK(broadcast.video_parameters == 1);
    CHECK(broadcast.times_ended == 1);
    CHECK(broadcast.reason == EndReason::ConnectionLost);
}

TEST_CASE("a publisher that falls silent ends as silent, though it sends pings") {
    Service service{{.silence_max = 200ms}};
    Client client{service};
    publish(client);
    Bytes ping;
    append_chunks(ping, 2, {MessageType::UserControl, 0, 0, {0, 6, 0, 0, 0, 1}},
                  kChunkBytesAtStart);

    client.send(ping);
    const auto broadcast = service.broadcast();

    CHECK(broadcast.times_ended == 1);
    CHECK(broadcast.reason == EndReason::Silent);
    CHECK(client.next_status() == "");
}

TEST_CASE("a publisher is stopped from another thread, and a stop afterwards does nothing") {
    Service service;
    Client client{service};
    publish(client);

    service.gate.last_request.stop("StopStream was called");
    const auto broadcast = service.broadcast();
    service.gate.last_request.stop("again");

    CHECK(broadcast.times_ended == 1);
    CHECK(broadcast.reason == EndReason::Stopped);
    CHECK(broadcast.why == "StopStream was called");
    CHECK(client.next_status() == "");
}

TEST_CASE("a publisher that sends what is no video ends as rejected and is told why") {
    Service service;
    Client client{service};
    publish(client);
    Bytes hevc;
    append_chunks(hevc, 6, {MessageType::Video, 0, 1, {0x1c, 0, 0, 0, 0}}, kChunkBytesAtStart);

    client.send(hevc);
    const auto status = client.next_status();
    const auto broadcast = service.broadcast();

    CHECK(status == "NetStream.Publish.Failed");
    CHECK(broadcast.times_ended == 1);
    CHECK(broadcast.reason == EndReason::Rejected);
    CHECK(broadcast.why ==
          "the video is H.265 (HEVC), only H.264 is taken: set the encoder to H.264");
}

TEST_CASE("an unknown stream key is refused as a bad name, and the connection closed") {
    Service service;
    Client client{service};
    Bytes wire = ffmpeg_publisher();
    wire.resize(kUpToPublish);
    wire[kUpToPublish - 24] ^= 1;  // inside the key of the publish command

    client.shake_hands();
    client.send(wire);

    CHECK(client.next_status() == "NetStream.Publish.BadName");
    CHECK(client.next_status() == "");
    client.close();
}

TEST_CASE("whoever does not shake hands in time, or not publish, is disconnected") {
    Service service{{.handshake_deadline = 50ms, .publish_deadline = 50ms}};
    Client silent{service};
    Client idle{service};

    idle.shake_hands();

    CHECK(silent.next_status() == "");
    CHECK(idle.next_status() == "");
}

TEST_CASE("bytes that are no RTMP end that connection alone") {
    Service service;
    Client stranger{service};
    Client client{service};

    stranger.send(as_bytes("GET / HTTP/1.1\r\n\r\n"));
    publish(client);

    CHECK(stranger.next_status() == "");
}

TEST_CASE(
    "a connection above the limit of its address is closed at once, publishers do not count") {
    Service service{{.waiting_per_address_max = 1}};
    Client publisher{service};
    publish(publisher);
    Client waiting{service};
    waiting.shake_hands();

    Client above{service};

    CHECK(above.next_status() == "");
}

TEST_CASE("stopping the server ends its publishers") {
    Service service;
    Client client{service};
    publish(client);

    service.server.stop();
    const auto broadcast = service.broadcast();

    CHECK(broadcast.reason == EndReason::Stopped);
    CHECK(broadcast.why == "the server stops");
}

TEST_CASE("an address that is taken fails the start") {
    Service service;
    asio::io_context loop;

    CHECK_THROWS_AS(RtmpServer(loop, service.server.address(), service.gate, {}),
                    std::system_error);
}

}  // namespace oxbow::ingest
