#include "catalog/retention.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace oxbow::catalog {
namespace {

/// Takes recordings out of what is left, one by one.
class Planner {
public:
    Planner(const std::vector<RetentionRule>& rules, const RetentionState& state)
        : rules_(rules), state_(state), taken_(state.recordings.size(), false) {}

    std::vector<Removal> plan() {
        by_age();
        by_size();
        for_room();
        return std::move(out_);
    }

private:
    const RetentionRule* rule_of(const RetainedRecording& recording) const {
        const auto named = [&](std::string_view name) {
            const auto found = std::ranges::find(rules_, name, &RetentionRule::configuration);
            return found == rules_.end() ? nullptr : &*found;
        };
        const RetentionRule* const own = named(recording.configuration);
        return own ? own : named(kAnyConfiguration);
    }

    bool may_go(std::size_t i) const {
        const RetainedRecording& recording = state_.recordings[i];
        return !taken_[i] && recording.ended_at && !recording.locked;
    }
    bool served(std::size_t i) const {
        return state_.recently_served && state_.recently_served(state_.recordings[i].id);
    }

    void take(std::size_t i, RemovalReason reason, std::string why) {
        taken_[i] = true;
        bytes_taken_ += state_.recordings[i].bytes;
        out_.push_back({state_.recordings[i], reason, std::move(why)});
    }

    void by_age() {
        for (std::size_t i = 0; i < state_.recordings.size(); ++i) {
            const RetainedRecording& recording = state_.recordings[i];
            const RetentionRule* const rule = rule_of(recording);
            if (!may_go(i) || !rule || !rule->max_age) continue;
            const auto age = std::chrono::floor<std::chrono::seconds>(
                state_.now - recording.ended_at.value_or(state_.now));
            if (age <= *rule->max_age || served(i)) continue;
            take(i, RemovalReason::MaxAge,
                 fmt::format("it ended {} ago, and recordings of '{}' are kept for {}",
                             age_text(age), recording.configuration, age_text(*rule->max_age)));
        }
    }

    void by_size() {
        std::map<std::string, std::uint64_t, std::less<>> bytes;
        for (std::size_t i = 0; i < state_.recordings.size(); ++i) {
            if (!taken_[i]) bytes[state_.recordings[i].configuration] += state_.recordings[i].bytes;
        }
        for (std::size_t i = 0; i < state_.recordings.size(); ++i) {
            const RetainedRecording& recording = state_.recordings[i];
            const RetentionRule* const rule = rule_of(recording);
            if (!may_go(i) || !rule || !rule->max_bytes) continue;
            std::uint64_t& total = bytes[recording.configuration];
            if (total <= *rule->max_bytes || served(i)) continue;
            take(i, RemovalReason::MaxSize,
                 fmt::format("recordings of '{}' take {} bytes, and {} are kept",
                             recording.configuration, total, *rule->max_bytes));
            total -= recording.bytes;
        }
    }

    /// In: whether those that were served recently may go.
    void for_room() {
        for (const bool also_served : {false, true}) {
            for (std::size_t i = 0; i < state_.recordings.size(); ++i) {
                if (bytes_taken_ >= state_.bytes_to_free) return;
                if (!may_go(i) || (!also_served && served(i))) continue;
                take(i, RemovalReason::KeepFree,
                     fmt::format("the disk lacks {} bytes of the room that is kept free",
                                 state_.bytes_to_free - bytes_taken_));
            }
        }
    }

    const std::vector<RetentionRule>& rules_;
    const RetentionState& state_;
    std::vector<bool> taken_;
    std::uint64_t bytes_taken_ = 0;
    std::vector<Removal> out_;
};

}  // namespace

std::string_view name_of(RemovalReason reason) {
    switch (reason) {
        case RemovalReason::MaxAge:
            return "max_age";
        case RemovalReason::MaxSize:
            return "max_size";
        case RemovalReason::KeepFree:
            return "keep_free";
    }
    return "";
}

std::vector<Removal> plan_removals(const std::vector<RetentionRule>& rules,
                                   const RetentionState& state) {
    return Planner{rules, state}.plan();
}

std::string age_text(std::chrono::seconds age) {
    constexpr std::array<std::pair<std::int64_t, char>, 3> kUnits{
        {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}}};
    for (const auto& [seconds, unit] : kUnits) {
        if (age.count() >= 2 * seconds) return fmt::format("{}{}", age.count() / seconds, unit);
    }
    return fmt::format("{}s", age.count());
}

}  // namespace oxbow::catalog
