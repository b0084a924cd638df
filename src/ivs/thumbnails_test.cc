#include "ivs/thumbnails.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace oxbow::ivs {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kTime{1'764'142'205'233ms};  // 2025-11-26T07:30:05.233Z
constexpr std::string_view kPrefix = "ivs/v1/000000000000/AsXego4U6tnj/2026/11/23/9/5/j8Z9O91ndcVs";

std::string page_of(std::size_t count) {
    std::string out =
        R"({"version":"v1","resolution_width":1,"resolution_height":1,"thumbnails":[)";
    for (std::size_t i = 0; i < count; ++i) {
        out += fmt::format(R"({}{{"number":{},"time":"2026-11-26T07:30:05Z","offset_ms":0}})",
                           i == 0 ? "" : ",", i);
    }
    return out + "]}";
}

TEST_CASE("a thumbnail has the size of its class, and never more than its source") {
    const Resolution full_hd{1920, 1080};

    CHECK(thumbnail_resolution("", full_hd) == full_hd);
    CHECK(thumbnail_resolution("FULL_HD", full_hd) == full_hd);
    CHECK(thumbnail_resolution("HD", full_hd) == Resolution{1280, 720});
    CHECK(thumbnail_resolution("SD", full_hd) == Resolution{852, 480});
    CHECK(thumbnail_resolution("LOWEST_RESOLUTION", full_hd) == Resolution{284, 160});
    CHECK(thumbnail_resolution("HD", {640, 360}) == Resolution{640, 360});
    CHECK(thumbnail_resolution("HD", {1080, 1920}) == Resolution{404, 720});
    CHECK(thumbnail_resolution("LOWEST_RESOLUTION", {16, 8'192}) == Resolution{4, 160});
}

TEST_CASE("the keys are those of Amazon, and an index beside them") {
    CHECK(thumbnail_key(kPrefix, 17) == std::string{kPrefix} + "/media/thumbnails/thumb17.jpg");
    CHECK(latest_thumbnail_key(kPrefix) ==
          std::string{kPrefix} + "/media/latest_thumbnail/thumb.jpg");
    CHECK(thumbnail_page_key(kPrefix, thumbnail_page_of(kTime)) ==
          std::string{kPrefix} + "/media/thumbnail_index/1764142200.json");
}

TEST_CASE("numbered thumbnails never change, the latest one does") {
    CHECK(is_thumbnail_key(thumbnail_key(kPrefix, 0)));
    CHECK_FALSE(is_thumbnail_key(latest_thumbnail_key(kPrefix)));
    CHECK_FALSE(is_thumbnail_key("ivs/v1/a/media/thumbnails/thumb.jpg"));
    CHECK_FALSE(is_thumbnail_key("ivs/v1/a/media/thumbnails/thumb1x.jpg"));
    CHECK_FALSE(is_thumbnail_key("thumb1.jpg"));
}

TEST_CASE("a page is ten minutes of wall clock, its beginning included") {
    CHECK(thumbnail_page_of(kTime) == WallTime{1'764'142'200s});
    CHECK(thumbnail_page_of(WallTime{1'764'142'200s}) == WallTime{1'764'142'200s});
    CHECK(thumbnail_page_of(WallTime{1'764'142'799'999ms}) == WallTime{1'764'142'200s});
    CHECK(thumbnail_page_of(WallTime{1'764'142'800s}) == WallTime{1'764'142'800s});
}

TEST_CASE("a page is read as it was written") {
    const ThumbnailPage page{.resolution = {1280, 720},
                             .thumbnails = {{0, kTime, 0ms}, {1, kTime + 5s, 5'000ms}}};

    const std::string json = to_json(page);

    CHECK(json ==
          R"({"version":"v1","resolution_width":1280,"resolution_height":720,"thumbnails":[)"
          R"({"number":0,"time":"2025-11-26T07:30:05.233Z","offset_ms":0},)"
          R"({"number":1,"time":"2025-11-26T07:30:10.233Z","offset_ms":5000}]})");
    CHECK(read_thumbnail_page(json).value() == page);
}

TEST_CASE("a latest thumbnail has no number") {
    const ThumbnailPage page{.resolution = {284, 160},
                             .thumbnails = {{std::nullopt, kTime, 60'000ms}}};

    CHECK(read_thumbnail_page(to_json(page)).value() == page);
}

TEST_CASE("what is no page is refused by the member that is wrong") {
    const auto what = [](std::string_view json) { return read_thumbnail_page(json).error().what; };
    constexpr std::string_view kHead =
        R"({"version":"v1","resolution_width":1,"resolution_height":1,"thumbnails":)";

    CHECK(what("[]").contains("page of thumbnails"));
    CHECK(what(R"({"version":"v2"})").ends_with("version is not \"v1\""));
    CHECK(what(R"({"version":"v1"})").ends_with("resolution_width is missing"));
    CHECK(what(std::string{kHead} + R"([{"time":"2026-11-26T07:30:05Z"}]})").contains("offset_ms"));
    CHECK(what(std::string{kHead} + R"([{"time":"2026-11-26T07:30:05Z","offset_ms":0},)" +
               R"({"time":"2026-11-26T07:30:04Z","offset_ms":0}]})")
              .ends_with("time is before the one in front of it"));
}

TEST_CASE("a page holds kThumbnailsPerPageMax thumbnails, and not one more") {
    CHECK(read_thumbnail_page(page_of(kThumbnailsPerPageMax)).value().thumbnails.size() ==
          kThumbnailsPerPageMax);
    CHECK(read_thumbnail_page(page_of(kThumbnailsPerPageMax + 1)).error().code ==
          ErrorCode::LimitExceeded);
    CHECK(read_thumbnail_page(page_of(0) + std::string(kThumbnailPageBytesMax, ' ')).error().code ==
          ErrorCode::LimitExceeded);
}

}  // namespace
}  // namespace oxbow::ivs
