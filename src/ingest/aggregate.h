#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "ingest/message.h"

namespace oxbow::ingest {

/// Takes an aggregate message apart: several FLV tags that an encoder sends as one message.
///
/// The first tag is at the time of the message, the others as far behind it as their own times say.
/// The back pointer behind each tag is not compared, and may be missing behind the last.
///
/// Source: Adobe RTMP 1.0 §7.1.6; Adobe Video File Format 10.1 §E.4.1 for the upper byte of a time.
class AggregateReader {
public:
    /// In: a message of type Aggregate.
    explicit AggregateReader(Message message) : message_(std::move(message)) {}

    /// The next message in it, of type Audio, Video or DataAmf0; nullopt behind the last.
    ///
    /// Errors: Malformed  a tag that is cut short, or of another type. The rest cannot be found.
    Result<std::optional<Message>> next();

private:
    Message message_;
    std::size_t offset_ = 0;  // of the next tag in its payload
    std::uint32_t first_time_ = 0;
};

}  // namespace oxbow::ingest
