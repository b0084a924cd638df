#pragma once

#include <boost/json/object.hpp>

#include "control/operations.h"

namespace oxbow::control {

// The resources as the API gives them. Source: the shapes of the API model; ARNs that are not set
// are "".

/// {"arn":...,"name":...,...}; the summary of lists lacks ingestEndpoint and playbackUrl.
boost::json::object channel_json(const Rooms& rooms, const catalog::Channel& channel);
boost::json::object channel_summary_json(const catalog::Channel& channel);

/// The summary of lists lacks the value.
boost::json::object stream_key_json(const Rooms& rooms, const catalog::StreamKey& key);
boost::json::object stream_key_summary_json(const Rooms& rooms, const catalog::StreamKey& key);

/// The summary of lists lacks playbackUrl.
boost::json::object stream_json(const Rooms& rooms, const LiveStreamInfo& stream);
boost::json::object stream_summary_json(const Rooms& rooms, const LiveStreamInfo& stream);

boost::json::object recording_configuration_json(
    const catalog::RecordingConfiguration& configuration);
boost::json::object recording_configuration_summary_json(
    const catalog::RecordingConfiguration& configuration);

/// The summary of lists lacks the fingerprint; nothing gives the key back.
boost::json::object playback_key_pair_json(const catalog::PlaybackKeyPair& pair);
boost::json::object playback_key_pair_summary_json(const catalog::PlaybackKeyPair& pair);

boost::json::object playback_restriction_policy_json(
    const catalog::PlaybackRestrictionPolicy& policy);

/// A stream that was or is; what is not known of it is absent. The channel and its recording
/// configuration are those of its beginning. In: `events` of it, newest first.
boost::json::object stream_session_json(const Rooms& rooms, const catalog::StreamSession& session,
                                        const std::vector<catalog::Event>& events);
boost::json::object stream_session_summary_json(const catalog::StreamSession& session);

boost::json::object tags_json(const catalog::Tags& tags);

/// {"arn","code","message"}: why a batch lacks this one.
boost::json::object batch_error_json(const std::string& arn, const ApiError& error);

/// Oxbow's own: {"recordingId","channelId","channelArn","prefix","status","startedAt",...}.
boost::json::object recording_json(const Rooms& rooms, const catalog::Recording& recording);

// http://127.0.0.1:8080/api/video/v1/us-east-1.000000000000.channel.AsXego4U6tnj.m3u8
std::string playback_url(const ControlSettings& settings, const ChannelId& channel);

/// The channel that `arn` names. Errors: ValidationException, ResourceNotFoundException.
Outcome<catalog::Channel> channel_of(const Rooms& rooms, const std::string& arn);

/// A key that nobody has yet, without tags.
catalog::StreamKey new_stream_key(const Rooms& rooms, const ChannelId& channel);

}  // namespace oxbow::control
