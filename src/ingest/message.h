#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace oxbow::ingest {

/// What a message is. Source: Adobe RTMP 1.0 §5.4, §7.1.
enum class MessageType : std::uint8_t {
    SetChunkSize = 1,
    Abort = 2,
    Acknowledgement = 3,
    UserControl = 4,
    WindowAcknowledgementSize = 5,
    SetPeerBandwidth = 6,
    Audio = 8,
    Video = 9,
    DataAmf3 = 15,
    CommandAmf3 = 17,
    DataAmf0 = 18,
    CommandAmf0 = 20,
    Aggregate = 22,
};

/// One RTMP message, put together from its chunks. The type may be a number that MessageType lacks.
struct Message {
    MessageType type{};
    std::uint32_t timestamp = 0;  // milliseconds, modulo 2^32
    std::uint32_t stream_id = 0;
    Bytes payload{};
};

}  // namespace oxbow::ingest
