#pragma once

// Reads MPEG-TS back, for tests: with other eyes than the muxer's.

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/bytes.h"

namespace oxbow::test {

struct TsPacket {
    int pid = 0;
    bool start = false;
    int continuity = 0;
    bool random_access = false;
    std::optional<std::int64_t> pcr;  // in 1/90000 s
    Bytes payload;
};

struct Pes {
    int pid = 0;
    bool random_access = false;
    std::size_t stated_length = 0;
    std::int64_t pts = 0;
    std::int64_t dts = 0;
    Bytes payload;
};

inline TsPacket read_packet(BytesView packet) {
    if (packet[0] != 0x47) throw std::runtime_error("no sync byte");
    TsPacket out;
    out.start = (packet[1] & 0x40) != 0;
    out.pid = (packet[1] & 0x1f) << 8 | packet[2];
    out.continuity = packet[3] & 0xf;
    std::size_t at = 4;
    if (packet[3] & 0x20) {
        const std::size_t length = packet[4];
        if (length > 183) throw std::runtime_error("adaptation field too long");
        if (length > 0) out.random_access = (packet[5] & 0x40) != 0;
        if (length > 0 && packet[5] & 0x10) {
            BytesReader clock{packet.subspan(6)};
            out.pcr = static_cast<std::int64_t>(clock.number(6).value() >> 15);
        }
        at += 1 + length;
    }
    if (packet[3] & 0x10)
        out.payload.assign(packet.begin() + static_cast<std::ptrdiff_t>(at), packet.end());
    return out;
}

inline std::vector<TsPacket> read_packets(BytesView stream) {
    if (stream.size() % 188 != 0) throw std::runtime_error("not whole packets");
    std::vector<TsPacket> out;
    for (; !stream.empty(); stream = stream.subspan(188))
        out.push_back(read_packet(stream.first(188)));
    return out;
}

/// Packets whose continuity counter is not one above that of the packet before it on their PID.
inline int continuity_errors(const std::vector<TsPacket>& packets) {
    std::map<int, int> next;
    int errors = 0;
    for (const TsPacket& packet : packets) {
        const auto expected = next.find(packet.pid);
        if (expected != next.end() && expected->second != packet.continuity) ++errors;
        next[packet.pid] = (packet.continuity + 1) & 0xf;
    }
    return errors;
}

inline std::int64_t read_time_stamp(BytesView bytes) {
    return std::int64_t{bytes[0] & 0xe} << 29 | bytes[1] << 22 | (bytes[2] & 0xfe) << 14 |
           bytes[3] << 7 | bytes[4] >> 1;
}

/// The PES of one PID, in order.
inline std::vector<Pes> read_pes(const std::vector<TsPacket>& packets, int pid) {
    std::vector<Pes> out;
    for (const TsPacket& packet : packets) {
        if (packet.pid != pid) continue;
        if (packet.start) {
            const BytesView bytes{packet.payload};
            Pes pes{.pid = pid, .random_access = packet.random_access};
            pes.stated_length = static_cast<std::size_t>(bytes[4] << 8 | bytes[5]);
            pes.pts = read_time_stamp(bytes.subspan(9));
            pes.dts = bytes[7] & 0x40 ? read_time_stamp(bytes.subspan(14)) : pes.pts;
            out.push_back(pes);
            append(out.back().payload, bytes.subspan(9U + bytes[8]));
        } else {
            append(out.at(out.size() - 1).payload, packet.payload);
        }
    }
    return out;
}

}  // namespace oxbow::test
