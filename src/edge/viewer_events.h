#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include "base/ids.h"
#include "live/live_channel.h"
#include "net/event_feed.h"

namespace oxbow::edge {

/// What viewers hear of all channels, as server-sent events: a channel went live, was interrupted,
/// went offline; a recording started, grew, ended. It looks at each new view of a channel and tells
/// what differs from the one before.
///
/// In:  every ChannelView, each channel's in order; `is_public`: whether these viewers may hear of
/// its
///      channel. For the viewers of private channels there is another ViewerEvents, which they read
///      by their channel only.
/// Out: a feed. Ids are "{epoch}-{number}": a reader that comes back with one gets what it missed,
/// as
///      far as it is kept; any other begins with `state`, all that is not offline.
/// Thread-safe.
class ViewerEvents {
public:
    ViewerEvents(std::string epoch, const Clock& clock,
                 std::function<bool(const ChannelId&)> is_public, net::EventFeedLimits limits = {});

    void on_view(const live::ChannelView& view);

    /// The same of a channel that another process streams and records.
    struct Elsewhere {
        std::optional<StreamId> stream;  // nullopt: offline
        std::optional<WallTime> started_at;
        RecordingId recording;  // empty: none is open
        MediaTime duration{};
    };
    void on_elsewhere(const ChannelId& channel, const Elsewhere& now);

    /// In: `last_event_id` as the reader sent it; "" for none. Out: nullptr: too many readers.
    std::shared_ptr<net::HttpStream> read(const boost::asio::any_io_executor& executor,
                                          std::string_view last_event_id,
                                          const std::optional<std::string>& channel);

    void close() { feed_.close(); }

    /// A recording's growth is told in steps of this: for seek bars, not for players.
    static constexpr MediaTime kGrewEvery = std::chrono::seconds{5};

private:
    enum class State { Offline, Live, Interrupted };
    /// What was last told of a channel.
    struct Told {
        State state = State::Offline;
        std::optional<StreamId> stream;
        std::optional<WallTime> since;  // live: its start; interrupted: until when it may come back
        RecordingId recording;          // empty: none is open
        MediaTime duration{};           // of the recording
        MediaTime told_duration{};
    };

    Told look_at(const live::ChannelView& view) const;
    void tell_locked(const ChannelId& channel, Told before, Told now);
    void tell_recording(const ChannelId& channel, const Told& before, Told& now);
    void tell_state(const ChannelId& channel, const Told& before, const Told& now);
    void publish(const ChannelId& channel, std::string_view event, boost::json::object data);
    static boost::json::object state_json(const Told& told);
    net::EventFeed::Piece state_piece(const std::optional<std::string>& channel) const;
    std::string id_of(std::uint64_t number) const;

    const std::string epoch_;
    const Clock& clock_;
    const std::function<bool(const ChannelId&)> is_public_;
    mutable std::mutex mutex_;
    std::map<ChannelId, Told> told_;  // of channels that are not offline
    std::uint64_t number_ = 0;
    net::EventFeed feed_;
};

}  // namespace oxbow::edge
