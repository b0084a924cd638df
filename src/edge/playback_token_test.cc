#include "edge/playback_token.h"

#include <limits>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/bytes.h"
#include "edge/test_keys.h"
#include "net/base64url.h"

namespace oxbow::edge {
namespace {

constexpr std::string_view kHeader = R"({"alg":"ES384","typ":"JWT"})";
constexpr std::string_view kChannel =
    R"("aws:channel-arn":"arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj")";
const WallTime kNow = parse_rfc3339("2026-11-23T09:00:00Z").value();
constexpr std::int64_t kNowSeconds = 1'795'424'400;

/// A token whose signature is 96 bytes, and right for nothing.
std::string token(std::string_view header, std::string_view claims) {
    return fmt::format("{}.{}.{}", net::base64url(as_bytes(header)),
                       net::base64url(as_bytes(claims)), net::base64url(Es384Signature{}));
}

/// What reading a token with these claims beside its channel and its end gives.
Result<TokenClaims> claims(std::string_view more) {
    const auto read = read_playback_token(
        token(kHeader, fmt::format(R"({{{},"exp":1795424460{}}})", kChannel, more)));
    if (!read) return std::unexpected(read.error());
    return read->claims;
}

std::string why(const Result<TokenClaims>& read) {
    return read ? "taken" : read.error().what;
}

ErrorCode refused_header(std::string_view header) {
    const auto read =
        read_playback_token(token(header, fmt::format(R"({{{},"exp":1}})", kChannel)));
    return read ? ErrorCode::Unsupported : read.error().code;
}

}  // namespace

TEST_CASE("a token says its channel and its end, and what else it is made with") {
    const TestKey key;
    TokenClaims made{.channel_arn = "arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj",
                     .expires_at = kNowSeconds + 60,
                     .origins = {{"https://a.net", "https://*.b.net"}, true},
                     .single_use = "0f8fad5b-d9cb-469f-a165-70867728950e",
                     .viewer_id = "viewer-17",
                     .viewer_session_version = -3,
                     .maximum_resolution = Resolution::Hd};

    const std::string text = make_playback_token(made, key.private_pem).value();
    const PlaybackToken read = read_playback_token(text).value();

    CHECK(read.claims == made);
    CHECK(read.key_id == "");
    CHECK(verify_es384(key.public_pem, read.signed_part, read.signature));
    CHECK(text.starts_with(read.signed_part + "."));
}

TEST_CASE("what is not said has its default, and what is not known is passed over") {
    const TokenClaims read =
        claims(R"(,"aws:ads-opt-out":true,"aws:ads-reporting-mode":"CLIENT","sub":{"a":[1]})")
            .value();

    CHECK(read.channel_arn == "arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj");
    CHECK(read.expires_at == 1'795'424'460);
    CHECK(read.origins.empty());
    CHECK(read.single_use == std::nullopt);
    CHECK(read.viewer_id == "");
    CHECK(read.viewer_session_version == 0);
    CHECK(read.maximum_resolution == Resolution::Any);
}

TEST_CASE("a header must say ES384, and nothing that would have to be understood") {
    CHECK(refused_header(R"({"alg":"ES384"})") == ErrorCode::Unsupported);  // taken
    CHECK(refused_header(R"({"alg":"none","typ":"JWT"})") == ErrorCode::Malformed);
    CHECK(refused_header(R"({"alg":"HS256","typ":"JWT"})") == ErrorCode::Malformed);
    CHECK(refused_header(R"({"alg":"ES256","typ":"JWT"})") == ErrorCode::Malformed);
    CHECK(refused_header(R"({"alg":"es384","typ":"JWT"})") == ErrorCode::Malformed);
    CHECK(refused_header(R"({"alg":["ES384"]})") == ErrorCode::Malformed);
    CHECK(refused_header(R"({"typ":"JWT"})") == ErrorCode::Malformed);
    CHECK(refused_header(R"({"alg":"ES384","typ":"JWE"})") == ErrorCode::Malformed);
    CHECK(refused_header(R"({"alg":"ES384","crit":["exp"]})") == ErrorCode::Malformed);
    CHECK(refused_header(R"({"alg":"ES384","kid":7})") == ErrorCode::Malformed);
    CHECK(refused_header(R"(["ES384"])") == ErrorCode::Malformed);
    CHECK(refused_header("") == ErrorCode::Malformed);
}

TEST_CASE("channel and end are required, of their types") {
    const auto read = [](std::string_view body) {
        const auto token_read = read_playback_token(token(kHeader, body));
        return token_read ? "taken" : token_read.error().what;
    };

    CHECK(read(R"({"exp":1})") == "aws:channel-arn is missing");
    CHECK(read(R"({"aws:channel-arn":"","exp":1})") == "aws:channel-arn is missing");
    CHECK(read(R"({"aws:channel-arn":7,"exp":1})") ==
          "aws:channel-arn is of another type than it must be");
    CHECK(read(R"({"aws:channel-arn":"a"})") == "exp is missing");
    CHECK(read(R"({"aws:channel-arn":"a","exp":"1"})") == "exp is of another type than it must be");
    CHECK(read(R"({"aws:channel-arn":"a","exp":1.5})") == "exp is of another type than it must be");
    CHECK(read(R"({"aws:channel-arn":"a","exp":1e9})") == "exp is of another type than it must be");
    CHECK(read(R"({"aws:channel-arn":"a","exp":9223372036854775808})") ==
          "exp is of another type than it must be");
    CHECK(read(R"({"aws:channel-arn":"a","exp":9223372036854775807})") == "taken");
    CHECK(read(R"({"aws:channel-arn":"a","exp":-1})") == "taken");
    CHECK(read("[]") == "a part of it is no JSON object");
    CHECK(read("{") == "a part of it is no JSON object");
}

TEST_CASE("every other claim is refused where it is not what it must be") {
    CHECK(why(claims(R"(,"aws:access-control-allow-origin":["https://a.net"])")) ==
          "aws:access-control-allow-origin is of another type than it must be");
    CHECK(why(claims(R"(,"aws:access-control-allow-origin":"")")) ==
          "aws:access-control-allow-origin has no origin");
    CHECK(why(claims(R"(,"aws:access-control-allow-origin":"https://a.net,,")")) ==
          "aws:access-control-allow-origin has an origin that is none");
    CHECK(why(claims(R"(,"aws:access-control-allow-origin":"https://a b")")) ==
          "aws:access-control-allow-origin has an origin that is none");
    CHECK(why(claims(R"(,"aws:access-control-allow-origin":" https://a.net , https://b.net ")")) ==
          "taken");
    CHECK(why(claims(R"(,"aws:strict-origin-enforcement":"true")")) ==
          "aws:strict-origin-enforcement is of another type than it must be");
    CHECK(why(claims(R"(,"aws:single-use-uuid":"17")")) == "aws:single-use-uuid is no UUID");
    CHECK(why(claims(R"(,"aws:single-use-uuid":"0f8fad5b-d9cb-469f-a165-70867728950g")")) ==
          "aws:single-use-uuid is no UUID");
    CHECK(why(claims(R"(,"aws:single-use-uuid":17)")) ==
          "aws:single-use-uuid is of another type than it must be");
    CHECK(claims(R"(,"aws:single-use-uuid":"0F8FAD5B-d9cb-469f-a165-70867728950e")")->single_use ==
          "0f8fad5b-d9cb-469f-a165-70867728950e");
    CHECK(why(claims(R"(,"aws:viewer-id":17)")) ==
          "aws:viewer-id is of another type than it must be");
    CHECK(why(claims(R"(,"aws:viewer-id":"")")) == "aws:viewer-id must have 1 to 40 characters");
    CHECK(why(claims(R"(,"aws:viewer-session-version":1)")) ==
          "aws:viewer-session-version is there without aws:viewer-id");
    CHECK(why(claims(R"(,"aws:viewer-id":"v","aws:viewer-session-version":"1")")) ==
          "aws:viewer-session-version is of another type than it must be");
    CHECK(why(claims(R"(,"aws:maximum-resolution":"UHD")")) ==
          "aws:maximum-resolution must be SD, HD or FULL_HD");
    CHECK(why(claims(R"(,"aws:maximum-resolution":720)")) ==
          "aws:maximum-resolution is of another type than it must be");
}

TEST_CASE("a viewer's id may have 40 characters, of however many bytes, and not 41") {
    const std::string forty(40, 'v');
    std::string wide;
    for (int i = 0; i < 40; ++i) wide += "ü";
    const auto with = [](const std::string& id) {
        return claims(fmt::format(R"(,"aws:viewer-id":"{}")", id));
    };

    CHECK(with(forty)->viewer_id == forty);
    CHECK(with(wide)->viewer_id == wide);
    CHECK(why(with(forty + "v")) == "aws:viewer-id must have 1 to 40 characters");
    CHECK(why(with(wide + "ü")) == "aws:viewer-id must have 1 to 40 characters");
}

TEST_CASE("with strict enforcement five origins are taken, and not six") {
    const std::string five = "https://a,https://b,https://c,https://d,https://e";
    const auto with = [](const std::string& origins, std::string_view strict) {
        return claims(fmt::format(
            R"(,"aws:access-control-allow-origin":"{}","aws:strict-origin-enforcement":{})",
            origins, strict));
    };

    CHECK(with(five, "true")->origins.allowed.size() == 5);
    CHECK_FALSE(with(five + ",https://f", "true"));
    CHECK(with(five + ",https://f", "false")->origins.allowed.size() == 6);
}

TEST_CASE("a token may have 2048 bytes, and not one more") {
    const std::string small = token(kHeader, fmt::format(R"({{{},"exp":1,"x":""}})", kChannel));
    // Three bytes of claims are four characters.
    const std::size_t fill = (kTokenBytesMax - small.size()) / 4 * 3;
    const auto filled = [&](std::size_t more) {
        return token(kHeader, fmt::format(R"({{{},"exp":1,"x":"{}"}})", kChannel,
                                          std::string(fill + more, 'x')));
    };

    CHECK(filled(0).size() <= kTokenBytesMax);
    CHECK(read_playback_token(filled(0)).has_value());
    CHECK(filled(4).size() > kTokenBytesMax);
    CHECK(read_playback_token(filled(4)).error().code == ErrorCode::LimitExceeded);
    CHECK(read_playback_token(std::string(kTokenBytesMax, 'x')).error().code ==
          ErrorCode::Malformed);
    CHECK(read_playback_token(std::string(kTokenBytesMax + 1, 'x')).error().code ==
          ErrorCode::LimitExceeded);
}

TEST_CASE("claims may lie in each other as deep as the limit, and no deeper") {
    const auto nested = [](std::size_t levels) {
        return claims(",\"x\":" + std::string(levels, '[') + std::string(levels, ']'));
    };

    CHECK(nested(kTokenDepthMax - 1).has_value());
    CHECK_FALSE(nested(kTokenDepthMax).has_value());
}

TEST_CASE("three parts in strict base64url, and a signature of 96 bytes") {
    const std::string whole = token(kHeader, fmt::format(R"({{{},"exp":1}})", kChannel));
    REQUIRE(read_playback_token(whole).has_value());
    const std::string unsigned_part = whole.substr(0, whole.rfind('.'));

    CHECK_FALSE(read_playback_token("").has_value());
    CHECK_FALSE(read_playback_token("..").has_value());
    CHECK_FALSE(read_playback_token(unsigned_part).has_value());
    CHECK_FALSE(read_playback_token(unsigned_part + ".").has_value());
    CHECK_FALSE(read_playback_token(whole + ".x").has_value());
    CHECK_FALSE(read_playback_token(whole + "=").has_value());
    CHECK_FALSE(read_playback_token(whole + "AA").has_value());
    CHECK_FALSE(read_playback_token(whole.substr(0, whole.size() - 4)).has_value());
    CHECK_FALSE(read_playback_token(" " + whole).has_value());
}

TEST_CASE("playback may start until the end of a token, and a little later") {
    TokenClaims token{.channel_arn = "a", .expires_at = kNowSeconds};

    CHECK(check_times(token, kNow).has_value());
    CHECK(check_times(token, kNow + kTokenClockSkewMax).has_value());
    CHECK(check_times(token, kNow + kTokenClockSkewMax + std::chrono::seconds{1}).error().code ==
          ErrorCode::Refused);
    token.expires_at = std::numeric_limits<std::int64_t>::max();
    CHECK(check_times(token, kNow).has_value());
    token.expires_at = std::numeric_limits<std::int64_t>::min();
    CHECK_FALSE(check_times(token, kNow).has_value());
}

TEST_CASE("the end of a token that names a viewer or counts once lies at most 10 minutes ahead") {
    TokenClaims plain{.channel_arn = "a", .expires_at = kNowSeconds + 631};
    TokenClaims named = plain;
    named.viewer_id = "v";
    TokenClaims once = plain;
    once.single_use = "0f8fad5b-d9cb-469f-a165-70867728950e";

    CHECK(check_times(plain, kNow).has_value());
    CHECK_FALSE(check_times(named, kNow).has_value());
    CHECK_FALSE(check_times(once, kNow).has_value());
    named.expires_at = once.expires_at = kNowSeconds + 630;
    CHECK(check_times(named, kNow).has_value());
    CHECK(check_times(once, kNow).has_value());
}

TEST_CASE("a class of resolution has its lines, whichever side they are on") {
    CHECK(within(Resolution::Sd, 852, 480));
    CHECK_FALSE(within(Resolution::Sd, 854, 481));
    CHECK(within(Resolution::Hd, 720, 1'280));
    CHECK_FALSE(within(Resolution::Hd, 1'282, 721));
    CHECK(within(Resolution::FullHd, 1'920, 1'080));
    CHECK_FALSE(within(Resolution::FullHd, 1'922, 1'081));
    CHECK(within(Resolution::Any, 7'680, 4'320));
    CHECK(within(Resolution::Sd, 0, 0));
}

}  // namespace oxbow::edge
