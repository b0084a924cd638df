#pragma once

// A recording on a real folder and a real database, for this room's tests.

#include <doctest/doctest.h>

#include <filesystem>
#include <future>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "record/recorder.h"
#include "store/folder_store.h"
#include "store/forwarding_store.h"

namespace oxbow::record {
using namespace std::chrono_literals;

inline constexpr WallTime kStart{1'700'000'000'000ms};  // 2023-11-14T22:13:20Z
inline constexpr std::string_view kPrefix =
    "ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/j8Z9O91ndcVs";
inline constexpr std::size_t kSegmentBytes = 1880;

/// A bucket whose puts fail on demand, as those of a full disk do.
class FailingStore final : public store::ForwardingStore {
public:
    using ForwardingStore::ForwardingStore;
    bool failing = false;
    std::size_t failing_from = SIZE_MAX;  // the number of the first put that fails, from 1
    std::vector<std::string> puts;        // keys below the recording's prefix, in order

    Result<store::ObjectInfo> put(std::string_view key, BytesView bytes) override {
        if (!takes(key)) return fail(ErrorCode::Unavailable, "the disk is full");
        return ForwardingStore::put(key, bytes);
    }
    Result<store::ObjectInfo> adopt(const std::filesystem::path& file,
                                    std::string_view key) override {
        if (!takes(key)) return fail(ErrorCode::Unavailable, "the disk is full");
        return ForwardingStore::adopt(file, key);
    }

private:
    bool takes(std::string_view key) {
        puts.emplace_back(key.substr(std::min(key.size(), kPrefix.size() + 1)));
        return !failing && puts.size() < failing_from;
    }
};

struct HeardListener final : RecordingListener {
    void on_written(const FileRegion& place) override {
        ++written;
        last_place = place;
    }
    void on_lost() override { ++lost; }
    void on_interrupted(const std::string& why) override { interruptions.push_back(why); }
    void on_resumed(std::uint64_t count) override { resumed.push_back(count); }
    void on_chunk(const Chunk& chunk) override { chunks.push_back(chunk.number); }
    void on_ended() override { ended = true; }
    void on_failed(const std::string& why) override { failure = why; }
    void on_state(const catalog::Recording& recording) override {
        states.push_back(recording.status);
    }
    void on_not_started() override { not_started = true; }

    int written = 0;
    int lost = 0;
    std::vector<std::string> interruptions;
    std::vector<std::uint64_t> resumed;
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

}  // namespace oxbow::record
