#include "edge/path_owner.h"

#include <string>

#include <doctest/doctest.h>

namespace oxbow::edge {
namespace {

/// "AsXego4U6tnj", with " multivariant" or " in the bucket" behind it; "everyone", "nobody",
/// "recording j8Z9O91ndcVs".
std::string owner(std::string_view path) {
    const PathOwner found = owner_of(path, "default0chan");
    if (const auto* const channels = std::get_if<ChannelsPath>(&found)) {
        return std::string{channels->channel} + (channels->multivariant ? " multivariant" : "") +
               (channels->in_bucket ? " in the bucket" : "");
    }
    if (const auto* const recordings = std::get_if<RecordingsPath>(&found))
        return "recording " + std::string{recordings->recording};
    return std::holds_alternative<EveryonesPath>(found) ? "everyone" : "nobody";
}

}  // namespace

TEST_CASE("the page and the public lists are everyone's") {
    CHECK(owner("/") == "everyone");
    CHECK(owner("/watch/AsXego4U6tnj") == "everyone");
    CHECK(owner("/multi") == "everyone");
    CHECK(owner("/multi/AsXego4U6tnj") == "nobody");
    CHECK(owner("/assets/app-AbCdEf12.js") == "everyone");
    CHECK(owner("/channels.json") == "everyone");
    CHECK(owner("/events") == "everyone");
}

TEST_CASE("every path of a channel is the channel's") {
    CHECK(owner("/seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts") == "AsXego4U6tnj");
    CHECK(owner("/rewind/AsXego4U6tnj.m3u8") == "AsXego4U6tnj multivariant");
    CHECK(owner("/rewind/AsXego4U6tnj/j8Z9O91ndcVs.m3u8") == "AsXego4U6tnj multivariant");
    CHECK(owner("/rewind/AsXego4U6tnj/window.m3u8") == "AsXego4U6tnj");
    CHECK(owner("/rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8") == "AsXego4U6tnj");
    CHECK(owner("/api/video/v1/us-east-1.000000000000.channel.AsXego4U6tnj.m3u8") ==
          "AsXego4U6tnj multivariant");
    CHECK(owner("/api/video/v1/a.channel.b.channel.AsXego4U6tnj.m3u8") ==
          "AsXego4U6tnj multivariant");
    CHECK(owner("/api/video/v1/playlist/AsXego4U6tnj/st-1.m3u8") == "AsXego4U6tnj");
    CHECK(owner("/recording-started-AsXego4U6tnj.json") == "AsXego4U6tnj");
    CHECK(owner("/recording-started-latest.json") == "default0chan");
    CHECK(owner("/channels/AsXego4U6tnj/recordings.json") == "AsXego4U6tnj");
    CHECK(owner("/channels/AsXego4U6tnj/not-there-yet") == "AsXego4U6tnj");
    CHECK(owner("/ivs/v1/000000000000/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs/media/hls/0.ts") ==
          "AsXego4U6tnj in the bucket");
    CHECK(owner("/ivs/v1/000000000000/AsXego4U6tnj/x/media/hls/master.m3u8") ==
          "AsXego4U6tnj multivariant in the bucket");
    CHECK(owner("/ivs/v1/x") == " in the bucket");
    CHECK(owner("/recordings/j8Z9O91ndcVs.ts") == "recording j8Z9O91ndcVs");
}

TEST_CASE("another spelling of a path is nobody's, or another channel's") {
    CHECK(owner("//ivs/v1/0/AsXego4U6tnj/x") == "nobody");
    CHECK(owner("/ivs//v1/0/AsXego4U6tnj/x") == "nobody");
    CHECK(owner("/ivs/v1/0/public/../AsXego4U6tnj/x") == "nobody");
    CHECK(owner("/ivs/v1/./0/AsXego4U6tnj/x") == "nobody");
    CHECK(owner("/ivs/v1/0/AsXego4U6tnj/x/") == "nobody");
    CHECK(owner("/ivs/v1/0/AsXego4U6tnj/.../x") == "nobody");
    CHECK(owner("/seg/../rewind/AsXego4U6tnj.m3u8") == "nobody");
    CHECK(owner("/IVS/v1/0/AsXego4U6tnj/x") == "nobody");
    CHECK(owner("/recording-started-AsXego4U6tnj/x.json") == "nobody");
    CHECK(owner("/bucket/ivs/v1/0/AsXego4U6tnj/x") == "nobody");
    CHECK(owner("/ivs/v1/0/AsXego4U6tnj./x") == "AsXego4U6tnj. in the bucket");
    CHECK(owner("/ivs/v1/0/asxego4u6tnj/x") == "asxego4u6tnj in the bucket");
    CHECK(owner("/api/video/v1/AsXego4U6tnj.m3u8") == " multivariant");
    CHECK(owner("/") == "everyone");
    CHECK(owner("") == "nobody");
}

}  // namespace oxbow::edge
