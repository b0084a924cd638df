#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/times.h"
#include "ivs/events.h"
#include "ivs/ingest_configuration.h"

namespace oxbow::live {

/// What exceeds the limits that Amazon IVS sets for the ingest of a channel of `type`, bitrate
/// first.
///
/// In:     `bits_per_second` of all tracks; 0: not measured.
/// Source: Amazon IVS user guide, "Channel types" and "Streaming configuration".
std::vector<ivs::LimitBreach> breached_limits(std::string_view type,
                                              const ivs::IngestConfiguration& ingest,
                                              std::int64_t bits_per_second);

/// Tells each breach once: again only after it was over, and after kBreachAgainAfter.
class BreachMemory {
public:
    /// Out: those of `breaches` that are news.
    std::vector<ivs::LimitBreach> news(const std::vector<ivs::LimitBreach>& breaches,
                                       SteadyTime now);

    static constexpr std::chrono::seconds kBreachAgainAfter{60};

private:
    struct Told {
        SteadyTime at;
        bool over = false;
    };
    std::map<std::string, Told> told_;  // by unit: there are three
};

}  // namespace oxbow::live
