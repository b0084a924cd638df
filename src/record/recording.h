#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/snapshots.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "ivs/recording_metadata.h"
#include "packager/live_segment.h"
#include "packager/playlists.h"
#include "record/chunk_file.h"
#include "record/group_commit.h"
#include "record/journal.h"
#include "record/thumbnail_plan.h"
#include "store/object_store.h"

namespace oxbow::record {

/// A channel's newest recording at one moment, for viewers and the API; immutable.
struct RecordingView {
    catalog::Recording recording;
    // Fresher than the objects in the bucket; null where the bucket has the last word.
    std::shared_ptr<const TextVersion> standard_playlist;
    std::shared_ptr<const TextVersion> byte_range_playlist;
};

using RecordingViews = Snapshots<ChannelId, RecordingView>;

/// What a recording tells the channel's strand. Called on the recorder's thread.
class RecordingListener {
public:
    virtual ~RecordingListener() = default;
    /// One more segment, in order, is written to the chunk file, there: it survives kill -9.
    virtual void on_written(const FileRegion& place) = 0;
    /// One more segment, in order, is not in the recording and never will be: the disk did not take
    /// it.
    virtual void on_lost() = 0;
    /// The recording lacks what comes from here on.
    virtual void on_interrupted(const std::string& why) = 0;
    /// It goes on, `lost` segments later.
    virtual void on_resumed(std::uint64_t lost) = 0;
    /// The chunk is an object of the bucket.
    virtual void on_chunk(const Chunk& chunk) = 0;
    /// The recording is complete: every object is in the bucket.
    virtual void on_ended() = 0;
    /// The recording ended with a failure; what was recorded until then is there.
    virtual void on_failed(const std::string& why) = 0;
    /// The recording has started, or is closed: its row stands in the catalogue, as given, and its
    /// event in the bucket. A failed one that cannot be closed yet is told when it is.
    virtual void on_state(const catalog::Recording& recording) = 0;
    /// It failed before it had started: nothing of it is or will be there.
    virtual void on_not_started() = 0;
};

struct RecordingSpec {
    std::string account;
    std::string region;
    ChannelId channel;
    RecordingId recording;
    StreamId stream;  // the first of it
    WallTime started_at;
    std::string epoch;  // in the names of its live segments
    std::optional<ThumbnailSettings> thumbnails{};
    int live_target_seconds = kLiveTargetDurationSeconds;  // of its rewind playlist
};

struct RecordingPlace {
    store::ObjectStore& store;
    catalog::Catalog& catalog;
    RecordingViews& views;
    const Clock& clock;
    std::filesystem::path spool;
    GroupCommit* commit = nullptr;  // null: nothing is made durable
    bool sync_always = false;       // each segment is durable before it is told as written
};

struct TakenUp;

/// One recording in the Amazon IVS layout: live segments become chunk objects, the playlists that
/// list them, and events/*.json.
///
/// The order of puts is law: chunk, rendition playlists, multivariant playlists,
/// recording-started.json, so nothing is ever listed that cannot be fetched. The first chunk closes
/// with the first segment, so that a recording is there at once.
///
/// A segment that the disk does not take is lost, and those behind it until one is taken: that one
/// begins a new chunk behind a discontinuity. Playlists that the store does not take are put with a
/// later segment; viewers read them from memory.
///
/// In:     segments in order. Out: objects in the store, a row in the catalogue, a RecordingView.
/// Errors: a failure before it has started, more than kInterruptionsMax interruptions, or an end
///         that the disk does not take: call fail_with() then, and close_failed() until it
///         succeeds.
/// Thread safety: the recorder's thread.
/// Source: facts of real recordings in README.md; architecture's timeline in ARCHITECTURE.md.
class Recording {
public:
    Recording(RecordingPlace place, RecordingSpec spec,
              std::shared_ptr<RecordingListener> listener);
    /// Goes on with one that an earlier process left open.
    Recording(RecordingPlace place, TakenUp taken_up, std::shared_ptr<RecordingListener> listener);

    /// In: `gap`: how many segments before this one were live and never came here.
    Result<void> append(const LiveSegment& segment, std::uint64_t gap = 0);
    /// The publisher is away and may come back until then: closes the open chunk.
    Result<void> stream_left(WallTime until);
    Result<void> stream_joined(StreamId stream);
    /// Ends it in order: last chunk, ENDLIST, recording-ended.json.
    Result<void> end();
    /// Ends it after a failure, with every segment that is written. One that failed before it was
    /// announced is taken back instead: nobody knows of it.
    void fail_with(const std::string& why);
    /// Puts what is still missing in the bucket of a failed recording: ENDLIST,
    /// recording-failed.json, its row. Out: false: the disk or the store still does not take it;
    /// try again later.
    bool close_failed();
    bool closed() const { return closed_; }

    const RecordingSpec& spec() const { return spec_; }

private:
    struct OpenChunk {
        ChunkFile file;
        Chunk chunk;
    };

    enum class PlaylistsFrom { Memory, Bucket };

    std::filesystem::path spool() const { return place_.spool / spec_.recording.str(); }
    Result<FileRegion> write(const LiveSegment& segment);
    Result<void> write_records(const LiveSegment& segment, const ByteRangeEntry& entry);
    void note_written(const LiveSegment& segment, const ByteRangeEntry& entry);
    void lose(const Error& why);
    void resume();
    Result<void> start_rendition(const LiveSegment& first);
    Result<void> begin_chunk(const LiveSegment& segment);
    Result<void> close_chunk();
    Result<void> put_playlists_now(bool ended);
    Result<void> put_multivariants_now();
    Result<void> announce();
    Result<void> open_chunk(bool discontinuity);
    bool playlists_are_due() const;
    void settle();
    ivs::RecordingMetadata metadata() const;
    void publish_view(PlaylistsFrom from);
    bool take_back();
    void publish_newest_of_catalogue();
    Result<void> save_open_chunk();
    Result<void> await_commits();
    void clear_spool();

    RecordingPlace place_;
    RecordingSpec spec_;
    std::shared_ptr<RecordingListener> listener_;
    catalog::Recording row_;
    Variant variant_;
    RecordingPlaylists playlists_;
    SegmentNames names_;
    std::optional<Journal> journal_;
    std::optional<OpenChunk> open_;
    std::uint64_t next_chunk_ = 0;
    std::uint64_t next_number_ = 0;  // of the next segment, in its name
    std::uint64_t segments_ = 0;     // written
    std::uint64_t lost_ = 0;         // since the last that was written
    bool interrupted_ = false;       // told of it
    std::string interruption_;       // what the metadata says of interruptions
    bool closed_ = false;            // nothing is left to be done
    bool announced_ = false;         // recording-started.json is put
    // What the disk did not take yet, or is not due; tried again with the next segment.
    bool close_due_ = false;
    bool playlists_due_ = false;
    bool multivariants_written_ = false;  // they say all that variant_ does
    bool row_due_ = false;
    WallTime playlists_put_at_{};
    std::uint64_t bytes_since_put_ = 0;  // of chunks
    // What a power loss would take: (commit, segments before it) and the commits of chunks.
    std::deque<std::pair<std::uint64_t, std::uint64_t>> unsynced_;
    std::uint64_t synced_told_ = 0;  // segments that the journal calls synced
    std::deque<std::uint64_t> unsynced_chunks_;
};

}  // namespace oxbow::record
