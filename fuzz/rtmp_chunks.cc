// The chunk layer. Input: 2 bytes of chunk size, by which messages are written again; then chunks.

#include <vector>

#include "base/ensure.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "ingest/chunk_stream.h"

namespace oxbow::fuzz {
namespace {

using namespace ingest;

constexpr ChunkLimits kLimits{.message_bytes_max = 4'096, .open_bytes_max = 6'000};

struct Reading {
    std::vector<Message> messages;
    std::string error;  // "": none
};

bool same(const Message& left, const Message& right) {
    return left.type == right.type && left.timestamp == right.timestamp &&
           left.stream_id == right.stream_id && left.payload == right.payload;
}

/// Takes all messages of `bytes` into `reading`.
void read(ChunkReader& reader, BytesView bytes, Reading& reading) {
    BytesReader input{bytes};
    while (reading.error.empty()) {
        auto message = reader.next(input);
        if (!message) {
            reading.error = message.error().what;
            ENSURE(!reading.error.empty());
        } else if (*message) {
            ENSURE((*message)->payload.size() <= kLimits.message_bytes_max);
            reading.messages.push_back(std::move(**message));
        } else {
            ENSURE(input.remaining() == 0);
            return;
        }
    }
}

/// A message that is written in chunks is read as it was.
void check_round_trip(const Message& message, std::uint32_t chunk_bytes) {
    if (message.timestamp >= 0xffffff) return;  // append_chunks writes no extended times
    Bytes wire;
    Message size{.type = MessageType::SetChunkSize};
    append_number(size.payload, chunk_bytes, 4);
    append_chunks(wire, 2, size, kChunkBytesAtStart);
    append_chunks(wire, 63, message, chunk_bytes);

    ChunkReader reader{kLimits};
    Reading again;
    read(reader, wire, again);
    ENSURE(again.error.empty());
    ENSURE(again.messages.size() == 1 && same(again.messages[0], message));
}

}  // namespace

void check(BytesView bytes) {
    Input input{bytes};
    const auto chunk_bytes = static_cast<std::uint32_t>(1 + input.number(2));

    ChunkReader at_once{kLimits};
    Reading whole;
    read(at_once, input.rest(), whole);

    ChunkReader piecewise{kLimits};
    Reading cut;
    Pieces pieces{input.rest()};
    while (!pieces.empty()) read(piecewise, pieces.next(), cut);

    ENSURE(whole.error == cut.error);
    ENSURE(std::ranges::equal(whole.messages, cut.messages, same));
    for (const Message& message : whole.messages) check_round_trip(message, chunk_bytes);
}

}  // namespace oxbow::fuzz
