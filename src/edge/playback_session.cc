#include "edge/playback_session.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "net/base64url.h"

namespace oxbow::edge {
namespace {

constexpr std::uint8_t kForm = 1;
constexpr std::size_t kChannelIdMax = 64;
constexpr std::uint8_t kStrictBit = 4;
constexpr std::uint8_t kResolutionBits = 3;

void append_text(Bytes& out, std::string_view text) {
    append_number(out, text.size(), 2);
    append(out, as_bytes(text));
}

std::optional<std::string> take_text(BytesReader& reader) {
    const auto size = reader.number(2);
    const auto bytes = size ? reader.take(*size) : std::nullopt;
    if (!bytes) return std::nullopt;
    return std::string{as_text(*bytes)};
}

Bytes payload_of(const PlaybackSession& session) {
    Bytes out;
    append_number(out, kForm, 1);
    append_number(out, session.number, 8);
    append_number(out, static_cast<std::uint64_t>(session.started_at.time_since_epoch().count()),
                  8);
    append_number(out, static_cast<std::uint64_t>(session.viewer_session_version), 8);
    const auto resolution = static_cast<std::uint8_t>(session.maximum_resolution);
    append_number(out, session.origins.strict ? resolution | kStrictBit : resolution, 1);
    append_text(out, session.channel.view());
    append_text(out, session.viewer_id);
    append_number(out, session.origins.allowed.size(), 2);
    for (const std::string& origin : session.origins.allowed) append_text(out, origin);
    return out;
}

/// Only what payload_of() has written comes here: the signature was checked. So what does not read
/// is of another version of the program.
std::optional<PlaybackSession> read_payload(BytesView payload) {
    BytesReader reader{payload};
    PlaybackSession session;
    if (reader.number(1) != kForm) return std::nullopt;
    const auto number = reader.number(8);
    const auto started_at = reader.number(8);
    const auto version = reader.number(8);
    const auto flags = reader.number(1);
    auto channel = take_text(reader);
    auto viewer = take_text(reader);
    const auto origins = reader.number(2);
    if (!number || !started_at || !version || !flags || !channel || !viewer || !origins)
        return std::nullopt;
    if (*flags > (kStrictBit | kResolutionBits) || channel->size() > kChannelIdMax)
        return std::nullopt;
    for (std::uint64_t i = 0; i < *origins; ++i) {
        auto origin = take_text(reader);
        if (!origin) return std::nullopt;
        session.origins.allowed.push_back(*std::move(origin));
    }
    if (reader.remaining() != 0) return std::nullopt;
    session.channel = ChannelId{*std::move(channel)};
    session.number = *number;
    session.started_at =
        WallTime{std::chrono::milliseconds{static_cast<std::int64_t>(*started_at)}};
    session.viewer_id = *std::move(viewer);
    session.viewer_session_version = static_cast<std::int64_t>(*version);
    session.maximum_resolution = static_cast<Resolution>(*flags & kResolutionBits);
    session.origins.strict = (*flags & kStrictBit) != 0;
    return session;
}

}  // namespace

SessionSigner::SessionSigner(std::string secret) : secret_(std::move(secret)) {
    ENSURE(secret_.size() == kSecretBytes);
}

SessionTag SessionSigner::tag_of(std::string_view payload) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    ENSURE(HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
                as_bytes(payload).data(), payload.size(), digest.data(), &size) != nullptr);
    SessionTag tag{};
    std::copy_n(digest.begin(), tag.size(), tag.begin());
    return tag;
}

std::string SessionSigner::sign(const PlaybackSession& session) const {
    Bytes bytes = payload_of(session);
    const SessionTag tag = tag_of(as_text(bytes));
    append(bytes, tag);
    return net::base64url(bytes);
}

Result<OpenedSession> SessionSigner::open(std::string_view text) const {
    if (text.size() > kSessionBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("a session has at most {} characters", kSessionBytesMax));
    }
    const auto bytes = net::from_base64url(text);
    OpenedSession out;
    if (!bytes || bytes->size() < out.tag.size())
        return fail(ErrorCode::Malformed, "it is no session");
    const std::string_view payload{bytes->data(), bytes->size() - out.tag.size()};
    out.tag = tag_of(payload);
    if (CRYPTO_memcmp(out.tag.data(), bytes->data() + payload.size(), out.tag.size()) != 0)
        return fail(ErrorCode::Malformed, "it is no session of this server");
    auto session = read_payload(as_bytes(payload));
    if (!session) return fail(ErrorCode::Malformed, "it is a session of another version");
    out.session = *std::move(session);
    return out;
}

}  // namespace oxbow::edge
