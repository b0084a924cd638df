#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "edge/path_pattern.h"
#include "net/http.h"

namespace oxbow::edge {

// The distribution's behaviours, as CloudFront has them: how what is behind a path is answered.
// They open nothing: who may have it is asked before, and what is private stays "private,
// no-store".

/// For how long the role edge keeps what the bucket or the live origin gave it: what that says, no
/// shorter than `least`, no longer than `most`; `normal` where it says nothing.
struct CacheTtl {
    std::chrono::seconds least{0};
    std::chrono::seconds normal{0};
    std::chrono::seconds most{31'536'000};

    /// In: nullopt: it says nothing.
    std::chrono::seconds of(std::optional<std::chrono::seconds> said) const;

    friend bool operator==(const CacheTtl&, const CacheTtl&) = default;
};

/// Whose pages may read answers.
struct CorsPolicy {
    std::vector<std::string> origins{"*"};  // as AllowedOrigin takes them
    std::vector<std::string> expose{"Content-Length", "Content-Range", "Date", "ETag"};
    std::vector<std::string> allow_headers{"Range", "If-Range", "If-None-Match"};
    std::chrono::seconds max_age{86'400};  // of the answer to a preflight
    bool overrides = true;                 // also where the live origin sends CORS headers itself

    friend bool operator==(const CorsPolicy&, const CorsPolicy&) = default;
};

/// A header beside those that answers have.
struct AddedHeader {
    std::string name;
    std::string value;
    bool overrides = true;  // where the answer has it, too; else that stays

    friend bool operator==(const AddedHeader&, const AddedHeader&) = default;
};

enum class EdgeFunction { None, GetLatestRecordingStartMeta };
std::string_view name_of(EdgeFunction function);

struct Behaviour {
    std::string name;           // in metrics and logs: "segments"
    std::string path;           // a PathPattern
    std::string cache_control;  // of what is not an error; "": as the answer says itself
    CacheTtl ttl;
    std::optional<std::vector<std::string>> query;  // that tell answers apart; nullopt: all
    bool compress = true;
    EdgeFunction function = EdgeFunction::None;
    std::optional<CorsPolicy> cors;     // nullopt: that of all
    std::vector<AddedHeader> security;  // Strict-Transport-Security and the like
    std::vector<AddedHeader> headers;   // none that private answers have
};

/// How a Cache-Control is spelt. Errors: Malformed  "must ...".
Result<void> check_cache_control(std::string_view text);
/// Whether a behaviour may add this header. Errors: Malformed  also one that the server, or another
/// key, decides: "must ...".
Result<void> check_added_header(std::string_view name, std::string_view value);
/// A value of any header. Errors: Malformed  empty, too long, or not printable ASCII.
Result<void> check_header_value(std::string_view value);
bool is_header_name(std::string_view text);
bool is_query_name(std::string_view text);

/// Where the live playlists are that the page plays.
enum class LivePlayback { Here, Elsewhere };

/// What is there without a configuration. In: the CORS of all.
std::vector<Behaviour> built_in_behaviours(CorsPolicy cors = {},
                                           LivePlayback live = LivePlayback::Here);

/// The list, ready to be asked; the first that matches a path counts. Thread-safe: immutable.
class Behaviours {
public:
    /// In: well-formed, at most kBehavioursMax; the last matches every path.
    explicit Behaviours(std::vector<Behaviour> list);

    /// In: as matched_path() gives it. Allocates nothing, and takes no lock.
    std::size_t index_of(std::string_view path) const;
    /// Of a path as sent.
    std::size_t index_of_sent(std::string_view path) const;
    const Behaviour& at(std::size_t index) const { return list_[index]; }
    const PathPattern& pattern(std::size_t index) const { return patterns_[index]; }
    std::size_t size() const { return list_.size(); }
    std::span<const Behaviour> list() const { return list_; }

    /// What tells answers apart, and what a live origin is asked for.
    // "/rewind/AsXego4U6tnj.m3u8?parts=0" of "/rewind/AsXego4U6tnj.m3u8", "utm=x&parts=0"
    std::string target(std::string_view path, std::string_view query) const;

    static constexpr std::size_t kBehavioursMax = 75;  // as many as CloudFront has
    /// Of longer paths, which lead to nothing, the last behaviour is.
    static constexpr std::size_t kMatchedPathBytesMax = 2'048;

private:
    std::vector<Behaviour> list_;
    std::vector<PathPattern> patterns_;
};

inline constexpr std::size_t kBehaviourNameBytesMax = 32;
inline constexpr std::size_t kAddedHeadersMax = 10;  // of a behaviour, as many as CloudFront has
inline constexpr std::size_t kHeaderNameBytesMax = 64;
inline constexpr std::size_t kHeaderValueBytesMax = 1'783;  // as CloudFront has it
inline constexpr std::size_t kQueryNamesMax = 10;
inline constexpr std::size_t kCorsNamesMax = 100;
inline constexpr std::chrono::seconds kTtlMax{31'536'000};

}  // namespace oxbow::edge
