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
    WallTime started_at;
    std::optional<WallTime> ended_at;
    RecordingId recording;  // empty: not recorded
};

using RecordingStatus = ivs::RecordingStatus;

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
};

struct Page {
    std::size_t offset = 0;
    std::size_t limit = 100;
};

/// What becomes of a resource's tags; an error leaves them.
using TagChange = std::function<Result<Tags>(Tags tags)>;

/// The database: channels, stream keys, recording configurations, playback key pairs and
/// restriction policies, stream sessions, recordings.
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
    Result<void> remove_channel(const ChannelId& id);  // its stream key too; its recordings stay

    /// Errors: Conflict when the channel has one, or the ARN or the value exists.
    Result<void> add_stream_key(const StreamKey& key);
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

    /// Changes the tags of the channel, stream key, recording configuration, playback key pair or
    /// playback restriction policy of that ARN. Errors: NotFound; those of `change`.
    Result<void> change_tags(const std::string& arn, const TagChange& change);

    Result<void> add_stream_session(const StreamSession& session);
    /// The first end stays when it is told twice.
    Result<void> end_stream_session(const StreamId& id, WallTime ended_at);
    /// Ends what a killed process left open; at the start, before any stream.
    Result<void> end_open_stream_sessions(WallTime ended_at);
    Result<StreamSession> stream_session(const StreamId& id) const;
    Result<std::vector<StreamSession>> stream_sessions(const ChannelId& channel,
                                                       Page page) const;  // newest first

    Result<void> add_recording(const Recording& recording);
    Result<void> update_recording(
        const Recording& recording);  // all but id, channel, prefix, started_at, locked
    Result<void> set_recording_locked(const RecordingId& id, bool locked);
    Result<Recording> recording(const RecordingId& id) const;
    Result<std::vector<Recording>> recordings(const ChannelId& channel,
                                              Page page) const;  // newest first
    Result<std::vector<Recording>> unfinished_recordings() const;
    /// The newest of each channel that has one.
    Result<std::vector<Recording>> newest_recordings() const;
    /// Errors: Conflict when it is locked.
    Result<void> remove_recording(const RecordingId& id);

private:
    class Impl;
    explicit Catalog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::catalog
