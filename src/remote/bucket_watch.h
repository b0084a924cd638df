#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "record/recording.h"
#include "store/object_store.h"

namespace oxbow::remote {

/// The recordings that others write into the bucket, as rows of the catalogue: found by what a
/// notification tells, and, because some are never told, by looking. Of each known channel the
/// hours now and before are looked at, in the padded and the unpadded form of the path, often while
/// it is on the air or recorded, else now and then.
///
/// Thread-safe; everything blocks on the bucket but is_fresh().
class BucketWatch {
public:
    struct Rooms {
        store::ObjectStore& store;
        catalog::Catalog& catalog;
        record::RecordingViews& recordings;  // the newest of each channel is published here
        const Clock& clock;
        /// SaveRecordingStartMeta. In: the key of a recording-started.json; "": no sequencer.
        std::function<Result<void>(const std::string& key, const std::string& sequencer)>
            save_start;
        /// Puts the channel of this ARN into the catalogue, where it is not.
        std::function<Result<void>(const std::string& arn)> know_channel;
        std::function<bool(const ChannelId&)> is_live;
        /// How much media the playlist of an open recording has. Errors: as the store's.
        std::function<Result<std::chrono::milliseconds>(const catalog::Recording&)> duration;
        /// It was found, or has ended.
        std::function<void(const catalog::Recording&)> changed;
        /// It was deleted by others, and is in no list any more.
        std::function<void(const catalog::Recording&)> gone;
    };
    explicit BucketWatch(Rooms rooms) : rooms_(std::move(rooms)) {}

    /// Publishes what the catalogue has.
    Result<void> take_up();

    /// A recording-started.json that appeared; again is safe. Errors: Unavailable  later it may
    /// work; others  it is nothing that can be played.
    Result<void> take(const std::string& key, const std::string& sequencer = "");

    /// Whether the newest recording of the channel is as it was in the bucket a moment ago.
    bool is_fresh(const ChannelId& channel) const;
    /// Looks whether it has ended, or how long it is. One caller does; for who comes meanwhile what
    /// is known will do.
    void refresh(const ChannelId& channel);

    /// One look at every channel whose time has come, and at one recording, whether it is still
    /// there. In: asked between two: end early. One caller.
    void look(const std::function<bool()>& stopping);

    static constexpr std::chrono::milliseconds kFresh{1'000};
    static constexpr std::chrono::milliseconds kLookLive{5'000};
    static constexpr std::chrono::milliseconds kLookIdle{60'000};
    static constexpr std::chrono::minutes kMinuteOpen{3};  // a later one's folder gets no more

private:
    Result<void> look_at(const catalog::Channel& channel);
    Result<void> look_into_hour(const std::string& folder, WallTime hour);
    Result<void> look_into_minute(const std::string& folder);
    Result<void> update(catalog::Recording recording);
    void publish(const catalog::Recording& recording);
    Result<void> refresh_open(catalog::Recording recording);
    Result<bool> take_end(const catalog::Recording& recording);
    Result<void> look_at_older(const ChannelId& channel);
    Result<void> look_for_gone();
    Result<void> let_go(const catalog::Recording& recording);

    Rooms rooms_;
    std::mutex taking_;  // one at a time
    mutable std::mutex mutex_;
    std::set<ChannelId> refreshing_;
    std::map<ChannelId, SteadyTime> fresh_until_;
    std::map<ChannelId, SteadyTime> look_at_;
    std::set<std::string> seen_;  // folders that have nothing new; of the last hours
    bool told_ = false;           // that the bucket cannot be looked at
    catalog::Catalog::RetainedPlace still_there_{};  // the last that was looked for; of look()
};

/// Whether the bucket and the endpoint may say otherwise in a moment: then nothing is given up.
bool may_pass(const Error& error);

/// The folders of one hour's recordings of a channel, both forms where they differ, each with '/'
/// at its end.
// {"ivs/v1/0/A/2026/1/2/3/", "ivs/v1/0/A/2026/01/02/03/"}
std::set<std::string> hour_folders(std::string_view account, const ChannelId& channel,
                                   WallTime time);

}  // namespace oxbow::remote
