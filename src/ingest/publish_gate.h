#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/ids.h"
#include "base/result.h"
#include "media/access_unit.h"

namespace oxbow::ingest {

/// How a publisher's session came to its end.
enum class EndReason {
    Unpublished,     // the publisher said so (deleteStream, FCUnpublish)
    ConnectionLost,  // closed or reset without a word
    Silent,          // no data for kSilenceMax
    Stopped,         // by us: StopStream, takeover, shutdown
    Rejected,        // it sent what cannot be processed
};

struct PublishRequest {
    std::string app;            // "app"
    StreamKeyValue stream_key;  // without its query; a secret: never logged whole
    std::string query;          // "priority=2"; may be empty
    std::string peer;           // "127.0.0.1:53422"
    bool secure = false;        // by RTMPS
    /// Ends this publisher from outside. Thread-safe; may be called after the connection is gone.
    std::function<void(std::string why)> stop;
};

/// One admitted publisher's broadcast. All calls come on the grant's executor; destroyed there
/// after on_ended.
class PublishSession : public AccessUnitSink {
public:
    virtual void on_ended(EndReason reason, std::string_view why) = 0;
};

struct PublishGrant {
    /// Of the loop that owns the channel; the connection moves there.
    boost::asio::any_io_executor executor;
    std::unique_ptr<PublishSession> session;
};

/// Decides who may publish. Declared here, answered by the room that knows channels.
class PublishGate {
public:
    virtual ~PublishGate() = default;

    /// Errors: NotFound  no channel has this stream key.      -> NetStream.Publish.BadName
    ///         Conflict  the channel has a publisher already.  -> NetStream.Publish.BadName
    ///         Refused   otherwise not allowed now.            -> NetStream.Publish.Denied
    /// Thread-safe.
    virtual Result<PublishGrant> publish(PublishRequest request) = 0;
};

}  // namespace oxbow::ingest
