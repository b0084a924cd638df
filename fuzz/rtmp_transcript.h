#pragma once

#include <string>

#include "base/bytes.h"
#include "ingest/conversation.h"

namespace oxbow::fuzz {

/// A server's side of one connection: everybody may publish, but with a key that begins with '!'.
/// Keeps what happened as text, so that two ways to the same end can be compared.
class RtmpTranscript {
public:
    /// All that `bytes` lead to; nothing once the connection has failed.
    void receive(BytesView bytes);

    const std::string& events() const { return events_; }
    const Bytes& replies() const { return replies_; }
    bool failed() const { return failed_; }

private:
    void note(const ingest::PublisherEvent& event);

    ingest::Conversation conversation_{1};
    std::string events_;
    Bytes replies_;
    bool failed_ = false;
};

/// Aborts unless `bytes` lead to the same events and the same replies in one piece and in many, and
/// the replies behind the handshake are chunks that a client can read.
void check_rtmp_connection(BytesView bytes);

}  // namespace oxbow::fuzz
