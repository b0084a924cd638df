#include "live/stream_meter.h"

#include <doctest/doctest.h>

#include "live/ingest_limits.h"
#include "packager/test_units.h"

namespace oxbow::live {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr SteadyTime kBegin{1'000'000ms};

/// A publisher in virtual time: 25 pictures a second of 1,000 bytes, a key frame every 2 s, 50
/// sounds of 100 bytes.
class Publishing {
public:
    explicit Publishing(bool pictures = true) : pictures_(pictures) {}

    /// A second passes, in which the next `media` come.
    std::optional<Health> second(milliseconds media) {
        const milliseconds until = sent_ + media;
        for (; sent_ < until; sent_ += 20ms) {
            if (pictures_ && sent_ % 40ms == 0ms) {
                meter.take(test::picture(
                    sent_, sent_ % 2'000ms == 0ms ? KeyFrame::Yes : KeyFrame::No, 1'000));
            }
            meter.take(test::sound(sent_));
        }
        now_ += 1s;
        return meter.tick(now_);
    }
    /// Out: what the last of them said.
    std::optional<Health> seconds(int count, milliseconds media) {
        std::optional<Health> last;
        for (int i = 0; i < count; ++i) last = second(media);
        return last;
    }

    StreamMeter meter{kBegin};

private:
    bool pictures_;
    SteadyTime now_ = kBegin;
    milliseconds sent_{};
};

TEST_CASE("the health of a stream is not known before five seconds are measured") {
    Publishing publishing;

    CHECK(publishing.seconds(4, 1'000ms) == std::nullopt);
    CHECK(publishing.meter.health() == Health::Unknown);
    CHECK(publishing.second(1'000ms) == Health::Healthy);
    CHECK(publishing.second(1'000ms) == std::nullopt);
}

TEST_CASE("how far apart key frames are is known after three, or once they are far apart") {
    StreamMeter meter{kBegin};
    const auto pictures = [&](milliseconds from, milliseconds to) {
        for (milliseconds at = from; at < to; at += 40ms)
            meter.take(test::picture(at, at == from ? KeyFrame::Yes : KeyFrame::No));
    };

    pictures(0ms, 2s);
    pictures(2s, 3'960ms);
    CHECK_FALSE(meter.key_frames_apart());
    pictures(4s, 4'040ms);
    CHECK(meter.key_frames_apart() == 2s);
    pictures(6s, 9'480ms);  // behind a hole of nearly 2 s, which counts for nothing
    CHECK(meter.key_frames_apart() == 3'440ms);

    StreamMeter rare{kBegin};
    for (milliseconds at = 0ms; at <= 6'040ms; at += 40ms)
        rare.take(test::picture(at, at == 0ms ? KeyFrame::Yes : KeyFrame::No));
    CHECK(rare.key_frames_apart() == 6'040ms);
}

TEST_CASE("a stream starves when less than half of five seconds' media came, and recovers") {
    Publishing publishing;
    publishing.seconds(10, 1'000ms);

    CHECK(publishing.seconds(2, 0ms) == std::nullopt);
    CHECK(publishing.second(0ms) == Health::Starving);
    CHECK(publishing.seconds(3, 0ms) == std::nullopt);
    CHECK(publishing.seconds(2, 1'000ms) == std::nullopt);
    CHECK(publishing.second(1'000ms) == Health::Healthy);
}

TEST_CASE("half of the media is enough, a picture less is not") {
    Publishing half;
    Publishing less;
    half.seconds(5, 1'000ms);
    less.seconds(5, 1'000ms);

    half.seconds(20, 520ms);
    less.seconds(20, 480ms);

    CHECK(half.meter.health() == Health::Healthy);
    CHECK(less.meter.health() == Health::Starving);
}

TEST_CASE("media that comes in bursts is no less media") {
    Publishing publishing;

    publishing.seconds(5, 1'000ms);
    publishing.second(0ms);
    publishing.second(2'000ms);
    publishing.second(0ms);
    publishing.second(2'000ms);

    CHECK(publishing.meter.health() == Health::Healthy);
}

TEST_CASE("a hole in the media does not count as media, however long it is") {
    StreamMeter meter{kBegin};
    meter.take(test::idr(0s));
    meter.take(test::idr(20s));

    CHECK(meter.tick(kBegin + 5s) == Health::Starving);
}

TEST_CASE("a stream with pictures starves without them, one without lives by its sound") {
    Publishing sound{false};
    sound.seconds(6, 1'000ms);
    CHECK(sound.meter.health() == Health::Healthy);

    sound.meter.take(test::idr(6s));
    sound.seconds(5, 1'000ms);

    CHECK(sound.meter.health() == Health::Starving);
}

TEST_CASE("a clock that jumps or goes back is no media") {
    StreamMeter meter{kBegin};
    meter.take(test::idr(10s));
    meter.take(test::idr(0s));
    meter.take(test::idr(-10s));

    CHECK(meter.tick(kBegin + 5s) == Health::Starving);
}

TEST_CASE("the configuration comes from the headers, the rates from what was measured") {
    Publishing publishing;
    publishing.meter.set_metadata(
        {.encoder = "Lavf59.27.100", .video_bits_per_second = 7, .frame_rate = 7});
    publishing.meter.set_video_parameters(test::film_video());
    publishing.meter.set_audio_parameters(test::stereo());

    publishing.seconds(10, 1'000ms);
    const auto ingest = publishing.meter.configuration();

    REQUIRE(ingest);
    REQUIRE(ingest->video);
    CHECK(ingest->video->codec == "avc1.64001E");
    CHECK(ingest->video->avc_profile == "High");
    CHECK(ingest->video->avc_level == "3.0");
    CHECK(ingest->video->encoder == "Lavf59.27.100");
    CHECK(ingest->video->width == 854);
    CHECK(ingest->video->height == 480);
    CHECK(ingest->video->bits_per_second == doctest::Approx(200'000).epsilon(0.02));
    CHECK(ingest->video->frame_rate == doctest::Approx(25));
    CHECK(ingest->video->key_frame_interval_ms == 2'000);
    REQUIRE(ingest->audio);
    CHECK(ingest->audio->codec == "mp4a.40.2");
    CHECK(ingest->audio->channels == 2);
    CHECK(ingest->audio->sample_rate == 48'000);
    CHECK(ingest->audio->bits_per_second == doctest::Approx(40'000).epsilon(0.02));
}

TEST_CASE("before anything is measured the publisher's own word counts, if it can be") {
    StreamMeter meter{kBegin};
    CHECK(meter.configuration() == std::nullopt);
    meter.set_metadata({.encoder = "OBS",
                        .video_bits_per_second = 2'500'000,
                        .audio_bits_per_second = -1,
                        .frame_rate = 30});
    meter.set_video_parameters(test::film_video());
    meter.set_audio_parameters(test::stereo());

    const auto ingest = meter.configuration();

    CHECK(ingest->video->bits_per_second == 2'500'000);
    CHECK(ingest->video->frame_rate == 24);  // of the VUI, before the publisher's 30
    CHECK(ingest->audio->bits_per_second == 0);
}

TEST_CASE("the encoder's name is plain text of 128 bytes, whatever the publisher says") {
    StreamMeter meter{kBegin};
    meter.set_video_parameters(test::film_video());
    meter.set_metadata({.encoder = "a\x01\xff~"});
    CHECK(meter.configuration()->video->encoder == "a??~");
    meter.set_metadata({.encoder = std::string(128, 'x')});
    CHECK(meter.configuration()->video->encoder.size() == 128);
    meter.set_metadata({.encoder = std::string(129, 'x')});
    CHECK(meter.configuration()->video->encoder.size() == 128);
}

TEST_CASE("the rate against the limits is that of five seconds, and none before they are over") {
    Publishing publishing;

    publishing.seconds(4, 1'000ms);
    CHECK(publishing.meter.bits_per_second() == 0);
    publishing.second(1'000ms);

    CHECK(publishing.meter.bits_per_second() == doctest::Approx(240'000).epsilon(0.02));
}

TEST_CASE("media that was late and comes all at once is no higher rate") {
    Publishing publishing;
    publishing.seconds(10, 1'000ms);
    publishing.seconds(4, 0ms);

    publishing.second(5'000ms);

    CHECK(publishing.meter.bits_per_second() == doctest::Approx(240'000).epsilon(0.02));
}

// --- Limits --------------------------------------------------------------------------------------

ivs::IngestConfiguration pictures_of(int width, int height) {
    return {.video = ivs::VideoIngest{.width = width, .height = height}, .audio = std::nullopt};
}

TEST_CASE("a channel's type and size decide its bitrate: the limit passes, the next bit does not") {
    CHECK(breached_limits("BASIC", pictures_of(852, 480), 1'500'000).empty());
    CHECK(breached_limits("BASIC", pictures_of(852, 480), 1'500'001).at(0).limit_value ==
          1'500'000);
    CHECK(breached_limits("BASIC", pictures_of(1280, 720), 3'500'000).empty());
    CHECK(breached_limits("BASIC", pictures_of(1280, 720), 3'500'001).at(0).limit_value ==
          3'500'000);
    CHECK(breached_limits("STANDARD", pictures_of(1280, 720), 8'500'000).empty());
    CHECK(breached_limits("ADVANCED_HD", pictures_of(1280, 720), 8'500'001).at(0).limit_value ==
          8'500'000);
}

TEST_CASE("a bitrate breach names limit, value and unit") {
    const auto breaches = breached_limits("STANDARD", pictures_of(1280, 720), 9'000'000);

    REQUIRE(breaches.size() == 1);
    CHECK(breaches[0].limit_name == "Ingest Bitrate");
    CHECK(breaches[0].limit_value == 8'500'000);
    CHECK(breaches[0].value == 9'000'000);
    CHECK(breaches[0].limit_unit == "bits per second");
}

TEST_CASE("a picture has at most the pixels of 1080p, and 1920 to an edge, either way up") {
    CHECK(breached_limits("BASIC", pictures_of(1920, 1080), 0).empty());
    CHECK(breached_limits("BASIC", pictures_of(1080, 1920), 0).empty());
    CHECK(breached_limits("BASIC", pictures_of(1921, 1000), 0).at(0).limit_unit ==
          "pixels per edge");
    CHECK(breached_limits("BASIC", pictures_of(1920, 1081), 0).at(0).limit_unit == "total pixels");
    CHECK(breached_limits("BASIC", pictures_of(3840, 2160), 0).size() == 2);
}

TEST_CASE("a breach is told once, and again when it was over and a minute has passed") {
    BreachMemory memory;
    const auto breach = breached_limits("STANDARD", pictures_of(1280, 720), 9'000'000);

    CHECK(memory.news(breach, kBegin).size() == 1);
    CHECK(memory.news(breach, kBegin + 90s).empty());
    CHECK(memory.news({}, kBegin + 100s).empty());
    CHECK(memory.news(breach, kBegin + 101s).size() == 1);
    CHECK(memory.news({}, kBegin + 102s).empty());
    CHECK(memory.news(breach, kBegin + 101s + 59'999ms).empty());
    CHECK(memory.news(breach, kBegin + 101s + 60s).size() == 1);
}

}  // namespace
}  // namespace oxbow::live
