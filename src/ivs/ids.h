#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace oxbow::ivs {

// arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj
std::string channel_arn(std::string_view region, std::string_view account,
                        const ChannelId& channel);
// arn:aws:ivs:us-east-1:000000000000:stream-key/cjYzKt8MQ1Lk
std::string stream_key_arn(std::string_view region, std::string_view account, std::string_view id);
// arn:aws:ivs:us-east-1:000000000000:recording-configuration/mhDuKOMv6lTo
std::string recording_configuration_arn(std::string_view region, std::string_view account,
                                        std::string_view id);
// arn:aws:ivs:us-east-1:000000000000:playback-key/f99cde61-c2b0-4df3
std::string playback_key_arn(std::string_view region, std::string_view account,
                             std::string_view id);
// arn:aws:ivs:us-east-1:000000000000:playback-restriction-policy/ABcdef34ghIJ
std::string playback_restriction_policy_arn(std::string_view region, std::string_view account,
                                            std::string_view id);
// sk_us-east-1_AsXego4U6tnj_567890abcdef
StreamKeyValue make_stream_key(std::string_view region, const ChannelId& channel);
// us-east-1.000000000000.channel.AsXego4U6tnj.m3u8      (last part of the playback URL)
std::string playback_name(std::string_view region, std::string_view account,
                          const ChannelId& channel);

ChannelId make_channel_id();      // 12 characters [A-Za-z0-9]
RecordingId make_recording_id();  // 12
StreamId make_stream_id();        // "st-" and 23

inline constexpr std::size_t kIdBytesMax = 64;
inline constexpr std::size_t kArnBytesMax = 128;

/// Whether `text` has the form of the last part of an ARN: [A-Za-z0-9-]{1,64}.
bool is_id(std::string_view text);

/// Reads a channel id: [A-Za-z0-9-]{1,64}. Errors: Malformed.
Result<ChannelId> parse_channel_id(std::string_view text);

/// Whether `arn` is "arn:aws:ivs:<region>:<account>:<kind>/<id>" of at most kArnBytesMax; any kind
/// of lower-case letters and '-' when `kind` is empty.
///
/// Source: the patterns of the ARNs in the IVS API model 2020-07-14.
bool is_arn(std::string_view arn, std::string_view kind = "");

/// The channel of a channel ARN of any region, account and partition.
///
/// Errors: Malformed  not "arn:aws:ivs:<region>:<account>:channel/<id>", or above kArnBytesMax.
/// Source: the pattern of ChannelArn in the IVS API model 2020-07-14.
Result<ChannelId> channel_of_arn(std::string_view arn);

}  // namespace oxbow::ivs
