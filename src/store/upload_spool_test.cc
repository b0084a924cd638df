#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <vector>

#include <sys/resource.h>

#include "base/random.h"
#include "store/folder_store.h"
#include "store/forwarding_store.h"
#include "store/mapped_file.h"
#include "store/object_cache.h"
#include "store/upload_spool.h"

using namespace oxbow;
using namespace oxbow::store;

namespace {

/// A bucket far away: a real folder, which can be away, and writes down the order of puts.
class FarBucket final : public ForwardingStore {
public:
    using ForwardingStore::ForwardingStore;

    void go_away(bool away) { away_ = away; }
    std::vector<std::string> puts() const {
        const std::lock_guard lock{mutex_};
        return puts_;
    }

    Result<ObjectInfo> put(std::string_view key, BytesView bytes) override {
        if (away_) return gone();
        if (before_put) before_put();
        if (strays-- > 0) return fail(ErrorCode::NotFound, "404, a proxy says");
        const std::lock_guard lock{mutex_};
        puts_.push_back(std::string{key} + "=" + std::string{as_text(bytes)});
        return ForwardingStore::put(key, bytes);
    }
    Result<Bytes> get_range(std::string_view key, ByteRange range) override {
        if (away_) return gone();
        if (before_read) before_read(key);
        return ForwardingStore::get_range(key, range);
    }
    Result<ObjectInfo> head(std::string_view key) override {
        if (away_) return gone();
        return ForwardingStore::head(key);
    }
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) override {
        if (away_) return gone();
        return ForwardingStore::list(prefix);
    }
    Result<void> remove(std::string_view key) override {
        if (away_) return gone();
        return ForwardingStore::remove(key);
    }

    std::function<void()> before_put;
    std::function<void(std::string_view key)> before_read;
    std::atomic<int> strays = 0;  // puts that somebody else answers

private:
    static std::unexpected<Error> gone() { return fail(ErrorCode::Unavailable, "it is away"); }

    std::atomic<bool> away_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> puts_;
};

struct Fixture {
    Fixture() {
        std::filesystem::create_directories(root);
        folder = std::move(*FolderStore::open(root / "bucket", "recordings", clock));
        far = std::make_unique<FarBucket>(*folder);
        make();
    }
    ~Fixture() {
        spool.reset();
        std::filesystem::remove_all(root);
    }
    void make(std::uint64_t bytes_max = 1'000'000,
              std::chrono::milliseconds remove_wait_max = std::chrono::seconds{30}) {
        spool.reset();
        spool = std::move(*UploadSpool::open(
            {.folder = root / "uploads",
             .bucket = "recordings",
             .uploads = 2,
             .bytes_max = bytes_max,
             .remove_wait_max = remove_wait_max,
             .lane_of = [](std::string_view key) { return std::string{key.substr(0, 1)}; },
             .uploaded = {}},
            *far, clock));
    }
    void put(std::string_view key, std::string_view text) {
        REQUIRE(spool->put(key, as_bytes(text)));
    }
    void upload_all() {
        spool->start();
        spool->finish(std::chrono::seconds{30});
        spool->stop();
        REQUIRE(spool->backlog().objects == 0);
    }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator{root / "uploads"}, {}));
    }

    std::filesystem::path root =
        std::filesystem::temp_directory_path() / ("oxbow-spool-" + random_alphanumeric(8));
    SystemClock clock;
    std::unique_ptr<FolderStore> folder;
    std::unique_ptr<FarBucket> far;
    std::unique_ptr<UploadSpool> spool;
};

}  // namespace

TEST_CASE("what is put is read from the spool, then from the bucket") {
    Fixture it;
    it.put("a/1", "one");
    CHECK(it.spool->get("a/1") == "one");
    CHECK(it.spool->head("a/1")->size == 3);
    CHECK(as_text(*it.spool->get_range("a/1", {1, 2})) == "ne");
    CHECK(it.spool->get_range("a/1", {1, 3}).error().code == ErrorCode::Malformed);
    CHECK(it.spool->open("a/1")->info.size == 3);
    CHECK(it.spool->list("a/")->size() == 1);
    CHECK(it.spool->folders("") == std::vector<std::string>{"a/"});
    CHECK(it.folder->get("a/1").error().code == ErrorCode::NotFound);

    it.upload_all();
    CHECK(it.folder->get("a/1") == "one");
    CHECK(it.spool->get("a/1") == "one");
    CHECK(it.spool->list("a/")->size() == 1);
    CHECK(it.files() == 0);
}

TEST_CASE("a lane keeps its order, whatever the bucket does meanwhile") {
    Fixture it;
    it.far->go_away(true);
    for (int i = 0; i < 5; ++i) it.put("a/" + std::to_string(i), std::to_string(i));
    it.spool->start();
    while (it.spool->backlog().failures == 0) std::this_thread::yield();
    CHECK(it.spool->backlog().objects == 5);
    CHECK(it.spool->backlog().trouble == "it is away");
    it.far->go_away(false);
    it.spool->finish(std::chrono::seconds{30});
    CHECK(it.far->puts() == std::vector<std::string>{"a/0=0", "a/1=1", "a/2=2", "a/3=3", "a/4=4"});
    CHECK(it.spool->backlog().trouble.empty());
    CHECK(it.spool->backlog().uploaded == 5);
}

TEST_CASE("of an object that is put again and again the first and the newest are uploaded") {
    Fixture it;
    it.put("a/list", "v1");
    it.put("a/started", "s");
    it.put("a/list", "v2");
    it.put("a/2", "2");
    it.put("a/list", "v3");
    CHECK(it.spool->get("a/list") == "v3");
    CHECK(it.spool->backlog().objects == 4);
    it.upload_all();
    CHECK(it.far->puts() ==
          std::vector<std::string>{"a/list=v1", "a/started=s", "a/2=2", "a/list=v3"});
    CHECK(it.folder->get("a/list") == "v3");
    CHECK(it.files() == 0);
}

TEST_CASE("what waits outlives the process, in its order") {
    Fixture it;
    it.put("a/1", "1");
    it.put("a/list", "v1");
    it.put("a/list", "v2");
    it.make();
    CHECK(it.spool->backlog().objects == 3);
    CHECK(it.spool->get("a/list") == "v2");
    it.upload_all();
    CHECK(it.far->puts() == std::vector<std::string>{"a/1=1", "a/list=v1", "a/list=v2"});
}

TEST_CASE("what a killed process left half is taken away") {
    Fixture it;
    it.put("a/1", "1");
    it.spool.reset();
    const auto write = [&](const char* name) {
        std::ofstream{it.root / "uploads" / name} << "a/x";
    };
    std::filesystem::create_symlink("a/x", it.root / "uploads/0000000000000001.key");
    write("0000000000000002.object");
    write("0000000000000003.part");
    write("0000000000000004.key");  // no link
    write("0000000000000004.object");
    std::filesystem::create_symlink("a/x", it.root / "uploads/fffffffffffffff0.key");
    it.make();
    CHECK(it.spool->backlog().objects == 1);
    CHECK(it.files() == 2);
}

TEST_CASE("an object whose file somebody took away holds up no other") {
    Fixture it;
    it.put("a/1", "1");
    it.put("a/2", "2");
    for (const auto& file : std::filesystem::directory_iterator{it.root / "uploads"}) {
        if (file.path().extension() != ".object") continue;
        if (std::filesystem::file_size(file) == 1 && std::ifstream{file.path()}.get() == '1')
            std::filesystem::remove(file.path());
    }
    it.upload_all();
    CHECK(it.far->puts() == std::vector<std::string>{"a/2=2"});
    CHECK(it.files() == 0);
}

TEST_CASE("a file is taken over; one that is none is not") {
    Fixture it;
    std::ofstream{it.root / "chunk"} << "media";
    REQUIRE(it.spool->adopt(it.root / "chunk", "a/0.ts"));
    CHECK_FALSE(std::filesystem::exists(it.root / "chunk"));
    CHECK(it.spool->get("a/0.ts") == "media");
    CHECK(it.spool->adopt(it.root / "chunk", "a/1.ts").error().code == ErrorCode::NotFound);
    it.upload_all();
    CHECK(it.folder->get("a/0.ts") == "media");
}

TEST_CASE("media is taken up to bytes_max, and texts a little further") {
    Fixture it;
    it.make(160);
    it.put("a/0.ts", std::string(100, 'm'));
    it.put("a/1.ts", std::string(60, 'm'));
    CHECK(it.spool->put("a/2.ts", as_bytes("m")).error().code == ErrorCode::Unavailable);
    CHECK(it.spool->get("a/2.ts").error().code == ErrorCode::NotFound);
    it.put("a/list.m3u8", std::string(10, 't'));
    CHECK(it.spool->put("b/list.m3u8", as_bytes("t")).error().code == ErrorCode::Unavailable);
    CHECK(it.files() == 6);
}

TEST_CASE("what is larger than bytes_max waits alone") {
    Fixture it;
    it.make(10);
    it.put("a/0.ts", std::string(11, 'm'));
    CHECK(it.spool->put("a/1.ts", as_bytes("m")).error().code == ErrorCode::Unavailable);
    it.upload_all();
    it.put("a/1.ts", std::string(11, 'm'));
}

TEST_CASE("what is removed is not uploaded any more, and not in the bucket either") {
    Fixture it;
    it.put("a/1", "1");
    it.upload_all();
    it.put("a/1", "2");
    it.put("a/2", "3");
    REQUIRE(it.spool->remove("a/1"));
    CHECK(it.spool->get("a/1").error().code == ErrorCode::NotFound);
    it.upload_all();
    CHECK(it.far->puts() == std::vector<std::string>{"a/1=1", "a/2=3"});
    CHECK(it.folder->get("a/1").error().code == ErrorCode::NotFound);
}

TEST_CASE("a remove waits for an upload that is under way, but not for ever: it stays then") {
    Fixture it;
    it.make(1'000'000, std::chrono::milliseconds{200});
    std::promise<void> begun;
    std::promise<void> go_on;
    std::once_flag once;
    it.far->before_put = [&] {
        std::call_once(once, [&] {
            begun.set_value();
            go_on.get_future().wait();
        });
    };
    it.put("a/1", "x");
    it.spool->start();
    begun.get_future().wait();

    const auto removed = it.spool->remove("a/1");

    REQUIRE_FALSE(removed);
    CHECK(removed.error().code == ErrorCode::Timeout);
    CHECK(removed.error().what ==
          "object 'a/1' is not removed: it is on its way to the bucket, which has not taken it "
          "within 200 ms");
    CHECK(it.spool->get("a/1").value() == "x");
    go_on.set_value();
    it.spool->finish(std::chrono::seconds{30});
    CHECK(it.spool->remove("a/1"));
    CHECK(it.folder->get("a/1").error().code == ErrorCode::NotFound);
    it.spool->stop();
}

TEST_CASE("an object waits on where a put is answered as if there were nothing") {
    Fixture it;
    it.put("a/1", "1");
    it.far->strays = 1;
    it.upload_all();
    CHECK(it.folder->get("a/1") == "1");
}

TEST_CASE("a file that cannot be opened now is told apart from one that is gone") {
    Fixture it;
    std::ofstream{it.root / "chunk"} << "media";
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};

    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto refused = MappedFile::open(it.root / "chunk");
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);

    CHECK(refused.error().code == ErrorCode::Unavailable);
    CHECK(MappedFile::open(it.root / "none").error().code == ErrorCode::NotFound);
    CHECK(MappedFile::open(it.root / "chunk"));
}

TEST_CASE("the cache holds no more open files than may be") {
    Fixture it;
    const auto cache =
        std::move(*ObjectCache::open({.folder = it.root / "cache",
                                      .objects_max = 2,
                                      .never_changes = [](std::string_view) { return true; }},
                                     *it.far, it.clock));
    for (const char* key : {"a", "b", "c"}) REQUIRE(it.far->put(key, as_bytes("")));
    REQUIRE(cache->open("a"));
    REQUIRE(cache->open("b"));
    REQUIRE(cache->open("a"));
    REQUIRE(cache->open("c"));  // b leaves
    it.far->go_away(true);
    CHECK(cache->open("a"));
    CHECK_FALSE(cache->open("b"));
    CHECK(cache->open("c"));
}

TEST_CASE("the cache lets go of what others deleted") {
    Fixture it;
    const auto cache = std::move(*ObjectCache::open(
        {.folder = it.root / "cache", .never_changes = [](std::string_view) { return true; }},
        *it.far, it.clock));
    for (const char* key : {"a/1", "b/1", "b/2", "c/1"}) {
        REQUIRE(it.far->put(key, as_bytes(key)));
        REQUIRE(cache->open(key));
    }
    it.far->go_away(true);
    cache->forget_all("b/");
    CHECK(cache->open("a/1"));
    CHECK_FALSE(cache->open("b/1"));
    CHECK_FALSE(cache->open("b/2"));
    CHECK(cache->open("c/1"));
    CHECK(cache->bytes() == 6);
}

TEST_CASE("a list that lacks the bucket's part is none") {
    Fixture it;
    it.put("a/1", "1");
    it.far->go_away(true);
    CHECK(it.spool->list("a/").error().code == ErrorCode::Unavailable);
    CHECK(it.spool->get("a/1") == "1");
    CHECK(it.spool->remove("a/1").error().code == ErrorCode::Unavailable);
}

TEST_CASE("the cache has an object as a file, fetches it once, and lets the oldest go") {
    Fixture it;
    const auto never = [](std::string_view key) { return key.ends_with(".ts"); };
    const auto cache = std::move(*ObjectCache::open(
        {.folder = it.root / "cache", .bytes_max = 10, .never_changes = never}, *it.far, it.clock));
    REQUIRE(it.far->put("a.ts", as_bytes("12345")));
    REQUIRE(it.far->put("b.ts", as_bytes("67890")));
    REQUIRE(it.far->put("c.ts", as_bytes("abcde")));
    REQUIRE(it.far->put("l.m3u8", as_bytes("v1")));
    REQUIRE(it.far->put("big.ts", as_bytes("12345678901")));
    const auto a = cache->open("a.ts");
    REQUIRE(a);
    CHECK(a->info.size == 5);
    it.far->go_away(true);
    CHECK(cache->open("a.ts"));
    CHECK(cache->open("b.ts").error().code == ErrorCode::Unavailable);
    it.far->go_away(false);
    CHECK(cache->open("b.ts"));
    CHECK(cache->open("c.ts"));  // a leaves
    CHECK(cache->bytes() == 10);
    it.far->go_away(true);
    CHECK_FALSE(cache->open("a.ts"));
    CHECK(cache->open("c.ts"));
    it.far->go_away(false);
    CHECK(cache->open("big.ts").error().code == ErrorCode::LimitExceeded);
    CHECK(cache->open("none.ts").error().code == ErrorCode::NotFound);

    CHECK(cache->open("l.m3u8")->info.size == 2);
    REQUIRE(it.far->put("l.m3u8", as_bytes("v22")));
    CHECK(cache->open("l.m3u8")->info.size == 3);
    REQUIRE(cache->remove("l.m3u8"));
    CHECK(cache->open("l.m3u8").error().code == ErrorCode::NotFound);
}

TEST_CASE("an object is looked at again once it has been kept for as long as it may be") {
    Fixture it;
    ManualClock clock{WallTime{}};
    const auto cache = std::move(*ObjectCache::open(
        {.folder = it.root / "cache",
         .bytes_max = 100,
         .never_changes = [](std::string_view) { return false; },
         .fresh_for =
             [](std::string_view key) { return std::chrono::seconds{key == "l.m3u8" ? 12 : 0}; }},
        *it.far, clock));
    REQUIRE(it.far->put("l.m3u8", as_bytes("v1")));
    REQUIRE(it.far->put("other", as_bytes("v1")));
    CHECK(cache->open("l.m3u8")->info.size == 2);
    CHECK(cache->open("other")->info.size == 2);
    REQUIRE(it.far->put("l.m3u8", as_bytes("v22")));
    REQUIRE(it.far->put("other", as_bytes("v22")));
    clock.advance(std::chrono::milliseconds{11'999});
    CHECK(cache->open("l.m3u8")->info.size == 2);
    CHECK(cache->open("other")->info.size == 3);
    clock.advance(std::chrono::milliseconds{1});
    CHECK(cache->open("l.m3u8")->info.size == 3);
    it.far->go_away(true);
    clock.advance(std::chrono::milliseconds{11'999});
    CHECK(cache->open("l.m3u8")->info.size == 3);
    clock.advance(std::chrono::milliseconds{1});
    CHECK_FALSE(cache->open("l.m3u8"));
    it.far->go_away(false);
    CHECK(cache->open("l.m3u8")->info.size == 3);
    it.far->go_away(true);
    CHECK(cache->open("l.m3u8")->info.size == 3);
}

TEST_CASE("an object above whole_max is no file, and its ranges are read from the bucket") {
    Fixture it;
    const auto cache =
        std::move(*ObjectCache::open({.folder = it.root / "cache",
                                      .whole_max = 4,
                                      .never_changes = [](std::string_view) { return true; }},
                                     *it.far, it.clock));
    REQUIRE(it.folder->put("0.ts", as_bytes("media")));
    REQUIRE(it.folder->put("1.ts", as_bytes("less")));
    CHECK(cache->open("0.ts").error().code == ErrorCode::LimitExceeded);
    CHECK(as_text(cache->get_range("0.ts", {1, 3}).value()) == "edi");
    CHECK(cache->open("1.ts"));
    CHECK(cache->bytes() == 4);
}

TEST_CASE("an object that is replaced while it is fetched is of one version") {
    Fixture it;
    const auto cache =
        std::move(*ObjectCache::open({.folder = it.root / "cache",
                                      .bytes_max = 100,
                                      .never_changes = [](std::string_view) { return false; }},
                                     *it.far, it.clock));
    REQUIRE(it.far->put("l.m3u8", as_bytes("v1")));
    int replaced = 0;
    it.far->before_read = [&](std::string_view key) {
        if (replaced++ == 0) REQUIRE(it.folder->put(key, as_bytes("version 2")));
    };
    CHECK(cache->open("l.m3u8")->info.size == 9);
    it.far->before_read = [&](std::string_view key) {
        REQUIRE(it.folder->put(key, as_bytes(std::to_string(++replaced))));
    };
    REQUIRE(it.folder->put("l.m3u8", as_bytes("v3")));
    CHECK(cache->open("l.m3u8").error().code == ErrorCode::Unavailable);
}

TEST_CASE("what was uploaded is in the cache without being fetched") {
    Fixture it;
    const auto cache =
        std::move(*ObjectCache::open({.folder = it.root / "cache",
                                      .bytes_max = 10,
                                      .never_changes = [](std::string_view) { return true; }},
                                     *it.far, it.clock));
    std::ofstream{it.root / "chunk"} << "media";
    cache->admit(it.root / "chunk", {.key = "a.ts", .size = 5, .etag = "e", .last_modified = {}});
    CHECK_FALSE(std::filesystem::exists(it.root / "chunk"));
    it.far->go_away(true);
    CHECK(cache->open("a.ts")->info.etag == "e");
}
