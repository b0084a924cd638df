#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text_version.h"
#include "net/http.h"

namespace oxbow::edge {

inline constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";
inline constexpr std::string_view kSegmentType = "video/mp2t";
inline constexpr std::string_view kJsonType = "application/json";

/// How long caches may keep an answer.
enum class Freshness {
    Immutable,  // one URL, one content, for ever
    Long,       // an hour: a finished recording's playlists
    Awaited,    // six target durations: a playlist that holds what was waited for
    Second,     // what grows: playlists, metadata, lists, errors
    Never,      // gigabytes for one viewer
};

/// Texts below this are sent as they are: compressed they would fill one packet as well.
inline constexpr std::uint64_t kGzipBytesMin = 512;

/// Makes the edge's answers: header lines prepared once per kind, CORS as configured.
///
/// With the origins {"*"}, every answer allows every origin; with a list, the request's Origin is
/// echoed where it is listed, and caches are told to keep answers apart by it. Thread-safe:
/// immutable.
class Responses {
public:
    explicit Responses(std::vector<std::string> cors_origins);

    /// A text: 304 where the viewer has this version, gzip where it takes it, a part where it asks
    /// for one.
    net::HttpResponse text(const net::HttpRequest& request, std::string_view content_type,
                           Freshness freshness,
                           const std::shared_ptr<const TextVersion>& version) const;
    net::HttpResponse json(const net::HttpRequest& request,
                           const std::shared_ptr<const TextVersion>& version) const {
        return text(request, kJsonType, Freshness::Second, version);
    }

    /// Media: 304 where the viewer has it; the part that Range asks for, 416 when it lies outside.
    /// In: an ETag without quotes that no other content of this URL ever has.
    net::HttpResponse media(const net::HttpRequest& request, std::string_view content_type,
                            Freshness freshness, std::string_view etag,
                            const net::HttpBody& whole) const;

    /// A file to be kept, for one viewer: no cache is to hold it. The rest as media().
    /// In: `name` of letters, digits and "._-"; `bytes` [offset, offset + length) of it make the
    /// stream.
    struct Download {
        std::string_view content_type;
        std::string etag;
        std::string name;
        std::uint64_t size = 0;
    };
    using MakeStream =
        std::function<std::shared_ptr<net::HttpStream>(std::uint64_t offset, std::uint64_t length)>;
    net::HttpResponse download(const net::HttpRequest& request, const Download& file,
                               const MakeStream& bytes) const;

    /// Server-sent events, which nothing on their way may keep or collect: `first`, then `stream`.
    net::HttpResponse events(const net::HttpRequest& request, std::string first,
                             std::shared_ptr<net::HttpStream> stream) const;

    /// {"error":"NotFound","message":"..."}
    net::HttpResponse error(const net::HttpRequest& request, int status,
                            std::string_view message) const;
    net::HttpResponse error(const net::HttpRequest& request, const Error& error) const;

    /// Makes an answer one that belongs to one viewer: "private, no-store".
    static void keep_private(net::HttpResponse& response);
    /// Makes an answer one that a page of `origin` may read and no other page, whatever the
    /// settings are. In: "" no page may.
    static void allow_only(net::HttpResponse& response, std::string_view origin);

    /// To who may not have what is there, or is not: the same bytes, whatever the reason.
    net::HttpResponse refused(const net::HttpRequest& request) const;

    net::HttpResponse preflight(const net::HttpRequest& request) const;

private:
    using HeaderBlock = std::shared_ptr<const std::string>;
    struct Kind {
        std::string_view content_type;
        Freshness freshness;
        HeaderBlock header_block;
    };

    HeaderBlock make_header_block(std::string_view content_type, Freshness freshness) const;
    HeaderBlock header_block(std::string_view content_type, Freshness freshness) const;
    HeaderBlock not_modified_block(Freshness freshness) const;
    std::string cors_lines(const net::HttpRequest& request) const;
    net::HttpResponse outside(const net::HttpRequest& request, std::uint64_t size) const;
    net::HttpResponse part(const net::HttpRequest& request, const net::RangeRequest& range,
                           std::string_view content_type, Freshness freshness,
                           const net::HttpBody& whole, std::string extra_headers) const;

    std::vector<std::string> cors_origins_;
    bool any_origin_;
    std::vector<Kind> kinds_;                // the usual ones
    std::vector<HeaderBlock> not_modified_;  // by Freshness
};

// "video/mp2t" for ".../17.ts"
std::string_view content_type_of(std::string_view path);

}  // namespace oxbow::edge
