#include "ivs/ids.h"

#include <string>

#include <doctest/doctest.h>

namespace oxbow::ivs {
namespace {

TEST_CASE("ARNs, playback names and stream keys have the form of Amazon IVS") {
    const ChannelId channel{"AsXego4U6tnj"};

    CHECK(channel_arn("us-east-1", "000000000000", channel) ==
          "arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj");
    CHECK(stream_key_arn("us-east-1", "000000000000", "cjYzKt8MQ1Lk") ==
          "arn:aws:ivs:us-east-1:000000000000:stream-key/cjYzKt8MQ1Lk");
    CHECK(recording_configuration_arn("us-east-1", "000000000000", "mhDuKOMv6lTo") ==
          "arn:aws:ivs:us-east-1:000000000000:recording-configuration/mhDuKOMv6lTo");
    CHECK(playback_name("us-east-1", "000000000000", channel) ==
          "us-east-1.000000000000.channel.AsXego4U6tnj.m3u8");
    const std::string key = make_stream_key("us-east-1", channel).str();
    CHECK(key.starts_with("sk_us-east-1_AsXego4U6tnj_"));
    CHECK(key.size() == 38);
}

TEST_CASE("new ids have the lengths of Amazon's and differ each time") {
    CHECK(make_channel_id().view().size() == 12);
    CHECK(make_recording_id().view().size() == 12);
    CHECK(make_stream_id().view().size() == 26);
    CHECK(make_stream_id().view().starts_with("st-"));
    CHECK(make_channel_id() != make_channel_id());
}

TEST_CASE("a channel id is 1 to 64 characters of letters, digits and '-'") {
    CHECK(parse_channel_id("AsXego4U6tnj").value() == ChannelId{"AsXego4U6tnj"});
    CHECK(parse_channel_id("a-b").value() == ChannelId{"a-b"});
    CHECK(parse_channel_id(std::string(64, 'a')).has_value());

    CHECK(parse_channel_id(std::string(65, 'a')).error().code == ErrorCode::Malformed);
    CHECK(parse_channel_id("").error().code == ErrorCode::Malformed);
    CHECK(parse_channel_id("a/b").error().code == ErrorCode::Malformed);
    CHECK(parse_channel_id("..").error().code == ErrorCode::Malformed);
    CHECK(parse_channel_id(std::string("a\0b", 3)).error().what ==
          "'a\\x00b' is not a channel id: 1 to 64 characters of A-Z, a-z, 0-9 and '-'");
}

TEST_CASE("an ARN has a kind, an owner and an id, in at most 128 bytes") {
    const std::string start = "arn:aws:ivs:us-east-1:000000000000:channel/";

    CHECK(is_arn(start + "AsXego4U6tnj", "channel"));
    CHECK(is_arn(start + "AsXego4U6tnj"));
    CHECK(is_arn(start + std::string(85, 'a'), "channel"));

    CHECK_FALSE(is_arn(start + std::string(86, 'a'), "channel"));
    CHECK_FALSE(is_arn(start + "AsXego4U6tnj", "stream-key"));
    CHECK_FALSE(is_arn(start, "channel"));
    CHECK_FALSE(is_arn(start + "a_b", "channel"));
    CHECK_FALSE(is_arn("arn:aws:s3:us-east-1:000000000000:channel/a", "channel"));
    CHECK_FALSE(is_arn("arn:aws:ivs::000000000000:channel/a", "channel"));
    CHECK_FALSE(is_arn("arn:aws:ivs:us-east-1:x:channel/a", "channel"));
    CHECK_FALSE(is_arn("arn:aws:ivs:us-east-1:1:Channel/a"));
}

TEST_CASE("a channel ARN of any account, region and partition gives its channel") {
    CHECK(channel_of_arn("arn:aws:ivs:us-east-1:098435415742:channel/2rrcA103rn67").value() ==
          ChannelId{"2rrcA103rn67"});
    CHECK(channel_of_arn("arn:aws-cn:ivs:cn-north-1:1:channel/a-b").value() == ChannelId{"a-b"});
}

TEST_CASE("what is not a channel ARN is refused") {
    const auto code = [](std::string_view arn) { return channel_of_arn(arn).error().code; };

    CHECK(code("") == ErrorCode::Malformed);
    CHECK(code("AsXego4U6tnj") == ErrorCode::Malformed);
    CHECK(code("arn:aws:ivs:us-east-1:000000000000:stream-key/AsXego4U6tnj") ==
          ErrorCode::Malformed);
    CHECK(code("arn:aws:ivschat:us-east-1:000000000000:channel/AsXego4U6tnj") ==
          ErrorCode::Malformed);
    CHECK(code("arn:aws:ivs:us-east-1::channel/AsXego4U6tnj") == ErrorCode::Malformed);
    CHECK(code("arn:aws:ivs:us-east-1:000000000000:channel/") == ErrorCode::Malformed);
    CHECK(code("arn:aws:ivs:us-east-1:000000000000:channel/a/b") == ErrorCode::Malformed);
    CHECK(code("arn:aws:ivs:us/../x:000000000000:channel/a") == ErrorCode::Malformed);
}

TEST_CASE("a channel ARN has at most 128 bytes") {
    const std::string around = "arn:aws:ivs::1:channel/a";  // 24 bytes without its region

    const std::string longest =
        "arn:aws:ivs:" + std::string(128 - around.size(), 'r') + ":1:channel/a";
    const std::string longer =
        "arn:aws:ivs:" + std::string(129 - around.size(), 'r') + ":1:channel/a";

    CHECK(channel_of_arn(longest).value() == ChannelId{"a"});
    CHECK(channel_of_arn(longer).error().code == ErrorCode::Malformed);
}

}  // namespace
}  // namespace oxbow::ivs
