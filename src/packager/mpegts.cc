#include "packager/mpegts.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "base/ensure.h"
#include "media/aac.h"
#include "media/h264.h"

namespace oxbow {
namespace {

constexpr std::size_t kPacketHeaderBytes = 4;
constexpr std::size_t kPacketRoom = MpegTsMuxer::kPacketBytes - kPacketHeaderBytes;
constexpr std::size_t kPcrBytes = 6;
constexpr std::size_t kPesHeaderBytesMax = 19;
constexpr std::size_t kPesLengthMax =
    65'535;  // 16 bits; 0 says "until the next one", for video only
constexpr std::uint64_t kClockMask = (std::uint64_t{1} << 33) - 1;
constexpr std::uint16_t kProgram = 1;
constexpr std::uint16_t kTransportStream = 1;
constexpr std::uint8_t kStreamTypeAdts = 0x0f;
constexpr std::uint8_t kStreamTypeMetadata = 0x15;  // in PES packets
constexpr std::uint8_t kStreamTypeH264 = 0x1b;

/// What both descriptors of the metadata begin with: format and its identifier twice, for the
/// application and for the data, and the number of the only metadata service.
constexpr std::array<std::uint8_t, 12> kId3Format = {0xff, 0xff, 'I', 'D', '3', ' ',
                                                     0xff, 'I',  'D', '3', ' ', 0};

// Any kind of slice may follow (ISO/IEC 14496-10 table 7-5).
constexpr std::array<std::uint8_t, 6> kDelimiter = {0, 0, 0, 1, h264::kNalAud, 0xf0};
constexpr std::array<std::uint8_t, 4> kStartCode = {0, 0, 0, 1};
constexpr BytesView kLongStartCode{kStartCode};  // needed in front of parameter sets (Annex B.1.2)
constexpr BytesView kShortStartCode = kLongStartCode.subspan(1);

// Source: ISO/IEC 13818-1 Annex A.
std::uint32_t crc32(BytesView bytes) {
    std::uint32_t crc = 0xffff'ffff;
    for (const std::uint8_t byte : bytes) {
        crc ^= std::uint32_t{byte} << 24;
        for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc >> 31) * 0x04c1'1db7U);
    }
    return crc;
}

/// One table section in one packet; `body` is everything between section_length and the CRC.
///
/// Source: ISO/IEC 13818-1 §2.4.4.
std::array<std::uint8_t, MpegTsMuxer::kPacketBytes> table_packet(std::uint16_t pid,
                                                                 std::uint8_t table,
                                                                 const Bytes& body) {
    Bytes section{table};
    append_number(section, 0xb000 | (body.size() + 4), 2);
    append(section, body);
    append_number(section, crc32(section), 4);

    Bytes start{0x47};
    append_number(start, 0x4000U | pid, 2);
    append(start, Bytes{0x10, 0});  // payload only; pointer_field
    append(start, section);

    std::array<std::uint8_t, MpegTsMuxer::kPacketBytes> packet;
    packet.fill(0xff);
    std::ranges::copy(start, packet.begin());
    return packet;
}

Bytes pat_body() {
    Bytes body;
    append_number(body, kTransportStream, 2);
    append(body, Bytes{0xc1, 0, 0});  // version 0, current; section 0 of 0
    append_number(body, kProgram, 2);
    append_number(body, 0xe000 | MpegTsMuxer::kPmtPid, 2);
    return body;
}

// 25 0f ffff "ID3 " ff "ID3 " 00 1f 0001: the program's metadata is in the program itself
//
// Source: ISO/IEC 13818-1 §2.6.58.
Bytes metadata_pointer_descriptor() {
    Bytes descriptor{0x25, kId3Format.size() + 3};
    append(descriptor, kId3Format);
    descriptor.push_back(0x1f);  // no locator record, the same transport stream
    append_number(descriptor, kProgram, 2);
    return descriptor;
}

// 26 0d ffff "ID3 " ff "ID3 " 00 0f
//
// Source: ISO/IEC 13818-1 §2.6.60.
Bytes metadata_descriptor() {
    Bytes descriptor{0x26, kId3Format.size() + 1};
    append(descriptor, kId3Format);
    descriptor.push_back(0x0f);  // no decoder configuration
    return descriptor;
}

void append_descriptors(Bytes& body, const Bytes& descriptors) {
    append_number(body, 0xf000 | descriptors.size(), 2);
    append(body, descriptors);
}

Bytes pmt_body(std::uint8_t version, bool has_video, bool has_audio) {
    Bytes body;
    append_number(body, kProgram, 2);
    append(body, Bytes{static_cast<std::uint8_t>(0xc1 | version << 1), 0, 0});
    append_number(body, 0xe000 | (has_video ? MpegTsMuxer::kVideoPid : MpegTsMuxer::kAudioPid), 2);
    append_descriptors(body, metadata_pointer_descriptor());
    const auto stream = [&body](std::uint8_t type, std::uint16_t pid, const Bytes& descriptors) {
        body.push_back(type);
        append_number(body, 0xe000U | pid, 2);
        append_descriptors(body, descriptors);
    };
    if (has_audio) stream(kStreamTypeAdts, MpegTsMuxer::kAudioPid, {});
    if (has_video) stream(kStreamTypeH264, MpegTsMuxer::kVideoPid, {});
    stream(kStreamTypeMetadata, MpegTsMuxer::kMetadataPid, metadata_descriptor());
    return body;
}

std::uint64_t clock_of(MediaTime time) {
    return static_cast<std::uint64_t>(time.count()) & kClockMask;
}

/// A 33-bit time stamp behind the four bits of `prefix`.
///
/// Source: ISO/IEC 13818-1 §2.4.3.6.
void put_time_stamp(std::uint8_t* at, unsigned prefix, MediaTime time) {
    const std::uint64_t clock = clock_of(time + MpegTsMuxer::kTimestampOffset);
    const auto byte = [](std::uint64_t value) { return static_cast<std::uint8_t>(value & 0xff); };
    at[0] = byte(prefix << 4 | (clock >> 29 & 0xe) | 1);
    at[1] = byte(clock >> 22);
    at[2] = byte(clock >> 14 | 1);
    at[3] = byte(clock >> 7);
    at[4] = byte(clock << 1 | 1);
}

/// Fills `field` with an adaptation field: its length, flags and PCR where there is room for them,
/// then stuffing. One byte alone is a field of length 0.
///
/// Source: ISO/IEC 13818-1 §2.4.3.4.
void put_adaptation_field(std::span<std::uint8_t> field, bool random_access,
                          std::optional<MediaTime> pcr) {
    std::ranges::fill(field, 0xff);
    field[0] = static_cast<std::uint8_t>(field.size() - 1);
    if (field.size() == 1) return;
    field[1] = static_cast<std::uint8_t>((random_access ? 0x40 : 0) | (pcr ? 0x10 : 0));
    if (!pcr) return;
    // 33 bits of 90 kHz, six reserved bits, and an extension of 27 MHz that is always 0
    const std::uint64_t clock = clock_of(*pcr) << 15 | 0x7e00;
    for (std::size_t i = 0; i < kPcrBytes; ++i) {
        field[2 + i] = static_cast<std::uint8_t>(clock >> (40 - 8 * i) & 0xff);
    }
}

/// Copies the bytes of many pieces in order, without joining them first.
class PieceReader {
public:
    explicit PieceReader(std::span<const BytesView> pieces) : pieces_(pieces) {}

    void copy_to(std::uint8_t* to, std::size_t count) {
        while (count > 0) {
            const BytesView piece = pieces_.front().subspan(at_);
            const std::size_t part = std::min(count, piece.size());
            std::memcpy(to, piece.data(), part);
            to += part;
            count -= part;
            at_ += part;
            if (at_ == pieces_.front().size()) {
                pieces_ = pieces_.subspan(1);
                at_ = 0;
            }
        }
    }

private:
    std::span<const BytesView> pieces_;
    std::size_t at_ = 0;
};

bool carries(const AccessUnit& unit, h264::NalType type) {
    return std::ranges::any_of(
        unit.nal_units, [&](NalUnit nal) { return h264::nal_type(unit.data[nal.offset]) == type; });
}

MediaTime frame_duration_of(const AudioParameters& audio) {
    return MediaTime{std::int64_t{aac::kSamplesPerFrame} * MediaTime::period::den /
                     audio.sample_rate};
}

}  // namespace

void MpegTsMuxer::write_table(AppendBuffer& out, Packet& packet, std::uint8_t& continuity) {
    packet[3] = static_cast<std::uint8_t>(0x10 | continuity);
    continuity = (continuity + 1) & 0xf;
    std::memcpy(out.append_packet(kPacketBytes), packet.data(), kPacketBytes);
}

void MpegTsMuxer::begin_segment(AppendBuffer& out, bool has_video, bool has_audio) {
    ENSURE(has_video || has_audio);
    ENSURE(waiting_.frames == 0);
    if (has_video != has_video_ || has_audio != has_audio_) {
        const bool first = !has_video_ && !has_audio_;
        pmt_version_ = first ? 0 : (pmt_version_ + 1) & 0x1f;
        has_video_ = has_video;
        has_audio_ = has_audio;
        pat_ = table_packet(0, 0, pat_body());
        pmt_ = table_packet(kPmtPid, 2, pmt_body(pmt_version_, has_video, has_audio));
    }
    write_table(out, pat_, pat_continuity_);
    write_table(out, pmt_, pmt_continuity_);
}

void MpegTsMuxer::put(BytesView piece) {
    pieces_.push_back(piece);
    pieces_bytes_ += piece.size();
}

void MpegTsMuxer::write_pes(AppendBuffer& out, Stream& stream, MediaTime dts, MediaTime pts,
                            FirstPacket first) {
    // The header is the first of the pieces: its place was kept by the caller.
    std::array<std::uint8_t, kPesHeaderBytesMax> header = {0, 0, 1, stream.stream_id};
    const bool has_dts = dts != pts;
    const std::size_t times_bytes = has_dts ? 10 : 5;
    const std::size_t length = 3 + times_bytes + pieces_bytes_;
    ENSURE(length <= kPesLengthMax || &stream == &video_);
    if (length <= kPesLengthMax) {
        header[4] = static_cast<std::uint8_t>(length >> 8);
        header[5] = static_cast<std::uint8_t>(length & 0xff);
    }
    header[6] = 0x84;  // the payload begins with a frame
    header[7] = has_dts ? 0xc0 : 0x80;
    header[8] = static_cast<std::uint8_t>(times_bytes);
    put_time_stamp(&header[9], has_dts ? 3 : 2, pts);
    if (has_dts) put_time_stamp(&header[14], 1, dts);
    pieces_.front() = BytesView{header}.first(9 + times_bytes);

    PieceReader payload{pieces_};
    std::size_t left = 9 + times_bytes + pieces_bytes_;
    bool start = true;
    while (left > 0) {
        if (!start) first = {};
        const std::size_t needed = first.pcr ? 2 + kPcrBytes : (first.random_access ? 2 : 0);
        const std::size_t taken = std::min(left, kPacketRoom - needed);
        const std::size_t field = kPacketRoom - taken;
        std::uint8_t* const packet = out.append_packet(kPacketBytes);
        packet[0] = 0x47;
        packet[1] = static_cast<std::uint8_t>((start ? 0x40 : 0) | stream.pid >> 8);
        packet[2] = static_cast<std::uint8_t>(stream.pid & 0xff);
        packet[3] = static_cast<std::uint8_t>((field > 0 ? 0x30 : 0x10) | stream.continuity);
        stream.continuity = (stream.continuity + 1) & 0xf;
        if (field > 0) {
            put_adaptation_field(
                {packet + kPacketHeaderBytes, field}, first.random_access,
                first.pcr ? std::optional{dts + kTimestampOffset - kPcrDelay} : std::nullopt);
        }
        payload.copy_to(packet + kPacketHeaderBytes + field, taken);
        left -= taken;
        start = false;
    }
}

void MpegTsMuxer::write_video(AppendBuffer& out, const AccessUnit& unit,
                              const VideoParameters* parameter_sets) {
    ENSURE(has_video_);
    pieces_.assign(1, BytesView{});
    pieces_bytes_ = 0;
    put(kDelimiter);
    if (parameter_sets && !(carries(unit, h264::kNalSps) && carries(unit, h264::kNalPps))) {
        for (const auto* sets : {&parameter_sets->sps, &parameter_sets->pps}) {
            for (const Bytes& set : *sets) {
                put(kLongStartCode);
                put(set);
            }
        }
    }
    for (const NalUnit nal : unit.nal_units) {
        const std::uint8_t type = h264::nal_type(unit.data[nal.offset]);
        if (type == h264::kNalAud) continue;
        put(type == h264::kNalSps || type == h264::kNalPps ? kLongStartCode : kShortStartCode);
        put(view(unit, nal));
    }
    write_pes(out, video_, unit.dts, unit.pts,
              {.random_access = unit.key_frame == KeyFrame::Yes, .pcr = true});
}

void MpegTsMuxer::write_audio(AppendBuffer& out, const AccessUnit& unit,
                              const AudioParameters& audio) {
    ENSURE(has_audio_);
    const auto header = aac::adts_header(audio, unit.audio_frame.size);
    if (waiting_.frames > 0) {
        const MediaTime expected = waiting_.pts + waiting_.frames * waiting_.frame_duration;
        const std::size_t length =
            kPesHeaderBytesMax + waiting_.bytes.size() + header.size() + unit.audio_frame.size;
        if (std::chrono::abs(unit.pts - expected) > kAudioDriftMax || length > kPesLengthMax)
            flush(out);
    }
    if (waiting_.frames == 0) {
        waiting_.pts = unit.pts;
        waiting_.frame_duration = frame_duration_of(audio);
    }
    append(waiting_.bytes, header);
    append(waiting_.bytes, view(unit, unit.audio_frame));
    ++waiting_.frames;
    const MediaTime span_max = has_video_ ? kAudioSpanMax : kAudioSpanMaxWithPcr;
    const MediaTime span_with_next = (waiting_.frames + 1) * waiting_.frame_duration;
    if (waiting_.frames == kAudioFramesMax || span_with_next > span_max) flush(out);
}

void MpegTsMuxer::write_metadata(AppendBuffer& out, BytesView tag, MediaTime pts) {
    ENSURE(!tag.empty() && tag.size() <= kMetadataTagBytesMax);
    pieces_.assign(1, BytesView{});
    pieces_bytes_ = 0;
    put(tag);
    write_pes(out, metadata_, pts, pts, {});
}

void MpegTsMuxer::flush(AppendBuffer& out) {
    if (waiting_.frames == 0) return;
    pieces_.assign(1, BytesView{});
    pieces_bytes_ = 0;
    put(waiting_.bytes);
    write_pes(out, audio_, waiting_.pts, waiting_.pts,
              {.random_access = !has_video_, .pcr = !has_video_});
    waiting_.bytes.clear();
    waiting_.frames = 0;
}

std::size_t MpegTsMuxer::bytes_at_most(const AccessUnit& unit,
                                       const VideoParameters* parameter_sets) const {
    std::size_t payload = unit.data.size() + unit.nal_units.size() * kLongStartCode.size();
    if (parameter_sets) {
        for (const auto* sets : {&parameter_sets->sps, &parameter_sets->pps}) {
            for (const Bytes& set : *sets) payload += kLongStartCode.size() + set.size();
        }
    }
    return bytes_with_waiting_audio(payload);
}

std::size_t MpegTsMuxer::bytes_at_most(BytesView tag) const {
    return bytes_with_waiting_audio(tag.size());
}

std::size_t MpegTsMuxer::bytes_with_waiting_audio(std::size_t payload) const {
    // Two PES: the headers, and a last packet that holds one byte.
    payload += waiting_.bytes.size() + 2 * (kPesHeaderBytesMax + kDelimiter.size() + 2 + kPcrBytes);
    return (payload / kPacketRoom + 3) * kPacketBytes;
}

}  // namespace oxbow
