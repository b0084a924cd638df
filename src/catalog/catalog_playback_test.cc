#include <doctest/doctest.h>

#include "catalog/test_catalog.h"

namespace oxbow::catalog {
namespace {

const std::string kPolicyArn =
    "arn:aws:ivs:us-east-1:000000000000:playback-restriction-policy/ABcdef34ghIJ";
const std::string kPairArn = "arn:aws:ivs:us-east-1:000000000000:playback-key/f99cde61c2b0";

PlaybackRestrictionPolicy policy() {
    return {.arn = kPolicyArn,
            .name = "policy",
            .allowed_countries = {},
            .allowed_origins = {"https://a.example"},
            .strict_origin_enforcement = true,
            .tags = {}};
}

PlaybackKeyPair pair_of(const std::string& arn) {
    return {.arn = arn, .name = "pair", .public_key = "PEM", .fingerprint = "98:0d", .tags = {}};
}

Result<Tags> tagged(Tags tags) {
    tags["team"] = "sports";
    return tags;
}

}  // namespace

TEST_CASE("key pairs and policies are there after a restart, as they were") {
    TestCatalog test;
    test->add_playback_restriction_policy(policy()).value();
    test->add_playback_key_pair(pair_of(kPairArn)).value();

    test.restart();

    const auto known = test->directory();
    CHECK(known->playback_restriction_policies.at(kPolicyArn).allowed_origins ==
          std::vector<std::string>{"https://a.example"});
    CHECK(known->playback_restriction_policies.at(kPolicyArn).strict_origin_enforcement);
    CHECK(known->playback_key_pairs.at(kPairArn).fingerprint == "98:0d");
}

TEST_CASE(
    "a policy that a channel uses is not removed, and a channel names none that is not there") {
    TestCatalog test;
    Channel channel = channel_named("a");
    channel.playback_restriction_policy_arn = kPolicyArn;

    CHECK(test->add_channel(channel, key_of("a")).error().code == ErrorCode::NotFound);
    test->add_playback_restriction_policy(policy()).value();
    test->add_channel(channel, key_of("a")).value();

    CHECK(test->remove_playback_restriction_policy(kPolicyArn).error().code == ErrorCode::Conflict);
    test->remove_channel(ChannelId{"a"}).value();
    CHECK(test->remove_playback_restriction_policy(kPolicyArn).has_value());
}

TEST_CASE("one key is imported once") {
    TestCatalog test;
    test->add_playback_key_pair(pair_of(kPairArn)).value();

    CHECK(test->add_playback_key_pair(pair_of(kPairArn + "2")).error().code == ErrorCode::Conflict);
}

TEST_CASE("of a viewer's revocations the highest version counts") {
    TestCatalog test;
    const auto revoked = [](long long version) {
        return ViewerSessionRevocation{ChannelId{"a"}, "viewer", version, kStart};
    };

    test->revoke_viewer_sessions({revoked(7), revoked(3)}).value();
    test.restart();

    const auto kept = test->viewer_session_revocations(ChannelId{"a"}).value();
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].version == 7);
}

TEST_CASE("the version up to which a viewer is revoked is in the snapshot, also after a restart") {
    TestCatalog test;
    const auto revoke = [&](const std::string& viewer, long long version) {
        test->revoke_viewer_sessions({{.channel = ChannelId{"a"},
                                       .viewer_id = viewer,
                                       .version = version,
                                       .revoked_at = kStart}})
            .value();
    };

    revoke("v", 3);
    revoke("v", 1);
    revoke("w", 0);

    CHECK(test->directory()->revoked_versions.at("a v") == 3);
    CHECK(test->directory()->revoked_versions.at("a w") == 0);
    CHECK_FALSE(test->directory()->revoked_versions.contains("b v"));
    test.restart();
    CHECK(test->directory()->revoked_versions.at("a v") == 3);
}

TEST_CASE("a token is used once, also across a restart, until it has expired") {
    TestCatalog test;
    const WallTime expires_at = kStart + std::chrono::minutes{10};

    CHECK(test->use_token_once("a/1", expires_at, kStart).value());
    CHECK_FALSE(test->use_token_once("a/1", expires_at, kStart).value());
    CHECK(test->use_token_once("b/1", expires_at, kStart).value());
    test.restart();
    CHECK_FALSE(test->use_token_once("a/1", expires_at, expires_at).value());
    CHECK(
        test->use_token_once("a/1", expires_at, expires_at + std::chrono::milliseconds{1}).value());
}

TEST_CASE("as many used tokens are remembered as may, and the next is not taken until some go") {
    TestCatalog test;
    test.run(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
        "INSERT INTO used_playback_tokens SELECT i, 1675983342550 FROM n");
    const WallTime expires_at = kStart + std::chrono::seconds{1};

    CHECK(test->use_token_once("the last", expires_at, kStart).value());
    CHECK(test->use_token_once("one more", expires_at, kStart).error().code ==
          ErrorCode::LimitExceeded);
    CHECK(test->use_token_once("one more", expires_at + std::chrono::hours{1},
                               expires_at + std::chrono::milliseconds{1})
              .value());
}

TEST_CASE("tags change on every kind of resource, and stay") {
    TestCatalog test;
    const std::string channel = channel_named("a").arn;
    const std::string key = key_of("a").arn;
    test->add_recording_configuration(configuration_of(kConfigurationArn)).value();
    test->add_channel(channel_named("a"), key_of("a")).value();
    test->add_playback_restriction_policy(policy()).value();
    test->add_playback_key_pair(pair_of(kPairArn)).value();

    test->change_tags(channel, tagged).value();
    test->change_tags(key, tagged).value();
    test->change_tags(kConfigurationArn, tagged).value();
    test->change_tags(kPolicyArn, tagged).value();
    test->change_tags(kPairArn, tagged).value();
    test.restart();

    const Tags sports{{"team", "sports"}};
    const auto known = test->directory();
    CHECK(known->channels.at(ChannelId{"a"}).tags == sports);
    CHECK(known->stream_key_of.at(ChannelId{"a"}).tags == sports);
    CHECK(known->recording_configurations.at(kConfigurationArn).tags == sports);
    CHECK(known->playback_restriction_policies.at(kPolicyArn).tags == sports);
    CHECK(known->playback_key_pairs.at(kPairArn).tags == sports);
}

TEST_CASE("tags of what is not there, and a change that fails, change nothing") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    const auto refuse = [](Tags) -> Result<Tags> { return fail(ErrorCode::Malformed, "no"); };

    CHECK(test->change_tags("arn:none", tagged).error().code == ErrorCode::NotFound);
    CHECK(test->change_tags(channel_named("a").arn, refuse).error().code == ErrorCode::Malformed);
    CHECK(test->directory()->channels.at(ChannelId{"a"}).tags.empty());
}

TEST_CASE("a recording configuration's state changes, and the channels of a page are in order") {
    TestCatalog test;
    test->add_recording_configuration(configuration_of(kConfigurationArn)).value();
    Channel first = channel_named("z");
    Channel second = channel_named("a");
    second.created_at = kStart + std::chrono::seconds{1};
    test->add_channel(second, key_of("a")).value();
    test->add_channel(first, key_of("z")).value();

    test->set_recording_configuration_state(kConfigurationArn, "CREATE_FAILED").value();
    test.restart();

    CHECK(test->recording_configurations().value()[0].state == "CREATE_FAILED");
    const auto page = test->channels({.offset = 0, .limit = 10}).value();
    REQUIRE(page.size() == 2);
    CHECK(page[0].id == ChannelId{"z"});
    CHECK(test->channels({.offset = 1, .limit = 10}).value()[0].id == ChannelId{"a"});
    CHECK(test->channels({.offset = 2, .limit = 10}).value().empty());
}

}  // namespace oxbow::catalog
