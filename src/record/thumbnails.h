#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/ids.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "ivs/thumbnails.h"
#include "packager/live_segment.h"
#include "pictures/picture_process.h"
#include "record/thumbnail_plan.h"
#include "store/object_store.h"

namespace oxbow::record {

/// A recording that has thumbnails.
struct ThumbnailedRecording {
    ChannelId channel;
    RecordingId recording;
    std::string prefix;
    ThumbnailSettings settings;
};

/// The thumbnails of all recordings, on a thread of their own that waits for the decoder and the
/// store: late ones are dropped, and nothing waits for them.
///
/// A thumbnail is put first, then the page of the index that lists it, then told as the newest, so
/// that nothing is listed that cannot be fetched. Numbers go on where the objects of the recording
/// end, whichever process made them, and none is used twice.
///
/// Each recording has at most one picture under way; all together hold kThumbnailBytesMax of live
/// segments. What is lost is counted, and told once a minute. Thread-safe.
class Thumbnails {
public:
    struct Rooms {
        store::ObjectStore& store;
        ivs::NewestThumbnails& newest;
        const Clock& clock;
    };
    Thumbnails(Rooms rooms, std::unique_ptr<pictures::Pictures> pictures);
    ~Thumbnails();

    void begin(ThumbnailedRecording recording);
    /// The recording is in the catalogue and its recording-started.json in the bucket: before that
    /// it may be taken back, and no object of it may be put.
    void announced(const RecordingId& recording);
    /// A key frame to be made a thumbnail. In: a segment that is recorded, and has one; `offset` as
    /// ThumbnailSchedule says.
    void submit(const RecordingId& recording, LiveSegmentPtr segment, MediaTime offset);
    /// No more of it; what was submitted is still made.
    void end(const RecordingId& recording);

    /// Lets go of a recording that is being deleted: when it returns, nothing of it is put any
    /// more.
    void forget(const ChannelId& channel, const RecordingId& recording);
    /// Finds the newest thumbnail of a channel's newest recording, made by an earlier process.
    void look_up(const catalog::Recording& recording);

    /// Stops at once: what was not made is dropped.
    void stop();

    struct Counts {
        std::uint64_t made = 0;
        std::uint64_t late = 0;    // dropped: the one before was still under way, or too many were
        std::uint64_t failed = 0;  // not decoded, or not put
    };
    Counts counts() const;
    /// Whether something is under way, or waits for its turn.
    bool busy() const;

private:
    /// What the thread knows of a recording's objects.
    struct Progress {
        std::uint64_t next_number = 0;
        std::optional<WallTime> page_at;  // nullopt: not looked at yet
        ivs::ThumbnailPage page;
    };
    struct Picture {
        LiveSegmentPtr segment;
        MediaTime offset;
    };
    struct Open {
        ThumbnailedRecording recording;
        bool announced = false;
        bool ended = false;
        std::optional<Picture> picture;  // waits, to be announced or for its turn
        bool under_way = false;          // queued, or with the thread
        std::mutex putting;              // held while its objects are put
        bool forgotten = false;          // under `putting`
        Progress progress;               // the thread's own
    };
    using OpenPtr = std::shared_ptr<Open>;
    struct LookUp {
        ChannelId channel;
        RecordingId recording;
        std::string prefix;
    };

    void enqueue(const OpenPtr& open);
    void run();
    void take_picture(const OpenPtr& open, const Picture& picture);
    Result<void> make(Open& open, const Picture& picture);
    Result<void> take_up(Open& open);
    Result<void> put(Open& open, const ivs::Thumbnail& thumbnail, BytesView jpeg);
    void find_newest(const LookUp& wanted);
    Result<std::optional<ivs::ThumbnailPage>> newest_page(const std::string& prefix);
    void finished(const OpenPtr& open);
    void lost(const Open& open, const Error& why);
    void tell_lost();

    Rooms rooms_;
    std::unique_ptr<pictures::Pictures> pictures_;  // asked by the thread alone

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<RecordingId, OpenPtr> open_;
    std::deque<OpenPtr> queue_;
    std::size_t queued_bytes_ = 0;  // of the segments that wait
    std::deque<LookUp> look_ups_;
    std::optional<RecordingId> looking_up_;  // nullopt: none, or it is not wanted any more
    Counts counts_;
    bool working_ = false;
    bool stopping_ = false;

    std::uint64_t lost_untold_ = 0;  // the thread's own, as what follows
    std::string last_lost_;
    SteadyTime tell_at_{};
    std::thread thread_;
};

}  // namespace oxbow::record
