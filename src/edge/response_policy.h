#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/allowed_origin.h"
#include "edge/behaviours.h"
#include "net/http.h"

namespace oxbow::edge {

inline constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";
inline constexpr std::string_view kSegmentType = "video/mp2t";
inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kPictureType = "image/jpeg";

/// How long caches may keep an answer.
enum class Freshness {
    Immutable,  // one URL, one content, for ever
    Long,       // an hour: a finished recording's playlists
    Awaited,    // six target durations: a playlist that holds what was waited for
    Second,     // what grows: playlists, metadata, lists, errors
    Never,      // gigabytes for one viewer
};
inline constexpr std::size_t kFreshnesses = 5;

// "max-age=1"
std::string_view cache_control(Freshness freshness);

/// What a behaviour gives its answers: header lines made once, for all of them. Immutable.
class ResponsePolicy {
public:
    using HeaderBlock = std::shared_ptr<const std::string>;

    explicit ResponsePolicy(const Behaviour& behaviour);

    /// Of an answer with a content; one that is kept, where there is one of this kind.
    HeaderBlock block(std::string_view content_type, Freshness freshness) const;
    HeaderBlock not_modified(Freshness freshness) const;
    HeaderBlock error() const { return error_; }
    HeaderBlock events() const { return events_; }
    HeaderBlock preflight() const { return preflight_; }

    /// Lines for this request alone: none, where every origin may read.
    std::string lines_for(const net::HttpRequest& request) const;
    /// What blocks do not have, because only this kind of answer has a name: `own` is the file's,
    /// "" where it has none.
    void append_disposition(std::string& lines, std::string_view own) const;

    bool compresses() const { return compresses_; }
    bool any_origin() const { return any_origin_; }
    /// The lines of the headers that were added, as they stand in every block; "" without one.
    std::string_view added() const { return added_; }

private:
    struct Kind {
        std::string_view content_type;
        std::array<HeaderBlock, kFreshnesses> blocks;
    };

    std::string cache_line(Freshness freshness) const;
    HeaderBlock make_block(std::string_view content_type, Freshness freshness) const;
    std::string cors_lines(const net::HttpRequest& request) const;

    std::vector<AllowedOrigin> origins_;
    bool any_origin_ = false;
    bool compresses_ = true;
    std::string cache_control_;  // of the behaviour
    std::string exposed_;        // a line, or ""
    std::string for_all_;        // CORS of blocks
    std::string security_;
    std::string added_;
    std::string by_tls_;  // Strict-Transport-Security
    std::optional<AddedHeader> disposition_;
    std::vector<Kind> kinds_;  // the usual ones
    std::array<HeaderBlock, kFreshnesses> not_modified_;
    HeaderBlock error_;
    HeaderBlock events_;
    HeaderBlock preflight_;
};

}  // namespace oxbow::edge
