#include "edge/responses.h"

#include <doctest/doctest.h>

using namespace oxbow;
using namespace oxbow::edge;

namespace {

net::HttpRequest from(std::string origin) {
    net::HttpRequest request;
    request.method = "GET";
    request.path = "/";
    request.headers = {{"origin", std::move(origin)}};
    return request;
}

net::HttpRequest with_range(std::string range) {
    net::HttpRequest request;
    request.method = "GET";
    request.path = "/";
    request.headers = {{"range", std::move(range)}};
    return request;
}

bool has(const net::HttpResponse& response, std::string_view line) {
    return (*response.header_block + response.extra_headers).find(line) != std::string::npos;
}

}  // namespace

TEST_CASE("by default every origin may read every answer") {
    const Responses responses{{"*"}};

    const auto answer = responses.json(from("https://example.org"), "{}");

    CHECK(has(answer, "Access-Control-Allow-Origin: *\r\n"));
    CHECK(has(answer,
              "Access-Control-Expose-Headers: Content-Length, Content-Range, Date, ETag\r\n"));
    CHECK_FALSE(has(answer, "Vary"));
}

TEST_CASE("with a list the request's origin is echoed where it is listed, and caches are told") {
    const Responses responses{{"https://example.org", "https://example.com"}};

    const auto listed = responses.json(from("https://example.com"), "{}");
    const auto other = responses.json(from("https://evil.example"), "{}");

    CHECK(has(listed, "Access-Control-Allow-Origin: https://example.com\r\n"));
    CHECK(has(listed, "Vary: Origin\r\n"));
    CHECK_FALSE(has(other, "Access-Control-Allow-Origin"));
    CHECK(has(other, "Vary: Origin\r\n"));
}

TEST_CASE("a range gives the part and says where it lies, beyond the end it is refused") {
    const Responses responses{{"*"}};
    const net::HttpBody body = net::HttpBody::of_string("0123456789");

    const auto part =
        responses.ranged(with_range("bytes=2-4"), "video/mp2t", Freshness::Immutable, body);
    const auto beyond =
        responses.ranged(with_range("bytes=10-"), "video/mp2t", Freshness::Immutable, body);

    CHECK(part.status == 206);
    CHECK(part.body.size() == 3);
    CHECK(has(part, "Content-Range: bytes 2-4/10\r\n"));
    CHECK(has(part, "Cache-Control: public, max-age=31536000, immutable\r\n"));
    CHECK(beyond.status == 416);
    CHECK(has(beyond, "Content-Range: bytes */10\r\n"));
}

TEST_CASE("an error is JSON with a name and a sentence, and is cached for a second at most") {
    const Responses responses{{"*"}};

    const auto answer =
        responses.error(from(""), Error{ErrorCode::NotFound, "there is \"no\" such channel"});

    CHECK(answer.status == 404);
    CHECK(as_text(answer.body.pieces.front()) ==
          "{\"error\":\"NotFound\",\"message\":\"there is \\\"no\\\" such channel\"}");
    CHECK(has(answer, "Cache-Control: max-age=1\r\n"));
    CHECK(has(answer, "Content-Type: application/json\r\n"));
}
