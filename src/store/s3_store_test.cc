#include "store/s3_store.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/asio/ip/address.hpp>

#include "base/random.h"
#include "net/http_server.h"
#include "net/loops.h"

using namespace oxbow;
using namespace oxbow::store;

namespace {

const SystemClock kClock;

S3Settings settings_for(std::string endpoint) {
    return {.endpoint = std::move(endpoint),
            .bucket = "recordings",
            .credentials = {.configured = S3Credentials{"A", "s"}},
            .attempts = 1};
}

/// A real server's bucket, which the system tests start; these cases run from there.
S3Settings real_settings() {
    const auto value = [](const char* name) {
        const char* const found = std::getenv(name);
        REQUIRE_MESSAGE(found != nullptr, name, " says where the S3 server is");
        return std::string{found};
    };
    S3Settings out = settings_for(value("OXBOW_TEST_S3_ENDPOINT"));
    out.bucket = value("OXBOW_TEST_S3_BUCKET");
    out.credentials.configured = {value("OXBOW_TEST_S3_KEY"), value("OXBOW_TEST_S3_SECRET")};
    return out;
}

}  // namespace

TEST_CASE("a server that is not there is named, and not tried again for a moment") {
    S3Store store{settings_for("http://127.0.0.1:1"), kClock};
    const auto first = store.get("a");
    REQUIRE_FALSE(first);
    CHECK(first.error().code == ErrorCode::Unavailable);
    CHECK(first.error().what.contains("bucket recordings of http://127.0.0.1:1"));
    const auto second = store.head("b");
    REQUIRE_FALSE(second);
    CHECK(second.error().what == first.error().what);
}

TEST_CASE("that there is nothing is no answer to a put, nor to a list") {
    net::Loops loops{1};
    const net::HttpServer proxy{loops.at(0),
                                {boost::asio::ip::make_address("127.0.0.1"), 0},
                                [](const net::HttpRequest&) {
                                    return net::HttpResponse{
                                        .status = 404, .body = net::HttpBody::of_string("<html>")};
                                },
                                {}};
    loops.start();
    S3Store store{settings_for("http://127.0.0.1:" + std::to_string(proxy.address().port())),
                  kClock};

    CHECK(store.put("a", as_bytes("1")).error().code == ErrorCode::Unavailable);
    CHECK(store.list("a").error().code == ErrorCode::Unavailable);
    CHECK(store.get("a").error().code == ErrorCode::NotFound);

    loops.stop();
    loops.join();
}

TEST_CASE("without credentials the places that were looked at are named") {
    S3Settings settings = settings_for("http://127.0.0.1:1");
    settings.credentials = {.file = "/nowhere/credentials"};
    S3Store store{std::move(settings), kClock};
    const auto read = store.get("a");
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::NotFound);
    CHECK(read.error().what.contains("/nowhere/credentials"));
}

TEST_CASE("a key that is none is refused before anybody is asked") {
    S3Store store{settings_for("http://127.0.0.1:1"), kClock};
    for (const std::string& key :
         {std::string{}, std::string{"a//b"}, std::string{"/a"}, std::string{"a/../b"},
          std::string{"a\nb"}, std::string(1025, 'a')}) {
        CHECK(store.put(key, {}).error().code == ErrorCode::Malformed);
        CHECK(store.get(key).error().code == ErrorCode::Malformed);
        CHECK(store.head(key).error().code == ErrorCode::Malformed);
        CHECK(store.remove(key).error().code == ErrorCode::Malformed);
    }
    CHECK(store.get_range("a", {2, 1}).error().code == ErrorCode::Malformed);
    CHECK(store.get_range("a", {0, ObjectStore::kGetBytesMax}).error().code ==
          ErrorCode::LimitExceeded);
    CHECK(store.open("a").error().code == ErrorCode::Unsupported);
}

TEST_CASE("real S3: keys of every kind survive put, get, head, list and remove" * doctest::skip()) {
    S3Store store{real_settings(), kClock};
    const std::string root = "keys-" + random_alphanumeric(6) + "/";
    std::vector<std::string> keys;
    for (const std::string& name :
         {std::string{"plain"}, std::string{"with space"}, std::string{"plus+plus"},
          std::string{"100%25"}, std::string{"\u00e9\u4e2d\U0001f3a5"}, std::string{"a&b=c?d#e"},
          std::string{"<x>\"'"}, std::string{"~-_.!*()"}, std::string{"deep/er/still"},
          std::string(1'000 - root.size(), 'k')}) {
        keys.push_back(root + name);
    }
    for (const std::string& key : keys) {
        CAPTURE(key);
        const auto put = store.put(key, as_bytes(key));
        REQUIRE(put);
        CHECK_FALSE(put->etag.empty());
        CHECK(store.get(key) == key);
        CHECK(store.head(key)->size == key.size());
        CHECK(store.head(key)->etag == put->etag);
    }
    std::vector<std::string> listed;
    for (const ObjectInfo& object : store.list(root).value()) listed.push_back(object.key);
    std::ranges::sort(keys);
    CHECK(listed == keys);
    CHECK(store.folders(root) == std::vector<std::string>{root + "deep/"});
    for (const std::string& key : keys) {
        REQUIRE(store.remove(key));
        REQUIRE(store.remove(key));  // twice is no error
        CHECK(store.get(key).error().code == ErrorCode::NotFound);
    }
    CHECK(store.list(root)->empty());
}

TEST_CASE("real S3: ranges, limits, files and lists of many pages" * doctest::skip()) {
    S3Settings settings = real_settings();
    settings.page = 5;
    S3Store store{std::move(settings), kClock};
    const std::string root = "more-" + random_alphanumeric(6) + "/";
    REQUIRE(store.put(root + "ten", as_bytes("0123456789")));
    CHECK(as_text(*store.get_range(root + "ten", {3, 5})) == "345");
    CHECK(as_text(*store.get_range(root + "ten", {9, 9})) == "9");
    CHECK(store.get_range(root + "ten", {10, 12}).error().code == ErrorCode::Malformed);
    CHECK_FALSE(store.get_range(root + "ten", {8, 12}));
    CHECK(store.get(root + "ten", 10) == "0123456789");
    CHECK(store.get(root + "ten", 9).error().code == ErrorCode::LimitExceeded);
    CHECK(store.get_range(root + "none", {0, 1}).error().code == ErrorCode::NotFound);
    CHECK(store.head(root + "none").error().code == ErrorCode::NotFound);
    CHECK(store.put(root + "empty", {}));
    CHECK(store.get(root + "empty") == "");

    const auto file = std::filesystem::temp_directory_path() / ("oxbow-" + random_alphanumeric(8));
    std::ofstream{file} << "a file";
    REQUIRE(store.adopt(file, root + "file"));
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK(store.get(root + "file") == "a file");
    CHECK(store.adopt(file, root + "file").error().code == ErrorCode::NotFound);

    CHECK(store.create(root + "new", as_bytes("1")));
    CHECK(store.create(root + "new", as_bytes("2")).error().code == ErrorCode::Conflict);
    CHECK(store.get(root + "new") == "1");

    for (int i = 0; i < 12; ++i)
        REQUIRE(store.put(root + "many/" + std::to_string(i), as_bytes("x")));
    CHECK(store.list(root + "many/")->size() == 12);
}
