#include "ingest/commands.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.h"

namespace oxbow::ingest {
namespace {

/// The AMF0 bytes of a command or data message: the AMF3 kinds have one zero byte in front.
BytesView amf0_part(const Message& message) {
    const BytesView payload{message.payload};
    const bool wrapped =
        message.type == MessageType::CommandAmf3 || message.type == MessageType::DataAmf3;
    return wrapped && !payload.empty() && payload[0] == 0 ? payload.subspan(1) : payload;
}

template <typename... Values>
Message call(std::uint32_t stream_id, std::string_view name, double transaction,
             const Values&... values) {
    Message message{.type = MessageType::CommandAmf0, .stream_id = stream_id};
    amf0::append_value(message.payload, name);
    amf0::append_value(message.payload, transaction);
    (amf0::append_value(message.payload, values), ...);
    return message;
}

amf0::Property property(std::string name, std::string_view text) {
    return {std::move(name), {std::string(text)}};
}

amf0::Property property(std::string name, double number) {
    return {std::move(name), {number}};
}

amf0::Object status(StatusLevel level, std::string_view code, std::string_view description) {
    return {{property("level", level == StatusLevel::Status ? "status" : "error"),
             property("code", code), property("description", description)}};
}

/// A number that may be anything as one that is finite and not negative.
double hint(const amf0::Object& object, std::string_view name, double factor) {
    const amf0::Value* value = object.find(name);
    const double* number = value ? value->number() : nullptr;
    if (!number) return 0;
    const double scaled = *number * factor;
    return std::isfinite(scaled) && scaled > 0 ? scaled : 0;
}

// User control events: 2 bytes of type, 4 of value (§7.1.7).
Message user_control(std::uint16_t event, std::uint32_t value) {
    Message message{.type = MessageType::UserControl};
    append_number(message.payload, event, 2);
    append_number(message.payload, value, 4);
    return message;
}

}  // namespace

const std::string* Command::text(std::size_t index) const {
    return index < arguments.size() ? arguments[index].text() : nullptr;
}

Result<Command> read_command(const Message& message) {
    auto values = amf0::read(amf0_part(message));
    if (!values) return std::unexpected(values.error());
    if (values->empty() || !values->front().text()) {
        return fail(ErrorCode::Malformed,
                    "a command message does not begin with the command's name");
    }
    Command command{.name = *values->front().text(), .arguments = {}};
    if (values->size() > 1 && (*values)[1].number()) command.transaction = *(*values)[1].number();
    const auto behind = std::min<std::ptrdiff_t>(2, std::ssize(*values));
    command.arguments.assign(std::make_move_iterator(values->begin() + behind),
                             std::make_move_iterator(values->end()));
    return command;
}

std::optional<StreamMetadata> read_metadata(const Message& message) {
    const auto values = amf0::read(amf0_part(message));
    if (!values || values->empty()) return std::nullopt;
    const auto is = [&values](std::size_t index, std::string_view name) {
        return index < values->size() && (*values)[index].text() &&
               *(*values)[index].text() == name;
    };
    const std::size_t name_at = is(0, "@setDataFrame") ? 1 : 0;
    if (!is(name_at, "onMetaData") || name_at + 1 >= values->size()) return std::nullopt;
    const amf0::Object* object = (*values)[name_at + 1].object();
    if (!object) return std::nullopt;

    StreamMetadata metadata;
    const amf0::Value* encoder = object->find("encoder");
    if (encoder && encoder->text())
        metadata.encoder = log::printable(*encoder->text(), kEncoderBytesMax);
    metadata.video_bits_per_second = hint(*object, "videodatarate", 1'000);  // kbit/s on the wire
    metadata.audio_bits_per_second = hint(*object, "audiodatarate", 1'000);
    metadata.frame_rate = hint(*object, "framerate", 1);
    return metadata;
}

StreamName split_stream_name(std::string_view name) {
    while (name.starts_with('/')) name.remove_prefix(1);
    const auto mark = name.find('?');
    if (mark == std::string_view::npos) return {StreamKeyValue{std::string(name)}, {}};
    return {StreamKeyValue{std::string(name.substr(0, mark))}, std::string(name.substr(mark + 1))};
}

std::string application_name(std::string_view app) {
    app = app.substr(0, app.find('?'));
    while (app.starts_with('/')) app.remove_prefix(1);
    while (app.ends_with('/')) app.remove_suffix(1);
    return std::string(app);
}

std::string masked(const StreamKeyValue& key) {
    const std::string_view text = key.view();
    if (!text.starts_with("sk_")) return "****";
    const auto region_end = text.find('_', 3);
    if (region_end == std::string_view::npos) return "sk_****";
    const auto channel_end = text.find('_', region_end + 1);
    if (channel_end == std::string_view::npos) return "sk_****";
    return log::printable(text.substr(0, channel_end + 1)) + "****";
}

Message control(MessageType type, std::uint32_t value) {
    Message message{.type = type};
    append_number(message.payload, value, 4);
    return message;
}

Message set_peer_bandwidth(std::uint32_t window) {
    Message message = control(MessageType::SetPeerBandwidth, window);
    message.payload.push_back(2);  // dynamic: as the peer likes (§5.4.5)
    return message;
}

Message stream_begin(std::uint32_t stream_id) {
    return user_control(0, stream_id);
}

Message ping_response(std::uint32_t timestamp) {
    return user_control(7, timestamp);
}

Message connect_result(double transaction) {
    const amf0::Object server{
        {property("fmsVer", "FMS/3,5,7,7009"), property("capabilities", 31), property("mode", 1)}};
    amf0::Object information =
        status(StatusLevel::Status, "NetConnection.Connect.Success", "Connection succeeded.");
    information.properties.push_back(property("objectEncoding", 0));
    return call(0, "_result", transaction, server, information);
}

Message connect_rejected(double transaction, std::string_view description) {
    return call(0, "_error", transaction, amf0::Null{},
                status(StatusLevel::Error, "NetConnection.Connect.Rejected", description));
}

Message create_stream_result(double transaction, std::uint32_t stream_id) {
    return call(0, "_result", transaction, amf0::Null{}, static_cast<double>(stream_id));
}

Message empty_result(double transaction) {
    return call(0, "_result", transaction, amf0::Null{}, amf0::Undefined{});
}

Message on_fc_publish(std::string_view stream_name) {
    return call(0, "onFCPublish", 0, amf0::Null{},
                status(StatusLevel::Status, "NetStream.Publish.Start", stream_name));
}

Message on_status(std::uint32_t stream_id, StatusLevel level, std::string_view code,
                  std::string_view description) {
    return call(stream_id, "onStatus", 0, amf0::Null{}, status(level, code, description));
}

}  // namespace oxbow::ingest
