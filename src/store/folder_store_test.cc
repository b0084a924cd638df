#include "store/folder_store.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/random.h"

namespace oxbow::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// 2023-02-09T22:55:41.550Z: 16 hex digits of nanoseconds
constexpr WallTime kStart{1'675'983'341'550ms};

std::string file_text(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write_file(const fs::path& path, std::string_view text) {
    std::ofstream{path, std::ios::binary} << text;
}

/// An empty folder with a bucket in it, gone at the end of the test.
struct Bucket {
    Bucket() : folder(fs::temp_directory_path() / ("oxbow-store-" + random_alphanumeric(12))) {
        fs::create_directories(folder);
        store = FolderStore::open(folder / "bucket", "recordings", clock).value();
    }
    ~Bucket() { fs::remove_all(folder); }

    fs::path file(std::string_view key) const { return folder / "bucket" / key; }
    std::vector<std::string> keys(std::string_view prefix) const {
        std::vector<std::string> out;
        std::ranges::transform(store->list(prefix).value(), std::back_inserter(out),
                               &ObjectInfo::key);
        return out;
    }
    std::size_t unfinished() const {
        const fs::directory_iterator files{file(".oxbow-tmp")};
        return static_cast<std::size_t>(std::distance(fs::begin(files), fs::end(files)));
    }

    fs::path folder;
    ManualClock clock{kStart};
    std::unique_ptr<FolderStore> store;
};

using Keys = std::vector<std::string>;

TEST_CASE("an object that was put is a file at its key, with the bytes and the time of the put") {
    Bucket bucket;

    const auto info = bucket.store->put("ivs/v1/master.m3u8", as_bytes("#EXTM3U")).value();

    CHECK(file_text(bucket.file("ivs/v1/master.m3u8")) == "#EXTM3U");
    CHECK(info.key == "ivs/v1/master.m3u8");
    CHECK(info.size == 7);
    CHECK(info.last_modified == kStart);
    CHECK(bucket.store->get("ivs/v1/master.m3u8").value() == "#EXTM3U");
    const auto head = bucket.store->head("ivs/v1/master.m3u8").value();
    CHECK(head.etag == info.etag);
    CHECK(head.last_modified == kStart);
    CHECK(head.size == 7);
    CHECK(bucket.unfinished() == 0);
}

TEST_CASE("a put replaces the object whole, and the ETag differs although size and clock do not") {
    Bucket bucket;
    const auto first = bucket.store->put("a", as_bytes("one")).value();

    const auto second = bucket.store->put("a", as_bytes("two")).value();

    CHECK(bucket.store->get("a").value() == "two");
    CHECK(first.etag != second.etag);
    CHECK(bucket.store->head("a").value().etag == second.etag);
}

TEST_CASE("who reads the old object while it is replaced reads it to its end") {
    Bucket bucket;
    bucket.store->put("a", as_bytes("old")).value();
    const auto opened = bucket.store->open("a").value();

    bucket.store->put("a", as_bytes("new")).value();

    std::string read(3, '\0');
    REQUIRE(::pread(opened.file->fd(), read.data(), read.size(), 0) == 3);
    CHECK(read == "old");
    CHECK(opened.info.size == 3);
    CHECK(opened.info.etag != bucket.store->head("a").value().etag);
}

TEST_CASE("an adopted file becomes the object and is gone") {
    Bucket bucket;
    const fs::path chunk = bucket.folder / "chunk";
    write_file(chunk, "media");

    const auto info = bucket.store->adopt(chunk, "x/media/hls/720p30/0.ts").value();

    CHECK(info.size == 5);
    CHECK(info.last_modified == kStart);
    CHECK_FALSE(fs::exists(chunk));
    CHECK(bucket.store->get("x/media/hls/720p30/0.ts").value() == "media");
    CHECK(bucket.store->head("x/media/hls/720p30/0.ts").value().etag == info.etag);
}

TEST_CASE("a file of another file system is adopted too") {
    Bucket bucket;
    const fs::path chunk = "/dev/shm/oxbow-store-" + random_alphanumeric(12);
    const std::string media(3'000'000, 'm');
    write_file(chunk, media);

    const auto info = bucket.store->adopt(chunk, "0.ts").value();

    CHECK(info.size == 3'000'000);
    CHECK_FALSE(fs::exists(chunk));
    CHECK(bucket.store->get("0.ts").value() == media);
    CHECK(bucket.unfinished() == 0);
}

TEST_CASE("a file that is not there cannot be adopted") {
    Bucket bucket;

    CHECK(bucket.store->adopt(bucket.folder / "none", "a").error().code == ErrorCode::NotFound);
    CHECK(bucket.store->adopt(bucket.folder, "a").error().code == ErrorCode::NotFound);
}

TEST_CASE("the observer hears of every put and adopt, with a sequencer that rises") {
    Bucket bucket;
    std::vector<ObjectCreated> heard;
    bucket.store->set_observer([&heard](const ObjectCreated& event) { heard.push_back(event); });
    write_file(bucket.folder / "chunk", "media");

    bucket.store->put("a", as_bytes("one")).value();
    bucket.store->adopt(bucket.folder / "chunk", "b").value();
    bucket.clock.advance(1ms);
    bucket.store->put("a", as_bytes("two")).value();

    REQUIRE(heard.size() == 3);
    CHECK(heard[0].bucket == "recordings");
    CHECK(heard[0].object.key == "a");
    CHECK(heard[1].object.key == "b");
    CHECK(heard[1].object.size == 5);
    CHECK(heard[2].time == kStart + 1ms);
    CHECK(heard[0].sequencer.size() == 16);
    CHECK(heard[0].sequencer < heard[1].sequencer);
    CHECK(heard[1].sequencer < heard[2].sequencer);
}

TEST_CASE("a failed put is not told, and leaves nothing") {
    Bucket bucket;
    std::size_t heard = 0;
    bucket.store->set_observer([&heard](const ObjectCreated&) { ++heard; });

    CHECK_FALSE(bucket.store->put("../a", as_bytes("x")).has_value());
    bucket.store->put("a/b", as_bytes("x")).value();
    CHECK(bucket.store->put("a", as_bytes("x")).error().code == ErrorCode::Conflict);
    CHECK(bucket.store->put("a/b/c", as_bytes("x")).error().code == ErrorCode::Conflict);

    CHECK(heard == 1);
    CHECK(bucket.unfinished() == 0);
    CHECK(bucket.keys("") == Keys{"a/b"});
}

TEST_CASE("a range gives its bytes, both ends included") {
    Bucket bucket;
    bucket.store->put("a", as_bytes("0123456789")).value();

    CHECK(as_text(bucket.store->get_range("a", {2, 4}).value()) == "234");
    CHECK(as_text(bucket.store->get_range("a", {9, 9}).value()) == "9");
    CHECK(bucket.store->get_range("a", {9, 10}).error().code == ErrorCode::Malformed);
    CHECK(bucket.store->get_range("a", {4, 2}).error().code == ErrorCode::Malformed);
    CHECK(bucket.store->get_range("b", {0, 0}).error().code == ErrorCode::NotFound);
}

TEST_CASE("a get reads at most the bytes it is allowed to") {
    Bucket bucket;
    bucket.store->put("a", as_bytes("0123456789")).value();
    bucket.store->put("empty", {}).value();

    CHECK(bucket.store->get("a", 10).value() == "0123456789");
    CHECK(bucket.store->get("a", 9).error().code == ErrorCode::LimitExceeded);
    CHECK(bucket.store->get("empty").value().empty());
}

TEST_CASE("what is no object is not found: a missing key, a folder, a key below an object") {
    Bucket bucket;
    bucket.store->put("a/b", as_bytes("x")).value();

    CHECK(bucket.store->get("none").error().code == ErrorCode::NotFound);
    CHECK(bucket.store->get("none/none").error().code == ErrorCode::NotFound);
    CHECK(bucket.store->get("a").error().code == ErrorCode::NotFound);
    CHECK(bucket.store->head("a/b/c").error().code == ErrorCode::NotFound);
    CHECK(bucket.store->open("a").error().code == ErrorCode::NotFound);
    CHECK(bucket.store->open("a/b").value().info.etag == bucket.store->head("a/b").value().etag);
}

TEST_CASE("a malformed key is refused by every call") {
    Bucket bucket;
    write_file(bucket.folder / "secret", "x");
    FolderStore& store = *bucket.store;

    CHECK(store.put("../secret", {}).error().code == ErrorCode::Malformed);
    CHECK(store.adopt(bucket.folder / "secret", "a/../b").error().code == ErrorCode::Malformed);
    CHECK(store.get("../secret").error().code == ErrorCode::Malformed);
    CHECK(store.get_range("/etc/passwd", {0, 0}).error().code == ErrorCode::Malformed);
    CHECK(store.head("a//b").error().code == ErrorCode::Malformed);
    CHECK(store.remove("../secret").error().code == ErrorCode::Malformed);
    CHECK(store.list("../").error().code == ErrorCode::Malformed);
    CHECK(store.open("../secret").error().code == ErrorCode::Malformed);
    CHECK(store.put(".oxbow-tmp/a", {}).error().code == ErrorCode::Malformed);
    CHECK(file_text(bucket.folder / "secret") == "x");
}

TEST_CASE("no call follows a symbolic link out of the bucket") {
    Bucket bucket;
    fs::create_directories(bucket.folder / "outside");
    write_file(bucket.folder / "outside" / "secret", "x");
    fs::create_directory_symlink(bucket.folder / "outside", bucket.file("folder"));
    fs::create_symlink(bucket.folder / "outside" / "secret", bucket.file("file"));
    FolderStore& store = *bucket.store;

    CHECK(store.get("file").error().code == ErrorCode::NotFound);
    CHECK(store.get("folder/secret").error().code == ErrorCode::NotFound);
    CHECK(store.open("folder/secret").error().code == ErrorCode::NotFound);
    CHECK(store.list("").value().empty());
    CHECK(store.put("folder/new", as_bytes("y")).error().code == ErrorCode::Conflict);
    CHECK(store.remove("folder/secret").has_value());
    store.put("file", as_bytes("y")).value();  // replaces the link, not what it points at

    CHECK(file_text(bucket.folder / "outside" / "secret") == "x");
    CHECK_FALSE(fs::exists(bucket.folder / "outside" / "new"));
}

TEST_CASE("a list gives the objects below a prefix by key, never what is unfinished") {
    Bucket bucket;
    bucket.store->put("b/2", {}).value();
    bucket.store->put("b/10", {}).value();
    bucket.store->put("b-1", {}).value();
    bucket.store->put("b/c/d", {}).value();
    bucket.store->put("a", {}).value();
    write_file(bucket.file(".oxbow-tmp/unfinished"), "x");

    CHECK(bucket.keys("") == Keys{"a", "b-1", "b/10", "b/2", "b/c/d"});
    CHECK(bucket.keys("b") == Keys{"b-1", "b/10", "b/2", "b/c/d"});
    CHECK(bucket.keys("b/") == Keys{"b/10", "b/2", "b/c/d"});
    CHECK(bucket.keys("b/c") == Keys{"b/c/d"});
    CHECK(bucket.keys("b/1") == Keys{"b/10"});
    CHECK(bucket.keys("none/") == Keys{});
    CHECK(bucket.keys("a/") == Keys{});
}

TEST_CASE("a removed object takes the folders that it leaves empty along") {
    Bucket bucket;
    bucket.store->put("a/b/c/1", {}).value();
    bucket.store->put("a/2", {}).value();

    CHECK(bucket.store->remove("a/b/c/1").has_value());

    CHECK_FALSE(fs::exists(bucket.file("a/b")));
    CHECK(bucket.keys("") == Keys{"a/2"});
    CHECK(bucket.store->remove("a/2").has_value());
    CHECK_FALSE(fs::exists(bucket.file("a")));
    CHECK(fs::exists(bucket.file(".oxbow-tmp")));
}

TEST_CASE("removing what is not there, or a folder, changes nothing") {
    Bucket bucket;
    bucket.store->put("a/1", {}).value();

    CHECK(bucket.store->remove("none").has_value());
    CHECK(bucket.store->remove("none/none").has_value());
    CHECK(bucket.store->remove("a").has_value());

    CHECK(bucket.keys("") == Keys{"a/1"});
}

TEST_CASE("what a killed process left unfinished is gone when the bucket is opened again") {
    Bucket bucket;
    bucket.store->put("a", as_bytes("x")).value();
    write_file(bucket.file(".oxbow-tmp/unfinished"), "x");

    const auto again =
        FolderStore::open(bucket.folder / "bucket", "recordings", bucket.clock).value();

    CHECK(bucket.unfinished() == 0);
    CHECK(again->get("a").value() == "x");
    CHECK(again->sync().has_value());
}

TEST_CASE("a bucket whose folder cannot be made says so") {
    Bucket bucket;
    write_file(bucket.folder / "file", "x");

    const auto opened =
        FolderStore::open(bucket.folder / "file" / "bucket", "recordings", bucket.clock);

    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == ErrorCode::Unavailable);
    CHECK(opened.error().what == "cannot open the bucket folder " +
                                     (bucket.folder / "file" / "bucket").string() +
                                     ": Not a directory; check the disk");
}

TEST_CASE("puts and removes of neighbours at the same time lose no put") {
    Bucket bucket;
    std::atomic<int> failed{0};
    const auto work = [&bucket, &failed](const std::string& key) {
        for (int i = 0; i < 300; ++i) {
            if (!bucket.store->put(key, as_bytes("x"))) ++failed;
            if (!bucket.store->get(key)) ++failed;
            if (!bucket.store->remove(key)) ++failed;
        }
    };

    std::jthread first{work, "a/b/c/1"};
    std::jthread second{work, "a/b/c/2"};
    first.join();
    second.join();

    CHECK(failed == 0);
    CHECK_FALSE(fs::exists(bucket.file("a")));
}

}  // namespace
}  // namespace oxbow::store
