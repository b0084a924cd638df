// Request signatures. Input: an HTTP request.

#include <algorithm>
#include <string>

#include "base/ensure.h"
#include "fuzz/target.h"
#include "net/http_parser.h"
#include "net/sigv4.h"

namespace oxbow::fuzz {
namespace {

using namespace net;
using namespace std::chrono_literals;

// The key and the time of Amazon's examples: the corpus holds requests that are signed with it.
const SigningKey kKey{.access_key_id = "AKIDEXAMPLE",
                      .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
constexpr WallTime kNow{std::chrono::sys_days{2015y / 8 / 30} + 12h + 36min};

std::optional<std::string> secret_of(std::string_view access_key_id) {
    if (access_key_id != kKey.access_key_id) return std::nullopt;
    return kKey.secret;
}

/// A request whose signature holds is no longer taken once it says something else.
void check_given_signature(const HttpRequest& request, std::string_view service) {
    const auto signer = verify_v4(request, secret_of, service, kNow);
    if (!signer) {
        ENSURE(signer.error().status == 400 || signer.error().status == 403);
        ENSURE(!signer.error().type.empty() && !signer.error().message.empty());
        return;
    }
    ENSURE(*signer == kKey.access_key_id);
    const std::string body = std::string{request.body} + 'x';
    HttpRequest other = request;
    other.body = body;
    ENSURE(!verify_v4(other, secret_of, service, kNow));
    const std::string method = std::string{request.method} + 'x';
    other = request;
    other.method = method;
    ENSURE(!verify_v4(other, secret_of, service, kNow));
    const std::string path = std::string{request.path} + "/x";
    other = request;
    other.path = path;
    ENSURE(!verify_v4(other, secret_of, service, kNow));
    other = request;
    other.headers.push_back({"x-amz-target", "other"});
    ENSURE(!verify_v4(other, secret_of, service, kNow));
}

/// What we sign ourselves, we take.
void check_own_signature(HttpRequest request, std::string_view service) {
    std::erase_if(request.headers, [](const auto& header) {
        return header.name == "authorization" || header.name == "x-amz-date" ||
               header.name == "x-amz-content-sha256";
    });
    if (!request.header("host")) return;
    HttpHeaders signed_headers;
    for (const auto& [name, value] : request.headers) signed_headers.emplace_back(name, value);
    const HttpHeaders added =
        sign_v4({.method = request.method,
                 .path = request.path,
                 .query = request.query,
                 .headers = std::move(signed_headers),
                 .payload_hash = sha256_hex(request.body)},
                kKey, {.region = "us-east-1", .service = std::string{service}}, kNow);
    for (const auto& [name, value] : added) request.headers.push_back({name, value});
    ENSURE(verify_v4(request, secret_of, service, kNow).has_value());
}

}  // namespace

void check(BytesView input) {
    HttpParser parser{{.header_bytes_max = 8 * 1024, .body_bytes_max = 8 * 1024}};
    parser.feed(as_text(input));
    if (parser.state() != HttpParser::State::Complete) return;
    const HttpRequest& request = parser.take().request;
    for (const std::string_view service : {"ivs", "s3"}) {
        check_given_signature(request, service);
        check_own_signature(request, service);
    }
}

}  // namespace oxbow::fuzz
