#include "store/s3_store.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <thread>

#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "net/sigv4.h"
#include "store/mapped_file.h"
#include "store/object_key.h"
#include "store/object_reads.h"
#include "store/s3_answers.h"

namespace oxbow::store {
namespace {

constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::chrono::milliseconds kPauseMax{5'000};

std::string etag_of(const net::HttpClientResponse& response) {
    std::string_view etag = response.header("etag").value_or("");
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
        etag = etag.substr(1, etag.size() - 2);
    return std::string{etag};
}

/// Whether the same request may be answered otherwise in a moment.
bool may_pass(int status, const S3Problem& problem) {
    return status == 429 || status >= 500 || problem.code == "SlowDown" ||
           problem.code == "RequestTimeout" || problem.code == "OperationAborted";
}

bool is_expired(const S3Problem& problem) {
    return problem.code == "ExpiredToken" || problem.code == "InvalidAccessKeyId" ||
           problem.code == "InvalidToken" || problem.code == "TokenRefreshRequired";
}

std::string_view advice_for(std::string_view code) {
    if (code == "SignatureDoesNotMatch") return "the secret access key is not the one of this key";
    if (code == "InvalidAccessKeyId") return "the server does not know the access key id";
    if (code == "RequestTimeTooSkewed")
        return "the clocks of this machine and of the server are more than 15 minutes apart";
    if (code == "ExpiredToken" || code == "InvalidToken" || code == "TokenRefreshRequired")
        return "the session token has expired";
    if (code == "AccessDenied") return "the credentials do not allow it";
    return {};
}

/// RFC 9110 §14.4: "bytes 0-499/1234".
bool is_range(std::string_view header, ByteRange range) {
    return header.starts_with(fmt::format("bytes {}-{}/", range.first, range.last));
}

}  // namespace

/// One request, but for its signature.
struct S3Store::Ask {
    std::string_view doing;      // "put"
    std::string_view method;     // "PUT"
    std::string_view key{};      // empty: the bucket
    std::string query{};         // encoded, sorted
    net::HttpHeaders headers{};  // lower case
    BytesView payload{};
    std::size_t body_bytes_max = kAnswerBytesMax;
    std::optional<ByteRange> range{};
};

struct S3Store::Attempt {
    Result<net::HttpClientResponse> answer;
    bool again = false;    // it may pass
    bool expired = false;  // other credentials may do
    bool silent = false;   // there was no answer
};

S3Store::S3Store(S3Settings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock), client_({.ca_file = settings_.ca_file}) {
    const std::size_t host_at = settings_.endpoint.find("://") + 3;
    const std::string scheme = settings_.endpoint.substr(0, host_at);
    host_ = settings_.endpoint.substr(host_at);
    if (settings_.style == S3Style::VirtualHost) {
        host_ = settings_.bucket + "." + host_;
    } else {
        base_path_ = "/" + settings_.bucket;
    }
    base_url_ = scheme + host_;
}

std::string S3Store::name() const {
    return fmt::format("bucket {} of {}", settings_.bucket, settings_.endpoint);
}

Result<S3Credentials> S3Store::credentials(bool anew) {
    const std::lock_guard lock{mutex_};
    if (credentials_ && !anew) return *credentials_;
    auto loaded = settings_.credentials.load();
    if (loaded) credentials_ = *loaded;
    return loaded;
}

S3Store::Attempt S3Store::attempt(const Ask& ask, const S3Credentials& credentials) {
    const bool secure = settings_.endpoint.starts_with("https://");
    std::string path =
        ask.key.empty() ? base_path_ + "/" : base_path_ + "/" + net::uri_encoded(ask.key, "/");
    net::RequestToSign to_sign{.method = ask.method,
                               .path = path,
                               .query = ask.query,
                               .headers = ask.headers,
                               .payload_hash = secure ? std::string{kUnsignedPayload}
                                                      : net::sha256_hex(as_text(ask.payload))};
    to_sign.headers.emplace_back("host", host_);
    if (!credentials.session_token.empty())
        to_sign.headers.emplace_back("x-amz-security-token", credentials.session_token);
    net::HttpClientRequest request{
        .method = std::string{ask.method},
        .url = base_url_ + path + (ask.query.empty() ? "" : "?") + ask.query,
        .headers = to_sign.headers,
        .payload = ask.payload,
        .timeout = settings_.request_timeout,
        .stalled = settings_.stalled,
        .body_bytes_max = std::max(ask.body_bytes_max, kAnswerBytesMax),
        .cancelled = &cancelled_};
    const auto added =
        net::sign_v4(std::move(to_sign), {credentials.access_key_id, credentials.secret_access_key},
                     {settings_.region, "s3"}, clock_.wall());
    request.headers.insert(request.headers.end(), added.begin(), added.end());

    const auto cannot = [&](ErrorCode code, std::string_view why) {
        return fail(code, fmt::format("cannot {} {}{}in {}: {}", ask.doing,
                                      ask.key.empty() ? "objects" : log::printable(ask.key), " ",
                                      name(), why));
    };
    auto answer = client_.ask(request);
    if (!answer) {
        // More than was allowed will be more again.
        const bool again = answer.error().code != ErrorCode::LimitExceeded &&
                           answer.error().code != ErrorCode::Malformed;
        return {cannot(again ? ErrorCode::Unavailable : answer.error().code, answer.error().what),
                again, false, again};
    }
    if (answer->status >= 200 && answer->status < 300) {
        const bool is_part = ask.range && answer->status == 206 &&
                             is_range(answer->header("content-range").value_or(""), *ask.range) &&
                             answer->body.size() == ask.range->last - ask.range->first + 1;
        if (!ask.range || is_part) return {std::move(answer)};
        return {cannot(ErrorCode::Unavailable, "the answer is not the range that was asked for"),
                answer->status == 206};
    }
    const S3Problem problem = read_s3_problem(answer->body);
    const std::string said =
        fmt::format("it answers {}{}{}{}{}", answer->status, problem.code.empty() ? "" : " ",
                    problem.code, problem.message.empty() ? "" : ": ", problem.message);
    if (problem.code == "NoSuchBucket")
        return {
            cannot(ErrorCode::Unavailable, "there is no such bucket: make it, or name another")};
    if (answer->status == 404 && !ask.key.empty() && ask.method != "PUT")
        return {cannot(ErrorCode::NotFound, "there is no such object")};
    if (answer->status == 412) return {cannot(ErrorCode::Conflict, "the object is there already")};
    if (answer->status == 416) return {cannot(ErrorCode::Malformed, "the range is outside of it")};
    if (answer->status == 501) return {cannot(ErrorCode::Unsupported, said)};
    if (answer->status == 401 || answer->status == 403) {
        const std::string_view advice = advice_for(problem.code);
        return {cannot(ErrorCode::Refused,
                       advice.empty() ? said : fmt::format("{} ({})", advice, said)),
                false, is_expired(problem)};
    }
    return {cannot(ErrorCode::Unavailable, said), may_pass(answer->status, problem)};
}

std::optional<Error> S3Store::away() {
    const std::lock_guard lock{mutex_};
    return clock_.steady() < away_until_ ? away_ : std::nullopt;
}

void S3Store::note(const Attempt& last) {
    const std::lock_guard lock{mutex_};
    if (last.silent) {
        away_ = last.answer.error();
        away_until_ = clock_.steady() + kAwayFor;
    } else {
        away_until_ = {};
    }
}

Result<net::HttpClientResponse> S3Store::ask(const Ask& ask) {
    if (auto error = away()) return std::unexpected(std::move(*error));
    auto key = credentials(false);
    if (!key) return std::unexpected(key.error());
    bool renewed = false;
    std::chrono::milliseconds pause = kFirstPause;
    for (int made = 1;; ++made) {
        Attempt done = attempt(ask, *key);
        if (done.expired && !renewed) {
            renewed = true;
            if (auto newer = credentials(true)) key = std::move(newer);
            --made;
            continue;
        }
        if (!done.again || made >= settings_.attempts || cancelled_) {
            note(done);
            return std::move(done.answer);
        }
        // Half of it by chance: many that failed together do not come again together.
        std::this_thread::sleep_for(
            pause / 2 + std::chrono::milliseconds{static_cast<int>(
                            random_fraction() * static_cast<double>(pause.count()) / 2)});
        pause = std::min(pause * 2, kPauseMax);
    }
}

Result<ObjectInfo> S3Store::put_bytes(std::string_view key, BytesView bytes, bool only_new) {
    if (auto checked = check_s3_key(key); !checked) return std::unexpected(checked.error());
    Ask request{.doing = "put", .method = "PUT", .key = key, .payload = bytes};
    if (only_new) request.headers.emplace_back("if-none-match", "*");
    const auto answer = ask(request);
    if (!answer) return std::unexpected(answer.error());
    ObjectInfo info{.key = std::string{key},
                    .size = bytes.size(),
                    .etag = etag_of(*answer),
                    .last_modified = clock_.wall()};
    if (observer_) {
        const auto stamp = std::chrono::nanoseconds{info.last_modified.time_since_epoch()}.count();
        observer_({.bucket = settings_.bucket,
                   .object = info,
                   .time = info.last_modified,
                   .sequencer = fmt::format("{:016X}", stamp)});
    }
    return info;
}

Result<ObjectInfo> S3Store::put(std::string_view key, BytesView bytes) {
    return put_bytes(key, bytes, false);
}

Result<ObjectInfo> S3Store::create(std::string_view key, BytesView bytes) {
    return put_bytes(key, bytes, true);
}

Result<ObjectInfo> S3Store::adopt(const std::filesystem::path& file, std::string_view key) {
    Result<ObjectInfo> done = std::unexpected(Error{});
    {
        const auto mapped = MappedFile::open(file);
        if (!mapped) return std::unexpected(mapped.error());
        done = put(key, mapped->bytes());
    }
    if (done) ::unlink(file.c_str());
    return done;
}

Result<std::string> S3Store::get(std::string_view key, std::size_t bytes_max) {
    if (auto checked = check_s3_key(key); !checked) return std::unexpected(checked.error());
    auto answer = ask({.doing = "read", .method = "GET", .key = key, .body_bytes_max = bytes_max});
    if (!answer) return std::unexpected(answer.error());
    if (answer->body.size() > bytes_max) return longer_than(key, answer->body.size(), bytes_max);
    return std::move(answer->body);
}

Result<Bytes> S3Store::get_range(std::string_view key, ByteRange range) {
    if (auto checked = check_s3_key(key); !checked) return std::unexpected(checked.error());
    if (auto checked = check_range(key, range); !checked) return std::unexpected(checked.error());
    const std::uint64_t length = range.last - range.first + 1;
    const auto answer =
        ask({.doing = "read",
             .method = "GET",
             .key = key,
             .headers = {{"range", fmt::format("bytes={}-{}", range.first, range.last)}},
             .body_bytes_max = length,
             .range = range});
    if (!answer) return std::unexpected(answer.error());
    const BytesView bytes = as_bytes(answer->body);
    return Bytes{bytes.begin(), bytes.end()};
}

Result<ObjectInfo> S3Store::head(std::string_view key) {
    if (auto checked = check_s3_key(key); !checked) return std::unexpected(checked.error());
    const auto answer = ask({.doing = "look at", .method = "HEAD", .key = key});
    if (!answer) return std::unexpected(answer.error());
    ObjectInfo info{.key = std::string{key}, .etag = etag_of(*answer), .last_modified = {}};
    const std::string_view size = answer->header("content-length").value_or("");
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), info.size);
    if (size.empty() || error != std::errc{} || end != size.data() + size.size()) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("{} does not say how long '{}' is", name(), log::printable(key)));
    }
    const auto modified = net::read_http_time(answer->header("last-modified").value_or(""));
    info.last_modified = modified.value_or(clock_.wall());
    return info;
}

/// In: an empty `delimiter` lists everything below; `pages`: how many are read at most.
Result<std::vector<ObjectInfo>> S3Store::list_pages(std::string_view prefix,
                                                    std::string_view delimiter,
                                                    std::vector<std::string>& folders,
                                                    std::size_t pages) {
    std::vector<ObjectInfo> out;
    std::string next;
    for (std::size_t read = 0; read < pages; ++read) {
        // In the order in which they are signed.
        std::string query;
        if (!next.empty()) query += "continuation-token=" + net::uri_encoded(next) + "&";
        if (!delimiter.empty()) query += "delimiter=" + net::uri_encoded(delimiter) + "&";
        query += "list-type=2";
        query += fmt::format("&max-keys={}", pages == 1 ? 1 : settings_.page);
        query += "&prefix=" + net::uri_encoded(prefix);
        const auto answer = ask({.doing = "list", .method = "GET", .query = std::move(query)});
        if (!answer) return std::unexpected(answer.error());
        auto page = read_s3_page(answer->body);
        if (!page) return std::unexpected(page.error());
        std::ranges::move(page->objects, std::back_inserter(out));
        std::ranges::move(page->folders, std::back_inserter(folders));
        if (out.size() + folders.size() > kListMax) break;
        if (page->next.empty() || pages == 1) return out;
        next = std::move(page->next);
    }
    return fail(ErrorCode::LimitExceeded,
                fmt::format("more than {} objects begin with '{}': list a longer prefix", kListMax,
                            log::printable(prefix)));
}

Result<std::vector<ObjectInfo>> S3Store::list(std::string_view prefix) {
    std::vector<std::string> none;
    auto out = list_pages(prefix, "", none, kPagesMax);
    // Another server's order may be that of its language.
    if (out) std::ranges::sort(*out, {}, &ObjectInfo::key);
    return out;
}

Result<std::vector<std::string>> S3Store::folders(std::string_view prefix) {
    std::vector<std::string> out;
    const auto objects = list_pages(prefix, "/", out, kPagesMax);
    if (!objects) return std::unexpected(objects.error());
    std::ranges::sort(out);
    return out;
}

Result<void> S3Store::try_list() {
    std::vector<std::string> none;
    const auto page = list_pages("", "", none, 1);
    if (!page) return std::unexpected(page.error());
    return {};
}

Result<void> S3Store::remove(std::string_view key) {
    if (auto checked = check_s3_key(key); !checked) return checked;
    const auto answer = ask({.doing = "delete", .method = "DELETE", .key = key});
    if (!answer && answer.error().code != ErrorCode::NotFound)
        return std::unexpected(answer.error());
    return {};
}

Result<OpenedObject> S3Store::open(std::string_view) const {
    return fail(ErrorCode::Unsupported, fmt::format("{} has no files", name()));
}

}  // namespace oxbow::store
