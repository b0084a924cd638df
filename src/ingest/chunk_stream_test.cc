#include "ingest/chunk_stream.h"

#include <doctest/doctest.h>

namespace oxbow::ingest {
namespace {

/// All messages that `bytes` complete; the first error ends the test.
std::vector<Message> read_all(ChunkReader& reader, BytesView bytes) {
    std::vector<Message> messages;
    BytesReader input{bytes};
    for (;;) {
        auto message = reader.next(input);
        REQUIRE(message.has_value());
        if (!*message) return messages;
        messages.push_back(std::move(**message));
    }
}

/// The same with one byte at a time.
std::vector<Message> read_bytes(ChunkReader& reader, BytesView bytes) {
    std::vector<Message> messages;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (auto& message : read_all(reader, bytes.subspan(i, 1))) {
            messages.push_back(std::move(message));
        }
    }
    return messages;
}

Error error_of(ChunkReader& reader, BytesView bytes) {
    BytesReader input{bytes};
    const auto message = reader.next(input);
    REQUIRE_FALSE(message.has_value());
    return message.error();
}

Bytes joined(std::initializer_list<Bytes> pieces) {
    Bytes out;
    for (const auto& piece : pieces) append(out, piece);
    return out;
}

// Headers as they stand on the wire; stream id 1 in type 0.
Bytes type0(std::uint8_t stream, std::uint32_t time, std::uint32_t length, std::uint8_t type) {
    Bytes out{stream};
    append_number(out, time, 3);
    append_number(out, length, 3);
    append(out, Bytes{type, 1, 0, 0, 0});
    return out;
}

Bytes type1(std::uint8_t stream, std::uint32_t delta, std::uint32_t length, std::uint8_t type) {
    Bytes out{static_cast<std::uint8_t>(0x40 | stream)};
    append_number(out, delta, 3);
    append_number(out, length, 3);
    out.push_back(type);
    return out;
}

Bytes type2(std::uint8_t stream, std::uint32_t delta) {
    Bytes out{static_cast<std::uint8_t>(0x80 | stream)};
    append_number(out, delta, 3);
    return out;
}

Bytes type3(std::uint8_t stream) {
    return {static_cast<std::uint8_t>(0xc0 | stream)};
}

Bytes number4(std::uint32_t value) {
    Bytes out;
    append_number(out, value, 4);
    return out;
}

Bytes set_chunk_size(std::uint32_t size) {
    return joined({type0(2, 0, 4, 1), number4(size)});
}

}  // namespace

TEST_CASE(
    "a type 0 chunk is a message with an absolute time, its type and a little-endian stream id") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({type0(6, 1'000, 3, 9), {0x17, 0x00, 0x01}}));

    REQUIRE(messages.size() == 1);
    CHECK(messages[0].type == MessageType::Video);
    CHECK(messages[0].timestamp == 1'000);
    CHECK(messages[0].stream_id == 1);
    CHECK(messages[0].payload == Bytes{0x17, 0x00, 0x01});
}

TEST_CASE("types 1, 2 and 3 add their delta and take from the header before what they leave out") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({type0(4, 100, 1, 8),
                                                   {0xa0},
                                                   type1(4, 23, 2, 9),
                                                   {0xa1, 0xa2},
                                                   type2(4, 24),
                                                   {0xa3, 0xa4},
                                                   type3(4),
                                                   {0xa5, 0xa6}}));

    REQUIRE(messages.size() == 4);
    CHECK(messages[1].timestamp == 123);
    CHECK(messages[1].type == MessageType::Video);
    CHECK(messages[2].timestamp == 147);
    CHECK(messages[2].type == MessageType::Video);
    CHECK(messages[3].timestamp == 171);
    CHECK(messages[3].payload == Bytes{0xa5, 0xa6});
    CHECK(messages[3].stream_id == 1);
}

TEST_CASE("a type 3 chunk behind a type 0 repeats its small time as a delta, as ffmpeg writes it") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({type0(4, 23, 1, 8), {1}, type3(4), {2}}));

    REQUIRE(messages.size() == 2);
    CHECK(messages[1].timestamp == 46);
}

TEST_CASE("a type 3 chunk behind a type 0 that is late in the stream means the same time again") {
    ChunkReader last_delta{ChunkLimits{}};
    ChunkReader first_leap{ChunkLimits{}};

    const auto delta = read_all(last_delta, joined({type0(4, 1'000, 1, 8), {1}, type3(4), {2}}));
    const auto same = read_all(first_leap, joined({type0(4, 1'001, 1, 8), {1}, type3(4), {2}}));

    CHECK(delta.at(1).timestamp == 2'000);
    CHECK(same.at(1).timestamp == 1'001);
}

TEST_CASE("a message longer than the chunk size goes on in type 3 chunks") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages =
        read_all(reader, joined({type0(6, 0, 129, 9), Bytes(128, 7), type3(6), {8}}));

    REQUIRE(messages.size() == 1);
    CHECK(messages[0].payload.size() == 129);
    CHECK(messages[0].payload[127] == 7);
    CHECK(messages[0].payload[128] == 8);
}

TEST_CASE("a message of exactly the chunk size is complete without another chunk") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({type0(6, 0, 128, 9), Bytes(128, 7)}));

    CHECK(messages.size() == 1);
}

TEST_CASE("messages interleave on their chunk streams") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({type0(6, 40, 130, 9),
                                                   Bytes(128, 1),
                                                   type0(4, 23, 2, 8),
                                                   {0xaf, 1},
                                                   type3(6),
                                                   {2, 3}}));

    REQUIRE(messages.size() == 2);
    CHECK(messages[0].type == MessageType::Audio);
    CHECK(messages[0].timestamp == 23);
    CHECK(messages[1].type == MessageType::Video);
    CHECK(messages[1].timestamp == 40);
    CHECK(messages[1].payload.size() == 130);
}

TEST_CASE("chunks are read alike in one piece and byte by byte") {
    ChunkReader whole{ChunkLimits{}};
    ChunkReader pieces{ChunkLimits{}};
    const Bytes wire = joined({set_chunk_size(4),
                               type0(6, 0xffffff, 6, 9),
                               number4(0x01000000),
                               {1, 2, 3, 4},
                               type3(6),
                               number4(0x01000000),
                               {5, 6}});

    const auto at_once = read_all(whole, wire);
    std::vector<Message> byte_by_byte;
    for (const auto byte : wire) {
        for (auto& message : read_all(pieces, Bytes{byte}))
            byte_by_byte.push_back(std::move(message));
    }

    REQUIRE(at_once.size() == 1);
    REQUIRE(byte_by_byte.size() == 1);
    CHECK(at_once[0].timestamp == 0x01000000);
    CHECK(at_once[0].payload == Bytes{1, 2, 3, 4, 5, 6});
    CHECK(byte_by_byte[0].timestamp == 0x01000000);
    CHECK(byte_by_byte[0].payload == Bytes{1, 2, 3, 4, 5, 6});
}

TEST_CASE("an extended timestamp is a delta in types 1 and 2, and a type 3 message repeats it") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({type0(6, 10, 1, 9),
                                                   {1},
                                                   type2(6, 0xffffff),
                                                   number4(0x01000000),
                                                   {2},
                                                   type3(6),
                                                   number4(0x01000000),
                                                   {3},
                                                   type2(6, 5),
                                                   {4},
                                                   type3(6),
                                                   {5}}));

    REQUIRE(messages.size() == 5);
    CHECK(messages[1].timestamp == 0x0100000a);
    CHECK(messages[2].timestamp == 0x0200000a);
    CHECK(messages[3].timestamp == 0x0200000f);
    CHECK(messages[4].timestamp == 0x02000014);
}

TEST_CASE("an encoder that does not repeat the extended timestamp inside a message is understood") {
    ChunkReader at_once{ChunkLimits{}};
    ChunkReader in_bytes{ChunkLimits{}};
    const Bytes wire = joined({set_chunk_size(5),
                               type0(6, 0xffffff, 13, 9),
                               number4(0x01000000),
                               {1, 2, 3, 4, 5},
                               type3(6),
                               {6, 7, 8, 9, 10},
                               type3(6),
                               {11, 12, 13},
                               type1(6, 0xffffff, 6, 9),
                               number4(0x02000000),
                               {1, 2, 3, 4, 5},
                               type3(6),
                               {6}});

    const auto messages = read_all(at_once, wire);
    const auto byte_by_byte = read_bytes(in_bytes, wire);

    REQUIRE(messages.size() == 2);
    CHECK(messages[0].payload == Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13});
    CHECK(messages[1].payload == Bytes{1, 2, 3, 4, 5, 6});
    CHECK(messages[1].timestamp == 0x03000000);
    REQUIRE(byte_by_byte.size() == 2);
    CHECK(byte_by_byte[0].payload == messages[0].payload);
    CHECK(byte_by_byte[1].payload == messages[1].payload);
}

TEST_CASE("a chunk of exactly the four bytes that are no time is complete with them") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({set_chunk_size(4),
                                                   type0(6, 0xffffff, 8, 9),
                                                   number4(0x01000000),
                                                   {1, 2, 3, 4},
                                                   type3(6),
                                                   {5, 6, 7, 8},
                                                   type0(6, 7, 1, 9),
                                                   {9}}));

    REQUIRE(messages.size() == 2);
    CHECK(messages[0].payload == Bytes{1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(messages[1].timestamp == 7);
}

TEST_CASE("inside a message the absolute time behind a delta is taken for the extended timestamp") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({set_chunk_size(4),
                                                   type0(6, 1, 1, 9),
                                                   {0},
                                                   type1(6, 0xffffff, 8, 9),
                                                   number4(0x01000000),
                                                   {1, 2, 3, 4},
                                                   type3(6),
                                                   number4(0x01000001),
                                                   {5, 6, 7, 8}}));

    CHECK(messages.at(1).payload == Bytes{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("times run on modulo 2^32") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(
        reader, joined({type0(6, 0xffffff, 1, 9), number4(0xfffffff0), {1}, type2(6, 0x20), {2}}));

    CHECK(messages.at(0).timestamp == 0xfffffff0);
    CHECK(messages.at(1).timestamp == 0x10);
}

TEST_CASE("chunk stream ids take one, two or three bytes") {
    ChunkReader reader{ChunkLimits{}};
    const Bytes rest_of_header{0, 0, 5, 0, 0, 1, 8, 1, 0, 0, 0};

    const auto messages = read_all(reader, joined({{63},
                                                   rest_of_header,
                                                   {0x0a},
                                                   {0x00, 0x00},
                                                   rest_of_header,
                                                   {0x0b},
                                                   {0x01, 0xff, 0xff},
                                                   rest_of_header,
                                                   {0x0c},
                                                   {0xc1, 0xff, 0xff, 0x0d},
                                                   {0xc0, 0x00, 0x0e}}));

    REQUIRE(messages.size() == 5);
    CHECK(messages[3].payload == Bytes{0x0d});
    CHECK(messages[3].timestamp == 10);
    CHECK(messages[4].payload == Bytes{0x0e});
    CHECK(messages[4].timestamp == 10);
}

TEST_CASE("a message may be empty") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages = read_all(reader, joined({type0(4, 5, 0, 8), type0(4, 6, 1, 8), {9}}));

    REQUIRE(messages.size() == 2);
    CHECK(messages[0].payload.empty());
    CHECK(messages[1].payload == Bytes{9});
}

TEST_CASE("a chunk size holds from the next chunk on and is not handed out") {
    ChunkReader reader{ChunkLimits{}};

    const auto messages =
        read_all(reader, joined({type0(6, 0, 135, 9), Bytes(128, 1), set_chunk_size(5), type3(6),
                                 Bytes(5, 2), type3(6), Bytes(2, 3)}));

    REQUIRE(messages.size() == 1);
    CHECK(messages[0].payload.size() == 135);
    CHECK(messages[0].payload[134] == 3);
}

TEST_CASE("chunk sizes from 1 to the limit are taken, 0 and the next are not") {
    ChunkReader smallest{ChunkLimits{}};
    ChunkReader largest{ChunkLimits{}};
    ChunkReader zero{ChunkLimits{}};
    ChunkReader above{ChunkLimits{}};

    const auto by_one =
        read_all(smallest, joined({set_chunk_size(1), type0(4, 0, 2, 8), {1}, type3(4), {2}}));
    const auto by_most =
        read_all(largest, joined({set_chunk_size(16'777'216), type0(4, 0, 300, 8), Bytes(300, 1)}));

    CHECK(by_one.at(0).payload == Bytes{1, 2});
    CHECK(by_most.at(0).payload.size() == 300);
    CHECK(error_of(zero, set_chunk_size(0)).code == ErrorCode::LimitExceeded);
    CHECK(error_of(above, set_chunk_size(16'777'217)).what ==
          "the publisher sets a chunk size of 16777217; 1 to 16777216 are possible");
}

TEST_CASE("an aborted message is dropped, and the chunk stream goes on with the next header") {
    ChunkReader reader{{.message_bytes_max = 200, .open_bytes_max = 204}};

    const auto messages = read_all(
        reader, joined({type0(6, 0, 200, 9), Bytes(128, 1), type0(2, 0, 4, 2), number4(6),
                        type0(6, 7, 128, 9), Bytes(128, 2), type0(2, 0, 4, 2), number4(999)}));

    REQUIRE(messages.size() == 1);
    CHECK(messages[0].timestamp == 7);
    CHECK(messages[0].payload == Bytes(128, 2));
}

TEST_CASE(
    "a message of the largest length is taken, one of the next length is refused at its header") {
    ChunkReader at_limit{{.message_bytes_max = 100, .open_bytes_max = 1'000}};
    ChunkReader above{{.message_bytes_max = 100, .open_bytes_max = 1'000}};

    const auto messages = read_all(at_limit, joined({type0(6, 0, 100, 9), Bytes(100, 1)}));
    const auto error = error_of(above, type0(6, 0, 101, 9));

    CHECK(messages.size() == 1);
    CHECK(error.code == ErrorCode::LimitExceeded);
    CHECK(error.what == "a message of 101 bytes is announced; at most 100 are taken here");
}

TEST_CASE("messages under way may promise as many bytes as the limit and no more") {
    ChunkReader at_limit{{.message_bytes_max = 200, .open_bytes_max = 350}};
    ChunkReader above{{.message_bytes_max = 200, .open_bytes_max = 350}};
    const Bytes first = joined({type0(6, 0, 200, 9), Bytes(128, 1)});

    const auto messages = read_all(at_limit, joined({first, type0(4, 0, 150, 8), Bytes(128, 1)}));
    const auto none = read_all(above, first);
    const auto error = error_of(above, type0(4, 0, 151, 8));

    CHECK(messages.empty());
    CHECK(none.empty());
    CHECK(error.code == ErrorCode::LimitExceeded);
}

TEST_CASE("a complete message frees what it had promised") {
    ChunkReader reader{{.message_bytes_max = 100, .open_bytes_max = 100}};
    const Bytes message = joined({type0(6, 0, 100, 9), Bytes(100, 1)});

    const auto messages = read_all(reader, joined({message, message, message}));

    CHECK(messages.size() == 3);
}

TEST_CASE("a connection may use 64 chunk streams and no more") {
    ChunkReader reader{ChunkLimits{}};
    Bytes wire;
    for (std::uint8_t id = 0; id < 64; ++id) {
        append(wire, Bytes{0, id, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 0xff});
    }

    const auto messages = read_all(reader, wire);
    const auto error = error_of(reader, Bytes{0, 64, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0});

    CHECK(messages.size() == 64);
    CHECK(error.code == ErrorCode::LimitExceeded);
    CHECK(error.what == "the publisher uses more than 64 chunk streams");
}

TEST_CASE("a chunk stream may begin with type 1, as librtmp's pings do, but not with type 2 or 3") {
    ChunkReader ping{ChunkLimits{}};
    ChunkReader with_type2{ChunkLimits{}};
    ChunkReader with_type3{ChunkLimits{}};

    const auto messages = read_all(ping, joined({type1(2, 0, 6, 4), {0, 7, 0, 0, 0, 1}}));

    CHECK(messages.at(0).type == MessageType::UserControl);
    CHECK(messages.at(0).stream_id == 0);
    CHECK(error_of(with_type2, type2(4, 1)).code == ErrorCode::Malformed);
    CHECK(error_of(with_type3, type3(4)).code == ErrorCode::Malformed);
}

TEST_CASE("a header that begins a message inside another one on its chunk stream is refused") {
    ChunkReader reader{ChunkLimits{}};

    const auto error =
        error_of(reader, joined({type0(6, 0, 200, 9), Bytes(128, 1), type0(6, 0, 200, 9)}));

    CHECK(error.code == ErrorCode::Malformed);
    CHECK(error.what == "a message begins on chunk stream 6 before the one under way is complete");
}

TEST_CASE("a protocol control message needs its four bytes") {
    ChunkReader reader{ChunkLimits{}};

    CHECK(error_of(reader, joined({type0(2, 0, 3, 1), {0, 0, 1}})).code == ErrorCode::Malformed);
}

TEST_CASE("the writer cuts a message into chunks that the reader puts together again") {
    const Message message{MessageType::CommandAmf0, 5, 1, Bytes(300, 0x5a)};
    Bytes wire;
    ChunkReader reader{ChunkLimits{}};

    append_chunks(wire, 3, message, 128);
    const auto messages = read_all(reader, wire);

    CHECK(wire.size() == 12 + 300 + 2);
    CHECK(Bytes(wire.begin(), wire.begin() + 12) == Bytes{3, 0, 0, 5, 0, 1, 0x2c, 20, 1, 0, 0, 0});
    CHECK(wire[12 + 128] == 0xc3);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].timestamp == 5);
    CHECK(messages[0].payload == Bytes(300, 0x5a));
}

TEST_CASE("the writer needs no second chunk for a message of exactly the chunk size") {
    Bytes wire;

    append_chunks(wire, 2, {MessageType::Acknowledgement, 0, 0, Bytes(128, 1)}, 128);

    CHECK(wire.size() == 12 + 128);
}

}  // namespace oxbow::ingest
