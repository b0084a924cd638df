#include "app/bucket.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include <fmt/format.h>

#include "app/behaviour_settings.h"
#include "base/log.h"
#include "base/random.h"
#include "store/folder_store.h"
#include "store/object_cache.h"
#include "store/s3_store.h"

namespace oxbow::app {
namespace {

/// Keys of one channel keep their order: what names another object is put behind it.
// ivs/v1/000000000000/AsXego4U6tnj/2026/... and recording-started-AsXego4U6tnj.json -> AsXego4U6tnj
std::string channel_of(std::string_view key) {
    constexpr std::string_view kRecordings = "ivs/v1/";
    constexpr std::string_view kLatest = "recording-started-";
    if (key.starts_with(kLatest)) {
        key.remove_prefix(kLatest.size());
        return std::string{key.substr(0, key.find('.'))};
    }
    if (!key.starts_with(kRecordings)) return {};
    key.remove_prefix(kRecordings.size());
    key.remove_prefix(std::min(key.find('/'), key.size() - 1) + 1);
    return std::string{key.substr(0, key.find('/'))};
}

bool is_chunk(std::string_view key) {
    return key.ends_with(".ts");
}

/// Which of two the server does. Asked once, for the log: nothing here depends on it.
std::string abilities(store::S3Store& s3) {
    const std::string key = fmt::format("oxbow-probe-{}", random_alphanumeric(12));
    const auto first = s3.create(key, as_bytes("1"));
    if (!first) return fmt::format("conditional puts are not taken: {}", first.error().what);
    const auto second = s3.create(key, as_bytes("2"));
    const std::string_view found = second ? "conditional puts are ignored"
                                   : second.error().code == ErrorCode::Conflict
                                       ? "conditional puts work"
                                       : "conditional puts fail";
    if (auto removed = s3.remove(key); !removed)
        return fmt::format("{}; {} cannot be deleted: {}", found, key, removed.error().what);
    return std::string{found};
}

}  // namespace

Bucket::Bucket() = default;

Bucket::~Bucket() {
    stop(std::chrono::milliseconds{0});
}

Result<std::unique_ptr<Bucket>> Bucket::open(const Settings& settings, const Clock& clock) {
    std::unique_ptr<Bucket> bucket{new Bucket};
    bucket->name_ = settings.store.bucket;
    if (settings.store.s3) {
        if (auto opened = bucket->open_s3(settings, clock); !opened)
            return std::unexpected(opened.error());
        return bucket;
    }
    auto folder = store::FolderStore::open(settings.data / "bucket", bucket->name_, clock);
    if (!folder) return std::unexpected(folder.error());
    bucket->description_ = (settings.data / "bucket").string();
    bucket->store_ = std::move(*folder);
    return bucket;
}

Result<void> Bucket::open_s3(const Settings& settings, const Clock& clock) {
    auto s3 = s3_settings(settings.store, settings.region);
    if (!s3) return std::unexpected(s3.error());
    if (auto credentials = s3->credentials.load(); !credentials)
        return std::unexpected(credentials.error());
    s3_ = std::make_unique<store::S3Store>(std::move(*s3), clock);
    description_ = s3_->name();
    store::ObjectCacheSettings caching{.folder = settings.data / "cache",
                                       .bytes_max = settings.store.cache_max,
                                       .never_changes = is_chunk};
    // Elsewhere what is in the bucket was put there by this process, which knows.
    if (settings.role == Role::Edge) {
        caching.fresh_for = [behaviours = behaviours_of(settings)](std::string_view key) {
            const std::string path = "/" + std::string{key};
            const auto said = is_chunk(key) ? std::optional{edge::kTtlMax} : std::nullopt;
            return behaviours->at(behaviours->index_of(path)).ttl.of(said);
        };
    }
    auto cache = store::ObjectCache::open(std::move(caching), *s3_, clock);
    if (!cache) return std::unexpected(cache.error());
    cache_ = std::move(*cache);
    auto spool = store::UploadSpool::open(
        {.folder = settings.data / "uploads",
         .bucket = name_,
         .uploads = settings.store.uploads,
         .bytes_max = settings.store.backlog_max,
         .age_max = settings.store.backlog_max_age,
         .lane_of = channel_of,
         .uploaded = [cache = cache_.get()](
                         const std::filesystem::path& file,
                         const store::ObjectInfo& object) { cache->admit(file, object); }},
        *cache_, clock);
    if (!spool) return std::unexpected(spool.error());
    spool_ = spool->get();
    store_ = std::move(*spool);
    return {};
}

void Bucket::start() {
    if (spool_ == nullptr) return;
    spool_->start();
    look_ = std::thread{[this] {
        if (const auto listed = s3_->try_list(); !listed) {
            log::warning("{}; what is recorded waits until it is there", listed.error().what);
            return;
        }
        log::info("{}: {}", s3_->name(), abilities(*s3_));
    }};
}

void Bucket::give_up_in(std::chrono::milliseconds patience) {
    if (spool_ == nullptr) return;
    giving_up_ = std::jthread{[this, patience](const std::stop_token& stopped) {
        std::mutex mutex;
        std::unique_lock lock{mutex};
        std::condition_variable_any().wait_for(lock, stopped, patience, [] { return false; });
        if (!stopped.stop_requested()) s3_->cancel();
    }};
}

void Bucket::stop(std::chrono::milliseconds patience) {
    if (spool_ == nullptr) return;
    giving_up_ = {};
    spool_->finish(patience);
    s3_->cancel();
    spool_->stop();
    if (look_.joinable()) look_.join();
}

std::optional<store::UploadBacklog> Bucket::backlog() const {
    if (spool_ == nullptr) return std::nullopt;
    return spool_->backlog();
}

std::uint64_t Bucket::cached_bytes() const {
    return cache_ ? cache_->bytes() : 0;
}

void Bucket::forget(std::string_view prefix) {
    if (cache_) cache_->forget_all(prefix);
}

std::string Bucket::description() const {
    return description_;
}

Result<void> try_bucket(store::ObjectStore& store) {
    const std::string key = fmt::format("oxbow-probe-{}", random_alphanumeric(12));
    const std::string_view text = "oxbow";
    const auto tried = [](std::string_view what, const Error& error) {
        return fail(error.code, fmt::format("{}: {}", what, error.what));
    };
    if (const auto put = store.put(key, as_bytes(text)); !put)
        return tried("it cannot be written (s3:PutObject)", put.error());
    Result<void> out;
    const auto read = store.get(key, text.size());
    const auto part = store.get_range(key, {1, 3});
    const auto listed = store.list(key);
    if (!read) {
        out = tried("it cannot be read (s3:GetObject)", read.error());
    } else if (*read != text) {
        out = fail(ErrorCode::Unavailable, "what is read is not what was written");
    } else if (!part) {
        out = tried("ranges of objects cannot be read", part.error());
    } else if (!listed) {
        out = tried("it cannot be listed (s3:ListBucket)", listed.error());
    } else if (listed->size() != 1) {
        out = fail(ErrorCode::Unavailable, "what was written is not listed");
    }
    const auto removed = store.remove(key);
    if (!removed && out)
        out = tried("objects cannot be deleted (s3:DeleteObject)", removed.error());
    return out;
}

Result<std::string> try_bucket(const Settings& settings) {
    const SystemClock clock;
    if (!settings.store.s3) return std::string{};
    auto s3 = s3_settings(settings.store, settings.region);
    if (!s3) return std::unexpected(s3.error());
    store::S3Store store{std::move(*s3), clock};
    if (auto tried = try_bucket(store); !tried) {
        return fail(tried.error().code, fmt::format("{}: {}", store.name(), tried.error().what));
    }
    return fmt::format("{} was written, read, listed and deleted from; {}", store.name(),
                       abilities(store));
}

}  // namespace oxbow::app
