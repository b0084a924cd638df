#include "ingest/commands.h"

#include <limits>

#include <doctest/doctest.h>

namespace oxbow::ingest {
namespace {

template <typename... Values>
Message message_of(MessageType type, const Values&... values) {
    Message message{.type = type};
    (amf0::append_value(message.payload, values), ...);
    return message;
}

std::string_view text(std::string_view value) {
    return value;
}

amf0::Object metadata_with(std::string name, amf0::Value value) {
    return {{{std::move(name), std::move(value)}}};
}

}  // namespace

TEST_CASE("a command is its name, its transaction and what follows") {
    const auto command = read_command(message_of(MessageType::CommandAmf0, text("publish"), 5.0,
                                                 amf0::Null{}, text("key"), text("live")))
                             .value();

    CHECK(command.name == "publish");
    CHECK(command.transaction == 5.0);
    REQUIRE(command.arguments.size() == 3);
    CHECK(command.text(0) == nullptr);
    CHECK(*command.text(1) == "key");
    CHECK(*command.text(2) == "live");
    CHECK(command.text(3) == nullptr);
}

TEST_CASE("a command in the AMF3 wrapping is read behind its zero byte") {
    Message message = message_of(MessageType::CommandAmf3, text("closeStream"), 0.0);
    message.payload.insert(message.payload.begin(), 0);

    CHECK(read_command(message).value().name == "closeStream");
}

TEST_CASE("a command needs a name and nothing else") {
    const auto alone = read_command(message_of(MessageType::CommandAmf0, text("ping")));
    const auto nameless = read_command(message_of(MessageType::CommandAmf0, 1.0));
    const auto empty = read_command(message_of(MessageType::CommandAmf0));

    CHECK(alone.value().transaction == 0.0);
    CHECK(alone.value().arguments.empty());
    CHECK(nameless.error().code == ErrorCode::Malformed);
    CHECK(empty.error().code == ErrorCode::Malformed);
}

TEST_CASE("metadata is read with and without @setDataFrame, rates in bits per second") {
    const amf0::Object object{{{"videodatarate", {2'500.0}},
                               {"audiodatarate", {160.0}},
                               {"framerate", {29.97}},
                               {"encoder", {std::string("obs-output module")}}}};

    const auto framed = read_metadata(
        message_of(MessageType::DataAmf0, text("@setDataFrame"), text("onMetaData"), object));
    const auto bare = read_metadata(message_of(MessageType::DataAmf0, text("onMetaData"), object));

    REQUIRE(framed);
    CHECK(framed->encoder == "obs-output module");
    CHECK(framed->video_bits_per_second == 2'500'000);
    CHECK(framed->audio_bits_per_second == 160'000);
    CHECK(framed->frame_rate == 29.97);
    REQUIRE(bare);
    CHECK(bare->frame_rate == 29.97);
}

TEST_CASE("metadata that cannot be true becomes 0, and an encoder's name fits a log line") {
    const auto negative = read_metadata(
        message_of(MessageType::DataAmf0, text("onMetaData"), metadata_with("framerate", {-30.0})));
    const auto infinite = read_metadata(
        message_of(MessageType::DataAmf0, text("onMetaData"),
                   metadata_with("videodatarate", {std::numeric_limits<double>::max()})));
    const auto not_a_number = read_metadata(
        message_of(MessageType::DataAmf0, text("onMetaData"),
                   metadata_with("framerate", {std::numeric_limits<double>::quiet_NaN()})));
    const auto as_text = read_metadata(message_of(MessageType::DataAmf0, text("onMetaData"),
                                                  metadata_with("framerate", {std::string("30")})));
    const auto name =
        read_metadata(message_of(MessageType::DataAmf0, text("onMetaData"),
                                 metadata_with("encoder", {"a\n" + std::string(200, 'b')})));
    const auto longest =
        read_metadata(message_of(MessageType::DataAmf0, text("onMetaData"),
                                 metadata_with("encoder", {std::string(128, 'b')})));
    const auto longer =
        read_metadata(message_of(MessageType::DataAmf0, text("onMetaData"),
                                 metadata_with("encoder", {std::string(129, 'b')})));

    CHECK(negative.value().frame_rate == 0);
    CHECK(infinite.value().video_bits_per_second == 0);
    CHECK(not_a_number.value().frame_rate == 0);
    CHECK(as_text.value().frame_rate == 0);
    CHECK(longest.value().encoder == std::string(128, 'b'));
    CHECK(longer.value().encoder == std::string(128, 'b') + "...");
    CHECK(name.value().encoder == "a\\x0a" + std::string(126, 'b') + "...");
}

TEST_CASE("data messages that are not metadata, or broken, are no metadata") {
    Message broken = message_of(MessageType::DataAmf0, text("onMetaData"), amf0::Object{});
    broken.payload.pop_back();

    CHECK_FALSE(
        read_metadata(message_of(MessageType::DataAmf0, text("onCaptionInfo"), amf0::Object{})));
    CHECK_FALSE(read_metadata(message_of(MessageType::DataAmf0, text("onMetaData"))));
    CHECK_FALSE(read_metadata(message_of(MessageType::DataAmf0, text("onMetaData"), 1.0)));
    CHECK_FALSE(read_metadata(message_of(MessageType::DataAmf0)));
    CHECK_FALSE(read_metadata(broken));
}

TEST_CASE("a stream name is the key and its query") {
    const auto plain = split_stream_name("sk_us-east-1_AsXego4U6tnj_567890abcdef");
    const auto queried = split_stream_name("/sk_us-east-1_AsXego4U6tnj_567890abcdef?priority=2?x");
    const auto only_query = split_stream_name("?priority=2");

    CHECK(plain.key.view() == "sk_us-east-1_AsXego4U6tnj_567890abcdef");
    CHECK(plain.query.empty());
    CHECK(queried.key.view() == "sk_us-east-1_AsXego4U6tnj_567890abcdef");
    CHECK(queried.query == "priority=2?x");
    CHECK(only_query.key.empty());
}

TEST_CASE("the application's name stands between slashes and in front of a query") {
    CHECK(application_name("app") == "app");
    CHECK(application_name("/app/") == "app");
    CHECK(application_name("app/?token=1") == "app");
    CHECK(application_name("app/inner") == "app/inner");
    CHECK(application_name("") == "");
}

TEST_CASE(
    "a masked key names its channel and hides the secret, and hides all of what is no such key") {
    CHECK(masked(StreamKeyValue{"sk_us-east-1_AsXego4U6tnj_567890abcdef"}) ==
          "sk_us-east-1_AsXego4U6tnj_****");
    CHECK(masked(StreamKeyValue{"sk_us-east-1_AsXego4U6tnj_567890_abcdef"}) ==
          "sk_us-east-1_AsXego4U6tnj_****");
    CHECK(masked(StreamKeyValue{"sk_us-east-1_secret"}) == "sk_****");
    CHECK(masked(StreamKeyValue{"sk_secret"}) == "sk_****");
    CHECK(masked(StreamKeyValue{"my_own_secret_word"}) == "****");
    CHECK(masked(StreamKeyValue{"sk_\n_b_c"}) == "sk_\\x0a_b_****");
}

TEST_CASE("the control messages have their bytes") {
    CHECK(control(MessageType::WindowAcknowledgementSize, 2'500'000).payload ==
          Bytes{0x00, 0x26, 0x25, 0xa0});
    CHECK(set_peer_bandwidth(2'500'000).payload == Bytes{0x00, 0x26, 0x25, 0xa0, 0x02});
    CHECK(stream_begin(1).payload == Bytes{0, 0, 0, 0, 0, 1});
    CHECK(ping_response(0x01020304).payload == Bytes{0, 7, 1, 2, 3, 4});
}

TEST_CASE("an answer to connect repeats the transaction and says AMF0") {
    const auto values = amf0::read(connect_result(1).payload).value();

    REQUIRE(values.size() == 4);
    CHECK(*values[0].text() == "_result");
    CHECK(*values[1].number() == 1.0);
    CHECK(*values[3].object()->find("code")->text() == "NetConnection.Connect.Success");
    CHECK(*values[3].object()->find("objectEncoding")->number() == 0.0);
}

TEST_CASE("a status names its level, code and description") {
    const auto message =
        on_status(1, StatusLevel::Error, "NetStream.Publish.BadName", "no such key");
    const auto values = amf0::read(message.payload).value();

    CHECK(message.stream_id == 1);
    REQUIRE(values.size() == 4);
    CHECK(*values[0].text() == "onStatus");
    CHECK(values[2] == amf0::Value{amf0::Null{}});
    CHECK(*values[3].object()->find("level")->text() == "error");
    CHECK(*values[3].object()->find("code")->text() == "NetStream.Publish.BadName");
    CHECK(*values[3].object()->find("description")->text() == "no such key");
}

}  // namespace oxbow::ingest
