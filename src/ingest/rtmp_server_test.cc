#include "ingest/rtmp_server.h"

#include <future>
#include <system_error>

#include "ingest/test_rtmp_service.h"

namespace oxbow::ingest {

using namespace test;

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
