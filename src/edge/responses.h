#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text_version.h"
#include "edge/behaviours.h"
#include "edge/response_policy.h"
#include "net/http.h"

namespace oxbow::edge {

/// Texts below this are sent as they are: compressed they would fill one packet as well.
inline constexpr std::uint64_t kGzipBytesMin = 512;

/// Makes the edge's answers as the behaviour of their path says: header lines prepared once per
/// kind, CORS, compression. Every answer has its behaviour as its mark (mark_of).
///
/// With the origins {"*"}, every answer allows every origin; with a list, the request's Origin is
/// echoed where it is listed, and caches are told to keep answers apart by it. Thread-safe:
/// immutable.
class Responses {
public:
    explicit Responses(std::shared_ptr<const Behaviours> behaviours);
    /// The built-in behaviours.
    explicit Responses(std::vector<std::string> cors_origins);

    const Behaviours& behaviours() const { return *behaviours_; }

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
        std::string name;  // "": it is shown, not kept
        std::uint64_t size = 0;
        Freshness freshness = Freshness::Never;
    };
    using MakeStream =
        std::function<std::shared_ptr<net::HttpStream>(std::uint64_t offset, std::uint64_t length)>;
    net::HttpResponse download(const net::HttpRequest& request, const Download& file,
                               const MakeStream& bytes) const;

    /// What grows, and shows its end: `stream`.
    net::HttpResponse growing(const net::HttpRequest& request, std::string_view content_type,
                              std::shared_ptr<net::HttpStream> stream) const;

    /// Server-sent events, which nothing on their way may keep or collect: `first`, then `stream`.
    net::HttpResponse events(const net::HttpRequest& request, std::string first,
                             std::shared_ptr<net::HttpStream> stream) const;

    /// {"error":"NotFound","message":"..."}
    net::HttpResponse error(const net::HttpRequest& request, int status,
                            std::string_view message) const;
    net::HttpResponse error(const net::HttpRequest& request, const Error& error) const;

    /// Makes an answer one that belongs to one viewer: "private, no-store", and no header that a
    /// behaviour added, for some of those tell caches something.
    void keep_private(net::HttpResponse& response) const;
    /// Makes an answer one that a page of `origin` may read and no other page, whatever the
    /// settings are. In: "" no page may.
    static void allow_only(net::HttpResponse& response, std::string_view origin);
    /// Gives an answer of a live origin the CORS lines that came with it, where its behaviour does
    /// not override them. In: "" it came with none.
    void keep_cors_of_origin(net::HttpResponse& response, std::string_view lines) const;

    /// To who may not have what is there, or is not: the same bytes, whatever the reason.
    net::HttpResponse refused(const net::HttpRequest& request) const;

    net::HttpResponse preflight(const net::HttpRequest& request) const;

private:
    /// What a request's behaviour gives its answer.
    struct Of {
        const ResponsePolicy& policy;
        std::uint8_t mark;
    };
    Of of(const net::HttpRequest& request) const;
    net::HttpResponse error(const net::HttpRequest& request, const Of& of, int status,
                            std::string_view message) const;
    net::HttpResponse outside(const net::HttpRequest& request, const Of& of,
                              std::uint64_t size) const;
    net::HttpResponse part(const net::HttpRequest& request, const Of& of,
                           const net::RangeRequest& range, std::string_view content_type,
                           Freshness freshness, const net::HttpBody& whole,
                           std::string extra_headers) const;

    std::shared_ptr<const Behaviours> behaviours_;
    std::vector<std::unique_ptr<const ResponsePolicy>> policies_;  // behaviours alike share one
    std::vector<const ResponsePolicy*> policy_of_;                 // by behaviour
};

/// The mark of an answer of the behaviour with this index: 0 is none.
constexpr std::uint8_t mark_of(std::size_t behaviour) {
    return static_cast<std::uint8_t>(behaviour + 1);
}

// "video/mp2t" for ".../17.ts"
std::string_view content_type_of(std::string_view path);

}  // namespace oxbow::edge
