#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"
#include "ivs/recording_metadata.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kRecordingsPerPage = 100;
constexpr std::size_t kRemovalsListed = 1'000;  // of a plan; its count and bytes are of all

bool is_newer(const catalog::Recording& a, const catalog::Recording& b) {
    return std::pair{a.started_at, a.id} > std::pair{b.started_at, b.id};
}

/// The recordings of all channels, newest first. Channels are taken by their newest recording, so
/// the walk ends at the first one that has nothing new enough for the page.
Result<std::vector<catalog::Recording>> newest_of_all(const catalog::Catalog& catalog,
                                                      catalog::Page page) {
    auto heads = catalog.newest_recordings();
    if (!heads) return std::unexpected(heads.error());
    std::ranges::sort(*heads, is_newer);
    const std::size_t wanted = page.offset + page.limit;
    std::vector<catalog::Recording> newest;
    for (const catalog::Recording& head : *heads) {
        if (newest.size() == wanted && is_newer(newest.back(), head)) break;
        auto more = catalog.recordings(head.channel, {.offset = 0, .limit = wanted});
        if (!more) return std::unexpected(more.error());
        std::ranges::move(*more, std::back_inserter(newest));
        std::ranges::sort(newest, is_newer);
        if (newest.size() > wanted)
            newest.erase(newest.begin() + static_cast<std::ptrdiff_t>(wanted), newest.end());
    }
    const std::size_t skipped = std::min(page.offset, newest.size());
    newest.erase(newest.begin(), newest.begin() + static_cast<std::ptrdiff_t>(skipped));
    return newest;
}

Outcome<catalog::Recording> recording_of(const Rooms& rooms, const std::string& id) {
    auto recording = rooms.catalog.recording(RecordingId{id});
    // One that is being deleted is there for its delete alone.
    if (recording && recording->deleting.empty()) return std::move(*recording);
    if (!recording && recording.error().code != ErrorCode::NotFound)
        return refuse(recording.error());
    return refuse(not_found(fmt::format("There is no recording {}.", id)));
}

Answer set_locked(const Rooms& rooms, Arguments& arguments, bool locked) {
    const std::string id = arguments.text("recordingId");
    if (arguments.error()) return refuse(*arguments.error());
    const std::scoped_lock one_at_a_time{rooms.recordings};
    auto recording = recording_of(rooms, id);
    if (!recording) return refuse(recording.error());
    const auto set = rooms.catalog.set_recording_locked(recording->id, locked);
    if (!set) return refuse(set.error());
    recording->locked = locked;
    return boost::json::object{{"recording", recording_json(rooms, *recording)}};
}

}  // namespace

Answer list_recordings(const Rooms& rooms, Arguments& arguments) {
    const catalog::Page page = requested_page(arguments, kRecordingsPerPage);
    const auto channel_id = arguments.optional_text("channelId");
    if (arguments.error()) return refuse(*arguments.error());
    Result<std::vector<catalog::Recording>> recordings;
    if (channel_id) {
        const auto channel = ivs::parse_channel_id(*channel_id);
        if (!channel) return refuse(validation_error("channelId is not the id of a channel."));
        recordings = rooms.catalog.recordings(*channel, page);
    } else {
        recordings = newest_of_all(rooms.catalog, page);
    }
    if (!recordings) return refuse(recordings.error());

    boost::json::array items;
    for (const catalog::Recording& recording : *recordings) {
        items.push_back(recording_json(rooms, recording));
    }
    return page_json("recordings", std::move(items), page);
}

Answer get_recording(const Rooms& rooms, Arguments& arguments) {
    const std::string id = arguments.text("recordingId");
    if (arguments.error()) return refuse(*arguments.error());
    const auto recording = recording_of(rooms, id);
    if (!recording) return refuse(recording.error());
    return boost::json::object{{"recording", recording_json(rooms, *recording)}};
}

Answer lock_recording(const Rooms& rooms, Arguments& arguments) {
    return set_locked(rooms, arguments, true);
}

Answer unlock_recording(const Rooms& rooms, Arguments& arguments) {
    return set_locked(rooms, arguments, false);
}

Answer delete_recording(const Rooms& rooms, Arguments& arguments) {
    const std::string id = arguments.text("recordingId");
    if (arguments.error()) return refuse(*arguments.error());
    const std::scoped_lock one_at_a_time{rooms.recordings};
    const auto recording = rooms.catalog.recording(RecordingId{id});
    if (!recording && recording.error().code == ErrorCode::NotFound)
        return refuse(not_found(fmt::format("There is no recording {}.", id)));
    if (!recording) return refuse(recording.error());
    if (recording->locked) {
        return refuse(conflict("The recording is locked: unlock it, then delete it."));
    }
    if (recording->status == catalog::RecordingStatus::Started) {
        return refuse(conflict("The recording is not finished: end its stream, then delete it."));
    }
    const auto deleted = rooms.deleter.delete_recording(recording->id);
    if (!deleted) return refuse(deleted.error());
    return std::nullopt;
}

Answer plan_retention(const Rooms& rooms, Arguments& arguments) {
    if (arguments.error()) return refuse(*arguments.error());
    const auto plan = rooms.retention.plan();
    if (!plan) return refuse(plan.error());
    boost::json::array items;
    std::uint64_t bytes = 0;
    for (const catalog::Removal& removal : plan->removals) {
        bytes += removal.recording.bytes;
        if (items.size() == kRemovalsListed) continue;
        items.push_back({{"recordingId", removal.recording.id.view()},
                         {"channelId", removal.recording.channel.view()},
                         {"recordingConfiguration", removal.recording.configuration},
                         {"startedAt", format_rfc3339(removal.recording.started_at)},
                         {"bytes", removal.recording.bytes},
                         {"reason", name_of(removal.reason)},
                         {"why", removal.why}});
    }
    return boost::json::object{{"configured", plan->configured},
                               {"dryRun", plan->dry_run},
                               {"count", plan->removals.size()},
                               {"bytes", bytes},
                               {"recordings", std::move(items)}};
}

}  // namespace oxbow::control
