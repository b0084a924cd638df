#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/times.h"
#include "catalog/catalog.h"

namespace oxbow::catalog {

/// How long, and how much of, the recordings of one recording configuration are kept.
struct RetentionRule {
    std::string configuration;  // its name; kAnyConfiguration: each that has no rule of its own
    std::optional<std::chrono::seconds> max_age;  // since a recording's end
    std::optional<std::uint64_t> max_bytes;       // of all recordings of the configuration
};
inline constexpr std::string_view kAnyConfiguration = "*";

enum class RemovalReason { MaxAge, MaxSize, KeepFree };

// max_age
std::string_view name_of(RemovalReason reason);

/// A recording that is to go, and why.
struct Removal {
    RetainedRecording recording;
    RemovalReason reason{};
    std::string why;  // for the operator: "it ended 31d ago, and those of 'default' are kept 30d"
};

struct RetentionState {
    std::vector<RetainedRecording> recordings;  // all, oldest first
    WallTime now{};
    std::uint64_t bytes_to_free = 0;  // the disk lacks so much of the room that is to be kept free
    std::function<bool(const RecordingId&)> recently_served;
};

/// What is to be deleted now, in the order in which it is: too old first, then what makes its
/// configuration too large, then what takes the room that is to be kept free; of each the oldest
/// first.
///
/// A recording that is locked or under way is never among it. One that was served recently is not
/// for its age or size; for room it is, after all others.
std::vector<Removal> plan_removals(const std::vector<RetentionRule>& rules,
                                   const RetentionState& state);

// 45s, 90m, 36h, 30d      (whole units, rounded down: the largest of which there are two)
std::string age_text(std::chrono::seconds age);

}  // namespace oxbow::catalog
