// AMF0, and what commands and metadata are read from it. Input: the body of a message.

#include <cmath>

#include "base/ensure.h"
#include "fuzz/target.h"
#include "ingest/amf0.h"
#include "ingest/commands.h"

namespace oxbow::fuzz {
namespace {

using namespace ingest;

Bytes written(const std::vector<amf0::Value>& values) {
    Bytes out;
    for (const amf0::Value& value : values) amf0::append_value(out, value);
    return out;
}

/// What was read can be written, in no more bytes, and is read as the same again. Compared as
/// bytes, for a NaN is not equal to itself.
void check_round_trip(BytesView input) {
    const auto values = amf0::read(input);
    if (!values) return;
    const Bytes first = written(*values);
    ENSURE(first.size() <= input.size());
    const auto again = amf0::read(first);
    ENSURE(again.has_value());
    ENSURE(written(*again) == first);
}

void check_command(const Message& message) {
    const auto command = read_command(message);
    if (!command || command->arguments.empty()) return;
    const std::string* name = command->text(0);
    if (name == nullptr) return;
    const StreamName stream = split_stream_name(*name);
    ENSURE(stream.key.view().size() + stream.query.size() <= name->size());
    ENSURE(!stream.key.view().starts_with('/') && !stream.key.view().contains('?'));
    // What stands behind the channel is the secret.
    const std::string shown = masked(stream.key);
    ENSURE(shown.ends_with("****"));
    const std::string application = application_name(*name);
    ENSURE(!application.starts_with('/') && !application.ends_with('/'));
}

void check_metadata(const Message& message) {
    const auto metadata = read_metadata(message);
    if (!metadata) return;
    for (const double hint :
         {metadata->frame_rate, metadata->video_bits_per_second, metadata->audio_bits_per_second}) {
        ENSURE(std::isfinite(hint) && hint >= 0);
    }
    // Each byte may stand as \xNN.
    ENSURE(metadata->encoder.size() <= 4 * kEncoderBytesMax + 3);
}

}  // namespace

void check(BytesView input) {
    check_round_trip(input);
    const Bytes payload{input.begin(), input.end()};
    check_command({.type = MessageType::CommandAmf0, .payload = payload});
    check_command({.type = MessageType::CommandAmf3, .payload = payload});
    check_metadata({.type = MessageType::DataAmf0, .payload = payload});
    check_metadata({.type = MessageType::DataAmf3, .payload = payload});
}

}  // namespace oxbow::fuzz
