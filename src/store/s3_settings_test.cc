#include <doctest/doctest.h>

#include "store/s3_settings.h"

using namespace oxbow;
using namespace oxbow::store;

TEST_CASE("a profile of a shared credentials file is read") {
    constexpr std::string_view kFile =
        "# a comment\n"
        "[default]\r\n"
        "aws_access_key_id = A\n"
        "aws_secret_access_key=s/+=\n"
        "\n"
        "[ other ]\n"
        "aws_access_key_id=B\n"
        "aws_secret_access_key = t\n"
        "aws_session_token = u==\n"
        "[half]\n"
        "aws_access_key_id=C";
    const auto first = read_credentials(kFile, "default");
    REQUIRE(first);
    CHECK(first->access_key_id == "A");
    CHECK(first->secret_access_key == "s/+=");
    CHECK(first->session_token.empty());
    const auto other = read_credentials(kFile, "other");
    REQUIRE(other);
    CHECK(other->access_key_id == "B");
    CHECK(other->session_token == "u==");
    CHECK(read_credentials(kFile, "half").error().code == ErrorCode::NotFound);
    CHECK(read_credentials(kFile, "none").error().code == ErrorCode::NotFound);
    CHECK(read_credentials("", "default").error().code == ErrorCode::NotFound);
    CHECK(read_credentials("[", "default").error().code == ErrorCode::NotFound);
}

TEST_CASE("bucket names are those that Amazon S3 takes") {
    CHECK(is_bucket_name("abc"));
    CHECK(is_bucket_name("my-recordings.2026"));
    CHECK(is_bucket_name(std::string(63, 'a')));
    CHECK_FALSE(is_bucket_name(std::string(64, 'a')));
    CHECK_FALSE(is_bucket_name("ab"));
    CHECK_FALSE(is_bucket_name("Abc"));
    CHECK_FALSE(is_bucket_name("-abc"));
    CHECK_FALSE(is_bucket_name("abc."));
    CHECK_FALSE(is_bucket_name("a..b"));
    CHECK_FALSE(is_bucket_name("a/b"));
}

TEST_CASE("Amazon's endpoint follows from the region") {
    CHECK(amazon_s3_endpoint("eu-west-1") == "https://s3.eu-west-1.amazonaws.com");
    CHECK(amazon_s3_endpoint("cn-north-1") == "https://s3.cn-north-1.amazonaws.com.cn");
}
