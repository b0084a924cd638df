#include "edge/catalogue.h"

#include <doctest/doctest.h>

namespace oxbow::edge {
namespace {

constexpr WallTime kStart{std::chrono::milliseconds{1'700'000'000'000}};  // 2023-11-14T22:13:20Z
const ChannelId kChannel{"AsXego4U6tnj"};

catalog::Recording a_recording() {
    catalog::Recording recording;
    recording.id = RecordingId{"j8Z9O91ndcVs"};
    recording.channel = kChannel;
    recording.prefix = "ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/j8Z9O91ndcVs";
    recording.started_at = kStart;
    recording.rendition = "720p30";
    return recording;
}

bool lists(const catalog::Recording& recording, std::string_view mount, std::string_view member) {
    return recordings_json(kChannel, {recording}, "", mount).contains(member);
}

TEST_CASE("a recording is listed with the key and the path of its playlists") {
    CHECK(lists(a_recording(), "",
                R"("masterKey":"ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/j8Z9O91ndcVs)"
                R"(/media/hls/byte-range-multivariant.m3u8")"));
    CHECK(lists(a_recording(), "", R"("rewindUrl":"/rewind/AsXego4U6tnj/j8Z9O91ndcVs.m3u8")"));
    CHECK(lists(a_recording(), "",
                R"("playlistUrl":"/rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8")"));
}

TEST_CASE("inside a session all stand behind its path") {
    CHECK(lists(a_recording(), "/p/AQ", R"("rewindUrl":"/p/AQ/rewind/AsXego4U6tnj/)"));
    CHECK(lists(a_recording(), "/p/AQ", R"("masterKey":"p/AQ/ivs/v1/000000000000/)"));
    CHECK(lists(a_recording(), "/p/AQ", R"("playlistUrl":"/p/AQ/rewind/AsXego4U6tnj/)"));
}

TEST_CASE("a recording that was laid out otherwise is listed as it lies") {
    catalog::Recording other = a_recording();
    other.layout.hls_path = "media/video";
    other.layout.byte_range_playlist = "multivariant.m3u8";

    CHECK(lists(other, "", R"(/j8Z9O91ndcVs/media/video/multivariant.m3u8")"));
}

}  // namespace
}  // namespace oxbow::edge
