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

/// Oxbow's own: {"recordingId","channelId","channelArn","prefix","status","startedAt",...}.
boost::json::object recording_json(const Rooms& rooms, const catalog::Recording& recording);

// http://127.0.0.1:8080/api/video/v1/us-east-1.000000000000.channel.AsXego4U6tnj.m3u8
std::string playback_url(const ControlSettings& settings, const ChannelId& channel);

/// The channel that `arn` names. Errors: ValidationException, ResourceNotFoundException.
Outcome<catalog::Channel> channel_of(const Rooms& rooms, const std::string& arn);

}  // namespace oxbow::control
