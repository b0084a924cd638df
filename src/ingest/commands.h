#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "ingest/amf0.h"
#include "ingest/message.h"
#include "media/access_unit.h"

namespace oxbow::ingest {

inline constexpr std::size_t kStreamNameBytesMax = 512;  // stream key and query
inline constexpr std::size_t kEncoderBytesMax = 128;     // of StreamMetadata::encoder

/// A remote call, as NetConnection and NetStream make them.
struct Command {
    std::string name;
    double transaction = 0;              // what the answer repeats; 0: wants none
    std::vector<amf0::Value> arguments;  // [0] is the command object, often null

    /// The text at `index`; nullptr when there is none.
    const std::string* text(std::size_t index) const;
};

/// Reads a command message, in AMF0 or in the AMF3 wrapping that begins with a zero byte.
///
/// Errors: those of amf0::read; Malformed when it does not begin with a name.
/// Source: Adobe RTMP 1.0 §7.2.
Result<Command> read_command(const Message& message);

/// What an onMetaData message says, also inside @setDataFrame; nullopt for any other data message
/// and for one that cannot be read, since it is only hints.
std::optional<StreamMetadata> read_metadata(const Message& message);

/// "sk_us-east-1_AsXego4U6tnj_567890abcdef?priority=2" in its two parts.
struct StreamName {
    StreamKeyValue key;
    std::string query;  // without the question mark
};
StreamName split_stream_name(std::string_view name);

/// "app": without slashes around it and without a query.
std::string application_name(std::string_view app);

// sk_us-east-1_AsXego4U6tnj_****      (for the log: enough to find the channel, not to publish)
std::string masked(const StreamKeyValue& key);

// Messages that we send. Source: Adobe RTMP 1.0 §5.4, §7.1.7, §7.2.

Message control(MessageType type, std::uint32_t value);
Message set_peer_bandwidth(std::uint32_t window);
Message stream_begin(std::uint32_t stream_id);
Message ping_response(std::uint32_t timestamp);

Message connect_result(double transaction);
Message connect_rejected(double transaction, std::string_view description);
Message create_stream_result(double transaction, std::uint32_t stream_id);
/// An answer that says nothing but that the call was heard.
Message empty_result(double transaction);
Message on_fc_publish(std::string_view stream_name);

enum class StatusLevel { Status, Error };
/// In: code like "NetStream.Publish.Start".
Message on_status(std::uint32_t stream_id, StatusLevel level, std::string_view code,
                  std::string_view description);

}  // namespace oxbow::ingest
