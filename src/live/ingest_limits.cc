#include "live/ingest_limits.h"

#include <algorithm>

namespace oxbow::live {
namespace {

constexpr std::int64_t kBasicSmallBitsMax = 1'500'000;  // up to kSmallHeightMax lines
constexpr std::int64_t kBasicBitsMax = 3'500'000;
constexpr std::int64_t kStandardBitsMax = 8'500'000;  // also ADVANCED_SD and ADVANCED_HD
constexpr int kSmallHeightMax = 480;
constexpr std::int64_t kPixelsMax = 1920 * 1080;
constexpr std::int64_t kEdgePixelsMax = 1920;

std::int64_t bits_max(std::string_view type, const ivs::IngestConfiguration& ingest) {
    if (type != "BASIC") return kStandardBitsMax;
    const bool small =
        !ingest.video || std::min(ingest.video->width, ingest.video->height) <= kSmallHeightMax;
    return small ? kBasicSmallBitsMax : kBasicBitsMax;
}

}  // namespace

std::vector<ivs::LimitBreach> breached_limits(std::string_view type,
                                              const ivs::IngestConfiguration& ingest,
                                              std::int64_t bits_per_second) {
    std::vector<ivs::LimitBreach> out;
    const auto check = [&out](std::string_view name, std::int64_t limit, std::int64_t value,
                              std::string_view unit) {
        if (value > limit) {
            out.push_back({.limit_name = std::string{name},
                           .limit_value = limit,
                           .value = value,
                           .limit_unit = std::string{unit}});
        }
    };
    check("Ingest Bitrate", bits_max(type, ingest), bits_per_second, "bits per second");
    if (const auto& video = ingest.video) {
        check("Ingest Resolution", kPixelsMax, std::int64_t{video->width} * video->height,
              "total pixels");
        check("Ingest Resolution", kEdgePixelsMax, std::max(video->width, video->height),
              "pixels per edge");
    }
    return out;
}

std::vector<ivs::LimitBreach> BreachMemory::news(const std::vector<ivs::LimitBreach>& breaches,
                                                 SteadyTime now) {
    for (auto& [unit, told] : told_) {
        told.over = told.over || std::ranges::find(breaches, unit, &ivs::LimitBreach::limit_unit) ==
                                     breaches.end();
    }
    std::vector<ivs::LimitBreach> out;
    for (const ivs::LimitBreach& breach : breaches) {
        const auto before = told_.find(breach.limit_unit);
        const bool known = before != told_.end() &&
                           (!before->second.over || now - before->second.at < kBreachAgainAfter);
        if (known) continue;
        told_[breach.limit_unit] = {.at = now};
        out.push_back(breach);
    }
    return out;
}

}  // namespace oxbow::live
