#include "net/sigv4.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/bytes.h"
#include "base/ensure.h"

namespace oxbow::net {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kSha256Bytes = 32;
using Digest = std::array<std::uint8_t, kSha256Bytes>;

Digest sha256(std::string_view bytes) {
    Digest digest;
    unsigned size = 0;
    ENSURE(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) ==
           1);
    ENSURE(size == digest.size());
    return digest;
}

Digest hmac(BytesView key, std::string_view text) {
    Digest digest;
    unsigned size = 0;
    ENSURE(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(text).data(),
                text.size(), digest.data(), &size) != nullptr);
    ENSURE(size == digest.size());
    return digest;
}

std::string hex(BytesView bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

// /a/./b//../c/ -> /a/c/
std::string normalised_path(std::string_view path) {
    std::vector<std::string_view> segments;
    const bool folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), segment.size() + 1));
        if (segment == "..") {
            if (!segments.empty()) segments.pop_back();
        } else if (!segment.empty() && segment != ".") {
            segments.push_back(segment);
        }
    }
    return fmt::format("/{}{}", fmt::join(segments, "/"), folder && !segments.empty() ? "/" : "");
}

std::string canonical_path(std::string_view path, std::string_view service) {
    if (service == "s3") return std::string{path};
    return uri_encoded(normalised_path(path), "/");
}

std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
        const std::string_view name = pair.substr(0, equals);
        // What is not decodable is signed as it stands.
        pairs.emplace_back(uri_encoded(percent_decode(name).value_or(std::string{name})),
                           uri_encoded(percent_decode(value).value_or(std::string{value})));
    }
    std::ranges::sort(pairs);
    std::string out;
    for (const auto& [name, value] : pairs) {
        out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
    }
    return out;
}

/// Outer spaces off, inner runs of spaces as one.
std::string canonical_value(std::string_view value) {
    std::string out;
    for (const char c : value) {
        const bool space = c == ' ' || c == '\t';
        if (space && (out.empty() || out.back() == ' ')) continue;
        out += space ? ' ' : c;
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

std::string lowered(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

/// The values of every header called `name`, joined by commas.
std::string joined_values(const HttpHeaders& headers, std::string_view name) {
    std::string out;
    bool first = true;
    for (const auto& [header, value] : headers) {
        if (lowered(header) != name) continue;
        if (!first) out += ',';
        first = false;
        out += canonical_value(value);
    }
    return out;
}

// 20150830T123600Z
std::string amz_date(WallTime time) {
    std::string text = format_rfc3339(time);  // 2015-08-30T12:36:00Z
    std::erase(text, '-');
    std::erase(text, ':');
    return text;
}

std::optional<WallTime> parse_amz_date(std::string_view text) {
    if (text.size() != 16) return std::nullopt;
    const auto time =
        parse_rfc3339(fmt::format("{}-{}-{}:{}:{}", text.substr(0, 4), text.substr(4, 2),
                                  text.substr(6, 5), text.substr(11, 2), text.substr(13)));
    if (!time || amz_date(*time) != text) return std::nullopt;
    return *time;
}

// AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n<hash>
std::string signature_of(std::string_view canonical, std::string_view secret, std::string_view date,
                         const SigningScope& scope) {
    const std::string_view day = date.substr(0, 8);
    const std::string text = fmt::format("{}\n{}\n{}/{}/{}/aws4_request\n{}", kAlgorithm, date, day,
                                         scope.region, scope.service, sha256_hex(canonical));
    const Digest day_key = hmac(as_bytes(fmt::format("AWS4{}", secret)), day);
    const Digest region_key = hmac(day_key, scope.region);
    const Digest service_key = hmac(region_key, scope.service);
    return hex(hmac(hmac(service_key, "aws4_request"), text));
}

/// The parts of an Authorization header.
struct Authorization {
    std::string access_key_id;
    std::string day;
    SigningScope scope;
    std::vector<std::string> signed_headers;
    std::string signature;
};

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = text.find(at);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

// AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=a;b,
// Signature=5d67...
std::optional<Authorization> parse_authorization(std::string_view header) {
    if (!header.starts_with(kAlgorithm)) return std::nullopt;
    header.remove_prefix(kAlgorithm.size());
    Authorization parsed;
    for (const std::string& part : split(header, ',')) {
        const std::string trimmed = canonical_value(part);
        const std::size_t equals = trimmed.find('=');
        if (equals == std::string::npos) return std::nullopt;
        const std::string name = trimmed.substr(0, equals);
        const std::string value = trimmed.substr(equals + 1);
        if (name == "Credential") {
            const auto parts = split(value, '/');
            if (parts.size() != 5 || parts[4] != "aws4_request") return std::nullopt;
            parsed.access_key_id = parts[0];
            parsed.day = parts[1];
            parsed.scope = {.region = parts[2], .service = parts[3]};
        } else if (name == "SignedHeaders") {
            parsed.signed_headers = split(value, ';');
        } else if (name == "Signature") {
            parsed.signature = value;
        }
    }
    const bool whole = !parsed.access_key_id.empty() && !parsed.signed_headers.empty() &&
                       !parsed.signature.empty();
    if (!whole || !std::ranges::is_sorted(parsed.signed_headers)) return std::nullopt;
    return parsed;
}

std::unexpected<SignatureRefusal> refused(std::string_view type, std::string message) {
    const int status = type == "IncompleteSignatureException" ? 400 : 403;
    return std::unexpected(SignatureRefusal{status, std::string{type}, std::move(message)});
}

bool same_text(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// The date that the signature was made with, when it is one and close enough to `now`.
std::expected<std::string, SignatureRefusal> checked_date(const HttpRequest& request,
                                                          const Authorization& authorization,
                                                          WallTime now) {
    std::string date{request.header("x-amz-date").value_or("")};
    const auto time = parse_amz_date(date);
    if (!time) {
        return refused(
            "IncompleteSignatureException",
            "Authorization header requires an 'X-Amz-Date' header like 20150830T123600Z.");
    }
    if (authorization.day != date.substr(0, 8)) {
        return refused("InvalidSignatureException",
                       "Date in Credential scope does not match YYYYMMDD from X-Amz-Date.");
    }
    if (*time < now - kClockSkewMax) {
        return refused("InvalidSignatureException",
                       fmt::format("Signature expired: {} is now earlier than {} ({} - 15 min.)",
                                   date, amz_date(now - kClockSkewMax), amz_date(now)));
    }
    if (*time > now + kClockSkewMax) {
        return refused(
            "InvalidSignatureException",
            fmt::format("Signature not yet current: {} is still later than {} ({} + 15 min.)", date,
                        amz_date(now + kClockSkewMax), amz_date(now)));
    }
    return date;
}

HttpHeaders owned(const std::vector<HttpHeader>& headers) {
    HttpHeaders out;
    for (const auto& [name, value] : headers) out.emplace_back(name, value);
    return out;
}

/// Host, date and the amz headers that change what a request means must be under the signature.
std::optional<std::string> unsigned_header(const HttpRequest& request,
                                           const std::vector<std::string>& signed_headers) {
    const auto is_signed = [&](std::string_view name) {
        return std::ranges::binary_search(signed_headers, name);
    };
    if (!is_signed("host")) return "host";
    for (const auto& [name, value] : request.headers) {
        if (name.starts_with("x-amz-") && !is_signed(name)) return std::string{name};
    }
    return std::nullopt;
}

}  // namespace

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
    return hex(hmac(as_bytes(key), text));
}

std::string sha256_hex(std::string_view bytes) {
    return hex(sha256(bytes));
}

std::string canonical_request(const RequestToSign& request, std::string_view service,
                              const std::vector<std::string>& signed_headers) {
    std::string headers;
    for (const std::string& name : signed_headers) {
        headers += fmt::format("{}:{}\n", name, joined_values(request.headers, name));
    }
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method,
                       canonical_path(request.path, service), canonical_query(request.query),
                       headers, fmt::join(signed_headers, ";"), request.payload_hash);
}

HttpHeaders sign_v4(RequestToSign request, const SigningKey& key, const SigningScope& scope,
                    WallTime now) {
    const std::string date = amz_date(now);
    HttpHeaders added{{"x-amz-date", date}};
    if (scope.service == "s3") added.emplace_back("x-amz-content-sha256", request.payload_hash);
    request.headers.insert(request.headers.end(), added.begin(), added.end());

    std::vector<std::string> names;
    for (const auto& [name, value] : request.headers) names.push_back(lowered(name));
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());

    const std::string canonical = canonical_request(request, scope.service, names);
    added.emplace_back(
        "authorization",
        fmt::format("{} Credential={}/{}/{}/{}/aws4_request, SignedHeaders={}, Signature={}",
                    kAlgorithm, key.access_key_id, date.substr(0, 8), scope.region, scope.service,
                    fmt::join(names, ";"), signature_of(canonical, key.secret, date, scope)));
    return added;
}

std::expected<std::string, SignatureRefusal> verify_v4(const HttpRequest& request,
                                                       const SecretLookup& secret_of,
                                                       std::string_view service, WallTime now) {
    const auto header = request.header("authorization");
    if (!header) {
        return refused("MissingAuthenticationTokenException", "Missing Authentication Token");
    }
    const auto authorization = parse_authorization(*header);
    if (!authorization) {
        return refused("IncompleteSignatureException",
                       "The Authorization header is not 'AWS4-HMAC-SHA256 Credential=..., "
                       "SignedHeaders=..., Signature=...'.");
    }
    const auto date = checked_date(request, *authorization, now);
    if (!date) return std::unexpected(date.error());
    if (authorization->scope.service != service) {
        return refused(
            "InvalidSignatureException",
            fmt::format("Credential should be scoped to correct service: '{}'.", service));
    }
    if (const auto name = unsigned_header(request, authorization->signed_headers)) {
        return refused(
            "InvalidSignatureException",
            fmt::format("The header '{}' must be signed and is not.", name->substr(0, 64)));
    }
    const auto secret = secret_of(authorization->access_key_id);
    if (!secret) {
        return refused("UnrecognizedClientException",
                       "The security token included in the request is invalid.");
    }
    // Only the body's own hash is taken: "UNSIGNED-PAYLOAD" would let anybody change it on the way.
    const RequestToSign signed_request{.method = request.method,
                                       .path = request.path,
                                       .query = request.query,
                                       .headers = owned(request.headers),
                                       .payload_hash = sha256_hex(request.body)};
    const auto given_hash = request.header("x-amz-content-sha256");
    const std::string signature =
        signature_of(canonical_request(signed_request, service, authorization->signed_headers),
                     *secret, *date, authorization->scope);
    if (!same_text(signature, authorization->signature) ||
        (given_hash && *given_hash != signed_request.payload_hash)) {
        return refused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service "
            "documentation "
            "for details.");
    }
    return authorization->access_key_id;
}

}  // namespace oxbow::net
