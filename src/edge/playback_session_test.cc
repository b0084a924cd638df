#include "edge/playback_session.h"

#include <doctest/doctest.h>

#include "base/bytes.h"
#include "net/base64url.h"

namespace oxbow::edge {
namespace {

const SessionSigner kSigner{std::string(SessionSigner::kSecretBytes, 's')};

PlaybackSession session() {
    return {.channel = ChannelId{"AsXego4U6tnj"},
            .number = 17,
            .started_at = parse_rfc3339("2026-11-23T09:00:00Z").value(),
            .viewer_id = "viewer-17",
            .viewer_session_version = -3,
            .maximum_resolution = Resolution::FullHd,
            .origins = {{"https://a.net", "https://*.b.net"}, true}};
}

}  // namespace

TEST_CASE("a session comes back from its text, with a tag of its own") {
    const std::string text = kSigner.sign(session());
    PlaybackSession other = session();
    other.number = 18;

    const OpenedSession opened = kSigner.open(text).value();

    CHECK(opened.session == session());
    CHECK(opened.tag != kSigner.open(kSigner.sign(other)).value().tag);
    CHECK(text.find_first_not_of(
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
          std::string::npos);
}

TEST_CASE("a session that names little is short") {
    const PlaybackSession least{.channel = ChannelId{"AsXego4U6tnj"}};

    CHECK(kSigner.sign(least).size() == 80);
    CHECK(kSigner.open(kSigner.sign(least)).value().session == least);
}

TEST_CASE("a session of another secret, or with any bit changed, is none") {
    const SessionSigner other{std::string(SessionSigner::kSecretBytes, 't')};
    const std::string text = kSigner.sign(session());
    const std::string bytes = net::from_base64url(text).value();
    int taken = 0;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string changed = bytes;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
        taken += kSigner.open(net::base64url(as_bytes(changed))).has_value() ? 1 : 0;
    }

    CHECK(taken == 0);
    CHECK(other.open(text).error().code == ErrorCode::Malformed);
    CHECK_FALSE(kSigner.open(text.substr(1)).has_value());
    CHECK_FALSE(kSigner.open(text.substr(0, text.size() - 4)).has_value());
    CHECK_FALSE(kSigner.open(text + "=").has_value());
    CHECK_FALSE(kSigner.open("").has_value());
    CHECK_FALSE(kSigner.open("AAAAAAAAAAAAAAAAAAAAAA").has_value());
}

TEST_CASE("a text may be as long as the longest session, and not longer") {
    CHECK(kSigner.open(std::string(kSessionBytesMax, 'A')).error().code == ErrorCode::Malformed);
    CHECK(kSigner.open(std::string(kSessionBytesMax + 1, 'A')).error().code ==
          ErrorCode::LimitExceeded);
}

TEST_CASE("the origins of the longest token fit into a session") {
    PlaybackSession longest = session();
    longest.origins = {{}, false};
    // A token has 2048 characters, of which three quarters are claims at most: one comma between
    // two origins of a character is the worst that they can be.
    for (int i = 0; i < 700; ++i) longest.origins.allowed.emplace_back("a");

    const std::string text = kSigner.sign(longest);

    CHECK(text.size() <= kSessionBytesMax);
    CHECK(kSigner.open(text).value().session == longest);
}

}  // namespace oxbow::edge
