#include "edge/open_objects.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/random.h"
#include "store/folder_store.h"

using namespace oxbow;
using namespace oxbow::edge;
using namespace std::chrono_literals;

namespace {

/// Objects of a real folder.
struct Fixture {
    Fixture() { put("a/0.ts", "media"); }
    ~Fixture() { std::filesystem::remove_all(folder); }

    void put(std::string_view key, std::string_view text) const {
        REQUIRE(bucket->put(key, as_bytes(text)));
    }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-objects-{}", random_alphanumeric(8));
    ManualClock clock{WallTime{1'700'000'000'000ms}};
    std::unique_ptr<store::FolderStore> bucket =
        store::FolderStore::open(folder, "recordings", clock).value();
    OpenObjects objects{*bucket, clock};
};

std::string content(const OpenObject& object) {
    std::string out(object.info.size, '\0');
    REQUIRE(::pread(object.file->fd(), out.data(), out.size(), 0) ==
            static_cast<ssize_t>(out.size()));
    return out;
}

}  // namespace

TEST_CASE("an object that was loaded is there for the next viewer, as an open file") {
    Fixture at;

    const auto loaded = at.objects.load("a/0.ts");

    REQUIRE(loaded);
    CHECK(at.objects.find("a/0.ts") == *loaded);
    CHECK(content(**loaded) == "media");
    CHECK((*loaded)->text == nullptr);
    CHECK(at.objects.find("a/1.ts") == nullptr);
}

TEST_CASE("a text comes with its version, whose ETag is the object's") {
    Fixture at;
    at.put("a/playlist.m3u8", "#EXTM3U\n");

    const auto loaded = at.objects.load("a/playlist.m3u8").value();

    REQUIRE(loaded->text);
    CHECK(loaded->text->str() == "#EXTM3U\n");
    CHECK(loaded->text->etag() == loaded->info.etag);
    CHECK(loaded->file == nullptr);
}

TEST_CASE("an object is right for a second, and stays the same when it did not change") {
    Fixture at;
    const auto first = at.objects.load("a/0.ts").value();

    at.clock.advance(999ms);
    const auto fresh = at.objects.find("a/0.ts");
    at.clock.advance(1ms);
    const auto stale = at.objects.find("a/0.ts");
    const auto again = at.objects.load("a/0.ts").value();

    CHECK(fresh == first);
    CHECK(stale == nullptr);
    CHECK(again == first);
}

TEST_CASE("an object that was put again is another one") {
    Fixture at;
    const auto before = at.objects.load("a/0.ts").value();
    at.put("a/0.ts", "other");

    at.objects.forget("a/0.ts");
    const auto after = at.objects.load("a/0.ts").value();

    CHECK(content(*before) == "media");
    CHECK(content(*after) == "other");
    CHECK(before->info.etag != after->info.etag);
}

TEST_CASE("of a deleted recording every object is let go, and of no other") {
    Fixture at;
    at.put("a/1.ts", "media");
    at.put("ab/0.ts", "media");
    REQUIRE(at.objects.load("a/0.ts"));
    REQUIRE(at.objects.load("a/1.ts"));
    REQUIRE(at.objects.load("ab/0.ts"));

    at.objects.forget("a/");

    CHECK(at.objects.find("a/0.ts") == nullptr);
    CHECK(at.objects.find("a/1.ts") == nullptr);
    CHECK(at.objects.find("ab/0.ts") != nullptr);
}

TEST_CASE("an object that is not there is not held") {
    Fixture at;

    const auto loaded = at.objects.load("a/1.ts");

    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == ErrorCode::NotFound);
    CHECK(at.objects.find("a/1.ts") == nullptr);
}

TEST_CASE("the objects that were asked for longest ago are closed above the limit") {
    Fixture at;
    REQUIRE(at.objects.load("a/0.ts"));
    const auto load_copy = [&](int n) {
        const std::string key = fmt::format("b/{}.ts", n);
        at.put(key, "media");
        return at.objects.load(key).has_value();
    };
    std::vector<int> copies(OpenObjects::kObjectsMax);
    std::ranges::generate(copies, [n = 0]() mutable { return n++; });

    const bool below = std::all_of(copies.begin(), copies.end() - 1, load_copy);
    const bool held_at_the_limit = at.objects.find("b/0.ts") != nullptr;
    const bool above = load_copy(copies.back());

    CHECK(below);
    CHECK(held_at_the_limit);
    CHECK(above);
    CHECK(at.objects.find("a/0.ts") == nullptr);
    CHECK(at.objects.find("b/0.ts") != nullptr);
}
