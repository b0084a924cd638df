#pragma once

#include <expected>
#include <mutex>
#include <optional>

#include <boost/json/object.hpp>

#include "control/api.h"
#include "control/arguments.h"
#include "control/call_rates.h"
#include "control/health_history.h"

namespace oxbow::control {

/// What operations work on.
struct Rooms {
    catalog::Catalog& catalog;
    LiveControl& live;
    RecordingDeleter& deleter;
    const RetentionPlans& retention;
    Credentials& credentials;
    RecordingBuckets& buckets;
    CallRates& rates;
    const HealthHistory& health;
    const Clock& clock;
    const ControlSettings& settings;
    /// Held while a recording is locked, unlocked or deleted: a lock that succeeded protects.
    std::mutex& recordings;
};

template <typename T>
using Outcome = std::expected<T, ApiError>;

/// The JSON object of a 200; nullopt: 204.
using Answer = Outcome<std::optional<boost::json::object>>;

inline std::unexpected<ApiError> refuse(ApiError error) {
    return std::unexpected(std::move(error));
}
inline std::unexpected<ApiError> refuse(const Error& error) {
    return refuse(api_error(error));
}

/// Errors: ServiceQuotaExceededException  there are `quota` of these already.
Outcome<void> within_quota(std::size_t count, std::size_t quota, std::string_view what);

// channels.cc
Answer batch_get_channel(const Rooms& rooms, Arguments& arguments);
Answer create_channel(const Rooms& rooms, Arguments& arguments);
Answer get_channel(const Rooms& rooms, Arguments& arguments);
Answer list_channels(const Rooms& rooms, Arguments& arguments);
Answer update_channel(const Rooms& rooms, Arguments& arguments);
Answer delete_channel(const Rooms& rooms, Arguments& arguments);

// stream_keys.cc
Answer batch_get_stream_key(const Rooms& rooms, Arguments& arguments);
Answer create_stream_key(const Rooms& rooms, Arguments& arguments);
Answer get_stream_key(const Rooms& rooms, Arguments& arguments);
Answer list_stream_keys(const Rooms& rooms, Arguments& arguments);
Answer delete_stream_key(const Rooms& rooms, Arguments& arguments);
Answer reset_stream_key(const Rooms& rooms, Arguments& arguments);

// streams.cc
Answer get_stream(const Rooms& rooms, Arguments& arguments);
Answer list_streams(const Rooms& rooms, Arguments& arguments);
Answer stop_stream(const Rooms& rooms, Arguments& arguments);
Answer put_metadata(const Rooms& rooms, Arguments& arguments);

// stream_sessions.cc
Answer get_stream_session(const Rooms& rooms, Arguments& arguments);
Answer list_stream_sessions(const Rooms& rooms, Arguments& arguments);

// recording_configurations.cc
Answer create_recording_configuration(const Rooms& rooms, Arguments& arguments);
Answer delete_recording_configuration(const Rooms& rooms, Arguments& arguments);
/// Goes on with what an earlier process left in state CREATING.
void check_new_recording_configurations(catalog::Catalog& catalog, RecordingBuckets& buckets);
Answer get_recording_configuration(const Rooms& rooms, Arguments& arguments);
Answer list_recording_configurations(const Rooms& rooms, Arguments& arguments);

// playback_key_pairs.cc
Answer import_playback_key_pair(const Rooms& rooms, Arguments& arguments);
Answer get_playback_key_pair(const Rooms& rooms, Arguments& arguments);
Answer list_playback_key_pairs(const Rooms& rooms, Arguments& arguments);
Answer delete_playback_key_pair(const Rooms& rooms, Arguments& arguments);

// playback_restriction_policies.cc
Answer create_playback_restriction_policy(const Rooms& rooms, Arguments& arguments);
Answer get_playback_restriction_policy(const Rooms& rooms, Arguments& arguments);
Answer list_playback_restriction_policies(const Rooms& rooms, Arguments& arguments);
Answer update_playback_restriction_policy(const Rooms& rooms, Arguments& arguments);
Answer delete_playback_restriction_policy(const Rooms& rooms, Arguments& arguments);

// viewer_sessions.cc
Answer start_viewer_session_revocation(const Rooms& rooms, Arguments& arguments);
Answer batch_start_viewer_session_revocation(const Rooms& rooms, Arguments& arguments);

// tags.cc
Answer list_tags_for_resource(const Rooms& rooms, Arguments& arguments);
Answer tag_resource(const Rooms& rooms, Arguments& arguments);
Answer untag_resource(const Rooms& rooms, Arguments& arguments);

// ads.cc
Answer refuse_ads(const Rooms& rooms, Arguments& arguments);

// recordings.cc
Answer list_recordings(const Rooms& rooms, Arguments& arguments);
Answer get_recording(const Rooms& rooms, Arguments& arguments);
Answer lock_recording(const Rooms& rooms, Arguments& arguments);
Answer unlock_recording(const Rooms& rooms, Arguments& arguments);
Answer delete_recording(const Rooms& rooms, Arguments& arguments);
Answer plan_retention(const Rooms& rooms, Arguments& arguments);

// server_health.cc
Answer batch_get_stream_health(const Rooms& rooms, Arguments& arguments);
Answer get_server_status(const Rooms& rooms, Arguments& arguments);

// credentials_api.cc
Answer create_credential(const Rooms& rooms, Arguments& arguments);
Answer list_credentials(const Rooms& rooms, Arguments& arguments);
Answer delete_credential(const Rooms& rooms, Arguments& arguments);

}  // namespace oxbow::control
