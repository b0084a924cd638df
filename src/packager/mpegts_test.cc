#include "packager/mpegts.h"

#include <doctest/doctest.h>

#include "packager/test_transport_stream.h"
#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

namespace {

constexpr int kVideo = 0x101;
constexpr int kAudio = 0x100;
constexpr int kMetadata = 0x102;

/// A muxer and the buffer of an open segment.
struct Mux {
    explicit Mux(bool video = true, bool audio = true) {
        muxer.begin_segment(buffer, video, audio);
    }

    std::vector<TsPacket> packets() const { return read_packets(joined(buffer)); }
    std::vector<Pes> pes(int pid) const { return read_pes(packets(), pid); }

    /// The payload of the first video PES of a picture whose only slice has `bytes`.
    Pes picture_of(std::size_t bytes) {
        muxer.write_video(buffer, picture(0ms, KeyFrame::No, bytes), nullptr);
        return pes(kVideo).at(0);
    }

    /// The metadata PES of a tag of `bytes`.
    Pes tag_of(std::size_t bytes) {
        muxer.write_metadata(buffer, Bytes(bytes, 0xef), 1s);
        return pes(kMetadata).at(0);
    }

    MpegTsMuxer muxer;
    AppendBuffer buffer;
};

}  // namespace

TEST_CASE("a segment begins with PAT and PMT as Amazon IVS numbers them") {
    Mux mux;

    const auto packets = mux.packets();

    REQUIRE(packets.size() == 2);
    CHECK(packets[0].pid == 0);
    // program 1 is on PID 0x1000 of transport stream 1
    CHECK(Bytes(packets[0].payload.begin(), packets[0].payload.begin() + 17) ==
          from_hex("00 00b00d 0001c10000 0001f000 2ab104b2"));
    CHECK(packets[1].pid == 0x1000);
    // PCR on 0x101; AAC (0f) on 0x100, H.264 (1b) on 0x101, ID3 metadata (15) on 0x102
    CHECK(Bytes(packets[1].payload.begin(), packets[1].payload.begin() + 64) ==
          from_hex("00 02b03c 0001c10000 e101 f011 250fffff49443320ff49443320001f0001"
                   "0fe100f000 1be101f000 15e102f00f 260dffff49443320ff49443320000f c14fa2ed"));
}

TEST_CASE("the CRC of a table over the whole table is 0") {
    Mux mux;

    const Bytes section = mux.packets()[1].payload;

    std::uint32_t crc = 0xffffffff;
    for (std::size_t bit = 8; bit < 8 * 64; ++bit) {
        const std::uint32_t in = section[bit / 8] >> (7 - bit % 8) & 1U;
        crc = crc << 1 ^ ((crc >> 31 ^ in) * 0x04c11db7U);
    }
    CHECK(crc == 0);
}

TEST_CASE("a change of tracks gives the PMT a new version, a repeat does not") {
    Mux mux{false, true};
    mux.muxer.begin_segment(mux.buffer, false, true);
    mux.muxer.begin_segment(mux.buffer, true, true);

    const auto packets = mux.packets();

    CHECK(packets[1].payload[6] == 0xc1);
    CHECK(packets[3].payload[6] == 0xc1);
    CHECK(packets[5].payload[6] == 0xc3);
    CHECK(packets[1].payload[10] == 0x00);  // PCR on the audio PID 0x100
    CHECK(packets[5].payload[10] == 0x01);
}

TEST_CASE(
    "a picture gets a delimiter, then parameter sets with long start codes, then its slices") {
    Mux mux;
    const VideoParameters video = film_video();

    mux.muxer.write_video(mux.buffer, picture(0ms, KeyFrame::Yes, 3), &video);

    Bytes expected = from_hex("00000001 09f0 00000001");
    append(expected, kFilmSps);
    append(expected, from_hex("00000001"));
    append(expected, kFilmPps);
    append(expected, from_hex("000001 65abab"));
    CHECK(mux.pes(kVideo).at(0).payload == expected);
}

TEST_CASE("the publisher's delimiter is dropped, and parameter sets of its own are not doubled") {
    Mux mux;
    const VideoParameters video = film_video();
    AccessUnit unit = idr(0ms);
    unit.data = from_hex("0910 67aa 68bb 65cc");
    unit.nal_units = {{0, 2}, {2, 2}, {4, 2}, {6, 2}};

    mux.muxer.write_video(mux.buffer, unit, &video);

    CHECK(mux.pes(kVideo).at(0).payload ==
          from_hex("00000001 09f0 00000001 67aa 00000001 68bb 000001 65cc"));
}

TEST_CASE("parameter sets are put in front when the picture carries only one kind of its own") {
    Mux mux;
    const VideoParameters video = film_video();
    AccessUnit unit = idr(0ms);
    unit.data = from_hex("67aa 65cc");
    unit.nal_units = {{0, 2}, {2, 2}};

    mux.muxer.write_video(mux.buffer, unit, &video);

    const Bytes payload = mux.pes(kVideo).at(0).payload;
    CHECK(Bytes(payload.begin() + 10, payload.begin() + 36) == kFilmSps);
}

TEST_CASE("PTS and DTS are ten seconds ahead, PCR is 0.7 s behind DTS, an IDR is marked") {
    Mux mux;

    mux.muxer.write_video(mux.buffer, picture(1s, KeyFrame::Yes, 500, 80ms), nullptr);
    mux.muxer.write_video(mux.buffer, picture(1040ms, KeyFrame::No, 500, 0ms), nullptr);

    const auto packets = mux.packets();
    CHECK(packets[2].pcr == 90 * 10'300);
    CHECK(packets[2].random_access);
    const auto pes = mux.pes(kVideo);
    REQUIRE(pes.size() == 2);
    CHECK(pes[0].dts == 90 * 11'000);
    CHECK(pes[0].pts == 90 * 11'080);
    CHECK(pes[1].dts == 90 * 11'040);
    CHECK(pes[1].pts == 90 * 11'040);
    CHECK_FALSE(pes[1].random_access);
}

TEST_CASE("clocks wrap at 33 bits") {
    Mux mux;
    AccessUnit unit = slice(0ms);
    unit.dts = MediaTime{(std::int64_t{1} << 33) - 900'000 + 5};
    unit.pts = unit.dts;

    mux.muxer.write_video(mux.buffer, unit, nullptr);

    CHECK(mux.pes(kVideo).at(0).dts == 5);
    CHECK(mux.packets()[2].pcr == (std::int64_t{1} << 33) - 63'000 + 5);
}

TEST_CASE("whatever the size of a picture, stuffing leaves its bytes as they are") {
    // Slices around the room of the first packet (153 bytes) and of the second (184 more).
    CHECK(Mux{}.picture_of(1).payload.size() == 10);
    CHECK(Mux{}.picture_of(151).payload.size() == 160);
    CHECK(Mux{}.picture_of(152).payload.size() == 161);
    CHECK(Mux{}.picture_of(153).payload.size() == 162);
    CHECK(Mux{}.picture_of(154).payload.size() == 163);
    CHECK(Mux{}.picture_of(335).payload.size() == 344);
    CHECK(Mux{}.picture_of(336).payload.size() == 345);
    CHECK(Mux{}.picture_of(337).payload.size() == 346);
    CHECK(Mux{}.picture_of(338).payload.size() == 347);
}

TEST_CASE("a video PES states its length up to 65535 bytes and leaves it open above") {
    // 8 bytes of header behind the length, 9 of delimiter and start code
    CHECK(Mux{}.picture_of(65'518).stated_length == 65'535);
    CHECK(Mux{}.picture_of(65'519).stated_length == 0);
    CHECK(Mux{}.picture_of(65'519).payload.size() == 65'528);
}

TEST_CASE("continuity counters run on over segments") {
    Mux mux;
    AppendBuffer next;

    mux.muxer.write_video(mux.buffer, picture(0ms, KeyFrame::Yes, 5'000), nullptr);
    mux.muxer.begin_segment(next, true, true);
    mux.muxer.write_video(next, picture(40ms, KeyFrame::No, 5'000), nullptr);

    Bytes both = joined(mux.buffer);
    append(both, joined(next));
    CHECK(read_packets(both).size() == 60);
    CHECK(continuity_errors(read_packets(both)) == 0);
}

TEST_CASE("eight AAC frames of 48 kHz share one PES, each with its ADTS header") {
    Mux mux;

    for (int i = 0; i < 8; ++i) mux.muxer.write_audio(mux.buffer, sound(21ms * i, 100), stereo());

    const auto pes = mux.pes(kAudio);
    REQUIRE(pes.size() == 1);
    CHECK(pes[0].pts == 900'000);
    CHECK(pes[0].payload.size() == 8 * 107);
    CHECK(pes[0].stated_length == 8 * 107 + 8);
    CHECK(Bytes(pes[0].payload.begin() + 107, pes[0].payload.begin() + 115) ==
          from_hex("fff14c800d7ffccd"));
}

TEST_CASE("audio waits until its PES is full or flushed") {
    Mux mux;

    mux.muxer.write_audio(mux.buffer, sound(0ms), stereo());
    const std::size_t before = mux.pes(kAudio).size();
    mux.muxer.flush(mux.buffer);
    mux.muxer.flush(mux.buffer);

    CHECK(before == 0);
    CHECK(mux.pes(kAudio).size() == 1);
}

TEST_CASE("seven frames of 44.1 kHz fill a PES, eight would last longer than kAudioSpanMax") {
    Mux mux;
    AudioParameters audio = stereo();
    audio.sample_rate = 44'100;
    audio.frequency_index = 4;

    for (int i = 0; i < 8; ++i) mux.muxer.write_audio(mux.buffer, sound(23ms * i, 100), audio);

    CHECK(mux.pes(kAudio).at(0).payload.size() == 7 * 107);
}

TEST_CASE("without video the audio carries a PCR at least every 100 ms") {
    Mux mux{false, true};

    for (int i = 0; i < 8; ++i) mux.muxer.write_audio(mux.buffer, sound(21ms * i, 100), stereo());

    const auto packets = mux.packets();
    const auto pes = mux.pes(kAudio);
    REQUIRE(pes.size() == 2);
    CHECK(pes[0].payload.size() == 4 * 107);
    CHECK(packets[2].pcr == 900'000 - 63'000);
    CHECK(packets[2].random_access);
}

TEST_CASE("a frame that is 5 ms off stays in its PES, one further off begins the next") {
    Mux mux;

    mux.muxer.write_audio(mux.buffer, sound(0ms), stereo());
    mux.muxer.write_audio(mux.buffer, sound(26ms), stereo());  // 21.3 expected
    mux.muxer.write_audio(mux.buffer, sound(48ms), stereo());  // 42.7 expected
    mux.muxer.flush(mux.buffer);

    const auto pes = mux.pes(kAudio);
    REQUIRE(pes.size() == 2);
    CHECK(pes[0].payload.size() == 2 * 107);
    CHECK(pes[1].pts == 90 * 10'048);
}

TEST_CASE("eight of the longest AAC frames do not fit the length of one PES") {
    Mux mux;

    for (int i = 0; i < 8; ++i) mux.muxer.write_audio(mux.buffer, sound(21ms * i, 8'184), stereo());
    mux.muxer.flush(mux.buffer);

    const auto pes = mux.pes(kAudio);
    REQUIRE(pes.size() == 2);
    CHECK(pes[0].payload.size() == 7 * 8'191);
    CHECK(pes[1].payload.size() == 8'191);
}

TEST_CASE("a tag is one aligned PES of private_stream_1 with a PTS, and without PCR") {
    Mux mux;

    mux.muxer.write_metadata(mux.buffer, from_hex("494433"), 1s);

    const TsPacket packet = mux.packets().at(2);
    CHECK(packet.pid == 0x102);
    CHECK(packet.start);
    CHECK_FALSE(packet.pcr);
    // PTS 990,000 in five bytes behind the flags
    CHECK(packet.payload == from_hex("000001bd 000b 848005 21003d3661 494433"));
    CHECK(mux.pes(kMetadata).at(0).pts == 990'000);
}

TEST_CASE("whatever the size of a tag, stuffing leaves its bytes as they are") {
    // 14 bytes of header: 170 fill the first packet, 184 more the second.
    CHECK(Mux{}.tag_of(1).payload == Bytes(1, 0xef));
    CHECK(Mux{}.tag_of(169).payload == Bytes(169, 0xef));
    CHECK(Mux{}.tag_of(170).payload == Bytes(170, 0xef));
    CHECK(Mux{}.tag_of(171).payload == Bytes(171, 0xef));
    CHECK(Mux{}.tag_of(354).payload == Bytes(354, 0xef));
    CHECK(Mux{}.tag_of(355).payload == Bytes(355, 0xef));
    CHECK(Mux{}.tag_of(32'768).payload == Bytes(32'768, 0xef));
    CHECK(Mux{}.tag_of(32'768).stated_length == 32'776);
}

TEST_CASE("tags have a continuity counter of their own, over segments too") {
    Mux mux;
    AppendBuffer next;

    mux.muxer.write_metadata(mux.buffer, Bytes(500, 1), 1s);
    mux.muxer.write_video(mux.buffer, idr(0ms), nullptr);
    mux.muxer.begin_segment(next, true, true);
    mux.muxer.write_metadata(next, Bytes(500, 2), 1s);

    Bytes both = joined(mux.buffer);
    append(both, joined(next));
    CHECK(continuity_errors(read_packets(both)) == 0);
    CHECK(read_pes(read_packets(both), kMetadata).size() == 2);
}

TEST_CASE("the bound of a tag's bytes holds, with audio that waits") {
    Mux mux;
    mux.muxer.write_audio(mux.buffer, sound(0ms, 8'000), stereo());
    const std::size_t before = mux.buffer.size();

    const std::size_t bound = mux.muxer.bytes_at_most(Bytes(1'069, 1));
    mux.muxer.write_metadata(mux.buffer, Bytes(1'069, 1), 0s);
    mux.muxer.flush(mux.buffer);

    CHECK(mux.buffer.size() - before <= bound);
    CHECK(bound < 10'500);
}

TEST_CASE("the bound of a unit's bytes holds, with parameter sets and audio that waits") {
    Mux mux;
    const VideoParameters video = film_video();
    const AccessUnit unit = picture(0ms, KeyFrame::Yes, 10'000);
    mux.muxer.write_audio(mux.buffer, sound(0ms, 8'000), stereo());
    const std::size_t before = mux.buffer.size();

    const std::size_t bound = mux.muxer.bytes_at_most(unit, &video);
    mux.muxer.write_video(mux.buffer, unit, &video);
    mux.muxer.flush(mux.buffer);

    CHECK(mux.buffer.size() - before <= bound);
    CHECK(bound < 20'000);
}

}  // namespace oxbow
