#pragma once

#include <string_view>
#include <variant>

namespace oxbow::edge {

// Whose a path is: what decides who may have it, before any handler sees it.

/// The web page, and the lists of what is public.
struct EveryonesPath {};

/// Something of a channel: a playlist, a segment, an object, a list. In whatever form the id is.
struct ChannelsPath {
    std::string_view channel;
    bool multivariant = false;  // a playlist that leads to everything else
    bool in_bucket = false;     // by its key
};

/// Something of a recording, which the catalogue knows the channel of.
struct RecordingsPath {
    std::string_view recording;
};

/// No path of ours.
struct NobodysPath {};

using PathOwner = std::variant<EveryonesPath, ChannelsPath, RecordingsPath, NobodysPath>;

/// In: `path` decoded, starting with '/'; `query` as sent. What has an empty part, or one of dots
/// alone, is nobody's: no two paths lead to one thing. Under "/channels/{CHANNEL_ID}/" and
/// "/recordings/{recordingId}" everything belongs to that channel or recording, also what no
/// handler knows yet.
PathOwner owner_of(std::string_view path, std::string_view default_channel);

/// The channel's id in the name of a live multivariant playlist, behind /api/video/v1/; "" where it
/// is none.
// "AsXego4U6tnj" of "us-east-1.000000000000.channel.AsXego4U6tnj.m3u8"
std::string_view channel_of_playback_name(std::string_view name);

}  // namespace oxbow::edge
