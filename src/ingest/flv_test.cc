#include "ingest/flv.h"

#include <doctest/doctest.h>

#include "ingest/ffmpeg_capture_test_data.h"
#include "media/aac.h"

namespace oxbow::ingest {
namespace {

struct Recorder : AccessUnitSink {
    std::vector<VideoParameters> video;
    std::vector<AudioParameters> audio;
    std::vector<AccessUnit> units;

    void on_metadata(const StreamMetadata&) override {}
    void on_video_parameters(VideoParameters parameters) override {
        video.push_back(std::move(parameters));
    }
    void on_audio_parameters(AudioParameters parameters) override { audio.push_back(parameters); }
    void on_access_unit(AccessUnit unit) override { units.push_back(std::move(unit)); }
};

// The configurations of test::kFfmpegPublisher: 32x32 Baseline; AAC-LC, 48 kHz, mono.
constexpr std::string_view kRecord =
    "0142c00affe100166742c00ada25b011000003000100000300320f1226a001000468ce0fc8";
constexpr std::string_view kOtherRecord =
    "0142c00affe100166742c00ada25b011000003000100000300320f1226a001000468ce0fc9";
constexpr std::string_view kConfig = "118856e500";

Bytes video_tag(std::string_view head, std::string_view payload) {
    return test::from_hex(std::string(head) + std::string(payload));
}
Bytes record_tag(std::string_view record = kRecord) {
    return video_tag("1700000000", record);
}
Bytes config_tag(std::string_view config = kConfig) {
    return video_tag("af00", config);
}
Bytes idr_tag() {
    return video_tag("1701000000", "0000000365aabb");
}

struct Reader {
    Recorder sink;
    FlvReader flv{sink};

    Reader() {
        REQUIRE(flv.video(0, record_tag()).has_value());
        REQUIRE(flv.audio(0, config_tag()).has_value());
    }
};

SteadyTime at(std::int64_t milliseconds) {
    return SteadyTime{std::chrono::milliseconds{milliseconds}};
}

/// Stereo and mono by turns, an even number of times.
void change_sound(FlvReader& flv, int times) {
    for (int i = 0; i < times; i += 2) {
        REQUIRE(flv.audio(0, config_tag("1190")).has_value());
        REQUIRE(flv.audio(0, config_tag("1188")).has_value());
    }
}

/// A picture and a sound every ten seconds, the last at `milliseconds`.
void play_to(FlvReader& flv, std::uint32_t milliseconds) {
    for (std::uint32_t time = 0; time <= milliseconds; time += 10'000) {
        REQUIRE(flv.video(time, idr_tag()).has_value());
        REQUIRE(flv.audio(time, test::from_hex("af0121d0")).has_value());
    }
}

void leap_and_return(FlvReader& flv, int times) {
    for (int i = 0; i < times; ++i) {
        REQUIRE(flv.video(1'000'000, idr_tag()).has_value());
        REQUIRE(flv.video(0, idr_tag()).has_value());
    }
}

}  // namespace

TEST_CASE("configurations become parameters, once, and a change of them again") {
    Recorder sink;
    FlvReader flv{sink};

    REQUIRE(flv.video(0, record_tag()).has_value());
    REQUIRE(flv.audio(0, config_tag()).has_value());
    REQUIRE(flv.video(0, record_tag()).has_value());
    REQUIRE(flv.audio(0, config_tag()).has_value());
    REQUIRE(flv.audio(0, config_tag("1188")).has_value());  // the same, in other words
    REQUIRE(flv.video(0, record_tag(kOtherRecord)).has_value());
    REQUIRE(flv.audio(0, config_tag("1190")).has_value());

    REQUIRE(sink.video.size() == 2);
    CHECK(sink.video[0].width == 32);
    CHECK(sink.video[0].height == 32);
    CHECK(codec_string(sink.video[0]) == "avc1.42C00A");
    REQUIRE(sink.audio.size() == 2);
    CHECK(sink.audio[0].sample_rate == 48'000);
    CHECK(sink.audio[0].channels == 1);
    CHECK(sink.audio[1].channels == 2);
}

TEST_CASE("a picture keeps its bytes, its key frame mark and its two times in 1/90000 s") {
    Reader reader;

    REQUIRE(reader.flv.video(40, video_tag("1701000050", "0000000365aabb")).has_value());
    REQUIRE(reader.flv.video(80, video_tag("2701000000", "0000000241cc000000020655")).has_value());

    REQUIRE(reader.sink.units.size() == 2);
    const AccessUnit& idr = reader.sink.units[0];
    CHECK(idr.track == Track::Video);
    CHECK(idr.key_frame == KeyFrame::Yes);
    CHECK(idr.dts == MediaTime{3'600});
    CHECK(idr.pts == MediaTime{10'800});
    REQUIRE(idr.nal_units.size() == 1);
    CHECK(as_text(view(idr, idr.nal_units[0])) == "\x65\xaa\xbb");
    const AccessUnit& other = reader.sink.units[1];
    CHECK(other.key_frame == KeyFrame::No);
    CHECK(other.nal_units.size() == 2);
    CHECK(reader.flv.counts().video_frames == 2);
}

TEST_CASE("an access unit owns the very bytes of the message, without a copy") {
    Reader reader;
    Bytes body = idr_tag();
    const auto* bytes = body.data();

    REQUIRE(reader.flv.video(0, std::move(body)).has_value());

    CHECK(reader.sink.units.at(0).data.data() == bytes);
}

TEST_CASE("a composition time below 0 is taken as 0 and counted, the largest is taken as it is") {
    Reader reader;

    REQUIRE(reader.flv.video(1'000, video_tag("1701ffffff", "0000000365aabb")).has_value());
    REQUIRE(reader.flv.video(1'000, video_tag("17017fffff", "0000000365aabb")).has_value());
    REQUIRE(reader.flv.video(1'000, video_tag("1701800000", "0000000365aabb")).has_value());

    REQUIRE(reader.sink.units.size() == 3);
    CHECK(reader.sink.units[0].pts == MediaTime{90'000});
    CHECK(reader.sink.units[1].pts == MediaTime{90'000 + 8'388'607LL * 90});
    CHECK(reader.sink.units[2].pts == MediaTime{90'000});
    CHECK(reader.flv.counts().clamped == 2);
}

TEST_CASE("a sound is the raw AAC frame behind the tag's two bytes") {
    Reader reader;

    REQUIRE(reader.flv.audio(23, test::from_hex("af0121d0")).has_value());

    REQUIRE(reader.sink.units.size() == 1);
    const AccessUnit& unit = reader.sink.units[0];
    CHECK(unit.track == Track::Audio);
    CHECK(unit.dts == MediaTime{2'070});
    CHECK(unit.pts == MediaTime{2'070});
    CHECK(as_text(view(unit, unit.audio_frame)) == "\x21\xd0");
}

TEST_CASE("an AAC frame may have the 8184 bytes that ADTS can say, and no more") {
    Reader reader;
    Bytes largest{0xaf, 0x01};
    largest.resize(2 + 8'184, 0x21);
    Bytes larger{0xaf, 0x01};
    larger.resize(2 + 8'185, 0x21);

    REQUIRE(reader.flv.audio(0, std::move(largest)).has_value());
    REQUIRE(reader.flv.audio(0, std::move(larger)).has_value());

    CHECK(reader.flv.counts().audio_frames == 1);
    CHECK(reader.flv.counts().dropped == 1);
}

TEST_CASE("Enhanced RTMP names the same codecs by FourCC") {
    Recorder sink;
    FlvReader flv{sink};
    REQUIRE(flv.video(0, video_tag("9061766331", kRecord)).has_value());
    REQUIRE(flv.audio(0, video_tag("906d703461", kConfig)).has_value());

    REQUIRE(flv.video(0, video_tag("9161766331000050", "0000000365aabb")).has_value());
    REQUIRE(flv.video(40, video_tag("a361766331", "0000000241cc")).has_value());
    REQUIRE(flv.video(80, video_tag("9261766331", "")).has_value());  // end of sequence
    REQUIRE(flv.audio(0, video_tag("916d703461", "21d0")).has_value());

    CHECK(sink.video.size() == 1);
    CHECK(sink.audio.size() == 1);
    REQUIRE(sink.units.size() == 3);
    CHECK(sink.units[0].pts == MediaTime{7'200});
    CHECK(as_text(view(sink.units[0], sink.units[0].nal_units.at(0))) == "\x65\xaa\xbb");
    CHECK(sink.units[1].dts == MediaTime{3'600});
    CHECK(sink.units[1].pts == MediaTime{3'600});
    CHECK(as_text(view(sink.units[2], sink.units[2].audio_frame)) == "\x21\xd0");
}

TEST_CASE("other codecs are refused by name") {
    Reader reader;

    const auto hevc = reader.flv.video(0, test::from_hex("1c01000000")).error();
    const auto enhanced_hevc = reader.flv.video(0, test::from_hex("9068766331")).error();
    const auto enhanced_av1 = reader.flv.video(0, test::from_hex("9061763031")).error();
    const auto unknown = reader.flv.video(0, test::from_hex("907a7a0a7a")).error();
    const auto mp3 = reader.flv.audio(0, test::from_hex("2f00")).error();
    const auto opus = reader.flv.audio(0, test::from_hex("904f707573")).error();

    CHECK(hevc.code == ErrorCode::Unsupported);
    CHECK(hevc.what == "the video is H.265 (HEVC), only H.264 is taken: set the encoder to H.264");
    CHECK(enhanced_hevc.what == hevc.what);
    CHECK(enhanced_av1.what == "the video is AV1, only H.264 is taken: set the encoder to H.264");
    CHECK(unknown.what ==
          "the video is \"zz\\x0az\", only H.264 is taken: set the encoder to H.264");
    CHECK(mp3.what == "the audio is MP3, only AAC is taken: set the encoder to AAC");
    CHECK(opus.what == "the audio is Opus, only AAC is taken: set the encoder to AAC");
}

TEST_CASE("several tracks in one stream are refused") {
    Reader reader;

    CHECK(reader.flv.video(0, test::from_hex("9600")).error().code == ErrorCode::Unsupported);
    CHECK(reader.flv.audio(0, test::from_hex("9500")).error().code == ErrorCode::Unsupported);
}

TEST_CASE("what carries no frame is passed over") {
    Reader reader;

    CHECK(reader.flv.video(0, {}).has_value());
    CHECK(reader.flv.audio(0, {}).has_value());
    CHECK(reader.flv.video(0, test::from_hex("5700")).has_value());        // video command
    CHECK(reader.flv.video(0, test::from_hex("1702000000")).has_value());  // end of sequence
    CHECK(reader.flv.video(0, test::from_hex("2701000000")).has_value());  // a picture of no bytes
    CHECK(reader.flv.audio(0, test::from_hex("af01")).has_value());

    CHECK(reader.sink.units.empty());
    CHECK(reader.flv.counts().dropped == 0);
}

TEST_CASE("frames before their parameters are dropped and counted") {
    Recorder sink;
    FlvReader flv{sink};

    REQUIRE(flv.video(0, idr_tag()).has_value());
    REQUIRE(flv.audio(0, test::from_hex("af0121d0")).has_value());

    CHECK(sink.units.empty());
    CHECK(flv.counts().dropped == 2);
}

TEST_CASE("parameters that cannot be read end the stream") {
    Recorder sink;
    FlvReader flv{sink};

    CHECK(flv.video(0, record_tag("0142c0")).error().code == ErrorCode::Malformed);
    CHECK(flv.audio(0, config_tag("")).error().code == ErrorCode::Malformed);
}

TEST_CASE("bad frames are dropped, and the thirty-second in a row ends the stream") {
    Reader reader;
    const Bytes bad = video_tag("2701000000", "0000000941cc");
    const auto send_bad = [&](int count) {
        for (int i = 0; i < count; ++i) REQUIRE(reader.flv.video(0, bad).has_value());
    };

    send_bad(31);
    REQUIRE(reader.flv.video(0, idr_tag()).has_value());
    send_bad(31);
    const auto last = reader.flv.video(0, bad);

    CHECK(reader.sink.units.size() == 1);
    CHECK(reader.flv.counts().dropped == 63);
    REQUIRE_FALSE(last.has_value());
    CHECK(last.error().code == ErrorCode::Malformed);
    CHECK(last.error().what.starts_with("32 frames in a row cannot be read; the last: "));
}

TEST_CASE("tags that are cut short count as bad frames") {
    Reader reader;

    CHECK(reader.flv.video(0, test::from_hex("17010000")).has_value());
    CHECK(reader.flv.video(0, test::from_hex("90617663")).has_value());
    CHECK(reader.flv.video(0, test::from_hex("91617663310000")).has_value());
    CHECK(reader.flv.audio(0, test::from_hex("af")).has_value());
    CHECK(reader.flv.audio(0, test::from_hex("906d7034")).has_value());

    CHECK(reader.flv.counts().dropped == 5);
}

TEST_CASE("timestamps go on behind 2^32 milliseconds, and may go back") {
    TimestampExtender times;

    CHECK(times.extend(0xfffffff0).value() == 4'294'967'280);
    CHECK(times.extend(0x00000010).value() == 4'294'967'312);
    CHECK(times.extend(0xfffffffe).value() == 4'294'967'294);
    CHECK(times.extend(0x00000000).value() == 4'294'967'296);
}

TEST_CASE("timestamps may go below the first one") {
    TimestampExtender times;

    CHECK(times.extend(10).value() == 10);
    CHECK(times.extend(0xfffffff6).value() == -10);
}

TEST_CASE("audio and video share one clock over the wrap") {
    Reader reader;

    REQUIRE(reader.flv.video(0xffffffff, idr_tag()).has_value());
    REQUIRE(reader.flv.audio(0x00000004, test::from_hex("af0121d0")).has_value());

    CHECK(reader.sink.units.at(0).dts == MediaTime{4'294'967'295 * 90});
    CHECK(reader.sink.units.at(1).dts == MediaTime{4'294'967'300 * 90});
}

TEST_CASE("timestamps that leap for ever are refused before they overflow") {
    TimestampExtender times;
    std::uint32_t timestamp = 0;
    Result<std::int64_t> last = times.extend(timestamp);

    while (last.has_value()) {
        timestamp += 0x7fffffff;
        last = times.extend(timestamp);
    }

    CHECK(last.error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("parameters may change twenty times at once, then once a second") {
    Reader reader;  // with its first ones: two changes
    reader.flv.arrived_at(at(0));
    change_sound(reader.flv, 18);

    const auto above = reader.flv.audio(0, config_tag("1190"));
    const auto the_same = reader.flv.audio(0, config_tag("1188"));
    reader.flv.arrived_at(at(1'000));
    const auto later = reader.flv.video(0, record_tag(kOtherRecord));

    REQUIRE_FALSE(above.has_value());
    CHECK(above.error().code == ErrorCode::LimitExceeded);
    CHECK(the_same.has_value());
    CHECK(later.has_value());
    CHECK_FALSE(reader.flv.video(0, record_tag()).has_value());
}

TEST_CASE("ten minutes of media may come at once, then ten times as fast as they play") {
    Reader reader;
    reader.flv.arrived_at(at(0));
    play_to(reader.flv, 600'000);

    const auto video = reader.flv.video(600'001, idr_tag());
    const auto audio = reader.flv.audio(600'001, test::from_hex("af0121d0"));
    reader.flv.arrived_at(at(100));

    REQUIRE_FALSE(video.has_value());
    CHECK(video.error().code == ErrorCode::LimitExceeded);
    CHECK(video.error().what ==
          "the media comes more than 10 times as fast as it plays: let the encoder send in real "
          "time (ffmpeg: -re)");
    CHECK_FALSE(audio.has_value());
    CHECK(reader.flv.video(601'001, idr_tag()).has_value());
    CHECK_FALSE(reader.flv.video(601'002, idr_tag()).has_value());
}

TEST_CASE("a clock that leaps or goes back counts as a second, however far") {
    Reader reader;
    reader.flv.arrived_at(at(0));
    leap_and_return(reader.flv, 300);

    CHECK(reader.flv.video(10'001, idr_tag()).has_value());
    CHECK_FALSE(reader.flv.video(0, idr_tag()).has_value());
}

}  // namespace oxbow::ingest
