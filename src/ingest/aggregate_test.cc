#include "ingest/aggregate.h"

#include <doctest/doctest.h>

namespace oxbow::ingest {
namespace {

Bytes tag(std::uint8_t type, std::uint32_t time, const Bytes& payload) {
    Bytes out{type};
    append_number(out, payload.size(), 3);
    append_number(out, time & 0xffffff, 3);
    append_number(out, time >> 24, 1);
    append(out, Bytes{0, 0, 0});
    append(out, payload);
    append_number(out, 11 + payload.size(), 4);
    return out;
}

Message aggregate(std::uint32_t time, std::initializer_list<Bytes> tags) {
    Message message{.type = MessageType::Aggregate, .timestamp = time, .stream_id = 1};
    for (const Bytes& each : tags) append(message.payload, each);
    return message;
}

Message next(AggregateReader& reader) {
    auto message = reader.next();
    REQUIRE(message.has_value());
    REQUIRE(message->has_value());
    return std::move(**message);
}

}  // namespace

TEST_CASE("an aggregate message is its tags; the first is at its own time") {
    AggregateReader reader{aggregate(
        5'000, {tag(9, 100, {0x17, 1}), tag(8, 123, {0xaf, 1, 2}), tag(18, 90, {}), Bytes{}})};

    const Message video = next(reader);
    const Message audio = next(reader);
    const Message data = next(reader);

    CHECK(video.type == MessageType::Video);
    CHECK(video.timestamp == 5'000);
    CHECK(video.stream_id == 1);
    CHECK(video.payload == Bytes{0x17, 1});
    CHECK(audio.type == MessageType::Audio);
    CHECK(audio.timestamp == 5'023);
    CHECK(audio.payload == Bytes{0xaf, 1, 2});
    CHECK(data.type == MessageType::DataAmf0);
    CHECK(data.timestamp == 4'990);
    CHECK(data.payload.empty());
    CHECK_FALSE(reader.next().value());
    CHECK_FALSE(reader.next().value());
}

TEST_CASE("the times in an aggregate message have 32 bits and run over their end") {
    AggregateReader reader{aggregate(
        0xfffffff0, {tag(9, 0x01000000, {1}), tag(9, 0x01000020, {2}), tag(9, 0x00fffff0, {3})})};

    CHECK(next(reader).timestamp == 0xfffffff0);
    CHECK(next(reader).timestamp == 0x10);
    CHECK(next(reader).timestamp == 0xffffffe0);
}

TEST_CASE("an empty aggregate message is nothing, and the last back pointer may be missing") {
    AggregateReader empty{aggregate(0, {})};
    Message without = aggregate(0, {tag(8, 0, {0xaf, 1})});
    without.payload.resize(without.payload.size() - 4);
    AggregateReader reader{without};

    CHECK_FALSE(empty.next().value());
    CHECK(next(reader).payload == Bytes{0xaf, 1});
    CHECK_FALSE(reader.next().value());
}

TEST_CASE("a tag that ends with its aggregate message passes, one byte longer is Malformed") {
    Message longer = aggregate(0, {tag(8, 0, {0xaf, 1})});
    longer.payload.resize(11 + 2);
    longer.payload[3] = 3;
    Message header_cut_short = aggregate(0, {tag(8, 0, {0xaf, 1}), Bytes(10, 8)});

    AggregateReader too_long{longer};
    AggregateReader cut_short{header_cut_short};

    CHECK(too_long.next().error().code == ErrorCode::Malformed);
    CHECK(too_long.next().error().what ==
          "a tag of 3 bytes reaches past the end of its aggregate message");
    CHECK(next(cut_short).payload.size() == 2);
    CHECK(cut_short.next().error().what == "an aggregate message ends inside the header of a tag");
}

TEST_CASE("an aggregate message holds no commands and no other aggregate message") {
    AggregateReader command{aggregate(0, {tag(20, 0, {2, 0, 0})})};
    AggregateReader nested{aggregate(0, {tag(22, 0, {})})};

    CHECK(command.next().error().code == ErrorCode::Malformed);
    CHECK(nested.next().error().what ==
          "an aggregate message holds a message of type 22; audio, video and metadata can be in "
          "one");
}

}  // namespace oxbow::ingest
