#include "record/thumbnails.h"

#include <filesystem>
#include <future>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/random.h"
#include "packager/segmenter.h"
#include "packager/test_units.h"
#include "record/limits.h"
#include "store/folder_store.h"

using namespace oxbow;
using namespace oxbow::record;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kStart{1'764'142'200'000ms};  // where a page of the index begins
const ChannelId kChannel{"AsXego4U6tnj"};
const RecordingId kRecording{"j8Z9O91ndcVs"};
constexpr std::string_view kPrefix = "ivs/v1/0/AsXego4U6tnj/2025/11/26/7/30/j8Z9O91ndcVs";

/// What the pictures of a test say, and what they were asked for.
struct Script {
    std::mutex mutex;
    std::vector<pictures::PictureSize> sizes;
    std::optional<Error> failure;
    std::shared_future<void> hold;  // jpeg_of() waits for it, where it is set
};

/// Pictures that need no decoder: the text "JPEG n".
class ScriptedPictures final : public pictures::Pictures {
public:
    explicit ScriptedPictures(Script& script) : script_(script) {}
    Result<Bytes> jpeg_of(BytesView, pictures::PictureSize size) override {
        if (script_.hold.valid()) script_.hold.wait();
        const std::lock_guard lock{script_.mutex};
        script_.sizes.push_back(size);
        if (script_.failure) return std::unexpected(*script_.failure);
        const std::string text = fmt::format("JPEG {}", script_.sizes.size());
        return Bytes{text.begin(), text.end()};
    }
    void rest() override {}
    void cancel() override {}

private:
    Script& script_;
};

/// A segment of one key frame, `at` from the beginning; film_video() is 854x480.
LiveSegmentPtr segment_at(std::chrono::milliseconds at, bool key_frame = true) {
    Segmenter segmenter{{}, {.media = at, .wall = kStart + at}};
    std::vector<LiveSegmentPtr> closed;
    if (key_frame) {
        test::collect(closed, segmenter.set_video_parameters(test::film_video()));
        test::collect(closed, segmenter.push(test::idr(0ms)));
        test::collect(closed, segmenter.push(test::slice(1'960ms)));
        test::collect(closed, segmenter.push(test::idr(2'000ms)));
    } else {
        test::collect(closed, segmenter.set_audio_parameters(test::stereo()));
        for (int i = 0; i < 220; ++i) test::collect(closed, segmenter.push(test::sound(20ms * i)));
    }
    REQUIRE_FALSE(closed.empty());
    return closed[0];
}

struct Fixture {
    Fixture() { start(); }
    ~Fixture() {
        thumbnails.reset();
        std::filesystem::remove_all(folder);
    }
    void start() {
        thumbnails = std::make_unique<Thumbnails>(Thumbnails::Rooms{*store, newest, clock},
                                                  std::make_unique<ScriptedPictures>(script));
    }
    void begin(ThumbnailSettings settings = {}) {
        thumbnails->begin({kChannel, kRecording, std::string{kPrefix}, std::move(settings)});
        thumbnails->announced(kRecording);
    }
    /// Submits one, and waits until it is made or has failed.
    void make(std::chrono::milliseconds at) {
        const auto before = thumbnails->counts();
        thumbnails->submit(kRecording, segment_at(at), at);
        while (done(thumbnails->counts()) == done(before)) std::this_thread::yield();
        settle();
    }
    static std::uint64_t done(const Thumbnails::Counts& counts) {
        return counts.made + counts.failed;
    }
    /// Until the thread is through with the picture that it has counted.
    void settle() {
        while (thumbnails->busy()) std::this_thread::yield();
    }
    std::string object(const std::string& key) { return store->get(key).value_or("(none)"); }
    std::string thumbnail(std::uint64_t number) {
        return object(ivs::thumbnail_key(kPrefix, number));
    }
    ivs::ThumbnailPage page(WallTime at) {
        return ivs::read_thumbnail_page(
                   object(ivs::thumbnail_page_key(kPrefix, ivs::thumbnail_page_of(at))))
            .value();
    }
    std::size_t objects() { return store->list(std::string{kPrefix} + "/").value().size(); }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-thumbnails-{}", random_alphanumeric(8));
    ManualClock clock{kStart};
    std::unique_ptr<store::FolderStore> store =
        std::move(*store::FolderStore::open(folder, "recordings", clock));
    ivs::NewestThumbnails newest;
    Script script;
    std::unique_ptr<Thumbnails> thumbnails;
};

// --- Which
// -----------------------------------------------------------------------------------------

std::vector<std::int64_t> chosen(ThumbnailSchedule schedule, std::chrono::milliseconds gop,
                                 int count) {
    std::vector<std::int64_t> out;
    for (int i = 0; i < count; ++i) {
        LiveSegment segment;
        segment.start = gop * i;
        segment.duration = gop;
        segment.key_frame = KeyFramePlace{.offset = 0, .pts = gop * i};
        if (const auto at = schedule.take(segment)) out.push_back(milliseconds(*at));
    }
    return out;
}

TEST_CASE("a thumbnail is made of the first key frame at or after each multiple of the interval") {
    CHECK(chosen(ThumbnailSchedule{5s}, 2s, 13) ==
          std::vector<std::int64_t>{0, 6'000, 10'000, 16'000, 20'000});
    CHECK(chosen(ThumbnailSchedule{1s}, 2s, 3) == std::vector<std::int64_t>{0, 2'000, 4'000});
    CHECK(chosen(ThumbnailSchedule{60s}, 2s, 32) == std::vector<std::int64_t>{0, 60'000});
}

TEST_CASE("a recording that is taken up again keeps its rhythm") {
    CHECK(chosen(ThumbnailSchedule{5s, 12s}, 2s, 5) ==
          std::vector<std::int64_t>{12'000, 16'000, 20'000});
}

TEST_CASE("a segment without a key frame counts as time, and gives no thumbnail") {
    ThumbnailSchedule schedule{5s};
    LiveSegment sound;
    sound.duration = 6s;
    LiveSegment picture;
    picture.start = 100s;
    picture.duration = 2s;
    picture.key_frame = KeyFramePlace{.offset = 0, .pts = 100s + 80ms};

    CHECK_FALSE(schedule.take(sound));
    CHECK(schedule.take(picture) == MediaTime{6'080ms});
}

TEST_CASE("a recording configuration says which thumbnails there are") {
    catalog::RecordingConfiguration configuration;
    configuration.thumbnail_interval = 7s;
    configuration.thumbnail_resolution = "HD";
    configuration.thumbnail_storage = {"LATEST"};

    const auto settings = thumbnail_settings(configuration).value();
    configuration.thumbnail_mode = "DISABLED";

    CHECK(settings.interval == 7s);
    CHECK(settings.resolution == "HD");
    CHECK(settings.latest);
    CHECK_FALSE(settings.sequential);
    CHECK_FALSE(thumbnail_settings(configuration));
}

TEST_CASE("the metadata names what is stored, with its size, and nothing for sound alone") {
    ivs::RecordingMetadata both;
    ivs::RecordingMetadata sound;
    const ThumbnailSettings settings{.resolution = "SD", .sequential = true, .latest = true};

    add_thumbnails(both, settings, {1920, 1080});
    add_thumbnails(sound, settings, {0, 0});

    CHECK(both.thumbnails->path == "media/thumbnails");
    CHECK(both.thumbnails->width == 852);
    CHECK(both.latest_thumbnail->path == "media/latest_thumbnail/thumb.jpg");
    CHECK(both.latest_thumbnail->height == 480);
    CHECK_FALSE(sound.thumbnails);
    CHECK_FALSE(sound.latest_thumbnail);
}

// --- Their objects
// -----------------------------------------------------------------------------------

TEST_CASE("thumbnails are numbered objects, listed by time with their place in the recording") {
    Fixture fixture;
    fixture.begin();

    fixture.make(0s);
    fixture.make(6s);

    CHECK(fixture.thumbnail(0) == "JPEG 1");
    CHECK(fixture.thumbnail(1) == "JPEG 2");
    CHECK(fixture.page(kStart) ==
          ivs::ThumbnailPage{.resolution = {854, 480},
                             .thumbnails = {{0, kStart, 0ms}, {1, kStart + 6s, 6'000ms}}});
    CHECK(fixture.newest.get(kChannel)->key == ivs::thumbnail_key(kPrefix, 1));
    CHECK(fixture.newest.get(kChannel)->time == kStart + 6s);
}

TEST_CASE("the latest thumbnail is replaced, and alone when nothing else is stored") {
    Fixture fixture;
    fixture.begin({.sequential = false, .latest = true});

    fixture.make(0s);
    fixture.make(6s);

    CHECK(fixture.object(ivs::latest_thumbnail_key(kPrefix)) == "JPEG 2");
    CHECK(fixture.objects() == 2);
    CHECK(ivs::read_thumbnail_page(
              fixture.object(ivs::thumbnail_page_key(kPrefix, ivs::kLatestThumbnailPage)))
              .value()
              .thumbnails == std::vector<ivs::Thumbnail>{{std::nullopt, kStart + 6s, 6'000ms}});
    CHECK(fixture.newest.get(kChannel)->key == ivs::latest_thumbnail_key(kPrefix));
}

TEST_CASE("both kinds of storage are kept beside each other") {
    Fixture fixture;
    fixture.begin({.sequential = true, .latest = true});

    fixture.make(0s);

    CHECK(fixture.object(ivs::latest_thumbnail_key(kPrefix)) == "JPEG 1");
    CHECK(fixture.thumbnail(0) == "JPEG 1");
}

TEST_CASE("every ten minutes have a page of their own") {
    Fixture fixture;
    fixture.begin();

    fixture.make(599s);
    fixture.make(600s);

    CHECK(fixture.page(kStart).thumbnails.size() == 1);
    CHECK(fixture.page(kStart + 10min).thumbnails ==
          std::vector<ivs::Thumbnail>{{1, kStart + 600s, 600'000ms}});
}

TEST_CASE("thumbnails have the resolution of the configuration") {
    Fixture fixture;
    fixture.begin({.resolution = "LOWEST_RESOLUTION"});

    fixture.make(0s);

    CHECK(fixture.script.sizes.at(0) == pictures::PictureSize{284, 160});
}

TEST_CASE("another process goes on behind the last thumbnail, listed or not") {
    Fixture fixture;
    fixture.begin();
    fixture.make(0s);
    fixture.thumbnails.reset();
    REQUIRE(fixture.store->put(ivs::thumbnail_key(kPrefix, 1), as_bytes("not listed")));
    fixture.start();
    fixture.begin();

    fixture.make(6s);

    CHECK(fixture.thumbnail(1) == "not listed");
    CHECK(fixture.page(kStart).thumbnails ==
          std::vector<ivs::Thumbnail>{{0, kStart, 0ms}, {2, kStart + 6s, 6'000ms}});
}

// --- When
// -------------------------------------------------------------------------------------------

TEST_CASE("nothing is put before the recording is announced, and then what waits") {
    Fixture fixture;
    fixture.thumbnails->begin({kChannel, kRecording, std::string{kPrefix}, {}});

    fixture.thumbnails->submit(kRecording, segment_at(0s), 0s);
    fixture.settle();
    CHECK(fixture.objects() == 0);
    fixture.thumbnails->announced(kRecording);
    while (fixture.thumbnails->counts().made == 0) std::this_thread::yield();

    CHECK(fixture.thumbnail(0) == "JPEG 1");
}

TEST_CASE("a recording that is taken back before it is announced has none") {
    Fixture fixture;
    fixture.thumbnails->begin({kChannel, kRecording, std::string{kPrefix}, {}});
    fixture.thumbnails->submit(kRecording, segment_at(0s), 0s);

    fixture.thumbnails->end(kRecording);
    fixture.thumbnails->announced(kRecording);
    fixture.settle();

    CHECK(fixture.objects() == 0);
}

TEST_CASE("a thumbnail that comes while the one before is under way is dropped") {
    Fixture fixture;
    std::promise<void> go;
    fixture.script.hold = go.get_future().share();
    fixture.begin();

    fixture.thumbnails->submit(kRecording, segment_at(0s), 0s);
    fixture.thumbnails->submit(kRecording, segment_at(6s), 6s);
    go.set_value();
    while (fixture.thumbnails->counts().made == 0) std::this_thread::yield();
    fixture.settle();

    CHECK(fixture.thumbnails->counts().late == 1);
    CHECK(fixture.thumbnails->counts().made == 1);
}

TEST_CASE("what was submitted before the end is made, and nothing behind it") {
    Fixture fixture;
    std::promise<void> go;
    fixture.script.hold = go.get_future().share();
    fixture.begin();

    fixture.thumbnails->submit(kRecording, segment_at(0s), 0s);
    fixture.thumbnails->end(kRecording);
    go.set_value();
    while (fixture.thumbnails->counts().made == 0) std::this_thread::yield();
    fixture.settle();
    fixture.thumbnails->submit(kRecording, segment_at(6s), 6s);
    fixture.settle();

    CHECK(fixture.thumbnails->counts().made == 1);
    CHECK(fixture.thumbnail(1) == "(none)");
}

TEST_CASE("a recording that is being deleted gets no thumbnail any more") {
    Fixture fixture;
    fixture.begin();
    fixture.make(0s);
    std::promise<void> go;
    fixture.script.hold = go.get_future().share();

    fixture.thumbnails->submit(kRecording, segment_at(6s), 6s);
    fixture.thumbnails->end(kRecording);
    fixture.thumbnails->forget(kChannel, kRecording);
    go.set_value();
    fixture.settle();

    CHECK(fixture.thumbnail(1) == "(none)");
    CHECK_FALSE(fixture.newest.get(kChannel));
}

TEST_CASE("a picture that cannot be made is counted, and the next one has its number") {
    Fixture fixture;
    fixture.begin();
    fixture.script.failure = Error{ErrorCode::Malformed, "damaged"};
    fixture.make(0s);
    fixture.script.failure.reset();
    fixture.make(6s);

    CHECK(fixture.thumbnails->counts().failed == 1);
    CHECK(fixture.thumbnail(0) == "JPEG 2");
}

TEST_CASE("the newest thumbnail of an earlier process is found") {
    Fixture fixture;
    fixture.begin();
    fixture.make(0s);
    fixture.make(700s);
    fixture.newest.publish(kChannel, nullptr);

    catalog::Recording row;
    row.id = kRecording;
    row.channel = kChannel;
    row.prefix = kPrefix;
    fixture.thumbnails->look_up(row);
    fixture.settle();

    REQUIRE(fixture.newest.get(kChannel));
    CHECK(fixture.newest.get(kChannel)->key == ivs::thumbnail_key(kPrefix, 1));
    CHECK(fixture.newest.get(kChannel)->time == kStart + 700s);
}

TEST_CASE("waiting segments hold kThumbnailBytesMax, and not one more") {
    Fixture fixture;
    const auto segment = segment_at(0s);
    const std::size_t fit = kThumbnailBytesMax / segment->bytes.size();
    REQUIRE(fit < 100'000);

    for (std::size_t i = 0; i < fit + 2; ++i) {
        const RecordingId id{fmt::format("rec{}", i)};
        fixture.thumbnails->begin({kChannel, id, fmt::format("ivs/{}", i), {}});
        fixture.thumbnails->submit(id, segment, 0s);
    }

    CHECK(fixture.thumbnails->counts().late == 2);
}

}  // namespace
