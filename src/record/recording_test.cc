#include "record/recording.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/random.h"
#include "record/recorder.h"
#include "store/folder_store.h"

using namespace oxbow;
using namespace oxbow::record;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kStart{1'700'000'000'000ms};  // 2023-11-14T22:13:20Z
constexpr std::string_view kPrefix =
    "ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/j8Z9O91ndcVs";
constexpr std::size_t kSegmentBytes = 1880;

/// A bucket whose puts fail on demand, as those of a full disk do.
class FailingStore final : public store::ObjectStore {
public:
    explicit FailingStore(store::ObjectStore& real) : real_(real) {}
    bool failing = false;
    std::size_t failing_from = SIZE_MAX;  // the number of the first put that fails, from 1
    std::vector<std::string> puts;        // keys below the recording's prefix, in order

    Result<store::ObjectInfo> put(std::string_view key, BytesView bytes) override {
        note(key);
        if (failing || puts.size() >= failing_from)
            return fail(ErrorCode::Unavailable, "the disk is full");
        return real_.put(key, bytes);
    }
    Result<store::ObjectInfo> adopt(const std::filesystem::path& file,
                                    std::string_view key) override {
        note(key);
        if (failing || puts.size() >= failing_from)
            return fail(ErrorCode::Unavailable, "the disk is full");
        return real_.adopt(file, key);
    }
    Result<std::string> get(std::string_view key, std::size_t bytes_max) override {
        return real_.get(key, bytes_max);
    }
    Result<Bytes> get_range(std::string_view key, store::ByteRange range) override {
        return real_.get_range(key, range);
    }
    Result<store::ObjectInfo> head(std::string_view key) override { return real_.head(key); }
    Result<std::vector<store::ObjectInfo>> list(std::string_view prefix) override {
        return real_.list(prefix);
    }
    Result<void> remove(std::string_view key) override { return real_.remove(key); }
    Result<store::OpenedObject> open(std::string_view key) const override {
        return real_.open(key);
    }
    void set_observer(Observer observer) override { real_.set_observer(std::move(observer)); }

private:
    void note(std::string_view key) {
        puts.emplace_back(key.substr(std::min(key.size(), kPrefix.size() + 1)));
    }
    store::ObjectStore& real_;
};

struct HeardListener final : RecordingListener {
    void on_written(const FileRegion& place) override {
        ++written;
        last_place = place;
    }
    void on_chunk(const Chunk& chunk) override { chunks.push_back(chunk.number); }
    void on_ended() override { ended = true; }
    void on_failed(const std::string& why) override { failure = why; }
    void on_state(const catalog::Recording& recording) override {
        states.push_back(recording.status);
    }
    void on_not_started() override { not_started = true; }

    int written = 0;
    FileRegion last_place;
    std::vector<std::uint64_t> chunks;
    bool ended = false;
    std::string failure;
    std::vector<catalog::RecordingStatus> states;
    bool not_started = false;
};
using States = std::vector<catalog::RecordingStatus>;

/// A recording on a real folder and a real database of its own.
struct Fixture {
    Fixture() {
        std::filesystem::create_directories(folder);
        catalog = std::move(*catalog::Catalog::open(folder / "oxbow.db"));
        bucket = std::move(*store::FolderStore::open(folder / "bucket", "recordings", clock));
        store.emplace(*bucket);
        catalog::Channel channel;
        channel.id = ChannelId{"AsXego4U6tnj"};
        channel.arn = "arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj";
        REQUIRE(catalog->add_channel(
            channel, {.arn = "arn:aws:ivs:us-east-1:000000000000:stream-key/abcdefghijkl",
                      .value = StreamKeyValue{"sk_us-east-1_AsXego4U6tnj_567890abcdef"},
                      .channel = channel.id}));
    }
    ~Fixture() {
        catalog.reset();
        std::filesystem::remove_all(folder);
    }

    RecordingPlace place() { return {*store, *catalog, views, clock, folder / "spool"}; }
    static RecordingSpec spec() {
        return {.account = "000000000000",
                .region = "us-east-1",
                .channel = ChannelId{"AsXego4U6tnj"},
                .recording = RecordingId{"j8Z9O91ndcVs"},
                .stream = StreamId{"st-1"},
                .started_at = kStart,
                .epoch = "mp3k9a"};
    }

    std::string object(std::string_view name) {
        return store->get(fmt::format("{}/{}", kPrefix, name), 1 << 20).value();
    }
    catalog::Recording row() { return catalog->recording(RecordingId{"j8Z9O91ndcVs"}).value(); }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-record-{}", random_alphanumeric(8));
    ManualClock clock{kStart};
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<store::FolderStore> bucket;
    std::optional<FailingStore> store;
    RecordingViews views;
    std::shared_ptr<HeardListener> listener = std::make_shared<HeardListener>();
};

/// Segments of `duration` on one running timeline.
struct Segments {
    LiveSegment next(MediaTime duration, bool discontinuity = false) {
        LiveSegment segment;
        segment.parameters = parameters;
        segment.start = at;
        segment.duration = duration;
        segment.program_date_time = kStart + std::chrono::milliseconds{milliseconds(at)};
        segment.discontinuity = discontinuity;
        segment.video_frames = static_cast<std::uint32_t>(milliseconds(duration) * 30 / 1000);
        segment.bytes.append(Bytes(kSegmentBytes, 0x47));
        at += duration;
        return segment;
    }

    MediaTime at{};
    std::shared_ptr<const RenditionParameters> parameters = [] {
        RenditionParameters made;
        made.video =
            VideoParameters{.profile_idc = 100, .level_idc = 31, .width = 1280, .height = 720};
        made.audio = AudioParameters{};
        return std::make_shared<const RenditionParameters>(std::move(made));
    }();
};

}  // namespace

TEST_CASE(
    "the first segment makes a whole recording, put in the order in which nothing leads nowhere") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};

    REQUIRE(recording.append(segments.next(2s)));

    CHECK(at.store->puts == std::vector<std::string>{
                                "media/hls/720p30/0.ts", "media/hls/720p30/playlist.m3u8",
                                "media/hls/720p30/byte-range-variant.m3u8", "media/hls/master.m3u8",
                                "media/hls/byte-range-multivariant.m3u8",
                                "events/recording-started.json"});
    CHECK(at.listener->written == 1);
    CHECK(at.listener->states == States{catalog::RecordingStatus::Started});
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->recording.duration == 2s);
}

TEST_CASE("later chunks close at the first segment end at or after ten seconds") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));

    REQUIRE(recording.append(segments.next(4s)));
    REQUIRE(recording.append(segments.next(5'999ms)));
    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0});
    REQUIRE(recording.append(segments.next(1s)));

    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0, 1});
    CHECK(at.object("media/hls/720p30/1.ts").size() == 3 * kSegmentBytes);
    CHECK(at.object("media/hls/720p30/playlist.m3u8").find("#EXTINF:10.999,\n1.ts\n") !=
          std::string::npos);
}

TEST_CASE("a written segment is told with its place, which stays when the chunk is an object") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.append(segments.next(5s)));
    REQUIRE(recording.append(segments.next(5s)));  // closes the chunk

    const FileRegion& place = at.listener->last_place;
    std::string read(kSegmentBytes, '\0');

    CHECK(place.offset == kSegmentBytes);
    CHECK(place.length == kSegmentBytes);
    REQUIRE(::pread(place.file->fd(), read.data(), read.size(), static_cast<off_t>(place.offset)) ==
            static_cast<ssize_t>(kSegmentBytes));
    CHECK(at.object("media/hls/720p30/1.ts").substr(kSegmentBytes) == read);
}

TEST_CASE("a discontinuity closes the open chunk and marks the next one") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.append(segments.next(2s)));

    REQUIRE(recording.append(segments.next(2s, true)));
    REQUIRE(recording.end());

    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0, 1, 2});
    const std::string playlist = at.object("media/hls/720p30/byte-range-variant.m3u8");
    CHECK(playlist.find("#EXT-X-DISCONTINUITY") < playlist.find("2.ts"));
    CHECK(playlist.find("#EXT-X-DISCONTINUITY") > playlist.find("1.ts"));
}

TEST_CASE(
    "an ended recording has ENDLIST, recording-ended.json with the exact duration, and its row") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2'033ms)));
    REQUIRE(recording.append(segments.next(1'967ms)));
    at.clock.advance(4s);

    REQUIRE(recording.end());

    CHECK(at.listener->ended);
    CHECK(at.listener->states ==
          States{catalog::RecordingStatus::Started, catalog::RecordingStatus::Ended});
    CHECK(at.object("media/hls/720p30/playlist.m3u8").ends_with("#EXT-X-ENDLIST\n"));
    CHECK(at.object("events/recording-ended.json").find("\"duration_ms\":4000") !=
          std::string::npos);
    CHECK(at.row().status == catalog::RecordingStatus::Ended);
    CHECK(at.row().duration == 4s);
    CHECK(at.row().bytes == 2 * kSegmentBytes);
    CHECK_FALSE(std::filesystem::exists(at.folder / "spool/j8Z9O91ndcVs"));
}

TEST_CASE(
    "while the publisher is away all that was recorded is in the bucket, and the recording stays "
    "open") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.append(segments.next(2s)));

    REQUIRE(recording.stream_left());
    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0, 1});
    CHECK(at.object("media/hls/720p30/playlist.m3u8").find("ENDLIST") == std::string::npos);

    REQUIRE(recording.stream_joined(StreamId{"st-2"}));
    CHECK(at.row().streams == std::vector<StreamId>{StreamId{"st-1"}, StreamId{"st-2"}});
}

TEST_CASE(
    "after half an hour the playlists are put once a minute, and viewers still read every chunk") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    at.clock.advance(30min);
    REQUIRE(recording.append(segments.next(10s)));
    at.store->puts.clear();

    at.clock.advance(59s);
    REQUIRE(recording.append(segments.next(10s)));
    CHECK(at.store->puts == std::vector<std::string>{"media/hls/720p30/2.ts"});
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->standard_playlist->str().find("\n2.ts\n") !=
          std::string::npos);

    at.clock.advance(1s);
    REQUIRE(recording.append(segments.next(10s)));
    CHECK(at.store->puts.size() == 4);
}

TEST_CASE("a disk that fails ends the recording, and the listener and the view say so") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    at.store->failing = true;

    const auto appended = recording.append(segments.next(10s));
    REQUIRE_FALSE(appended.has_value());
    recording.fail_with(appended.error().what);

    CHECK(at.listener->failure == "the disk is full");
    CHECK_FALSE(at.listener->not_started);
    const auto view = at.views.get(ChannelId{"AsXego4U6tnj"});
    CHECK(view->recording.status == catalog::RecordingStatus::EndedWithFailure);
    CHECK(view->standard_playlist->str().ends_with("#EXT-X-ENDLIST\n"));
    CHECK_FALSE(recording.closed());
    CHECK(at.listener->states == States{catalog::RecordingStatus::Started});

    at.store->failing = false;
    REQUIRE(recording.close_failed());
    CHECK(at.listener->states ==
          States{catalog::RecordingStatus::Started, catalog::RecordingStatus::EndedWithFailure});

    CHECK(recording.closed());
    CHECK(at.object("media/hls/720p30/playlist.m3u8").find("\n1.ts\n#EXT-X-ENDLIST\n") !=
          std::string::npos);
    CHECK(at.object("events/recording-failed.json").find("\"duration_ms\":12000") !=
          std::string::npos);
    CHECK(at.row().status == catalog::RecordingStatus::EndedWithFailure);
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->standard_playlist == nullptr);
}

TEST_CASE(
    "a recording that fails before it is announced is taken back, and the one before is shown "
    "again") {
    Fixture at;
    Segments segments;
    RecordingSpec earlier = Fixture::spec();
    earlier.recording = RecordingId{"earlier"};
    Recording before{at.place(), earlier, at.listener};
    REQUIRE(before.append(segments.next(2s)));
    REQUIRE(before.end());
    at.listener->states.clear();
    Recording recording{at.place(), Fixture::spec(), at.listener};
    at.store->failing_from = at.store->puts.size() + 6;  // all is put but recording-started.json

    const auto appended = recording.append(segments.next(2s));
    REQUIRE_FALSE(appended.has_value());
    recording.fail_with(appended.error().what);

    CHECK(recording.closed());
    CHECK(at.listener->not_started);
    CHECK(at.listener->states.empty());
    CHECK(at.store->list(kPrefix).value().empty());
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->recording.id == RecordingId{"earlier"});
    CHECK_FALSE(at.catalog->recording(RecordingId{"j8Z9O91ndcVs"}).has_value());
}

TEST_CASE(
    "a segment that does not fit into the queue fails its recording, one that just fits does not") {
    Fixture fits;
    Fixture does_not;
    Segments segments;
    const auto segment = std::make_shared<LiveSegment>(segments.next(2s));
    Recorder wide{fits.place(), kSegmentBytes};
    Recorder narrow{does_not.place(), kSegmentBytes - 1};

    wide.begin(Fixture::spec(), fits.listener);
    wide.append(RecordingId{"j8Z9O91ndcVs"}, segment);
    wide.drain();
    narrow.begin(Fixture::spec(), does_not.listener);
    narrow.append(RecordingId{"j8Z9O91ndcVs"}, segment);
    narrow.drain();

    CHECK(fits.listener->written == 1);
    CHECK(fits.listener->failure.empty());
    CHECK(does_not.listener->written == 0);
    CHECK(does_not.listener->failure.find("the disk is too slow") != std::string::npos);
}

TEST_CASE("what an earlier process left open is ended with every segment that was written") {
    Fixture at;
    Segments segments;
    {
        Recording cut_off{at.place(), Fixture::spec(), at.listener};
        REQUIRE(cut_off.append(segments.next(2s)));
        REQUIRE(cut_off.append(segments.next(3s)));
    }
    // The next segment was half written when the process was killed.
    std::ofstream{at.folder / "spool/j8Z9O91ndcVs/1.ts", std::ios::app} << "half a segment";
    std::ofstream{at.folder / "spool/j8Z9O91ndcVs/segments.m3u8", std::ios::app}
        << "#EXT-X-PROGRAM-DATE";

    CHECK(end_unfinished_recordings(at.place()).value() == 1);

    CHECK(at.row().status == catalog::RecordingStatus::EndedWithFailure);
    CHECK(at.row().duration == 5s);
    CHECK(at.row().ended_at == kStart + 5s);
    CHECK(at.object("media/hls/720p30/1.ts").size() == kSegmentBytes);
    CHECK(at.object("media/hls/720p30/byte-range-variant.m3u8")
              .ends_with("\n1.ts\n#EXT-X-ENDLIST\n"));
    CHECK(at.object("events/recording-failed.json").find("RECORDING_ENDED_WITH_FAILURE") !=
          std::string::npos);
    CHECK_FALSE(std::filesystem::exists(at.folder / "spool"));
    CHECK(end_unfinished_recordings(at.place()).value() == 0);
}

TEST_CASE("a cut-off recording that the disk does not take yet is whole behind the next start") {
    Fixture at;
    Segments segments;
    {
        Recording cut_off{at.place(), Fixture::spec(), at.listener};
        REQUIRE(cut_off.append(segments.next(2s)));
        REQUIRE(cut_off.append(segments.next(3s)));
    }
    std::filesystem::create_directories(at.folder / "spool/nobodys");
    at.store->failing = true;

    CHECK(end_unfinished_recordings(at.place()).value() == 0);
    CHECK(at.row().status == catalog::RecordingStatus::Started);
    CHECK_FALSE(std::filesystem::exists(at.folder / "spool/nobodys"));

    at.store->failing = false;
    CHECK(end_unfinished_recordings(at.place()).value() == 1);
    CHECK(at.row().status == catalog::RecordingStatus::EndedWithFailure);
    CHECK(at.row().duration == 5s);
    CHECK_FALSE(std::filesystem::exists(at.folder / "spool"));
}

TEST_CASE("a cut-off recording without its log is ended with what the bucket lists") {
    Fixture at;
    Segments segments;
    {
        Recording cut_off{at.place(), Fixture::spec(), at.listener};
        REQUIRE(cut_off.append(segments.next(2s)));
        REQUIRE(cut_off.append(segments.next(3s)));
    }
    std::filesystem::remove_all(at.folder / "spool");

    CHECK(end_unfinished_recordings(at.place()).value() == 1);

    CHECK(at.row().duration == 2s);
    CHECK(at.object("media/hls/720p30/playlist.m3u8").ends_with("\n0.ts\n#EXT-X-ENDLIST\n"));
}

TEST_CASE(
    "a cut-off recording whose objects are gone is ended all the same, so that it can be deleted") {
    Fixture at;
    Segments segments;
    {
        Recording cut_off{at.place(), Fixture::spec(), at.listener};
        REQUIRE(cut_off.append(segments.next(2s)));
    }
    std::filesystem::remove_all(at.folder / "bucket/ivs");
    std::filesystem::remove_all(at.folder / "spool");

    CHECK(end_unfinished_recordings(at.place()).has_value());

    CHECK(at.row().status == catalog::RecordingStatus::EndedWithFailure);
}
