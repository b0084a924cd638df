#include "app/retention_keeper.h"

#include <condition_variable>
#include <iterator>
#include <mutex>
#include <system_error>

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::app {
namespace {

constexpr std::size_t kKeeperPage = 1'000;  // read from the database at a time

}  // namespace

RetentionKeeper::RetentionKeeper(Rooms rooms, RetentionSettings settings)
    : rooms_(std::move(rooms)), settings_(std::move(settings)), began_(rooms_.clock.steady()) {}

void RetentionKeeper::start() {
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void RetentionKeeper::stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

void RetentionKeeper::run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock{mutex};
    while (!stop.stop_requested()) {
        one_round(stop);
        woken.wait_for(lock, stop, settings_.every, [] { return false; });
    }
}

void RetentionKeeper::one_round(const std::stop_token& stop) {
    rooms_.remover.finish();
    if (!settings_.deletes() || settings_.dry_run) return;
    const auto planned = plan();
    if (!planned) {
        log::warning("retention cannot be applied: {}; it is tried again", planned.error().what);
        return;
    }
    std::size_t removed = 0;
    for (const catalog::Removal& removal : planned->removals) {
        if (stop.stop_requested() || removed == kRemovalsPerRound) return;
        const catalog::RetainedRecording& recording = removal.recording;
        const auto done =
            rooms_.remover.remove(recording.id, std::string{catalog::name_of(removal.reason)});
        ++removed;
        if (done) {
            log::info("[channel {}] [recording {}] deleted by retention: {}",
                      recording.channel.view(), recording.id.view(), removal.why);
        } else if (!stop.stop_requested()) {
            log::warning("[channel {}] [recording {}] not deleted by retention: {}",
                         recording.channel.view(), recording.id.view(), done.error().what);
        }
    }
}

Result<control::RetentionPlan> RetentionKeeper::plan() const {
    control::RetentionPlan out{
        .configured = settings_.deletes(), .dry_run = settings_.dry_run, .removals = {}};
    if (!out.configured) return out;
    auto missing = bytes_to_free();
    if (!missing) return std::unexpected(missing.error());
    // Whatever the rules, without a rule and with room enough nothing needs to be read.
    if (settings_.rules.empty() && *missing == 0) return out;
    auto recordings = all_recordings();
    if (!recordings) return std::unexpected(recordings.error());
    const auto served = [this, now = rooms_.clock.steady()](const RecordingId& id) {
        return now - rooms_.last_served(id).value_or(began_) < settings_.keep_served;
    };
    out.removals = catalog::plan_removals(settings_.rules, {.recordings = std::move(*recordings),
                                                            .now = rooms_.clock.wall(),
                                                            .bytes_to_free = *missing,
                                                            .recently_served = served});
    return out;
}

Result<std::vector<catalog::RetainedRecording>> RetentionKeeper::all_recordings() const {
    std::vector<catalog::RetainedRecording> out;
    catalog::Catalog::RetainedPlace after;
    while (true) {
        auto page = rooms_.catalog.retained_recordings(after, kKeeperPage);
        if (!page) return std::unexpected(page.error());
        std::ranges::move(*page, std::back_inserter(out));
        if (page->size() < kKeeperPage) return out;
        after = {.started_at = out.back().started_at, .id = out.back().id};
    }
}

/// What the disk lacks of the room that is to be kept free.
Result<std::uint64_t> RetentionKeeper::bytes_to_free() const {
    const KeepFree& keep = settings_.keep_free;
    if (keep.bytes == 0 && keep.percent == 0) return 0;
    std::error_code error;
    const auto space = std::filesystem::space(rooms_.bucket, error);
    if (error) {
        return fail(ErrorCode::Unavailable, fmt::format("the free space of {} cannot be asked: {}",
                                                        rooms_.bucket.string(), error.message()));
    }
    const std::uint64_t wanted =
        keep.percent > 0 ? space.capacity / 100 * static_cast<std::uint64_t>(keep.percent)
                         : keep.bytes;
    return space.available >= wanted ? 0 : wanted - space.available;
}

}  // namespace oxbow::app
