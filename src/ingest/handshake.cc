#include "ingest/handshake.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

namespace oxbow::ingest {
namespace {

constexpr std::uint8_t kVersion = 3;

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
void Handshake::answer(Bytes& replies) const {
    replies.reserve(replies.size() + 1 + 2 * kBlockBytes);
    replies.push_back(kVersion);
    // Time 0 and version 0: a client of the complex handshake looks for a digest from version 1 on.
    append_number(replies, 0, 8);
    std::minstd_rand arbitrary(seed_);
    for (std::size_t i = 8; i < kBlockBytes; ++i) {
        replies.push_back(static_cast<std::uint8_t>(arbitrary() >> 8));
    }
    append(replies, client_hello_);
}

}  // namespace oxbow::ingest
