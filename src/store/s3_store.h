#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/times.h"
#include "net/http_client.h"
#include "store/object_store.h"
#include "store/s3_settings.h"

namespace oxbow::store {

/// A bucket of an S3 server: Amazon S3, Ceph RGW, MinIO and their kind.
///
/// Requests are signed by Signature Version 4; over https the payload is not hashed, TLS vouches
/// for it. One that fails in a way that may pass (no connection, reset, time-out, 429, 5xx) is made
/// again, after a pause that doubles and has chance in it. A put that was answered is durable.
///
/// Errors: NotFound     no such object.
///         Refused      the credentials, or what they may do; says which, and what to do.
///         Unavailable  everything that may pass, and a bucket that is not there.
/// Thread safety: as ObjectStore.
class S3Store final : public ObjectStore {
public:
    /// `clock` outlives the store. Asks nothing yet.
    S3Store(S3Settings settings, const Clock& clock);

    Result<ObjectInfo> put(std::string_view key, BytesView bytes) override;
    Result<ObjectInfo> adopt(const std::filesystem::path& file, std::string_view key) override;
    Result<std::string> get(std::string_view key, std::size_t bytes_max = kGetBytesMax) override;
    Result<Bytes> get_range(std::string_view key, ByteRange range) override;
    Result<ObjectInfo> head(std::string_view key) override;
    /// Errors: also LimitExceeded above kListMax.
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) override;
    Result<std::vector<std::string>> folders(std::string_view prefix) override;
    Result<void> remove(std::string_view key) override;
    /// Unsupported: there are no files.
    Result<OpenedObject> open(std::string_view key) const override;
    void set_observer(Observer observer) override { observer_ = std::move(observer); }

    /// As put, of an object that is not there yet. Errors: also Conflict  it is; Unsupported  the
    /// server cannot say.
    Result<ObjectInfo> create(std::string_view key, BytesView bytes);

    /// The first page of a list: tells whether the bucket is there and may be read.
    Result<void> try_list();

    /// Every request that is under way, and every later one, ends soon; Unavailable.
    void cancel() { cancelled_ = true; }

    const S3Settings& settings() const { return settings_; }
    /// "bucket recordings of https://s3.eu-west-1.amazonaws.com"
    std::string name() const;

    /// Once a server could not be reached, it is not tried for so long: many who ask do not wait
    /// one behind the other.
    static constexpr std::chrono::milliseconds kAwayFor{2'000};
    static constexpr std::size_t kListMax = 1'000'000;               // objects in one answer
    static constexpr std::size_t kPagesMax = 2'000;                  // of one list
    static constexpr std::size_t kAnswerBytesMax = 8 * 1024 * 1024;  // of a page or a refusal

private:
    struct Ask;
    struct Attempt;

    Result<net::HttpClientResponse> ask(const Ask& ask);
    Attempt attempt(const Ask& ask, const S3Credentials& credentials);
    std::optional<Error> away();
    void note(const Attempt& last);
    Result<S3Credentials> credentials(bool anew);
    Result<ObjectInfo> put_bytes(std::string_view key, BytesView bytes, bool only_new);
    Result<std::vector<ObjectInfo>> list_pages(std::string_view prefix, std::string_view delimiter,
                                               std::vector<std::string>& folders,
                                               std::size_t pages);

    S3Settings settings_;
    const Clock& clock_;
    std::string base_url_;   // "https://host" or "https://bucket.host"
    std::string host_;       // as the Host header has it
    std::string base_path_;  // "/bucket" or ""
    net::HttpClient client_;
    std::mutex mutex_;
    std::optional<S3Credentials> credentials_;
    std::optional<Error> away_;  // why the server cannot be reached
    SteadyTime away_until_{};
    std::atomic<bool> cancelled_ = false;
    Observer observer_;
};

}  // namespace oxbow::store
