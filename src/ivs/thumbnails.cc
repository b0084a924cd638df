#include "ivs/thumbnails.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "ivs/json_members.h"

namespace oxbow::ivs {
namespace {

namespace json = boost::json;

constexpr std::int64_t kSidePixelsMax = 65'535;
constexpr std::int64_t kOffsetMsMax = 366LL * 24 * 3600 * 1000;
constexpr int kWidthStep = 4;

/// The heights of Amazon's renditions by the names of their classes.
constexpr std::array<std::pair<std::string_view, int>, 4> kHeights{
    {{"FULL_HD", 1080}, {"HD", 720}, {"SD", 480}, {"LOWEST_RESOLUTION", 160}}};

}  // namespace

Resolution thumbnail_resolution(std::string_view name, Resolution source) {
    const auto found = std::ranges::find(kHeights, name, &std::pair<std::string_view, int>::first);
    if (found == kHeights.end() || source.height <= found->second) return source;
    const int height = found->second;
    const int width = source.width * height / source.height / kWidthStep * kWidthStep;
    return {std::max(width, kWidthStep), height};
}

// ivs/v1/000000000000/AsXego4U6tnj/2026/11/23/9/5/j8Z9O91ndcVs/media/thumbnails/thumb17.jpg
std::string thumbnail_key(std::string_view prefix, std::uint64_t number) {
    return fmt::format("{}/{}/thumb{}.jpg", prefix, kThumbnailsPath, number);
}

std::string latest_thumbnail_key(std::string_view prefix) {
    return fmt::format("{}/{}", prefix, kLatestThumbnailPath);
}

bool is_thumbnail_key(std::string_view key) {
    const std::size_t slash = key.rfind('/');
    if (slash == std::string_view::npos || !key.substr(0, slash).ends_with(kThumbnailsPath)) {
        return false;
    }
    std::string_view name = key.substr(slash + 1);
    if (!name.starts_with("thumb") || !name.ends_with(".jpg")) return false;
    name = name.substr(5, name.size() - 9);
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

WallTime thumbnail_page_of(WallTime time) {
    return WallTime{std::chrono::floor<std::chrono::duration<
        std::int64_t, std::ratio_multiply<std::ratio<10>, std::chrono::minutes::period>>>(
        time.time_since_epoch())};
}

std::string thumbnail_pages_prefix(std::string_view prefix) {
    return fmt::format("{}/media/thumbnail_index/", prefix);
}

std::string thumbnail_page_key(std::string_view prefix, WallTime page) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(page.time_since_epoch());
    return fmt::format("{}{}.json", thumbnail_pages_prefix(prefix), seconds.count());
}

std::string to_json(const ThumbnailPage& page) {
    json::array thumbnails;
    for (const Thumbnail& thumbnail : page.thumbnails) {
        json::object entry;
        if (thumbnail.number) entry["number"] = *thumbnail.number;
        entry["time"] = format_rfc3339_ms(thumbnail.time);
        entry["offset_ms"] = thumbnail.offset.count();
        thumbnails.emplace_back(std::move(entry));
    }
    return json::serialize(json::object{{"version", "v1"},
                                        {"resolution_width", page.resolution.width},
                                        {"resolution_height", page.resolution.height},
                                        {"thumbnails", std::move(thumbnails)}});
}

Result<ThumbnailPage> read_thumbnail_page(std::string_view json) {
    const auto object = parse_json_object(json, kThumbnailPageBytesMax, "a page of thumbnails");
    if (!object) return std::unexpected(object.error());

    std::optional<Error> first_error;
    JsonMembers members{*object, "", first_error};
    const auto needed = [](JsonMembers& from, std::string_view name, std::int64_t max) {
        if (!from.has(name)) from.wrong(name, "is missing");
        return from.optional_number(name, 0, max).value_or(0);
    };
    ThumbnailPage page;
    if (members.text("version") != "v1") members.wrong("version", "is not \"v1\"");
    page.resolution.width = static_cast<int>(needed(members, "resolution_width", kSidePixelsMax));
    page.resolution.height = static_cast<int>(needed(members, "resolution_height", kSidePixelsMax));
    for (JsonMembers& entry : members.objects("thumbnails", kThumbnailsPerPageMax)) {
        const auto number =
            entry.optional_number("number", 0, std::numeric_limits<std::int64_t>::max());
        Thumbnail thumbnail{
            .number = number ? std::optional{static_cast<std::uint64_t>(*number)} : std::nullopt,
            .time = entry.time("time"),
            .offset = std::chrono::milliseconds{needed(entry, "offset_ms", kOffsetMsMax)}};
        if (!page.thumbnails.empty() && thumbnail.time < page.thumbnails.back().time)
            entry.wrong("time", "is before the one in front of it");
        page.thumbnails.push_back(thumbnail);
    }
    if (first_error) {
        return fail(first_error->code,
                    "the page of thumbnails is not what Oxbow writes: " + first_error->what);
    }
    return page;
}

}  // namespace oxbow::ivs
