#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_version.h"
#include "base/times.h"
#include "console/attempts.h"
#include "console/sessions.h"
#include "control/api.h"
#include "control/credentials.h"
#include "net/http.h"

namespace oxbow::console {

/// One file of the page. What it refers to stays.
struct PageFile {
    std::string_view path;  // "/operator/index.html", "/operator/assets/operator-4f3a91c2.js"
    std::string_view content_type;
    std::string_view etag;  // without quotes
    bool immutable;         // its name carries a hash of its content
    std::string_view text;
};

struct ConsoleSettings {
    /// "oxbow-operator-8081": a browser sends the cookies of a host to all of its ports, so those
    /// of two servers on one machine have two names.
    std::string cookie_name;
    std::string viewers_url;  // "http://127.0.0.1:8080": where the page's pictures come from
};

/// The operator's page on the API's port: its files, who is signed in, and what it asks of the API.
///
/// Signing in is a call signed as every other of the API: the secret stays in the browser. What it
/// gives is a cookie that counts here alone, and never in the place of a signature elsewhere. All
/// that changes something must come from this page: by its Origin, and by a token that the page
/// has and no other can read.
///
/// Errors: 401 SessionExpiredException   nobody is signed in, or no more.
///         403 CrossSiteException        it comes from another page.
///         403 AccessDeniedException     an operation that is not for the page.
///         429 ThrottlingException       too many refused sign-ins; Retry-After says how long.
/// Thread-safe.
class Console {
public:
    /// What answers an operation, its sender being known; the request is one of the API.
    using Operations = std::function<net::HttpAnswer(net::HttpRequest)>;

    /// What it is given outlives it.
    Console(const std::vector<PageFile>& files, const control::ControlApi& api,
            const control::Credentials& credentials, const Clock& clock, Operations operations,
            ConsoleSettings settings);

    /// Whether answer() is for this request: "/operator/...", and "/" where a browser asks.
    static bool is_for(const net::HttpRequest& request);

    net::HttpAnswer answer(const net::HttpRequest& request);

private:
    struct File {
        PageFile of;
        std::shared_ptr<const TextVersion> text;
    };

    net::HttpResponse file(const net::HttpRequest& request) const;
    net::HttpResponse session(const net::HttpRequest& request);
    net::HttpResponse sign_in(const net::HttpRequest& request);
    net::HttpResponse sign_out(const net::HttpRequest& request);
    net::HttpAnswer operation(const net::HttpRequest& request, std::string_view path);

    std::optional<std::string_view> token_of(const net::HttpRequest& request) const;
    std::optional<Sessions::Session> session_of(const net::HttpRequest& request);
    /// Why a call is not one of the page in its session; nullopt: it is.
    std::optional<net::HttpResponse> refusal(const net::HttpRequest& request);
    std::string cookie(const net::HttpRequest& request, std::string_view value,
                       std::chrono::seconds age) const;
    std::string session_json(const Sessions::Session& session) const;

    std::vector<File> files_;
    const control::ControlApi& api_;
    const control::Credentials& credentials_;
    const Clock& clock_;
    Operations operations_;
    ConsoleSettings settings_;
    std::shared_ptr<const std::string> page_headers_;
    Sessions sessions_;
    SignInAttempts attempts_;
};

}  // namespace oxbow::console
