#include "ingest/chunk_stream.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::ingest {
namespace {

constexpr std::uint32_t kExtendedTimestamp = 0xffffff;
constexpr std::array<std::size_t, 4> kMessageHeaderBytes{11, 7, 3, 0};  // by format

/// The largest time of a type 0 chunk that a type 3 behind it may mean as a delta.
constexpr std::uint32_t kPlausibleDelta = 1'000;  // milliseconds

std::uint32_t number_at(std::span<const std::uint8_t> bytes, std::size_t offset,
                        std::size_t count) {
    BytesReader reader{bytes.subspan(offset)};
    return static_cast<std::uint32_t>(*reader.number(count));
}

}  // namespace

Result<std::optional<Message>> ChunkReader::next(BytesReader& input) {
    for (;;) {
        if (!in_payload_) {
            const auto complete = read_header(input);
            if (!complete) return std::unexpected(complete.error());
            if (!*complete) return std::nullopt;
        }
        auto message = read_payload(input);
        if (!message) return message;
        if (*message) {
            const auto obeyed = obey(**message);
            if (!obeyed) return std::unexpected(obeyed.error());
            if (!*obeyed) return message;
        }
        if (input.remaining() == 0) return std::nullopt;
    }
}

std::size_t ChunkReader::basic_header_bytes() const {
    switch (header_[0] & 0x3f) {
        case 0:
            return 2;
        case 1:
            return 3;
        default:
            return 1;
    }
}

std::uint32_t ChunkReader::chunk_stream_id() const {
    switch (header_[0] & 0x3f) {
        case 0:
            return 64u + header_[1];
        case 1:
            return 64u + header_[1] + 256u * header_[2];
        default:
            return header_[0] & 0x3fu;
    }
}

/// How long the header under way is, as far as its first bytes tell; grows with what has come.
Result<std::size_t> ChunkReader::header_bytes_needed() {
    if (header_size_ == 0) return 1;
    const std::size_t basic = basic_header_bytes();
    if (header_size_ < basic) return basic;

    const std::size_t plain = basic + kMessageHeaderBytes[static_cast<std::size_t>(format())];
    if (header_size_ < plain) return plain;
    if (format() != 3) {
        return number_at(header_, basic, 3) == kExtendedTimestamp ? plain + 4 : plain;
    }
    // Type 3 repeats the extended timestamp, also inside a message (§5.3.1.3); see take_unrepeated.
    const auto stream = stream_of(chunk_stream_id());
    if (!stream) return std::unexpected(stream.error());
    const bool repeats = (*stream)->extended && (*stream)->repeats_extended.value_or(true);
    return repeats ? plain + 4 : plain;
}

/// Out: true when the header is complete and applied; false when bytes are missing.
Result<bool> ChunkReader::read_header(BytesReader& input) {
    for (;;) {
        const auto needed = header_bytes_needed();
        if (!needed) return std::unexpected(needed.error());
        if (header_size_ == *needed) break;
        const auto taken = *input.take(std::min(*needed - header_size_, input.remaining()));
        if (taken.empty()) return false;
        std::ranges::copy(taken, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
        header_size_ += taken.size();
    }
    const auto applied = apply_header();
    if (!applied) return std::unexpected(applied.error());
    header_size_ = 0;
    in_payload_ = true;
    return true;
}

Result<ChunkReader::Stream*> ChunkReader::stream_of(std::uint32_t id) {
    if (current_ < streams_.size() && streams_[current_].id == id) return &streams_[current_];
    const auto found = std::ranges::find(streams_, id, &Stream::id);
    current_ = static_cast<std::size_t>(found - streams_.begin());
    if (found != streams_.end()) return &*found;
    if (streams_.size() == kChunkStreamsMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("the publisher uses more than {} chunk streams", kChunkStreamsMax));
    }
    streams_.push_back(Stream{.id = id});
    return &streams_.back();
}

Result<void> ChunkReader::apply_header() {
    const auto found = stream_of(chunk_stream_id());
    if (!found) return std::unexpected(found.error());
    Stream& stream = **found;

    if (stream.open && format() != 3) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("a message begins on chunk stream {} before the one under way is complete",
                        stream.id));
    }
    // Type 1 on a fresh chunk stream is how librtmp sends its pings; it means message stream 0.
    if (!stream.had_header && format() >= 2) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("chunk stream {} begins with a type {} chunk, which leaves out its length",
                        stream.id, format()));
    }
    if (format() != 3) read_message_header(stream);
    const std::size_t payload_taken = stream.open ? take_unrepeated(stream) : 0;
    if (!stream.open) {
        const auto begun = begin_message(stream);
        if (!begun) return begun;
    }
    chunk_missing_ =
        std::min<std::size_t>(chunk_bytes_ - payload_taken, stream.length - stream.payload.size());
    return {};
}

/// Older encoders do not repeat the extended timestamp inside a message. The first type 3 chunk
/// tells: where the four bytes are not the time, they are payload, and so it is from then on.
///
/// Out: how many bytes of the chunk's payload were taken with its header.
std::size_t ChunkReader::take_unrepeated(Stream& stream) {
    const std::size_t chunk =
        std::min<std::size_t>(chunk_bytes_, stream.length - stream.payload.size());
    if (!stream.extended || stream.repeats_extended || chunk < 4) return 0;
    const BytesView four = BytesView{header_}.subspan(basic_header_bytes(), 4);
    const std::uint32_t value = number_at(four, 0, 4);
    const bool is_delta = stream.delta != 0 && value == stream.delta;
    stream.repeats_extended = value == stream.timestamp || is_delta;
    if (*stream.repeats_extended) return 0;
    append(stream.payload, four);
    return 4;
}

/// Takes the fields of a type 0, 1 or 2 header into `stream`.
void ChunkReader::read_message_header(Stream& stream) {
    const std::size_t basic = basic_header_bytes();
    const std::size_t plain = basic + kMessageHeaderBytes[static_cast<std::size_t>(format())];
    const std::uint32_t field = number_at(header_, basic, 3);
    stream.extended = field == kExtendedTimestamp;
    stream.delta = stream.extended ? number_at(header_, plain, 4) : field;
    if (format() <= 1) {
        stream.length = number_at(header_, basic + 3, 3);
        stream.type = static_cast<MessageType>(header_[basic + 6]);
    }
    if (format() == 0) {
        // The one little-endian field of the protocol (§5.3.1.2.1).
        const std::uint32_t id = number_at(header_, basic + 7, 4);
        stream.message_stream_id = id >> 24 | (id >> 8 & 0xff00) | (id << 8 & 0xff0000) | id << 24;
    }
    stream.had_header = true;
}

Result<void> ChunkReader::begin_message(Stream& stream) {
    if (stream.length > limits_.message_bytes_max) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("a message of {} bytes is announced; at most {} are taken here",
                                stream.length, limits_.message_bytes_max));
    }
    if (open_bytes_ + stream.length > limits_.open_bytes_max) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("the messages under way would hold more than {} bytes",
                                limits_.open_bytes_max));
    }
    if (format() == 0) {
        stream.timestamp = stream.delta;
        // A type 3 chunk next repeats this time as its delta (§5.3.1.2.4), as ffmpeg does with the
        // small times of a start; where that would be a leap, the encoder means the same time again
        // (librtmp).
        if (stream.delta > kPlausibleDelta) stream.delta = 0;
    } else {
        stream.timestamp += stream.delta;
    }
    stream.open = true;
    stream.payload.reserve(stream.length);
    open_bytes_ += stream.length;
    return {};
}

/// Out: the message when the chunk under way completes it.
Result<std::optional<Message>> ChunkReader::read_payload(BytesReader& input) {
    Stream& stream = streams_[current_];
    const auto taken = *input.take(std::min(chunk_missing_, input.remaining()));
    append(stream.payload, taken);
    chunk_missing_ -= taken.size();
    if (chunk_missing_ > 0) return std::nullopt;

    in_payload_ = false;
    if (stream.payload.size() < stream.length) return std::nullopt;
    stream.open = false;
    open_bytes_ -= stream.length;
    return Message{.type = stream.type,
                   .timestamp = stream.timestamp,
                   .stream_id = stream.message_stream_id,
                   .payload = std::exchange(stream.payload, {})};
}

/// Out: true when `message` was for this layer.
Result<bool> ChunkReader::obey(const Message& message) {
    if (message.type != MessageType::SetChunkSize && message.type != MessageType::Abort)
        return false;
    if (message.payload.size() < 4) {
        return fail(ErrorCode::Malformed, "a protocol control message is shorter than its 4 bytes");
    }
    ++obeyed_;
    const std::uint32_t value = number_at(message.payload, 0, 4);
    if (message.type == MessageType::Abort) {
        abort(value);
        return true;
    }
    if (value == 0 || value > kChunkBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("the publisher sets a chunk size of {}; 1 to {} are possible",
                                value, kChunkBytesMax));
    }
    chunk_bytes_ = value;
    return true;
}

void ChunkReader::abort(std::uint32_t id) {
    const auto found = std::ranges::find(streams_, id, &Stream::id);
    if (found == streams_.end() || !found->open) return;
    found->open = false;
    found->payload = {};
    open_bytes_ -= found->length;
}

void append_chunks(Bytes& out, std::uint8_t chunk_stream_id, const Message& message,
                   std::uint32_t chunk_bytes) {
    ENSURE(chunk_stream_id >= 2 && chunk_stream_id <= 63);
    ENSURE(message.timestamp < kExtendedTimestamp && chunk_bytes > 0);
    out.push_back(chunk_stream_id);
    append_number(out, message.timestamp, 3);
    append_number(out, message.payload.size(), 3);
    out.push_back(static_cast<std::uint8_t>(message.type));
    for (int shift = 0; shift < 32; shift += 8) {
        out.push_back(static_cast<std::uint8_t>(message.stream_id >> shift));
    }
    BytesView rest{message.payload};
    for (;;) {
        const BytesView chunk = rest.first(std::min<std::size_t>(chunk_bytes, rest.size()));
        append(out, chunk);
        rest = rest.subspan(chunk.size());
        if (rest.empty()) return;
        out.push_back(static_cast<std::uint8_t>(0xc0 | chunk_stream_id));
    }
}

}  // namespace oxbow::ingest
