#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ingest/message.h"

namespace oxbow::ingest {

/// What one connection may make us hold.
struct ChunkLimits {
    std::size_t message_bytes_max = 16 * 1024 * 1024 - 1;  // all that 24 bits of length can say
    std::size_t open_bytes_max = 20 * 1024 * 1024;  // promised by all messages not yet complete
};

/// Before a stream key was shown only commands are due: little is enough.
inline constexpr ChunkLimits kLimitsBeforePublish{.message_bytes_max = 64 * 1024,
                                                  .open_bytes_max = 128 * 1024};

inline constexpr std::size_t kChunkStreamsMax = 64;                // per connection
inline constexpr std::uint32_t kChunkBytesMax = 16 * 1024 * 1024;  // longer than any message
inline constexpr std::uint32_t kChunkBytesAtStart = 128;

/// Puts messages together from the chunks of one connection.
///
/// Incremental: bytes come in any pieces, chunk streams interleave. Set Chunk Size and Abort
/// Message are obeyed here and not handed out.
///
/// Source: Adobe RTMP 1.0 §5.3, §5.4.1, §5.4.2.
class ChunkReader {
public:
    explicit ChunkReader(ChunkLimits limits) : limits_(limits) {}

    /// From the next message on.
    void set_limits(ChunkLimits limits) { limits_ = limits; }

    /// How many messages were obeyed and not handed out.
    std::uint64_t obeyed() const { return obeyed_; }

    /// Takes bytes off the front of `input` until a message is complete.
    ///
    /// Out:    the message, assembled once; nullopt when `input` is used up.
    /// Errors: Malformed      not chunks; the connection cannot go on.
    ///         LimitExceeded  a limit above, by its name in words. The same.
    Result<std::optional<Message>> next(BytesReader& input);

private:
    static constexpr std::size_t kHeaderBytesMax = 3 + 11 + 4;

    /// The last header of a chunk stream and the message under way on it.
    struct Stream {
        std::uint32_t id = 0;
        bool had_header = false;
        bool extended = false;  // its last timestamp or delta took the extended field
        std::optional<bool> repeats_extended{};  // in type 3 chunks; unknown before the first
        bool open = false;                       // a message is under way
        std::uint32_t timestamp = 0;
        std::uint32_t delta = 0;  // what a type 3 chunk adds when it begins a message
        std::uint32_t length = 0;
        MessageType type{};
        std::uint32_t message_stream_id = 0;
        Bytes payload{};
    };

    Result<bool> read_header(BytesReader& input);
    Result<std::size_t> header_bytes_needed();
    std::size_t basic_header_bytes() const;
    std::uint32_t chunk_stream_id() const;
    int format() const { return header_[0] >> 6; }
    Result<Stream*> stream_of(std::uint32_t id);
    Result<void> apply_header();
    void read_message_header(Stream& stream);
    Result<void> begin_message(Stream& stream);
    std::size_t take_unrepeated(Stream& stream);
    Result<std::optional<Message>> read_payload(BytesReader& input);
    Result<bool> obey(const Message& message);
    void abort(std::uint32_t id);

    ChunkLimits limits_;
    std::uint32_t chunk_bytes_ = kChunkBytesAtStart;
    std::vector<Stream> streams_;
    std::size_t open_bytes_ = 0;  // lengths of the messages under way
    std::uint64_t obeyed_ = 0;

    std::array<std::uint8_t, kHeaderBytesMax> header_{};  // of the chunk under way
    std::size_t header_size_ = 0;
    std::size_t current_ = 0;        // index in streams_ of the chunk under way
    bool in_payload_ = false;        // its header is complete
    std::size_t chunk_missing_ = 0;  // bytes of its payload still to come
};

/// Appends `message` to `out` in chunks of `chunk_bytes`: one type 0 chunk, then type 3.
///
/// In:     a chunk stream id from 2 to 63; a timestamp below 0xffffff.
/// Source: Adobe RTMP 1.0 §5.3.1.
void append_chunks(Bytes& out, std::uint8_t chunk_stream_id, const Message& message,
                   std::uint32_t chunk_bytes);

}  // namespace oxbow::ingest
