#include <doctest/doctest.h>

#include <string>

#include "store/s3_answers.h"

using namespace oxbow;
using namespace oxbow::store;

namespace {

std::string page(const std::string& inner) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult "
           "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
           inner + "</ListBucketResult>";
}

std::string object(const std::string& key) {
    return "<Contents><Key>" + key +
           "</Key><LastModified>2026-11-25T10:11:12.131Z</LastModified>"
           "<ETag>&quot;0cc175b9c0f1b6a831c399e269772661&quot;</ETag><Size>17</Size>"
           "<Owner><ID>x</ID></Owner></Contents>";
}

}  // namespace

TEST_CASE("a page of a bucket's list is read, with entities and what is not known") {
    const auto read = read_s3_page(page(
        "<Name>b</Name><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>a+/=</NextContinuationToken>" +
        object("a &amp; b/c&lt;d&#233;") + "<CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>"));
    REQUIRE(read);
    REQUIRE(read->objects.size() == 1);
    CHECK(read->objects[0].key == "a & b/c<d\u00e9");
    CHECK(read->objects[0].size == 17);
    CHECK(read->objects[0].etag == "0cc175b9c0f1b6a831c399e269772661");
    CHECK(format_rfc3339_ms(read->objects[0].last_modified) == "2026-11-25T10:11:12.131Z");
    CHECK(read->folders == std::vector<std::string>{"x/"});
    CHECK(read->next == "a+/=");
}

TEST_CASE("the last page has no next one") {
    const auto read = read_s3_page(
        page("<IsTruncated>false</IsTruncated><NextContinuationToken>a</NextContinuationToken>"));
    REQUIRE(read);
    CHECK(read->objects.empty());
    CHECK(read->next.empty());
}

TEST_CASE("what is no page is refused") {
    CHECK_FALSE(read_s3_page(""));
    CHECK_FALSE(read_s3_page("<html>no</html>"));
    CHECK_FALSE(read_s3_page(page(object("a")).substr(0, 200)));
    CHECK_FALSE(read_s3_page(page("<IsTruncated>true</IsTruncated>")));
    CHECK_FALSE(read_s3_page(page("<Contents><Key>a</Key><Size>-1</Size></Contents>")));
    CHECK_FALSE(read_s3_page(page("<Contents><Size>1</Size></Contents>")));
    CHECK_FALSE(
        read_s3_page(page("<Contents><Key>a</Key><LastModified>now</LastModified>"
                          "</Contents>")));
}

TEST_CASE("a document type is refused: its entities could grow without end") {
    CHECK_FALSE(read_s3_page("<!DOCTYPE a [<!ENTITY b \"c\">]>" + page(object("a"))));
}

TEST_CASE("texts and depth of an answer are bounded") {
    CHECK(read_s3_page(page("<Name>" + std::string(kS3TextBytesMax, 'a') + "</Name>")));
    CHECK_FALSE(read_s3_page(page("<Name>" + std::string(kS3TextBytesMax + 1, 'a') + "</Name>")));
    const auto nested = [](std::size_t depth) {
        std::string out;
        for (std::size_t i = 0; i < depth; ++i) out += "<a>";
        for (std::size_t i = 0; i < depth; ++i) out += "</a>";
        return page(out);
    };
    CHECK(read_s3_page(nested(kS3DepthMax - 1)));
    CHECK_FALSE(read_s3_page(nested(kS3DepthMax)));
}

TEST_CASE("a refusal is read; from what is none comes nothing") {
    const S3Problem problem =
        read_s3_problem("<Error><Code>NoSuchKey</Code><Message>no &amp; no</Message></Error>");
    CHECK(problem.code == "NoSuchKey");
    CHECK(problem.message == "no & no");
    CHECK(read_s3_problem("<Error><Code>NoSuchKey</Code><Message/></Error>").code == "NoSuchKey");
    CHECK(read_s3_problem("<html>502</html>").code.empty());
    CHECK(read_s3_problem("").code.empty());
}
