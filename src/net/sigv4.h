#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/times.h"
#include "net/http.h"

namespace oxbow::net {

/// How far the date of a signature may be from our clock, either way.
inline constexpr std::chrono::minutes kClockSkewMax{15};

struct SigningKey {
    std::string access_key_id;
    std::string secret;
};

/// Where a signature counts. Service "s3" signs the path as sent; every other one normalises it and
/// encodes it once more.
struct SigningScope {
    std::string region;   // "us-east-1"
    std::string service;  // "ivs"
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// What a signature covers.
struct RequestToSign {
    std::string_view method;
    std::string_view path;   // as sent, percent-encoded
    std::string_view query;  // as sent, without '?'
    HttpHeaders headers;     // all that shall be signed; "host" among them
    std::string payload_hash;
};

// e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855      (of "")
std::string sha256_hex(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104), in hexadecimal.
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

/// The canonical form of `request`; of its headers those that `signed_headers` names (lower case,
/// sorted).
///
/// Source: AWS General Reference, "Create a signed AWS API request", step 1.
std::string canonical_request(const RequestToSign& request, std::string_view service,
                              const std::vector<std::string>& signed_headers);

/// The headers that make `request` a signed one: "x-amz-date" and "authorization", for "s3" also
/// "x-amz-content-sha256". In: `request` without them.
HttpHeaders sign_v4(RequestToSign request, const SigningKey& key, const SigningScope& scope,
                    WallTime now);

/// Why a request is not taken for its sender's, in AWS's words.
struct SignatureRefusal {
    int status = 403;
    std::string type;     // "InvalidSignatureException"
    std::string message;  // one sentence
};

/// The secret of an access key id; nullopt: there is none.
using SecretLookup = std::function<std::optional<std::string>(std::string_view access_key_id)>;

/// Checks the Authorization header of `request` and gives the access key id that signed it.
///
/// In:     the request as it came, with its body; its own scope's region counts, so that a client
///         needs no configuration to reach a server in a region of its own.
/// Errors: MissingAuthenticationTokenException  no Authorization header.
///         IncompleteSignatureException         not of this algorithm, or a part lacks.
///         UnrecognizedClientException          unknown access key id.
///         InvalidSignatureException            another secret, service, body or header than
///         signed,
///                                              or a date more than kClockSkewMax away.
std::expected<std::string, SignatureRefusal> verify_v4(const HttpRequest& request,
                                                       const SecretLookup& secret_of,
                                                       std::string_view service, WallTime now);

}  // namespace oxbow::net
