#pragma once

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/times.h"
#include "edge/channel_waits.h"
#include "live/live_channel.h"
#include "net/http_stream.h"

namespace oxbow::edge {

/// What a segment that grows is read from.
struct GrowingSegmentRooms {
    const live::ChannelViews& channels;
    ChannelWaits& waits;
    const Clock& clock;
};

/// Segment `number` of a broadcast, part by part as they are there, and whole once it is listed:
/// its bytes are the same then, to the byte. Where it does not come to that within `wait_max` of
/// its last part, or with its broadcast, the reader is shown that it was cut.
///
/// In: `place`, held for as long as it is read.
std::shared_ptr<net::HttpStream> read_growing_segment(GrowingSegmentRooms rooms,
                                                      boost::asio::any_io_executor executor,
                                                      ChannelId channel, std::string stream,
                                                      std::uint64_t number,
                                                      SteadyTime::duration wait_max,
                                                      std::shared_ptr<const void> place);

/// Whether the open segment behind the last that `broadcast` lists has that number, and parts.
bool has_begun(const live::BroadcastView& broadcast, std::uint64_t number);

}  // namespace oxbow::edge
