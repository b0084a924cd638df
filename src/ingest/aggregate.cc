#include "ingest/aggregate.h"

#include <algorithm>

#include <fmt/format.h>

namespace oxbow::ingest {
namespace {

constexpr std::size_t kTagHeaderBytes = 11;
constexpr std::size_t kBackPointerBytes = 4;

std::uint32_t number(BytesReader& reader, std::size_t count) {
    return static_cast<std::uint32_t>(*reader.number(count));
}

}  // namespace

// 09 00 00 05 00 00 17 00 00 00 00 ... 00 00 00 10 | video, 5 bytes, 23 ms, the tag had 16 bytes
Result<std::optional<Message>> AggregateReader::next() {
    BytesReader reader{BytesView{message_.payload}.subspan(offset_)};
    if (reader.remaining() == 0) return std::nullopt;
    if (reader.remaining() < kTagHeaderBytes) {
        return fail(ErrorCode::Malformed, "an aggregate message ends inside the header of a tag");
    }
    const auto type = static_cast<MessageType>(number(reader, 1));
    const std::size_t length = number(reader, 3);
    const std::uint32_t low = number(reader, 3);
    const std::uint32_t time = number(reader, 1) << 24 | low;
    number(reader, 3);  // stream id: that of the message counts
    if (type != MessageType::Audio && type != MessageType::Video && type != MessageType::DataAmf0) {
        return fail(ErrorCode::Malformed,
                    fmt::format("an aggregate message holds a message of type {}; audio, video and "
                                "metadata can be in one",
                                static_cast<unsigned>(type)));
    }
    const auto payload = reader.take(length);
    if (!payload) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("a tag of {} bytes reaches past the end of its aggregate message", length));
    }
    if (offset_ == 0) first_time_ = time;
    reader.take(std::min(kBackPointerBytes, reader.remaining()));
    offset_ = message_.payload.size() - reader.remaining();
    return Message{.type = type,
                   .timestamp = message_.timestamp + (time - first_time_),
                   .stream_id = message_.stream_id,
                   .payload = Bytes(payload->begin(), payload->end())};
}

}  // namespace oxbow::ingest
