#include "record/bucket_recordings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/random.h"
#include "ivs/recording_metadata.h"
#include "store/folder_store.h"

namespace oxbow::record {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{1'675'983'341'000ms};  // 2023-02-09T22:55:41Z
// Amazon's months, days, hours and minutes are not padded; one of its examples has them padded.
const std::string kPrefix = "ivs/v1/123456789012/AsXego4U6tnj/2023/2/9/22/5/j8Z9O91ndcVs";
const std::string kPadded = "ivs/v1/123456789012/AsXego4U6tnj/2023/02/09/22/05/padded0recrd";

// As Amazon IVS writes it: renditions in any order, no member of ours.
constexpr std::string_view kAmazonEnded =
    R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z",)"
    R"("recording_ended_at":"2023-02-09T22:58:30Z",)"
    R"("channel_arn":"arn:aws:ivs:us-east-1:123456789012:channel/AsXego4U6tnj",)"
    R"("recording_status":"RECORDING_ENDED","media":{"hls":{"duration_ms":171546,)"
    R"("path":"media/hls","playlist":"master.m3u8",)"
    R"("byte_range_playlist":"byte-range-multivariant.m3u8","renditions":[)"
    R"({"path":"160p30","playlist":"playlist.m3u8","byte_range_playlist":"byte-range-variant.m3u8",)"
    R"("resolution_width":284,"resolution_height":160},)"
    R"({"path":"720p30","playlist":"playlist.m3u8","byte_range_playlist":"byte-range-variant.m3u8",)"
    R"("resolution_width":1280,"resolution_height":720},)"
    R"({"path":"480p30","playlist":"playlist.m3u8","byte_range_playlist":"byte-range-variant.m3u8",)"
    R"("resolution_width":852,"resolution_height":480}]},)"
    R"("thumbnails":{"path":"media/thumbnails"}}})";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

/// Metadata as this program writes it.
ivs::RecordingMetadata our_metadata() {
    ivs::RecordingMetadata metadata;
    metadata.channel_arn = "arn:aws:ivs:us-east-1:123456789012:channel/AsXego4U6tnj";
    metadata.started_at = kStart + 550ms;
    metadata.renditions = {{.path = "720p30",
                            .playlist = "playlist.m3u8",
                            .byte_range_playlist = "byte-range-variant.m3u8",
                            .width = 1280,
                            .height = 720}};
    metadata.recording_session_id = "j8Z9O91ndcVs";
    metadata.recording_session_stream_ids = {"st-1", "st-2"};
    metadata.segment_epochs = "0:mp3k9a,57:mp4b1c";
    return metadata;
}

struct Fixture {
    ~Fixture() { std::filesystem::remove_all(folder); }

    void put(const std::string& key, std::string_view text) const {
        REQUIRE(bucket->put(key, as_bytes(text)));
    }
    /// Media and playlists of one rendition.
    void put_rendition(const std::string& prefix, const std::string& rendition) const {
        put(fmt::format("{}/media/hls/{}/0.ts", prefix, rendition), std::string(188, 'x'));
        put(fmt::format("{}/media/hls/{}/playlist.m3u8", prefix, rendition), "#EXTM3U\n");
        put(fmt::format("{}/media/hls/{}/byte-range-variant.m3u8", prefix, rendition), "#EXTM3U\n");
    }
    void put_multivariants(const std::string& prefix, const std::string& name) const {
        put(prefix + "/media/hls/" + name, "#EXTM3U\n");
        put(prefix + "/media/hls/byte-range-multivariant.m3u8", "#EXTM3U\n");
    }
    BucketRecordings read() const { return recordings_in_bucket(*bucket).value(); }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-rebuild-{}", random_alphanumeric(8));
    ManualClock clock{kStart};
    std::unique_ptr<store::FolderStore> bucket =
        store::FolderStore::open(folder, "recordings", clock).value();
};

TEST_CASE("a recording of Amazon's is read, of its renditions the one with the most lines") {
    Fixture at;
    at.put(kPrefix + "/events/ivs-check", "");
    at.put(kPrefix + "/events/recording-started.json", "not looked at: it has ended");
    at.put(kPrefix + "/events/recording-ended.json", kAmazonEnded);
    at.put_rendition(kPrefix, "160p30");
    at.put_rendition(kPrefix, "720p30");
    at.put_multivariants(kPrefix, "master.m3u8");

    const auto found = at.read();

    REQUIRE(found.recordings.size() == 1);
    const catalog::Recording& row = found.recordings[0];
    CHECK(found.left_out.empty());
    CHECK(row.id == RecordingId{"j8Z9O91ndcVs"});
    CHECK(row.channel == ChannelId{"AsXego4U6tnj"});
    CHECK(row.prefix == kPrefix);
    CHECK(row.status == catalog::RecordingStatus::Ended);
    CHECK(row.started_at == kStart);
    CHECK(row.ended_at == kStart + 169s);
    CHECK(row.duration == 171'546ms);
    CHECK(row.bytes == 2 * 188);
    CHECK(row.rendition == "720p30");
    CHECK(row.segment_epochs == "0:bucket");
    CHECK(row.layout == catalog::RecordingLayout{});
    CHECK(row.streams.empty());
}

TEST_CASE("padded prefixes are read, and multivariant.m3u8 where there is no master.m3u8") {
    Fixture at;
    at.put(kPadded + "/events/recording-ended.json", kAmazonEnded);
    at.put_rendition(kPadded, "720p30");
    at.put_multivariants(kPadded, "multivariant.m3u8");

    const auto found = at.read();

    REQUIRE(found.recordings.size() == 1);
    CHECK(found.recordings[0].prefix == kPadded);
    CHECK(found.recordings[0].layout.playlist == "multivariant.m3u8");
    CHECK(found.recordings[0].layout.byte_range_playlist == "byte-range-multivariant.m3u8");
}

TEST_CASE("playlists are found by the names that the metadata gives them") {
    Fixture at;
    std::string named =
        replaced(std::string{kAmazonEnded}, R"("path":"media/hls")", R"("path":"media/other")");
    named = replaced(named, "master.m3u8", "all.m3u8");
    named = replaced(named, "byte-range-multivariant.m3u8", "all-ranges.m3u8");
    at.put(kPrefix + "/events/recording-ended.json", named);
    at.put(kPrefix + "/media/other/all.m3u8", "#EXTM3U\n");
    at.put(kPrefix + "/media/other/all-ranges.m3u8", "#EXTM3U\n");

    const auto found = at.read();

    REQUIRE(found.recordings.size() == 1);
    const catalog::RecordingLayout& layout = found.recordings[0].layout;
    CHECK(layout.hls_path == "media/other");
    CHECK(layout.playlist == "all.m3u8");
    CHECK(layout.byte_range_playlist == "all-ranges.m3u8");
    CHECK(layout.rendition_playlist == "byte-range-variant.m3u8");
}

TEST_CASE(
    "a recording of ours is read as it was, to the millisecond, with its epochs and streams") {
    Fixture at;
    ivs::RecordingMetadata metadata = our_metadata();
    at.put(kPrefix + "/events/recording-started.json", ivs::to_json(metadata));
    metadata.status = "RECORDING_ENDED_WITH_FAILURE";
    metadata.status_message = "InternalServerException";
    metadata.ended_at = kStart + 60s + 7ms;
    metadata.duration = 59'123ms;
    at.put(kPrefix + "/events/recording-failed.json", ivs::to_json(metadata));
    at.put_rendition(kPrefix, "720p30");
    at.put_multivariants(kPrefix, "master.m3u8");

    const auto found = at.read();

    REQUIRE(found.recordings.size() == 1);
    const catalog::Recording& row = found.recordings[0];
    CHECK(row.status == catalog::RecordingStatus::EndedWithFailure);
    CHECK(row.status_message == "InternalServerException");
    CHECK(row.started_at == kStart + 550ms);
    CHECK(row.ended_at == kStart + 60s + 7ms);
    CHECK(row.duration == 59'123ms);
    CHECK(row.streams == std::vector{StreamId{"st-1"}, StreamId{"st-2"}});
    CHECK(row.segment_epochs == "0:mp3k9a,57:mp4b1c");
}

TEST_CASE("without an end one of ours is under way, and one of Amazon's is left out") {
    Fixture at;
    at.put(kPrefix + "/events/recording-started.json", ivs::to_json(our_metadata()));
    at.put(kPadded + "/events/recording-started.json",
           replaced(std::string{kAmazonEnded}, "RECORDING_ENDED", "RECORDING_STARTED"));

    const auto found = at.read();

    REQUIRE(found.recordings.size() == 1);
    CHECK(found.recordings[0].prefix == kPrefix);
    CHECK(found.recordings[0].status == catalog::RecordingStatus::Started);
    REQUIRE(found.left_out.size() == 1);
    CHECK(found.left_out[0].prefix == kPadded);
    CHECK(found.left_out[0].why.starts_with("it has no end"));
}

TEST_CASE("what is no recording, or says what cannot be, is left out with its reason") {
    Fixture at;
    const std::string other = "ivs/v1/123456789012/BsXego4U6tnj/2023/2/9/22/5/";
    at.put(other + "a/media/hls/720p30/0.ts", "x");
    at.put(other + "b/events/recording-ended.json", "{}");
    at.put(other + "c/events/recording-ended.json", kAmazonEnded);
    at.put("ivs/v1/not/of/a/recording/at/all/in/here/x.txt", "x");
    at.put("elsewhere/x.txt", "x");
    at.put("recording-started-AsXego4U6tnj.json", kAmazonEnded);

    const auto found = at.read();

    CHECK(found.recordings.empty());
    REQUIRE(found.left_out.size() == 4);
    CHECK(found.left_out[0].why == "it has no events/recording-*.json");
    CHECK(
        found.left_out[1].why.starts_with("the recording metadata is not what Amazon IVS writes"));
    CHECK(found.left_out[2].why == "its metadata is of another channel");
    CHECK(found.left_out[3].why == "its path is not that of a recording");
}

TEST_CASE("of two recordings with one id the second is left out") {
    Fixture at;
    const std::string again = "ivs/v1/123456789012/AsXego4U6tnj/2024/2/9/22/5/j8Z9O91ndcVs";
    for (const std::string& prefix : {kPrefix, again}) {
        at.put(prefix + "/events/recording-ended.json", kAmazonEnded);
        at.put_rendition(prefix, "720p30");
    }

    const auto found = at.read();

    CHECK(found.recordings.size() == 1);
    REQUIRE(found.left_out.size() == 1);
    CHECK(found.left_out[0].prefix == again);
}

}  // namespace
}  // namespace oxbow::record
