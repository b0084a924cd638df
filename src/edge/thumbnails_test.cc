#include "edge/thumbnails.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/random.h"
#include "ivs/thumbnails.h"
#include "store/folder_store.h"

using namespace oxbow;
using namespace oxbow::edge;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr WallTime kStart{1'764'142'200'000ms};  // 2025-11-26T07:30:00Z, where a page begins
const ChannelId kChannel{"AsXego4U6tnj"};

/// A channel with recordings whose thumbnails lie in a real bucket.
struct Fixture {
    Fixture() {
        std::filesystem::create_directories(folder);
        catalog = std::move(*catalog::Catalog::open(folder / "oxbow.db"));
        bucket = std::move(*store::FolderStore::open(folder / "bucket", "recordings", clock));
        objects.emplace(*bucket, clock);
        catalog::Channel channel;
        channel.id = kChannel;
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

    void add_recording(const std::string& id, WallTime started_at, WallTime ended_at) {
        catalog::Recording row;
        row.id = RecordingId{id};
        row.channel = kChannel;
        row.prefix = "ivs/v1/0/AsXego4U6tnj/2025/11/26/7/30/" + id;
        row.status = catalog::RecordingStatus::Ended;
        row.started_at = started_at;
        row.ended_at = ended_at;
        row.rendition = "360p30";
        REQUIRE(catalog->add_recording(row));
    }
    /// A thumbnail every `every` in [from, to), in the pages where they belong.
    void add_thumbnails(const std::string& id, WallTime from, WallTime to,
                        std::chrono::milliseconds every) {
        std::map<WallTime, ivs::ThumbnailPage> pages;
        std::uint64_t number = 0;
        for (WallTime time = from; time < to; time += every) {
            auto& page = pages[ivs::thumbnail_page_of(time)];
            page.resolution = {640, 360};
            page.thumbnails.push_back({number++, time, time - from});
        }
        for (const auto& [at, page] : pages) {
            const auto key =
                ivs::thumbnail_page_key("ivs/v1/0/AsXego4U6tnj/2025/11/26/7/30/" + id, at);
            REQUIRE(bucket->put(key, as_bytes(ivs::to_json(page))));
        }
    }
    json::object ask(std::string_view query) {
        const auto read = read_thumbnail_query(query, kChannel).value();
        return json::parse(thumbnails_json(*catalog, *objects, read, clock.wall()).value())
            .as_object();
    }
    json::array list(std::string_view query) { return ask(query).at("thumbnails").as_array(); }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-thumbnails-{}", random_alphanumeric(8));
    ManualClock clock{kStart + 24h};
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<store::FolderStore> bucket;
    std::optional<OpenObjects> objects;
};

std::string refusal(std::string_view query) {
    const auto read = read_thumbnail_query(query, kChannel);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::Malformed);
    return read.error().what;
}

TEST_CASE("a thumbnail is told with its time, its place, its URL and its size") {
    Fixture fixture;
    fixture.add_recording("rec1", kStart, kStart + 20s);
    fixture.add_thumbnails("rec1", kStart + 40ms, kStart + 10s, 5s);

    CHECK(json::serialize(fixture.ask("")) ==
          R"({"thumbnails":[{"time":"2025-11-26T07:30:00.040Z","recordingId":"rec1","offsetMs":0,)"
          R"("url":"/ivs/v1/0/AsXego4U6tnj/2025/11/26/7/30/rec1/media/thumbnails/thumb0.jpg",)"
          R"("width":640,"height":360},{"time":"2025-11-26T07:30:05.040Z","recordingId":"rec1",)"
          R"("offsetMs":5000,)"
          R"("url":"/ivs/v1/0/AsXego4U6tnj/2025/11/26/7/30/rec1/media/thumbnails/thumb1.jpg",)"
          R"("width":640,"height":360}],"nextToken":null})");
}

TEST_CASE("the URLs of a session begin with its path") {
    Fixture fixture;
    fixture.add_recording("rec1", kStart, kStart + 20s);
    fixture.add_thumbnails("rec1", kStart, kStart + 5s, 5s);
    const auto query = read_thumbnail_query("", kChannel).value();

    const auto json = thumbnails_json(*fixture.catalog, *fixture.objects, query, kStart, "/p/AQx");

    CHECK(json.value().contains(R"("url":"/p/AQx/ivs/v1/0/)"));
}

TEST_CASE("without a time they are those of the newest recording, with one those of all") {
    Fixture fixture;
    fixture.add_recording("rec1", kStart, kStart + 20s);
    fixture.add_thumbnails("rec1", kStart, kStart + 20s, 5s);
    fixture.add_recording("rec2", kStart + 1h, kStart + 1h + 10s);
    fixture.add_thumbnails("rec2", kStart + 1h, kStart + 1h + 10s, 5s);

    CHECK(fixture.list("").size() == 2);
    CHECK(fixture.list("recording=rec1").size() == 4);
    CHECK(fixture.list("from=2025-11-26T00:00:00Z").size() == 6);
    CHECK(fixture.list("from=1764142210000&to=1764145805000").size() == 3);
    CHECK(fixture.list("to=2025-11-26T07:30:05Z").size() == 1);
    CHECK(fixture.list("recording=rec1&from=2025-11-26T07:30:15Z").size() == 1);
    CHECK(fixture.list("from=2025-11-27T00:00:00Z").empty());
}

TEST_CASE("a channel that has no recording has no thumbnails") {
    Fixture fixture;

    CHECK(json::serialize(fixture.ask("")) == R"({"thumbnails":[],"nextToken":null})");
}

TEST_CASE("a recording of another channel, or none, is not found") {
    Fixture fixture;
    const auto query = read_thumbnail_query("recording=rec9", kChannel).value();

    CHECK(thumbnails_json(*fixture.catalog, *fixture.objects, query, kStart).error().code ==
          ErrorCode::NotFound);
}

TEST_CASE("an answer ends with the page that fills it, and the next goes on behind it") {
    Fixture fixture;
    fixture.add_recording("rec1", kStart, kStart + 1h);
    fixture.add_thumbnails("rec1", kStart, kStart + 1h, 1s);
    fixture.add_recording("rec2", kStart + 1h, kStart + 1h + 5s);
    fixture.add_thumbnails("rec2", kStart + 1h, kStart + 1h + 5s, 1s);

    const auto first = fixture.ask("from=0");
    const auto second =
        fixture.ask("from=0&nextToken=" + std::string{first.at("nextToken").as_string()});
    const auto third =
        fixture.ask("from=0&nextToken=" + std::string{second.at("nextToken").as_string()});
    const auto fourth =
        fixture.ask("from=0&nextToken=" + std::string{third.at("nextToken").as_string()});

    // A page has 600: the first that brings 1,000 or more is the last.
    CHECK(first.at("thumbnails").as_array().size() == 1'200);
    CHECK(second.at("thumbnails").as_array()[0].at("offsetMs") == 1'200'000);
    CHECK(third.at("thumbnails").as_array().size() == 1'200);
    CHECK(fourth.at("thumbnails").as_array().size() == 5);
    CHECK(fourth.at("nextToken").is_null());
}

TEST_CASE("an answer looks at kThumbnailPagesMax pages, however few thumbnails are in them") {
    Fixture fixture;
    fixture.add_recording("rec1", kStart, kStart + 24h);
    fixture.add_thumbnails("rec1", kStart, kStart + 24h, 10min);

    const auto first = fixture.ask("from=2025-11-26T07:30:00Z");
    const auto second = fixture.ask("from=2025-11-26T07:30:00Z&nextToken=" +
                                    std::string{first.at("nextToken").as_string()});

    CHECK(first.at("thumbnails").as_array().size() == kThumbnailPagesMax);
    CHECK(second.at("thumbnails").as_array().size() == 144 - kThumbnailPagesMax);
    CHECK(second.at("nextToken").is_null());
}

TEST_CASE("a page of the index that cannot be read is passed over") {
    Fixture fixture;
    fixture.add_recording("rec1", kStart, kStart + 20min);
    fixture.add_thumbnails("rec1", kStart, kStart + 20min, 1min);
    const auto broken =
        ivs::thumbnail_page_key("ivs/v1/0/AsXego4U6tnj/2025/11/26/7/30/rec1", kStart);
    REQUIRE(fixture.bucket->put(broken, as_bytes("{")));

    CHECK(fixture.list("").size() == 10);
}

TEST_CASE("what is no time, no recording and no token of ours is refused by its name") {
    CHECK(refusal("from=yesterday").contains("from"));
    CHECK(refusal("to=").contains("to"));
    CHECK(refusal("from=2000&to=1000").contains("to"));
    CHECK(refusal("recording=..%2f").starts_with("recording must be"));
    CHECK(refusal("nextToken=100").starts_with("nextToken is not"));
    CHECK(refusal("nextToken=a.b").starts_with("nextToken is not"));
}

}  // namespace
