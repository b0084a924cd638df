#include "ingest/conversation.h"

#include <doctest/doctest.h>

#include "ingest/ffmpeg_capture_test_data.h"
#include "ingest/obs_capture_test_data.h"

namespace oxbow::ingest {
namespace {

std::string_view text(std::string_view value) {
    return value;
}

template <typename... Values>
Bytes command(std::uint32_t stream_id, const Values&... values) {
    Message message{.type = MessageType::CommandAmf0, .stream_id = stream_id};
    (amf0::append_value(message.payload, values), ...);
    Bytes wire;
    append_chunks(wire, 3, message, kChunkBytesAtStart);
    return wire;
}

Bytes connect(std::string_view app) {
    return command(0, text("connect"), 1.0, amf0::Object{{{"app", {std::string(app)}}}});
}

Bytes publish(std::string_view name) {
    return command(1, text("publish"), 5.0, amf0::Null{}, name, text("live"));
}

Bytes repeated(std::size_t times, BytesView bytes) {
    Bytes out;
    for (std::size_t i = 0; i < times; ++i) append(out, bytes);
    return out;
}

SteadyTime at(std::int64_t milliseconds) {
    return SteadyTime{std::chrono::milliseconds{milliseconds}};
}

Bytes wire_of(std::uint8_t chunk_stream_id, const Message& message) {
    Bytes wire;
    append_chunks(wire, chunk_stream_id, message, kChunkBytesAtStart);
    return wire;
}

/// A client's side: sends, and keeps what comes back.
struct Client {
    Conversation conversation{1};
    ChunkReader answers{ChunkLimits{}};

    /// Through the handshake.
    Client() {
        Bytes hello(1 + 2 * Handshake::kBlockBytes, 0);
        hello[0] = 3;
        BytesReader input{hello};
        REQUIRE(conversation.next(input).has_value());
        REQUIRE(conversation.take_replies().size() == 1 + 2 * Handshake::kBlockBytes);
    }

    /// All events that `bytes` lead to.
    std::vector<PublisherEvent> send(BytesView bytes) {
        std::vector<PublisherEvent> events;
        BytesReader input{bytes};
        for (;;) {
            auto event = conversation.next(input);
            REQUIRE(event.has_value());
            if (!*event) return events;
            events.push_back(std::move(**event));
        }
    }

    Error error_of(BytesView bytes) {
        BytesReader input{bytes};
        const auto event = conversation.next(input);
        REQUIRE_FALSE(event.has_value());
        return event.error();
    }

    std::vector<Message> received() {
        std::vector<Message> messages;
        const Bytes replies = conversation.take_replies();
        BytesReader input{replies};
        for (;;) {
            auto message = answers.next(input);
            REQUIRE(message.has_value());
            if (!*message) return messages;
            messages.push_back(std::move(**message));
        }
    }

    /// The code of the status that is the last answer.
    std::string last_status() {
        const auto messages = received();
        REQUIRE_FALSE(messages.empty());
        const auto values = amf0::read(messages.back().payload).value();
        REQUIRE(values.size() == 4);
        return *values[3].object()->find("code")->text();
    }

    void go_on_air() {
        send(connect("app"));
        REQUIRE(send(publish("key")).size() == 1);
        conversation.grant_publish();
        received();
    }
};

const Message kPing{MessageType::UserControl, 0, 0, {0, 6, 1, 2, 3, 4}};
const Message kNothingHeard{MessageType::Acknowledgement, 0, 1, {}};
const Message kAudio{MessageType::Audio, 23, 1, {0xaf, 0x01, 0x21}};

}  // namespace

TEST_CASE("ffmpeg's connection is asked, granted and delivered to its last frame") {
    Client client;
    const Bytes capture = test::from_hex(test::kFfmpegPublisher);
    BytesReader input{capture};

    const auto asked = client.conversation.next(input).value();
    REQUIRE(asked);
    client.conversation.grant_publish();
    const auto events = client.send(input.rest());

    CHECK(std::get<PublishAsked>(*asked).stream_key.view() ==
          "sk_us-east-1_AsXego4U6tnj_567890abcdef");
    CHECK(std::get<PublishAsked>(*asked).query == "priority=2");
    REQUIRE(events.size() == 15);
    CHECK(std::get<StreamMetadata>(events[0]).encoder == "Lavf59.27.100");
    CHECK(std::get<StreamMetadata>(events[0]).frame_rate == 25);
    CHECK(std::get<Message>(events[1]).type == MessageType::Video);
    CHECK(std::get<Message>(events[1]).payload.size() == 42);
    CHECK(std::get<Message>(events[2]).type == MessageType::Audio);
    CHECK(std::get<Message>(events[4]).timestamp == 21);
    CHECK(std::get<Message>(events[4]).type == MessageType::Video);
    CHECK(std::holds_alternative<Unpublished>(events[14]));
}

TEST_CASE("ffmpeg's connection means the same byte by byte") {
    Client client;
    const Bytes capture = test::from_hex(test::kFfmpegPublisher);
    const BytesView all{capture};
    std::vector<PublisherEvent> events;

    for (std::size_t i = 0; i < all.size(); ++i) {
        for (auto& event : client.send(all.subspan(i, 1))) {
            if (std::holds_alternative<PublishAsked>(event)) client.conversation.grant_publish();
            events.push_back(std::move(event));
        }
    }

    REQUIRE(events.size() == 16);
    CHECK(std::get<Message>(events[14]).timestamp == 101);
    CHECK(std::get<Message>(events[14]).payload == Bytes{0x17, 0x02, 0, 0, 0});  // end of sequence
    CHECK(std::holds_alternative<Unpublished>(events[15]));
}

TEST_CASE("OBS Studio's connection is asked, granted and delivered, from its handshake on") {
    Conversation conversation{1};
    const Bytes capture = test::from_hex(test::kObsPublisher);
    BytesReader input{capture};
    std::vector<PublisherEvent> events;

    const auto asked = conversation.next(input).value();
    REQUIRE(asked);
    conversation.grant_publish();
    for (auto event = conversation.next(input).value(); event;
         event = conversation.next(input).value()) {
        events.push_back(std::move(*event));
    }

    CHECK(std::get<PublishAsked>(*asked).stream_key.view() ==
          "sk_us-east-1_1PF3PmBG80GO_rnbIvJuG4JoE");
    REQUIRE(events.size() == 33);
    CHECK(std::get<StreamMetadata>(events[0]).encoder ==
          "obs-output module (libobs version 29.0.2.1-1+b1)");
    CHECK(std::get<StreamMetadata>(events[0]).frame_rate == 10);
    CHECK(std::get<Message>(events[1]).type == MessageType::Audio);
    CHECK(std::get<Message>(events[2]).payload.size() == 45);
    CHECK(std::get<Message>(events[2]).type == MessageType::Video);
    CHECK(std::get<Message>(events[5]).timestamp == 21);
    CHECK(std::get<Message>(events[32]).type == MessageType::Video);
    CHECK(std::get<Message>(events[32]).timestamp == 500);
}

TEST_CASE("connect is answered with the window, the bandwidth, the chunk size and the result") {
    Client client;

    const auto events = client.send(connect("app"));
    const auto messages = client.received();

    CHECK(events.empty());
    REQUIRE(messages.size() == 3);  // Set Chunk Size is obeyed by the reader
    CHECK(messages[0].type == MessageType::WindowAcknowledgementSize);
    CHECK(messages[1].type == MessageType::SetPeerBandwidth);
    CHECK(messages[2].type == MessageType::CommandAmf0);
    CHECK(client.conversation.step() == Conversation::Step::Publish);
}

TEST_CASE("another application is rejected, with the URL that works") {
    Client client;

    const auto error = client.error_of(connect("live"));

    CHECK(error.code == ErrorCode::Refused);
    CHECK(error.what ==
          "there is no application \"live\" here: publish to rtmp://HOST/app/STREAM_KEY");
    CHECK(client.last_status() == "NetConnection.Connect.Rejected");
}

TEST_CASE("connect without an application is rejected") {
    Client client;

    CHECK(client.error_of(command(0, text("connect"), 1.0)).code == ErrorCode::Refused);
}

TEST_CASE("createStream, releaseStream and FCPublish are answered, unknown calls are not") {
    Client client;
    client.send(connect("app"));
    client.received();

    client.send(command(0, text("releaseStream"), 2.0, amf0::Null{}, text("key")));
    client.send(command(0, text("FCPublish"), 3.0, amf0::Null{}, text("key")));
    client.send(command(0, text("createStream"), 4.0, amf0::Null{}));
    client.send(command(0, text("_checkbw"), 5.0, amf0::Null{}));
    client.send(command(0, text("getStreamLength"), 6.0, amf0::Null{}, text("key")));
    const auto messages = client.received();

    REQUIRE(messages.size() == 3);
    CHECK(*amf0::read(messages[0].payload).value()[1].number() == 2.0);
    CHECK(*amf0::read(messages[1].payload).value()[0].text() == "onFCPublish");
    CHECK(*amf0::read(messages[2].payload).value()[1].number() == 4.0);
    CHECK(*amf0::read(messages[2].payload).value()[3].number() == 1.0);
}

TEST_CASE("commands before connect, a second connect and a second publish are refused") {
    Client early;
    Client twice;
    twice.send(connect("app"));
    Client publisher;
    publisher.go_on_air();

    CHECK(early.error_of(command(0, text("createStream"), 1.0)).code == ErrorCode::Malformed);
    CHECK(twice.error_of(connect("app")).code == ErrorCode::Malformed);
    CHECK(publisher.error_of(publish("other")).code == ErrorCode::Malformed);
}

TEST_CASE("publish is granted with Publish.Start, and refused with a code for each reason") {
    Client granted;
    granted.send(connect("app"));
    granted.send(publish("key"));
    Client unknown;
    unknown.send(connect("app"));
    unknown.send(publish("key"));
    Client taken;
    taken.send(connect("app"));
    taken.send(publish("key"));
    Client denied;
    denied.send(connect("app"));
    denied.send(publish("key"));

    granted.conversation.grant_publish();
    unknown.conversation.refuse_publish({ErrorCode::NotFound, "no channel has this stream key"});
    taken.conversation.refuse_publish({ErrorCode::Conflict, "the channel has a publisher already"});
    denied.conversation.refuse_publish({ErrorCode::Refused, "not now"});

    CHECK(granted.last_status() == "NetStream.Publish.Start");
    CHECK(unknown.last_status() == "NetStream.Publish.BadName");
    CHECK(taken.last_status() == "NetStream.Publish.BadName");
    CHECK(denied.last_status() == "NetStream.Publish.Denied");
    CHECK(granted.conversation.step() == Conversation::Step::Publishing);
    CHECK(denied.conversation.step() == Conversation::Step::Over);
}

TEST_CASE("a stream name may have 512 bytes and no more, and must not be empty") {
    Client longest;
    longest.send(connect("app"));
    Client longer;
    longer.send(connect("app"));
    Client empty;
    empty.send(connect("app"));

    const auto asked = longest.send(publish(std::string(512, 'k')));

    CHECK(asked.size() == 1);
    CHECK(longer.error_of(publish(std::string(513, 'k'))).what ==
          "the stream key is longer than 512 bytes");
    CHECK(longer.last_status() == "NetStream.Publish.BadName");
    CHECK(empty.error_of(publish("?priority=1")).what ==
          "the stream key is missing: publish to rtmp://HOST/app/STREAM_KEY");
    CHECK(empty.last_status() == "NetStream.Publish.BadName");
}

TEST_CASE("who wants to play is told where to watch") {
    Client client;
    client.send(connect("app"));

    const auto error = client.error_of(command(1, text("play"), 0.0, amf0::Null{}, text("key")));

    CHECK(error.code == ErrorCode::Unsupported);
    CHECK(client.last_status() == "NetStream.Play.Failed");
}

TEST_CASE(
    "media before publish is an error, media of a publisher an event, media after the end "
    "nothing") {
    Client early;
    early.send(connect("app"));
    Client publisher;
    publisher.go_on_air();

    const auto before = early.error_of(wire_of(4, kAudio));
    const auto during = publisher.send(wire_of(4, kAudio));
    const auto end =
        publisher.send(command(0, text("FCUnpublish"), 6.0, amf0::Null{}, text("key")));
    const auto status = publisher.last_status();
    const auto after = publisher.send(wire_of(4, kAudio));

    CHECK(before.what == "media comes before the client has asked to publish");
    REQUIRE(during.size() == 1);
    CHECK(std::get<Message>(during[0]).timestamp == 23);
    REQUIRE(end.size() == 1);
    CHECK(std::holds_alternative<Unpublished>(end[0]));
    CHECK(status == "NetStream.Unpublish.Success");
    CHECK(after.empty());
}

TEST_CASE("deleteStream and closeStream end a broadcast as well, and only once") {
    Client deleting;
    deleting.go_on_air();
    Client closing;
    closing.go_on_air();

    const auto deleted = deleting.send(command(0, text("deleteStream"), 7.0, amf0::Null{}, 1.0));
    const auto again =
        deleting.send(command(0, text("FCUnpublish"), 6.0, amf0::Null{}, text("key")));
    const auto closed = closing.send(command(1, text("closeStream"), 0.0, amf0::Null{}));

    CHECK(deleted.size() == 1);
    CHECK(again.empty());
    CHECK(closed.size() == 1);
}

TEST_CASE("a publisher whose media is rejected is told why and is not heard any more") {
    Client client;
    client.go_on_air();

    client.conversation.reject_media("the video is VP9");
    const auto events = client.send(wire_of(4, kAudio));

    CHECK(events.empty());
    CHECK(client.last_status() == "NetStream.Publish.Failed");
}

TEST_CASE("a ping is answered with its own timestamp") {
    Client client;
    client.send(connect("app"));
    client.received();

    client.send(wire_of(2, kPing));
    const auto messages = client.received();

    REQUIRE(messages.size() == 1);
    CHECK(messages[0].type == MessageType::UserControl);
    CHECK(messages[0].payload == Bytes{0, 7, 1, 2, 3, 4});
}

TEST_CASE("user control and window messages that are cut short are refused") {
    Client user_control;
    Client ping;
    Client window;

    CHECK(user_control.error_of(wire_of(2, {MessageType::UserControl, 0, 0, {0}})).code ==
          ErrorCode::Malformed);
    CHECK(ping.error_of(wire_of(2, {MessageType::UserControl, 0, 0, {0, 6, 1, 2, 3}})).code ==
          ErrorCode::Malformed);
    CHECK(window.error_of(wire_of(2, {MessageType::WindowAcknowledgementSize, 0, 0, {0, 0, 1}}))
              .code == ErrorCode::Malformed);
}

TEST_CASE(
    "received bytes are acknowledged when the client's window is full, and not a byte earlier") {
    Client client;
    client.go_on_air();
    client.send(wire_of(2, control(MessageType::WindowAcknowledgementSize, 100'000)));
    client.send(wire_of(2, control(MessageType::SetChunkSize, 200'000)));
    const std::size_t sent_before =
        1 + 2 * 1536 + connect("app").size() + publish("key").size() + 16 + 16;
    Message filler = kAudio;
    filler.payload.resize(99'999 - sent_before - 12);
    Bytes wire;
    append_chunks(wire, 4, filler, 200'000);

    client.send(wire);
    const auto too_early = client.received();
    client.send(Bytes{4});
    const auto on_time = client.received();

    CHECK(too_early.empty());
    REQUIRE(on_time.size() == 1);
    CHECK(on_time[0].type == MessageType::Acknowledgement);
    CHECK(on_time[0].payload == Bytes{0x00, 0x01, 0x86, 0xa0});
}

TEST_CASE("a wish for acknowledgements is followed from a window of 64 KiB on, not below") {
    Client wishes_least;
    Client wishes_more;
    wishes_least.go_on_air();
    wishes_more.go_on_air();
    const Bytes chunk_size = wire_of(2, control(MessageType::SetChunkSize, 200'000));
    const std::size_t sent_before =
        1 + 2 * 1536 + connect("app").size() + publish("key").size() + 16 + 16;
    Message filler = kAudio;
    filler.payload.resize(65'536 - sent_before - 12);
    Bytes wire;
    append_chunks(wire, 4, filler, 200'000);
    wishes_least.send(wire_of(2, control(MessageType::WindowAcknowledgementSize, 1)));
    wishes_least.send(chunk_size);
    wishes_more.send(wire_of(2, control(MessageType::WindowAcknowledgementSize, 65'537)));
    wishes_more.send(chunk_size);

    wishes_least.send(BytesView{wire}.first(wire.size() - 1));
    const auto too_early = wishes_least.received();
    wishes_least.send(BytesView{wire}.last(1));
    wishes_more.send(wire);

    CHECK(too_early.empty());
    CHECK(wishes_least.received().at(0).payload == Bytes{0x00, 0x01, 0x00, 0x00});
    CHECK(wishes_more.received().empty());
}

TEST_CASE("before publish a message may have 64 KiB and no more, afterwards what 24 bits can say") {
    Client at_limit;
    Client above;
    Client publisher;
    publisher.go_on_air();

    CHECK(at_limit.send(Bytes{3, 0, 0, 0, 0x01, 0x00, 0x00, 20, 0, 0, 0, 0}).empty());
    CHECK(above.error_of(Bytes{3, 0, 0, 0, 0x01, 0x00, 0x01, 20, 0, 0, 0, 0}).code ==
          ErrorCode::LimitExceeded);
    CHECK(publisher.send(Bytes{6, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0}).empty());
}

TEST_CASE("metadata before publish and messages of unknown types are passed over") {
    Client client;
    client.send(connect("app"));
    Message metadata{.type = MessageType::DataAmf0};
    amf0::append_value(metadata.payload, text("onMetaData"));
    amf0::append_value(metadata.payload, amf0::Object{});

    CHECK(client.send(wire_of(4, metadata)).empty());
    CHECK(client.send(wire_of(4, {MessageType::Acknowledgement, 0, 0, {0, 0, 0, 1}})).empty());
    CHECK(client.send(wire_of(4, {static_cast<MessageType>(99), 0, 0, {1, 2, 3}})).empty());
}

TEST_CASE("an aggregate message is its audio, video and metadata, one event each") {
    Client client;
    client.go_on_air();
    const Bytes metadata = [] {
        Message message{.type = MessageType::DataAmf0};
        amf0::append_value(message.payload, text("onMetaData"));
        amf0::append_value(message.payload, amf0::Object{{{"encoder", {std::string("FMLE")}}}});
        return message.payload;
    }();
    Message aggregate{.type = MessageType::Aggregate, .timestamp = 1'000, .stream_id = 1};
    append(aggregate.payload, Bytes{18, 0, 0, static_cast<std::uint8_t>(metadata.size())});
    append(aggregate.payload, Bytes{0, 0, 50, 0, 0, 0, 0});
    append(aggregate.payload, metadata);
    append(aggregate.payload, Bytes{0, 0, 0, 0});
    append(aggregate.payload, Bytes{9, 0, 0, 2, 0, 0, 90, 0, 0, 0, 0, 0x17, 2, 0, 0, 0, 13});

    const auto events = client.send(wire_of(4, aggregate));
    const auto behind = client.send(wire_of(4, kAudio));

    REQUIRE(events.size() == 2);
    CHECK(std::get<StreamMetadata>(events[0]).encoder == "FMLE");
    CHECK(std::get<Message>(events[1]).type == MessageType::Video);
    CHECK(std::get<Message>(events[1]).timestamp == 1'040);
    CHECK(behind.size() == 1);
}

TEST_CASE("an aggregate message before publish or with a tag cut short is refused") {
    const Message aggregate{MessageType::Aggregate, 0, 1, {9, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0}};
    Client early;
    early.send(connect("app"));
    Client publisher;
    publisher.go_on_air();

    CHECK(early.error_of(wire_of(4, aggregate)).what ==
          "media comes before the client has asked to publish");
    CHECK(publisher.error_of(wire_of(4, aggregate)).what ==
          "a tag of 9 bytes reaches past the end of its aggregate message");
}

TEST_CASE("twenty thousand messages are taken at once, then two thousand a second") {
    Client client;
    client.conversation.arrived_at(at(0));
    const Bytes nothing_again{0xc4};  // a type 3 chunk that is a whole empty message
    client.go_on_air();
    client.conversation.arrived_at(at(10'000));
    client.send(wire_of(4, kNothingHeard));

    client.send(repeated(19'999, nothing_again));
    const auto above = client.error_of(nothing_again);
    client.conversation.arrived_at(at(11'000));
    client.send(repeated(2'000, nothing_again));

    CHECK(above.code == ErrorCode::LimitExceeded);
    CHECK(above.what == "the publisher sends more than 2000 messages a second");
    CHECK(client.error_of(nothing_again).code == ErrorCode::LimitExceeded);
}

TEST_CASE(
    "a thousand commands, pings and data messages are taken at once, then a hundred a second") {
    Client client;
    client.conversation.arrived_at(at(0));
    client.go_on_air();
    client.conversation.arrived_at(at(10'000));
    const Bytes ping = wire_of(2, kPing);
    const Bytes call = command(0, text("_checkbw"), 5.0, amf0::Null{});
    const Bytes data = wire_of(4, {MessageType::DataAmf0, 0, 1, {0x05}});

    client.send(repeated(400, ping));
    client.send(repeated(300, call));
    client.send(repeated(300, data));
    const auto above = client.error_of(ping);
    client.conversation.arrived_at(at(11'000));
    client.send(repeated(100, ping));

    CHECK(above.code == ErrorCode::LimitExceeded);
    CHECK(above.what ==
          "the publisher sends more than 100 commands, data messages or settings a second");
    CHECK(client.error_of(data).code == ErrorCode::LimitExceeded);
    CHECK(client.conversation.take_replies().size() == 500 * 18);
}

TEST_CASE("chunk sizes and aborts count as settings, media does not") {
    Client client;
    client.conversation.arrived_at(at(0));
    client.go_on_air();
    client.conversation.arrived_at(at(10'000));
    const Bytes chunk_size = wire_of(2, control(MessageType::SetChunkSize, 128));
    const Bytes audio = wire_of(4, kAudio);

    client.send(repeated(1'000, chunk_size));
    client.send(repeated(2'000, audio));
    Bytes settings = repeated(1, chunk_size);
    append(settings, audio);

    CHECK(client.error_of(settings).code == ErrorCode::LimitExceeded);
}

}  // namespace oxbow::ingest
