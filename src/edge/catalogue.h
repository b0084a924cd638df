#pragma once

#include <string>

#include "catalog/catalog.h"
#include "live/live_channel.h"
#include "meta/stream_states.h"

namespace oxbow::edge {

/// The body of /channels.json: public channels, those on air first, the newest of them first.
std::string channels_json(const catalog::Directory& directory, const live::ChannelViews& views,
                          const meta::StreamStates& streams, WallTime now,
                          std::string_view ingest_url);

/// The body of /channels/{CHANNEL_ID}/recordings.json: newest first.
/// In: `next_token` empty when this is the last page; `mount` before every path, "" or "/p/AQ...".
std::string recordings_json(const ChannelId& channel,
                            const std::vector<catalog::Recording>& recordings,
                            std::string_view next_token, std::string_view mount = {});

}  // namespace oxbow::edge
