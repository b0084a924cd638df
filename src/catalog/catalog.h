#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "catalog/shared_map.h"
#include "ivs/ingest_configuration.h"
#include "ivs/recording_metadata.h"

namespace oxbow::catalog {

using Tags = std::map<std::string, std::string>;

struct Channel {
    ChannelId id;
    std::string arn;
    std::string name;
    std::string latency_mode = "LOW";
    std::string type = "BASIC";
    std::string recording_configuration_arn;  // "": not recorded
    bool authorized = false;                  // private playback
    bool insecure_ingest = true;              // RTMP beside RTMPS
    std::string preset;
    std::string playback_restriction_policy_arn;  // "": none
    Tags tags;
    WallTime created_at;
};

struct StreamKey {
    std::string arn;
    StreamKeyValue value;
    ChannelId channel;
    Tags tags;
};

struct RecordingConfiguration {
    std::string arn;
    std::string name;
    std::string state = "ACTIVE";
    std::string bucket_name;
    std::chrono::seconds reconnect_window{0};
    std::string thumbnail_mode = "INTERVAL";
    std::chrono::seconds thumbnail_interval{60};
    std::string thumbnail_resolution;  // "": the source's
    std::vector<std::string> thumbnail_storage{"SEQUENTIAL"};
    std::string rendition_selection = "ALL";
    std::vector<std::string> renditions;  // with CUSTOM
    Tags tags;
};

/// The public half of a key that signs the tokens of private playback.
struct PlaybackKeyPair {
    std::string arn;
    std::string name;
    std::string public_key;   // PEM, as imported
    std::string fingerprint;  // "98:0d:1a:a0:19:96:1e:ea:0a:0a:2c:9a:42:19:2b:e7"
    Tags tags;
};

struct PlaybackRestrictionPolicy {
    std::string arn;
    std::string name;
    std::vector<std::string> allowed_countries;  // none: all
    std::vector<std::string> allowed_origins;    // none: all
    bool strict_origin_enforcement = false;
    Tags tags;
};

/// What is still known of a channel that was deleted, for as long as recordings of it are there:
/// they stay as private as they were.
struct DeletedChannel {
    ChannelId id;
    std::string arn;
    bool authorized = false;
};

/// Sessions of this viewer up to this version are over.
struct ViewerSessionRevocation {
    ChannelId channel;
    std::string viewer_id;
    long long version = 0;
    WallTime revoked_at;
};

/// One broadcast: from publish to its end. Kept after the channel is deleted.
struct StreamSession {
    StreamId id;
    ChannelId channel;
    WallTime started_at;  // when the session was created: its publisher began to send
    std::optional<WallTime>
        live_at;  // Stream Start, from when it could be played; nullopt: not yet
    std::optional<WallTime> ended_at;
    RecordingId recording;                           // the newest of it; empty: not recorded
    std::optional<ivs::IngestConfiguration> ingest;  // nullopt: no headers came yet
    // As they were when the session was created.
    std::optional<Channel> channel_then;  // nullopt: of a session older than this member
    std::optional<RecordingConfiguration> recording_configuration;  // nullopt: not to be recorded
    bool has_error_event = false;  // a limit breach or a failure; set by the event log
};

using RecordingStatus = ivs::RecordingStatus;

/// How the playlists of a recording are named, below its prefix: as its metadata says.
struct RecordingLayout {
    std::string hls_path = "media/hls";
    std::string playlist = "master.m3u8";  // below hls_path, as the next
    std::string byte_range_playlist = "byte-range-multivariant.m3u8";
    std::string rendition_playlist = "byte-range-variant.m3u8";  // below the rendition's folder
    int live_target_seconds = 6;  // what its rewind playlist declares

    bool operator==(const RecordingLayout&) const = default;
};

/// One recording: a prefix in the bucket. Streams merged inside the reconnect window share it.
struct Recording {
    RecordingId id;
    ChannelId channel;
    std::string prefix;  // "ivs/v1/000000000000/AsXego4U6tnj/2026/11/23/9/5/j8Z9O91ndcVs"
    RecordingStatus status = RecordingStatus::Started;
    std::string status_message;
    WallTime started_at;
    std::optional<WallTime> ended_at;
    std::chrono::milliseconds duration{};
    std::uint64_t bytes = 0;
    std::vector<StreamId> streams;  // oldest first
    std::string rendition;          // "720p30"; discovered from the metadata for foreign recordings
    std::string segment_epochs;     // which process named which live segments: "0:mp3k9a,57:mp4b1c"
    bool locked = false;            // true: never deleted
    std::string configuration;      // name of the recording configuration; "": not known
    RecordingLayout layout;
    std::string deleting;  // why it is being deleted, by mark_deleting(); "": it is not
};

/// What retention must know of a recording.
struct RetainedRecording {
    RecordingId id;
    ChannelId channel;
    std::string configuration;
    WallTime started_at;
    std::optional<WallTime> ended_at;  // nullopt: under way
    std::uint64_t bytes = 0;
    bool locked = false;
};

/// A channel's place in lists: by creation, oldest first.
struct ChannelPlace {
    WallTime created_at;
    ChannelId id;
    friend auto operator<=>(const ChannelPlace&, const ChannelPlace&) = default;
};

/// Channels and what belongs to them at one moment; immutable, and cheap to copy.
struct Directory {
    SharedMap<ChannelId, Channel> channels;
    std::shared_ptr<const std::vector<ChannelPlace>> channels_by_creation =
        std::make_shared<const std::vector<ChannelPlace>>();
    SharedMap<StreamKeyValue, ChannelId> stream_keys;
    SharedMap<std::string, ChannelId> stream_key_arns;
    SharedMap<ChannelId, StreamKey> stream_key_of;
    // By ARN:
    SharedMap<std::string, RecordingConfiguration> recording_configurations;
    SharedMap<std::string, PlaybackKeyPair> playback_key_pairs;
    SharedMap<std::string, PlaybackRestrictionPolicy> playback_restriction_policies;
    SharedMap<ChannelId, DeletedChannel> deleted_channels;
    // Up to which version the sessions of a viewer are over; by revocation_key().
    SharedMap<std::string, long long> revoked_versions;
};

// "AsXego4U6tnj viewer-17": an id has no space
std::string revocation_key(const ChannelId& channel, std::string_view viewer_id);

struct Page {
    std::size_t offset = 0;
    std::size_t limit = 100;
};

/// What becomes of a resource's tags; an error leaves them.
using TagChange = std::function<Result<Tags>(Tags tags)>;

/// One event of the log, in the EventBridge shape.
struct Event {
    std::uint64_t cursor = 0;  // its number, rising, never given twice; 0: not in the log yet
    ChannelId channel;
    StreamId stream;
    std::string type;  // "IVS Stream State Change"
    std::string name;  // "Stream Start"
    std::string code;  // of events that have one
    WallTime time;
    std::string body;  // the JSON that is delivered
};

/// Which event of a recording's life an entry of the log is.
struct ToldRecording {
    RecordingId id;
    bool ended = false;  // false: its start
};

/// What is written in one step: the session as it is now, and the events that tell of it.
struct LogEntry {
    std::optional<StreamSession> session;
    std::vector<Event> events;
    std::optional<ToldRecording> recording;
    /// One that was marked to be deleted: its row goes. Where it is gone already, none of the
    /// events is written.
    std::optional<RecordingId> removed{};
};

/// A recording whose start or end does not stand in the log.
struct UntoldRecording {
    Recording recording;
    bool start_told = false;
};

/// The cursors that the log holds; both 0 while it holds none.
struct EventRange {
    std::uint64_t oldest = 0;
    std::uint64_t newest = 0;
};

/// An event that a receiver has not taken yet.
struct PendingDelivery {
    std::uint64_t cursor = 0;
    ChannelId channel;
    WallTime time;  // of the event
};

/// An event that a receiver never took.
struct DeadDelivery {
    std::string receiver;
    std::uint64_t cursor = 0;
    std::string why;
};

struct EventRetention {
    WallTime events_since;          // older ones go
    std::size_t events_max = 0;     // the oldest above it go
    WallTime sessions_ended_since;  // sessions that ended before it go
    std::size_t step_max = 1'000;   // of each kind in one call
};

/// The database: channels, stream keys, recording configurations, playback key pairs and
/// restriction policies, stream sessions, recordings, the event log.
///
/// SQLite behind SOCI. Opened by one process at a time; the schema has a version, older ones are
/// migrated in one transaction. All calls but directory() may block on the disk. Thread-safe.
/// Errors everywhere: Unavailable when the database fails; NotFound and Conflict as named.
class Catalog {
public:
    /// Opens the database, or makes it where there is none. Only its owner may read it.
    ///
    /// Errors: Unavailable  cannot be opened or kept from others, another process has it, or it is
    ///                      damaged. Nothing is left that was not there before.
    ///         Unsupported  made by a newer version of the program; left untouched.
    static Result<std::unique_ptr<Catalog>> open(const std::filesystem::path& file);
    ~Catalog();

    /// Removes the database where open() made it, for a start that fails later on; then only the
    /// destructor may follow. A database that was there before stays.
    void take_back();

    /// What the media path and viewers look up; never blocks. A change shows in the next call.
    std::shared_ptr<const Directory> directory() const;

    /// Errors: Conflict when the id or ARN exists.
    ///         NotFound when the channel's recording configuration or restriction policy does not.
    Result<void> add_channel(const Channel& channel, const StreamKey& key);
    Result<Channel> channel(const ChannelId& id) const;
    Result<std::vector<Channel>> channels(Page page) const;  // by creation, oldest first
    Result<void> update_channel(const Channel& channel);     // all but id, arn, created_at
    /// Its stream key too; its recordings stay, and what they need to stay private.
    Result<void> remove_channel(const ChannelId& id);

    /// Errors: Conflict when the channel has one, or the ARN or the value exists.
    Result<void> add_stream_key(const StreamKey& key);
    /// The channel has this one from now on, in the place of what it had. Errors: NotFound,
    /// Conflict.
    Result<void> replace_stream_key(const StreamKey& key);
    Result<std::vector<StreamKey>> stream_keys(const ChannelId& channel) const;
    Result<void> remove_stream_key(const std::string& arn);

    Result<void> add_recording_configuration(const RecordingConfiguration& configuration);
    Result<std::vector<RecordingConfiguration>> recording_configurations() const;
    Result<void> set_recording_configuration_state(const std::string& arn,
                                                   const std::string& state);
    /// Errors: Conflict when a channel uses it.
    Result<void> remove_recording_configuration(const std::string& arn);

    Result<void> add_playback_key_pair(const PlaybackKeyPair& pair);
    Result<void> remove_playback_key_pair(const std::string& arn);

    Result<void> add_playback_restriction_policy(const PlaybackRestrictionPolicy& policy);
    Result<void> update_playback_restriction_policy(const PlaybackRestrictionPolicy& policy);
    /// Errors: Conflict when a channel uses it.
    Result<void> remove_playback_restriction_policy(const std::string& arn);

    /// How many revocations are kept; the oldest ones go.
    static constexpr std::size_t kRevocationsMax = 100'000;
    /// Keeps them all or none; of one viewer the highest version.
    Result<void> revoke_viewer_sessions(const std::vector<ViewerSessionRevocation>& revocations);
    Result<std::vector<ViewerSessionRevocation>> viewer_session_revocations(
        const ChannelId& channel) const;  // by viewer

    /// How many tokens that count once are remembered until they have expired.
    static constexpr std::size_t kUsedTokensMax = 100'000;
    /// Remembers `token` until `expires_at`. Out: false where it was used before.
    /// Errors: LimitExceeded  kUsedTokensMax are remembered.
    Result<bool> use_token_once(const std::string& token, WallTime expires_at, WallTime now);

    /// Changes the tags of the channel, stream key, recording configuration, playback key pair or
    /// playback restriction policy of that ARN. Errors: NotFound; those of `change`.
    Result<void> change_tags(const std::string& arn, const TagChange& change);

    Result<std::vector<StreamSession>> stream_sessions(const ChannelId& channel,
                                                       Page page) const;  // newest first
    /// Errors: NotFound.
    Result<StreamSession> stream_session(const StreamId& id) const;
    /// What a killed process left open; oldest first.
    Result<std::vector<StreamSession>> open_stream_sessions() const;
    /// The newest of each channel that has one.
    Result<std::vector<StreamSession>> newest_stream_sessions() const;

    /// Writes all entries in one transaction, in order; with an event among them it is on the disk
    /// when this returns, and survives a power loss. Every event is owed to every one of
    /// `receivers` from then on.
    ///
    /// Out: the events with their cursors.
    Result<std::vector<Event>> append_to_log(const std::vector<LogEntry>& entries,
                                             const std::vector<std::string>& receivers);
    /// In: `channel` nullopt: of all. Out: those behind cursor `after`, oldest first.
    Result<std::vector<Event>> events_after(std::uint64_t after, std::size_t limit,
                                            const std::optional<ChannelId>& channel) const;
    Result<Event> event(std::uint64_t cursor) const;  // Errors: NotFound.
    Result<EventRange> event_range() const;
    /// The last that was given, also when its event is gone.
    Result<std::uint64_t> last_cursor() const;
    Result<std::vector<Event>> stream_events(const StreamId& stream,
                                             std::size_t limit) const;  // newest first
    Result<std::vector<UntoldRecording>> untold_recordings() const;     // oldest first
    /// Out: whether something was left for another call.
    Result<bool> prune_events(const EventRetention& retention);

    /// Forgets what is owed to others than these.
    Result<void> keep_receivers(const std::vector<std::string>& receivers);
    /// Oldest first, behind cursor `after`.
    Result<std::vector<PendingDelivery>> pending_deliveries(const std::string& receiver,
                                                            std::uint64_t after,
                                                            std::size_t limit) const;
    /// The receiver has it.
    Result<void> settle_delivery(const std::string& receiver, std::uint64_t cursor);
    /// The receiver never took it.
    Result<void> give_up_delivery(const std::string& receiver, std::uint64_t cursor,
                                  const std::string& why);
    Result<std::vector<DeadDelivery>> dead_deliveries(std::uint64_t after,
                                                      std::size_t limit) const;  // oldest first

    /// Without a configuration it gets the name of the one that its channel has now.
    Result<void> add_recording(const Recording& recording);
    /// All but id, channel, prefix, started_at, locked, configuration, layout, deleting.
    Result<void> update_recording(const Recording& recording);
    /// Errors: Conflict when it is being deleted.
    Result<void> set_recording_locked(const RecordingId& id, bool locked);
    /// Also one that is being deleted; no list has such a one.
    Result<Recording> recording(const RecordingId& id) const;
    Result<std::vector<Recording>> recordings(const ChannelId& channel,
                                              Page page) const;  // newest first
    /// Those of which some moment lies in [from, to), newest first: from its start to its end, or
    /// to the end of its media where that is later; one under way has no end.
    Result<std::vector<Recording>> recordings_between(const ChannelId& channel, WallTime from,
                                                      WallTime to, Page page) const;
    Result<std::vector<Recording>> unfinished_recordings() const;
    /// The newest of each channel that has one.
    Result<std::vector<Recording>> newest_recordings() const;
    /// Errors: Conflict when it is locked.
    Result<void> remove_recording(const RecordingId& id);

    /// Begins a delete, which from now on is only ever completed: no list has the recording any
    /// more, and it cannot be locked. `reason` is kept with it: "requested". Errors: NotFound;
    /// Conflict when it is locked or under way.
    Result<void> mark_deleting(const RecordingId& id, const std::string& reason);
    Result<std::vector<Recording>> deleting_recordings() const;  // oldest first

    /// Where a page of retained_recordings() ended.
    struct RetainedPlace {
        WallTime started_at{};
        RecordingId id;
    };
    /// All recordings but those that are being deleted, oldest first, behind `after`.
    Result<std::vector<RetainedRecording>> retained_recordings(const RetainedPlace& after,
                                                               std::size_t limit) const;

    /// Makes `recordings` all that there are, but for those that are under way or being deleted,
    /// which stay as they are. One that was there keeps its lock and its configuration. Nothing is
    /// told of them in the event log.
    Result<void> replace_recordings(const std::vector<Recording>& recordings);

private:
    class Impl;
    explicit Catalog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::catalog
