#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/result.h"
#include "base/text_version.h"
#include "base/times.h"
#include "net/http_client_loop.h"

namespace oxbow::remote {

/// What the origin answered, as all viewers get it.
struct OriginAnswer {
    int status = 200;
    std::string content_type;
    std::string cache_control;
    std::string etag;                          // without quotes; of 200
    std::string validator;                     // the ETag as it came, of this form of it
    std::string cors;                          // header lines, where it lets every page read
    std::shared_ptr<const TextVersion> text;   // of a playlist
    std::shared_ptr<const std::string> bytes;  // of anything else
    std::uint64_t size() const { return text ? text->size() : bytes ? bytes->size() : 0; }
};

/// Another Oxbow that has what is newer than the bucket: its live playlists, its segments. However
/// many viewers ask for one thing at a time, it is asked once; what it lets caches keep is kept for
/// so long, kBytesMax at most, and asked for behind that on condition that it has changed.
///
/// No question takes a thread: one waits for all answers, kMakers make playlists of them.
///
/// Thread-safe.
class LiveOrigin {
public:
    using Pointer = std::shared_ptr<const OriginAnswer>;

    /// How long an answer to a target is told again; 0: it is not.
    using KeptFor =
        std::function<std::chrono::seconds(std::string_view target, const OriginAnswer& answer)>;

    /// In: "http://10.0.0.5:8080", no slash at the end. `clock` outlives it. Without a `kept_for`
    /// its Cache-Control says it.
    LiveOrigin(std::string url, const Clock& clock, KeptFor kept_for = {});
    ~LiveOrigin() { stop(); }

    /// What is held and may still be told; nullptr: get() it. Never blocks.
    Pointer held(const std::string& target);

    /// In:     path and query as they came, "/rewind/AsXego4U6tnj.m3u8?parts=0".
    /// Out:    its answer, of whatever status.
    /// Errors: Unavailable, Timeout  the origin is away: it is then left alone for kAwayFor;
    ///         LimitExceeded  as many wait as may.
    boost::asio::awaitable<Result<Pointer>> get(std::string target);

    /// Gives up what is asked for.
    void stop();

    /// Each one question at a time, of which a low-latency channel holds three or four; the origin
    /// takes a thousand of an address.
    static constexpr std::size_t kConnectionsMax = 512;
    static constexpr std::size_t kMakers = 2;
    static constexpr std::size_t kQuestionsMax = 1'024;
    static constexpr std::size_t kWaitingMax = 20'000;
    static constexpr std::uint64_t kBytesMax = 256ULL * 1024 * 1024;
    static constexpr std::size_t kAnswerBytesMax = 32ULL * 1024 * 1024;
    /// Longer than the origin holds a blocking reload.
    static constexpr std::chrono::milliseconds kAnswerWaitMax{25'000};
    static constexpr std::chrono::milliseconds kAwayFor{2'000};

private:
    using Waiter = std::function<void(const Result<Pointer>&)>;
    struct Entry {
        std::string target;
        Pointer answer;
        SteadyTime stale_at;
    };
    using Place = std::list<Entry>::iterator;

    void ask(const std::string& target, Waiter waiter);
    Pointer held_locked(const std::string& target);
    Pointer known(const std::string& target) const;
    void fetch(const std::string& target);
    Result<Pointer> made_of(const std::string& target, const Pointer& known,
                            const Result<net::HttpClientResponse>& answer);
    std::shared_ptr<const TextVersion> text_of(const std::string& target, const std::string& body,
                                               const std::string& etag);
    void settle(const std::string& target, const Result<Pointer>& answer);
    void hold_locked(const std::string& target, const Pointer& answer);
    void erase_locked(Place place);

    const std::string url_;
    const Clock& clock_;
    const KeptFor kept_for_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<Waiter>> questions_;
    std::size_t waiting_ = 0;
    std::list<Entry> newest_first_;
    std::map<std::string, Place> by_target_;
    std::uint64_t bytes_ = 0;
    SteadyTime ask_again_at_{};
    bool told_ = false;  // that it is away
    /// By what is asked for, but for what it waits for: the next has most of its pieces.
    std::map<std::string, std::weak_ptr<const TextVersion>, std::less<>> newest_texts_;
    boost::asio::thread_pool makers_{kMakers};
    net::HttpClientLoop client_{{.connections_max = kConnectionsMax}};
};

/// A target without the segment and the part that it waits for.
// "/rewind/AsXego4U6tnj.m3u8?_HLS_skip=YES" of "/rewind/AsXego4U6tnj.m3u8?_HLS_msn=5&_HLS_skip=YES"
std::string without_wait(std::string_view target);

/// The pieces of a text: those of an earlier one with which it begins are shared, so that what a
/// reload of a long playlist costs here, in bytes and in gzip, is what is new of it.
std::vector<TextVersion::Piece> shared_pieces(std::string_view text, const TextVersion* earlier);

/// What must not be kept at all, or not by a cache of many.
bool is_private(std::string_view cache_control);
/// How long a cache may tell it again; nullopt: it does not say.
std::optional<std::chrono::seconds> said_for(std::string_view cache_control);

/// For how long a cache may tell an answer of this Cache-Control again; 0: not at all.
std::chrono::seconds kept_for(std::string_view cache_control);

}  // namespace oxbow::remote
