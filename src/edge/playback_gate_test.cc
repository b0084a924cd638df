#include "edge/playback_gate.h"

#include <atomic>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/random.h"
#include "edge/path_pieces.h"
#include "edge/test_keys.h"
#include "net/base64url.h"
#include "net/sigv4.h"

namespace oxbow::edge {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = parse_rfc3339("2026-11-23T09:00:00Z").value();

std::string arn_of(std::string_view id) {
    return fmt::format("arn:aws:ivs:us-east-1:000000000000:channel/{}", id);
}

/// A catalogue with the private channels "private" and "other", the public one "public", and one
/// key pair; and the gate before it.
class TestGate {
public:
    TestGate() {
        std::filesystem::create_directories(folder_);
        catalog = catalog::Catalog::open(folder_ / "oxbow.db").value();
        add_channel("private", true);
        add_channel("other", true);
        add_channel("public", false);
        add_key("one", key);
        gate.emplace(*catalog, clock, SessionSigner{std::string(SessionSigner::kSecretBytes, 's')});
    }
    ~TestGate() {
        gate.reset();
        catalog.reset();
        std::filesystem::remove_all(folder_);
    }
    TestGate(const TestGate&) = delete;
    TestGate& operator=(const TestGate&) = delete;

    void add_channel(const std::string& id, bool authorized) {
        catalog::Channel channel;
        channel.id = ChannelId{id};
        channel.arn = arn_of(id);
        channel.authorized = authorized;
        catalog
            ->add_channel(channel, {.arn = "key/" + id,
                                    .value = StreamKeyValue{"sk_" + id},
                                    .channel = channel.id,
                                    .tags = {}})
            .value();
    }
    void add_key(const std::string& id, const TestKey& added) {
        catalog
            ->add_playback_key_pair({.arn = key_arn(id),
                                     .name = id,
                                     .public_key = added.public_pem,
                                     .fingerprint = "fingerprint of " + id,
                                     .tags = {}})
            .value();
    }
    static std::string key_arn(const std::string& id) {
        return "arn:aws:ivs:us-east-1:000000000000:playback-key/" + id;
    }
    std::string token(TokenClaims claims = {}) const { return token_by(key, std::move(claims)); }
    static std::string token_by(const TestKey& signer, TokenClaims claims = {}) {
        if (claims.channel_arn.empty()) claims.channel_arn = arn_of("private");
        if (claims.expires_at == 0)
            claims.expires_at = (kNow + 60s).time_since_epoch().count() / 1'000;
        return make_playback_token(claims, signer.private_pem).value();
    }
    /// "taken", or why not.
    std::string check(const std::string& text) {
        const auto admitted = gate->check_token(text, gate->rules(ChannelId{"private"}));
        return admitted ? "taken" : admitted.error().what;
    }
    void revoke(const std::string& viewer, long long version) {
        catalog
            ->revoke_viewer_sessions({{.channel = ChannelId{"private"},
                                       .viewer_id = viewer,
                                       .version = version,
                                       .revoked_at = kNow}})
            .value();
    }

    TestKey key;
    ManualClock clock{kNow};
    std::unique_ptr<catalog::Catalog> catalog;
    std::optional<PlaybackGate> gate;

private:
    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("oxbow-gate-" + random_alphanumeric(12));
};

Admitted admit(TestGate& test, TokenClaims claims = {}) {
    return test.gate
        ->check_token(test.token(std::move(claims)), test.gate->rules(ChannelId{"private"}))
        .value();
}

}  // namespace

TEST_CASE("a token of its channel, signed by an imported key, begins a session") {
    TestGate test;

    const Admitted admitted = admit(test);
    const Admitted again = admit(test);
    const std::string text = admitted.mount.substr(kSessionPrefix.size());

    CHECK(admitted.mount.starts_with("/p/"));
    CHECK(admitted.mount != again.mount);
    CHECK(test.gate->open_session(text).value().session == admitted.session);
    CHECK(test.gate->open_session(text).value().tag == admitted.tag);
    CHECK(test.gate->go_on(admitted).has_value());
}

TEST_CASE("a token for another channel, by another key, expired or changed is refused") {
    TestGate test;
    const TestKey stranger;
    std::string changed = test.token();
    changed[changed.size() - 40] = changed[changed.size() - 40] == 'A' ? 'B' : 'A';

    CHECK(test.check(test.token()) == "taken");
    CHECK(test.check(test.token({.channel_arn = arn_of("other")})) == "it is for another channel");
    CHECK(test.check(TestGate::token_by(stranger)) == "no playback key signed it");
    CHECK(test.check(changed) == "no playback key signed it");
    CHECK(test.check(test.token({.expires_at = 1})) == "it has expired");
    CHECK(test.check("") == "it has not three parts");
}

TEST_CASE("a token that needs no private key to be made is refused") {
    TestGate test;
    const auto forged = [&](std::string_view algorithm) {
        const std::string body =
            fmt::format(R"({{"aws:channel-arn":"{}","exp":1795424460}})", arn_of("private"));
        std::string text = net::base64url(as_bytes(fmt::format(R"({{"alg":"{}"}})", algorithm)));
        text += '.';
        text += net::base64url(as_bytes(body));
        return text;
    };
    const std::string hmac = net::hmac_sha256_hex(test.key.public_pem, forged("HS256"));

    CHECK(test.check(forged("none") + ".") == "its algorithm is not ES384");
    CHECK(test.check(forged("HS256") + "." + net::base64url(as_bytes(hmac))) ==
          "its algorithm is not ES384");
    CHECK(test.check(forged("ES384") + "." + net::base64url(as_bytes(hmac + hmac.substr(0, 32)))) ==
          "no playback key signed it");
}

TEST_CASE("each of three keys counts until it is deleted") {
    TestGate test;
    const TestKey second;
    const TestKey third;
    test.add_key("two", second);
    test.add_key("three", third);
    const std::string by_third = TestGate::token_by(third);

    CHECK(test.check(test.token()) == "taken");
    CHECK(test.check(TestGate::token_by(second)) == "taken");
    CHECK(test.check(by_third) == "taken");
    test.catalog->remove_playback_key_pair(TestGate::key_arn("three")).value();
    CHECK(test.check(by_third) == "no playback key signed it");
    CHECK(test.check(TestGate::token_by(second)) == "taken");
}

TEST_CASE("a revocation counts for tokens and sessions of the viewer up to its version") {
    TestGate test;
    const Admitted first = admit(test, {.viewer_id = "v", .viewer_session_version = 1});
    const Admitted second = admit(test, {.viewer_id = "v", .viewer_session_version = 2});
    const Admitted nameless = admit(test);

    test.revoke("v", 1);

    CHECK(test.gate->go_on(first).error().what == "the session is revoked");
    CHECK(test.gate->go_on(second).has_value());
    CHECK(test.gate->go_on(nameless).has_value());
    CHECK(test.check(test.token({.viewer_id = "v", .viewer_session_version = 1})) ==
          "the viewer's sessions of this version are revoked");
    CHECK(test.check(test.token({.viewer_id = "v", .viewer_session_version = 2})) == "taken");
    test.revoke("v", 0);  // a lower one takes nothing back
    CHECK_FALSE(test.gate->go_on(first).has_value());
}

TEST_CASE("a token that counts once is used up once, whatever else it says") {
    TestGate test;
    TokenClaims claims{.single_use = "0f8fad5b-d9cb-469f-a165-70867728950e"};
    const Admitted first = admit(test, claims);
    claims.viewer_id = "v";
    const Admitted second = admit(test, claims);
    claims.single_use = "1f8fad5b-d9cb-469f-a165-70867728950e";
    const Admitted other = admit(test, claims);

    CHECK(test.gate->use_up(first).has_value());
    CHECK(test.gate->use_up(second).error().code == ErrorCode::Refused);
    CHECK(test.gate->use_up(other).has_value());
}

TEST_CASE("a channel's door is as the catalogue says at that moment") {
    TestGate test;
    const auto door = [&](std::string_view id, bool in_bucket = false) {
        return test.gate->door({.channel = id, .in_bucket = in_bucket});
    };
    CHECK(door("private") == Door::Guarded);
    CHECK(door("public") == Door::Open);
    CHECK(door("unknown") == Door::Open);          // for its handler to say so
    CHECK(door("unknown", true) == Door::Absent);  // no handler asks for the channel of an object
    CHECK(door("Private", true) == Door::Absent);
    CHECK(door("private.", true) == Door::Absent);

    catalog::Channel channel = test.catalog->channel(ChannelId{"public"}).value();
    channel.authorized = true;
    test.catalog->update_channel(channel).value();
    CHECK(door("public") == Door::Guarded);
    channel.authorized = false;
    test.catalog->update_channel(channel).value();
    CHECK(door("public") == Door::Open);
}

TEST_CASE("a deleted channel's recordings keep the privacy that they had") {
    TestGate test;
    test.catalog->remove_channel(ChannelId{"private"}).value();
    test.catalog->remove_channel(ChannelId{"public"}).value();

    CHECK(test.gate->door({.channel = "private", .in_bucket = true}) == Door::Guarded);
    CHECK(test.gate->door({.channel = "public", .in_bucket = true}) == Door::Open);
    CHECK(test.check(test.token()) == "taken");
}

TEST_CASE("a policy closes the door only where it keeps somebody out") {
    TestGate test;
    catalog::PlaybackRestrictionPolicy policy;
    policy.arn = "arn:policy";
    test.catalog->add_playback_restriction_policy(policy).value();
    catalog::Channel channel = test.catalog->channel(ChannelId{"public"}).value();
    channel.playback_restriction_policy_arn = policy.arn;
    test.catalog->update_channel(channel).value();
    CHECK(test.gate->door({.channel = "public"}) == Door::Open);

    policy.allowed_origins = {"https://a.net"};
    policy.strict_origin_enforcement = true;
    test.catalog->update_playback_restriction_policy(policy).value();

    CHECK(test.gate->door({.channel = "public"}) == Door::Guarded);
    CHECK(test.gate->rules(ChannelId{"public"}).origins == OriginRules{{"https://a.net"}, true});
    CHECK_FALSE(test.gate->rules(ChannelId{"public"}).authorized);
}

TEST_CASE("as many tokens are checked at once as may, and no more") {
    std::atomic<int> taken{0};
    std::list<PlaybackGate::CheckSlot> slots;
    for (int i = 0; i < PlaybackGate::kTokenChecksMax; ++i) slots.emplace_back(taken);

    CHECK(slots.back().ok());
    CHECK_FALSE(PlaybackGate::CheckSlot{taken}.ok());
    slots.pop_back();
    CHECK(PlaybackGate::CheckSlot{taken}.ok());
}

}  // namespace oxbow::edge
