#include "net/http.h"

#include <doctest/doctest.h>

namespace oxbow::net {
namespace {

using Kind = RangeRequest::Kind;

bool is_part(const RangeRequest& range, std::uint64_t offset, std::uint64_t length) {
    return range.kind == Kind::Part && range.offset == offset && range.length == length;
}

std::string joined(const HttpBody& body) {
    std::string out;
    for (const BytesView piece : body.pieces) out += as_text(piece);
    return out;
}

}  // namespace

TEST_CASE("percent escapes are decoded; broken ones and NUL are refused") {
    CHECK(percent_decode("a%20b%2Fc%c3%A9+") == "a b/c\xc3\xa9+");
    CHECK(percent_decode("") == "");
    CHECK(percent_decode("%") == std::nullopt);
    CHECK(percent_decode("%4") == std::nullopt);
    CHECK(percent_decode("%4g") == std::nullopt);
    CHECK(percent_decode("a%00") == std::nullopt);
}

TEST_CASE("a query's value is found by its decoded name") {
    CHECK(query_value("a=1&start=2026%2D11&b", "start") == "2026-11");
    CHECK(query_value("st%61rt=x", "start") == "x");
    CHECK(query_value("a=1&b", "b") == "");
    CHECK(query_value("a=1", "b") == std::nullopt);
    CHECK(query_value("b=%zz", "b") == "%zz");
    CHECK(query_value("", "b") == std::nullopt);
}

TEST_CASE("a range is cut to the size of the body") {
    CHECK(is_part(parse_range("bytes=0-0", 10), 0, 1));
    CHECK(is_part(parse_range("bytes=2-4", 10), 2, 3));
    CHECK(is_part(parse_range("bytes=9-", 10), 9, 1));
    CHECK(is_part(parse_range("bytes=5-99", 10), 5, 5));
    CHECK(is_part(parse_range("bytes=-3", 10), 7, 3));
    CHECK(is_part(parse_range("bytes=-99", 10), 0, 10));
    CHECK(is_part(parse_range("bytes=1-18446744073709551615", 10), 1, 9));
    CHECK(is_part(parse_range("bytes=-18446744073709551615", 10), 0, 10));
}

TEST_CASE("a range that starts behind the body cannot be satisfied") {
    CHECK(parse_range("bytes=10-", 10).kind == Kind::NotSatisfiable);
    CHECK(parse_range("bytes=0-", 0).kind == Kind::NotSatisfiable);
    CHECK(parse_range("bytes=-0", 10).kind == Kind::NotSatisfiable);
    CHECK(parse_range("bytes=-1", 0).kind == Kind::NotSatisfiable);
}

TEST_CASE("no range, several ranges and malformed ones mean the whole body") {
    CHECK(parse_range(std::nullopt, 10).kind == Kind::Whole);
    CHECK(parse_range(std::nullopt, 10).length == 10);
    CHECK(parse_range("bytes=0-1,3-4", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes=4-2", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes=a-", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes=-", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes=1", 10).kind == Kind::Whole);
    CHECK(parse_range("items=0-1", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes=18446744073709551616-", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes=-18446744073709551616", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes=+1-2", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes= 1-2", 10).kind == Kind::Whole);
    CHECK(parse_range("bytes=1-2-3", 10).kind == Kind::Whole);
}

TEST_CASE("a slice of a body in memory shares its pieces") {
    const auto text = std::make_shared<const std::string>("abcdefgh");
    HttpBody body;
    body.owner = text;
    body.pieces = {as_bytes(*text).first(3), as_bytes(*text).subspan(3)};

    CHECK(body.size() == 8);
    CHECK(joined(body.slice(0, 8)) == "abcdefgh");
    CHECK(joined(body.slice(2, 3)) == "cde");
    CHECK(joined(body.slice(3, 2)) == "de");
    CHECK(body.slice(8, 0).pieces.empty());
    CHECK(body.slice(1, 1).pieces[0].data() == body.pieces[0].data() + 1);
}

TEST_CASE("a slice of a file body is a region of the same file") {
    const auto file = std::make_shared<const SharedFile>(-1);

    const HttpBody part = HttpBody::of_file({file, 100, 50}).slice(10, 20);

    CHECK(part.file.file == file);
    CHECK(part.file.offset == 110);
    CHECK(part.size() == 20);
}

}  // namespace oxbow::net
