#include "ingest/handshake.h"

#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>

namespace oxbow::ingest {
namespace {

constexpr std::uint8_t kVersion = 3;
constexpr std::size_t kTimeBytes = 4;  // in front of C1 and S1, then the version
constexpr std::size_t kVersionBytes = 4;
// 3.5.7.1, of the server that Connect.Success names; players look for a digest from 3 on.
constexpr std::array<std::uint8_t, kVersionBytes> kServerVersion{3, 5, 7, 1};

Result<void> check_version(std::uint8_t version) {
    switch (version) {
        case kVersion:
            return {};
        case 0x16:
            return fail(
                ErrorCode::Unsupported,
                "the client speaks TLS on the port of plain RTMP: use the RTMPS port, or rtmp://");
        case 'G':
        case 'P':
        case 'H':
        case 'O':
            return fail(ErrorCode::Unsupported,
                        "the client speaks HTTP on the RTMP port: publish with rtmp://, watch on "
                        "the HTTP port");
        case 6:
        case 8:
        case 9:
            return fail(ErrorCode::Unsupported,
                        "the client wants RTMPE, which protects nothing: use rtmps:// or rtmp://");
        default:
            return fail(
                ErrorCode::Malformed,
                fmt::format("the connection begins with byte {}, which is no version of RTMP; "
                            "only version 3 is",
                            version));
    }
}

/// Moves at most `missing` bytes off the front of `input`.
BytesView take_at_most(BytesReader& input, std::size_t missing) {
    return *input.take(std::min(missing, input.remaining()));
}

}  // namespace

Result<bool> Handshake::read(BytesReader& input, Bytes& replies) {
    if (step_ == Step::Version && input.remaining() > 0) {
        const auto checked = check_version(static_cast<std::uint8_t>(*input.number(1)));
        if (!checked) return std::unexpected(checked.error());
        client_hello_.reserve(kBlockBytes);
        step_ = Step::ClientHello;
    }
    if (step_ == Step::ClientHello) {
        append(client_hello_, take_at_most(input, kBlockBytes - client_hello_.size()));
        if (client_hello_.size() == kBlockBytes) {
            answer(replies);
            client_hello_ = {};
            step_ = Step::ClientEcho;
        }
    }
    if (step_ == Step::ClientEcho) {
        echo_bytes_ += take_at_most(input, kBlockBytes - echo_bytes_).size();
        if (echo_bytes_ == kBlockBytes) step_ = Step::Done;
    }
    return step_ == Step::Done;
}

// 03 | 00000000 00000000 + 1528 arbitrary bytes | C1 again
// 03 | 00000000 03050701 + 1528 bytes, a digest among them | 1504 arbitrary bytes + signature
void Handshake::answer(Bytes& replies) const {
    const BytesView version = BytesView{client_hello_}.subspan(kTimeBytes, kVersionBytes);
    const bool may_be_complex = std::ranges::any_of(version, [](auto byte) { return byte != 0; });
    const auto client = may_be_complex ? find_client_digest(client_hello_) : std::nullopt;

    Bytes s1(kTimeBytes + kVersionBytes, 0);  // version 0: no digest is to be looked for
    if (client) std::ranges::copy(kServerVersion, s1.begin() + kTimeBytes);
    append(s1, arbitrary(kBlockBytes - s1.size()));
    Bytes s2 = client ? arbitrary(kBlockBytes) : client_hello_;
    if (client) {
        imprint_server_digest(std::span{s1}.first<kBlockBytes>(), client->schema);
        sign_server_answer(std::span{s2}.first<kBlockBytes>(), client->digest);
    }
    replies.push_back(kVersion);
    append(replies, s1);
    append(replies, s2);
}

Bytes Handshake::arbitrary(std::size_t count) const {
    std::minstd_rand generator(seed_);
    Bytes out(count);
    std::ranges::generate(out, [&] { return static_cast<std::uint8_t>(generator() >> 8); });
    return out;
}

}  // namespace oxbow::ingest
