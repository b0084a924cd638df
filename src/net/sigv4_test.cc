#include "net/sigv4.h"

#include <doctest/doctest.h>

#include "net/test_request.h"

namespace oxbow::net {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = parse_rfc3339("2015-08-30T12:36:00Z").value();
const SigningKey kKey{.access_key_id = "AKIDEXAMPLE",
                      .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};

/// The signature that AWS's test suite ("get-vanilla" and its kin) expects for GET of `path?query`.
std::string suite_signature(std::string_view path, std::string_view query) {
    const HttpHeaders added = sign_v4({.method = "GET",
                                       .path = path,
                                       .query = query,
                                       .headers = {{"Host", "example.amazonaws.com"}},
                                       .payload_hash = sha256_hex("")},
                                      kKey, {.region = "us-east-1", .service = "service"}, kNow);
    return added.back().second.substr(added.back().second.rfind('=') + 1);
}

std::string path_of(std::string_view path, std::string_view service) {
    const std::string canonical = canonical_request({.method = "", .path = path}, service, {});
    return canonical.substr(1, canonical.find('\n', 1) - 1);
}

std::string query_of(std::string_view query) {
    const std::string canonical = canonical_request({.path = "/", .query = query}, "ivs", {});
    return canonical.substr(3, canonical.find('\n', 3) - 3);
}

/// A request that kKey signed for IVS at kNow.
TestRequest signed_request(const SigningKey& key = kKey, std::string region = "us-east-1",
                           std::string service = "ivs") {
    TestRequest request{
        .method = "POST",
        .path = "/GetStream",
        .headers = {{"host", "127.0.0.1:8081"}, {"content-type", "application/json"}},
        .body = "{}"};
    for (auto& header : sign_v4({.method = request.method,
                                 .path = request.path,
                                 .query = "",
                                 .headers = request.headers,
                                 .payload_hash = sha256_hex(request.body)},
                                key, {std::move(region), std::move(service)}, kNow)) {
        request.headers.push_back(std::move(header));
    }
    return request;
}

std::optional<std::string> secret_of(std::string_view id) {
    return id == kKey.access_key_id ? std::optional{kKey.secret} : std::nullopt;
}

/// The type of the refusal; "" when the request is taken.
std::string refusal_of(const HttpRequest& request, WallTime now = kNow) {
    const auto verified = verify_v4(request, secret_of, "ivs", now);
    return verified ? "" : verified.error().type;
}

TestRequest with_header(TestRequest request, std::string_view name, std::string value) {
    for (auto& header : request.headers) {
        if (header.first == name) header.second = value;
    }
    return request;
}

TestRequest with_more(TestRequest request, std::string name, std::string value) {
    request.headers.emplace_back(std::move(name), std::move(value));
    return request;
}

}  // namespace

TEST_CASE("HMAC-SHA-256 gives the digests of RFC 4231, test cases 2 and 6") {
    CHECK(hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hmac_sha256_hex(std::string(131, '\xaa'),
                          "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("AWS's own example, IAM ListUsers, gets AWS's own signature") {
    const HttpHeaders added =
        sign_v4({.method = "GET",
                 .path = "/",
                 .query = "Action=ListUsers&Version=2010-05-08",
                 .headers = {{"Host", "iam.amazonaws.com"},
                             {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                 .payload_hash = sha256_hex("")},
                kKey, {.region = "us-east-1", .service = "iam"}, kNow);

    REQUIRE(added.size() == 2);
    CHECK(added[0].first == "x-amz-date");
    CHECK(added[0].second == "20150830T123600Z");
    CHECK(added[1].first == "authorization");
    CHECK(added[1].second ==
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
          "SignedHeaders=content-type;host;x-amz-date, "
          "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_CASE("AWS's S3 example, GetObject with a range, gets AWS's own signature") {
    const HttpHeaders added = sign_v4(
        {.method = "GET",
         .path = "/test.txt",
         .query = "",
         .headers = {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}},
         .payload_hash = sha256_hex("")},
        {.access_key_id = "AKIAIOSFODNN7EXAMPLE",
         .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
        {.region = "us-east-1", .service = "s3"}, parse_rfc3339("2013-05-24T00:00:00Z").value());

    REQUIRE(added.size() == 3);
    CHECK(added[1].first == "x-amz-content-sha256");
    CHECK(added[2].second.ends_with(
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

TEST_CASE("requests of AWS's test suite get the suite's signatures") {
    CHECK(suite_signature("/", "") ==
          "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    CHECK(suite_signature("/./", "") ==
          "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    CHECK(suite_signature("//example//", "") ==
          "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84");
    CHECK(suite_signature("/", "Param2=value2&Param1=value1") ==
          "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST_CASE("the path is encoded once more, but not for s3") {
    CHECK(path_of("/tags/arn%3Aaws%2Fabc", "ivs") == "/tags/arn%253Aaws%252Fabc");
    CHECK(path_of("/tags/arn%3Aaws%2Fabc", "s3") == "/tags/arn%3Aaws%2Fabc");
    CHECK(path_of("/a/../b/./c", "ivs") == "/b/c");
    CHECK(path_of("/a//b/", "ivs") == "/a/b/");
    CHECK(path_of("/a//b/../c", "s3") == "/a//b/../c");
    CHECK(path_of("/..", "ivs") == "/");
}

TEST_CASE("the query is sorted by encoded name, then value, and every name has a '='") {
    CHECK(query_of("b=2&a=2&a=1&c") == "a=1&a=2&b=2&c=");
    CHECK(query_of("tagKeys=c%26d&tagKeys=a%20b") == "tagKeys=a%20b&tagKeys=c%26d");
    CHECK(query_of("a=%7e&&b=x=y") == "a=~&b=x%3Dy");
}

TEST_CASE("header values are trimmed, their spaces joined, and repeated headers joined by commas") {
    const std::string canonical =
        canonical_request({.path = "/", .headers = {{"My-Header", "  a   b "}, {"my-header", "c"}}},
                          "ivs", {"my-header"});

    CHECK(canonical == "\n/\n\nmy-header:a b,c\n\nmy-header\n");
}

TEST_CASE("what one side signs the other verifies, in any region") {
    const auto verified = verify_v4(signed_request(kKey, "eu-west-1"), secret_of, "ivs", kNow);

    REQUIRE(verified);
    CHECK(*verified == "AKIDEXAMPLE");
}

TEST_CASE("the hash of the body may be given, and then it must be the body's") {
    const auto with_hash = [](std::string hash) {
        TestRequest request = signed_request();
        const HttpHeaders added =
            sign_v4({.method = request.method,
                     .path = request.path,
                     .query = "",
                     .headers = {{"host", "h"}, {"x-amz-content-sha256", hash}},
                     .payload_hash = hash},
                    kKey, {"us-east-1", "ivs"}, kNow);
        request.headers = {{"host", "h"}, {"x-amz-content-sha256", hash}};
        request.headers.insert(request.headers.end(), added.begin(), added.end());
        return request;
    };

    CHECK(refusal_of(with_hash(sha256_hex("{}"))) == "");
    CHECK(refusal_of(with_hash("UNSIGNED-PAYLOAD")) == "InvalidSignatureException");
    CHECK(refusal_of(with_hash(sha256_hex("{ }"))) == "InvalidSignatureException");
}

TEST_CASE("a request without a signature, or with half of one, is refused") {
    CHECK(refusal_of({.method = "POST", .path = "/"}) == "MissingAuthenticationTokenException");
    CHECK(refusal_of(with_header(signed_request(), "authorization", "Basic abc")) ==
          "IncompleteSignatureException");
    CHECK(refusal_of(
              with_header(signed_request(), "authorization", "AWS4-HMAC-SHA256 Signature=a")) ==
          "IncompleteSignatureException");
    CHECK(refusal_of(with_header(signed_request(), "x-amz-date", "2015-08-30T12:36Z")) ==
          "IncompleteSignatureException");
}

TEST_CASE("an unknown access key and a wrong secret are told apart as AWS does") {
    CHECK(refusal_of(signed_request({"AKIDUNKNOWN", kKey.secret})) ==
          "UnrecognizedClientException");
    CHECK(refusal_of(signed_request({kKey.access_key_id, "wrong"})) == "InvalidSignatureException");
}

TEST_CASE("a request that was changed after signing is refused") {
    TestRequest other_body = signed_request();
    other_body.body = "{ }";
    TestRequest other_path = signed_request();
    other_path.path = "/StopStream";

    CHECK(refusal_of(signed_request()) == "");
    CHECK(refusal_of(other_body) == "InvalidSignatureException");
    CHECK(refusal_of(other_path) == "InvalidSignatureException");
    CHECK(refusal_of(with_header(signed_request(), "content-type", "text/plain")) ==
          "InvalidSignatureException");
    CHECK(refusal_of(with_more(signed_request(), "x-amz-target", "a")) ==
          "InvalidSignatureException");
    CHECK(refusal_of(signed_request(kKey, "us-east-1", "s3")) == "InvalidSignatureException");
}

TEST_CASE("a signature counts for fifteen minutes either way, and not a second longer") {
    CHECK(refusal_of(signed_request(), kNow + 15min) == "");
    CHECK(refusal_of(signed_request(), kNow + 15min + 1s) == "InvalidSignatureException");
    CHECK(refusal_of(signed_request(), kNow - 15min) == "");
    CHECK(refusal_of(signed_request(), kNow - 15min - 1s) == "InvalidSignatureException");
}

}  // namespace oxbow::net
