#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include "app/recording_remover.h"
#include "app/retention.h"
#include "base/ids.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "control/retention_plans.h"

namespace oxbow::app {

/// Deletes the recordings that are not to be kept any longer, in rounds on a thread of its own, and
/// completes deletes that were left half done, at once and then with each round.
///
/// A round deletes at most kRemovalsPerRound recordings, one after the other, with a line in the
/// log for each; what is above that waits for the next. What is to go is catalog/retention.h's.
///
/// What an earlier process served is not known: for as long as that would spare a recording, every
/// recording counts as served.
///
/// In: rooms that outlive it. Thread-safe.
class RetentionKeeper final : public control::RetentionPlans {
public:
    struct Rooms {
        const catalog::Catalog& catalog;
        RecordingRemover& remover;
        const Clock& clock;
        std::filesystem::path bucket;  // whose disk is looked at
        /// When viewers were last sent something of a recording.
        std::function<std::optional<SteadyTime>(const RecordingId&)> last_served;
    };
    RetentionKeeper(Rooms rooms, RetentionSettings settings);
    ~RetentionKeeper() override { stop(); }

    Result<control::RetentionPlan> plan() const override;

    /// Begins with the rounds. Not before all that a delete needs runs.
    void start();
    /// No more rounds; waits for a delete under way. Idempotent.
    void stop();

    static constexpr std::size_t kRemovalsPerRound = 20;

private:
    void run(const std::stop_token& stop);
    void one_round(const std::stop_token& stop);
    Result<std::vector<catalog::RetainedRecording>> all_recordings() const;
    Result<std::uint64_t> bytes_to_free() const;

    Rooms rooms_;
    const RetentionSettings settings_;
    const SteadyTime began_;
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace oxbow::app
