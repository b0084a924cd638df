#include <string>

#include "ingest/test_rtmp_service.h"
#include "net/test_certificate.h"

namespace oxbow::ingest {

using namespace test;

namespace {

/// A certificate of files that are gone by now.
std::shared_ptr<const net::TlsCertificate> a_certificate() {
    const net::TestFolder folder;
    const auto pair = net::TestCertificate::make();
    return net::TlsCertificate::load({.certificate = folder.put("cert.pem", pair.certificate),
                                      .key = folder.put("key.pem", pair.key)})
        .value();
}

}  // namespace

TEST_CASE("a publisher by RTMPS is one as by RTMP, and the gate hears that it is secure") {
    Service service{{}, a_certificate()};
    Client client{service, Client::By::Rtmps};

    publish(client);
    client.send(BytesView{ffmpeg_publisher()}.subspan(kUpToPublish));
    const auto status = client.next_status();
    const auto broadcast = service.broadcast();

    CHECK(status == "NetStream.Unpublish.Success");
    CHECK(service.gate.last_request.secure);
    CHECK(broadcast.video_frames == 3);
    CHECK(broadcast.audio_frames == 7);
    CHECK(broadcast.reason == EndReason::Unpublished);
    CHECK(broadcast.on_channel_loop);
}

TEST_CASE("a publisher by RTMP is not secure") {
    Service service;
    Client client{service};

    publish(client);

    CHECK_FALSE(service.gate.last_request.secure);
}

TEST_CASE("by RTMPS a burst of many times the buffer of a look is delivered whole") {
    Service service{{}, a_certificate()};
    Client client{service, Client::By::Rtmps};
    publish(client);
    Bytes picture{0x17, 0x01, 0, 0, 0, 0x00, 0x07, 0xa1, 0x20};  // one NAL unit of 500,000 bytes
    picture.resize(picture.size() + 500'000, 0x65);
    Bytes burst;  // in records that end anywhere
    append_chunks(burst, 8, {MessageType::Video, 40, 1, picture}, 64 * 1024);
    append_chunks(burst, 8, {MessageType::Video, 80, 1, picture}, 64 * 1024);

    client.send(BytesView{ffmpeg_publisher()}.subspan(kUpToPublish, kUpToAudio - kUpToPublish));
    client.send(burst);
    client.close();
    const auto broadcast = service.broadcast();

    CHECK(broadcast.video_frames == 2);
    CHECK(broadcast.reason == EndReason::ConnectionLost);
}

TEST_CASE("by RTMPS replies go out while media comes in") {
    Service service{{}, a_certificate()};
    Client client{service, Client::By::Rtmps};
    publish(client);
    client.set_window();
    client.send(BytesView{ffmpeg_publisher()}.subspan(kUpToPublish, kUpToAudio - kUpToPublish));

    CHECK(client.send_sounds_and_wait(100, 5'000));
}

TEST_CASE("who speaks plain RTMP to the RTMPS port, or never finishes the handshake, is let go") {
    Service service{{.handshake_deadline = 50ms}, a_certificate()};
    Client plain{service};
    Client silent{service};

    plain.send(Bytes(1 + Handshake::kBlockBytes, 3));

    CHECK(plain.next_status().empty());
    CHECK(silent.next_status().empty());
}

TEST_CASE("a handshake of TLS counts for its address as one that does not publish yet") {
    Service service{{.waiting_per_address_max = 1}, a_certificate()};
    Client first{service};
    Client second{service};

    CHECK(second.next_status().empty());
}

}  // namespace oxbow::ingest
