#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/append_buffer.h"
#include "base/times.h"
#include "media/access_unit.h"

namespace oxbow {

/// Muxes one video and one audio track into MPEG-TS, each packet written once, into the buffer of
/// the segment where it stays. Every PMT names a third stream, of timed ID3 metadata, whether there
/// is any or not: its first tag then changes nothing for a player.
///
/// Continuity counters run on from buffer to buffer, and timestamps are those of the access units
/// plus a constant: buffers joined in order are one stream. PIDs are those of Amazon IVS.
///
/// In:     access units whose times are on one timeline, in the order in which they are to be
/// muxed. Out:    packets of kPacketBytes. Audio frames wait in the muxer until their PES is full
/// (see
///         kAudioSpanMax): flush() before a buffer is closed.
/// Thread safety: one strand.
/// Source: ISO/IEC 13818-1 §2.4.
class MpegTsMuxer {
public:
    static constexpr std::size_t kPacketBytes = 188;
    static constexpr std::uint16_t kPmtPid = 0x1000;
    static constexpr std::uint16_t kAudioPid = 0x100;
    static constexpr std::uint16_t kVideoPid = 0x101;
    static constexpr std::uint16_t kMetadataPid = 0x102;

    /// Added to every PTS and DTS: no clock is negative, PCR and held back audio included.
    static constexpr MediaTime kTimestampOffset = std::chrono::seconds{10};
    /// How far PCR is behind DTS: the time a decoder has to take a picture in, and more than audio
    /// that waits for its PES can be late.
    static constexpr MediaTime kPcrDelay = std::chrono::milliseconds{700};
    /// What the audio frames of one PES may last together: eight frames of 48 kHz.
    static constexpr MediaTime kAudioSpanMax = std::chrono::milliseconds{171};
    /// The same when audio carries the PCR, which must come every 100 ms (§2.7.2).
    static constexpr MediaTime kAudioSpanMaxWithPcr = std::chrono::milliseconds{100};
    static constexpr int kAudioFramesMax = 8;
    /// A frame that is off the end of the one before by more than this begins a new PES, so that
    /// holes in the sound stay where they are.
    static constexpr MediaTime kAudioDriftMax = std::chrono::milliseconds{5};
    static constexpr std::size_t kMetadataTagBytesMax = 32 * 1024;  // fits the length of one PES

    /// PAT and PMT. At least one track; a change of tracks gives the PMT a new version.
    void begin_segment(AppendBuffer& out, bool has_video, bool has_audio);

    /// One picture in Annex B form behind an access unit delimiter; an IDR is marked for random
    /// access.
    ///
    /// In: `parameter_sets` to be put in front of the picture; null when they need not be.
    void write_video(AppendBuffer& out, const AccessUnit& unit,
                     const VideoParameters* parameter_sets);

    /// One AAC frame, of 1 to aac::kFrameBytesMax bytes.
    void write_audio(AppendBuffer& out, const AccessUnit& unit, const AudioParameters& audio);

    /// One ID3 tag, of 1 to kMetadataTagBytesMax bytes, as it shall be seen at `pts`.
    ///
    /// Source: Timed Metadata for HTTP Live Streaming (Apple); ISO/IEC 13818-1 §2.12.
    void write_metadata(AppendBuffer& out, BytesView tag, MediaTime pts);

    /// Writes the audio frames that wait.
    void flush(AppendBuffer& out);

    /// At least the bytes that `unit` takes, parameter sets and the audio that waits included.
    std::size_t bytes_at_most(const AccessUnit& unit, const VideoParameters* parameter_sets) const;
    /// The same for a tag.
    std::size_t bytes_at_most(BytesView tag) const;

private:
    using Packet = std::array<std::uint8_t, kPacketBytes>;
    struct Stream {
        std::uint16_t pid;
        std::uint8_t stream_id;  // of the PES header
        std::uint8_t continuity = 0;
    };
    struct FirstPacket {
        bool random_access = false;
        bool pcr = false;
    };

    void put(BytesView piece);
    std::size_t bytes_with_waiting_audio(std::size_t payload) const;
    void write_pes(AppendBuffer& out, Stream& stream, MediaTime dts, MediaTime pts,
                   FirstPacket first);
    void write_table(AppendBuffer& out, Packet& packet, std::uint8_t& continuity);

    Stream video_{.pid = kVideoPid, .stream_id = 0xe0};
    Stream audio_{.pid = kAudioPid, .stream_id = 0xc0};
    Stream metadata_{.pid = kMetadataPid, .stream_id = 0xbd};  // private_stream_1
    bool has_video_ = false;
    bool has_audio_ = false;
    std::uint8_t pmt_version_ = 0;
    std::uint8_t pat_continuity_ = 0;
    std::uint8_t pmt_continuity_ = 0;
    Packet pat_{};
    Packet pmt_{};

    // The pieces of the PES that is being written; kept for their capacity.
    std::vector<BytesView> pieces_;
    std::size_t pieces_bytes_ = 0;

    struct WaitingAudio {
        Bytes bytes;  // frames with their ADTS headers
        int frames = 0;
        MediaTime pts{};
        MediaTime frame_duration{};
    };
    WaitingAudio waiting_;
};

}  // namespace oxbow
