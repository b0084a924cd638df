#include "edge/request_line.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include <fmt/format.h>

#include "net/http.h"
#include "net/remote_address.h"

namespace oxbow::edge {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kLogFieldBytesMax = kLogTargetBytesMax / 4;
constexpr std::array<std::string_view, 5> kSecretNames{"token", "secret", "x-amz-signature",
                                                       "x-amz-security-token", "x-amz-credential"};

char in_lower_case(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string all_in_lower_case(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), in_lower_case);
    return out;
}

bool is_secret(std::string_view name) {
    const std::string plain =
        all_in_lower_case(net::percent_decode(name).value_or(std::string{name}));
    return std::ranges::find(kSecretNames, plain) != kSecretNames.end();
}

void append_masked_query(std::string& out, std::string_view query) {
    while (true) {
        const std::string_view pair = query.substr(0, query.find('&'));
        const std::size_t equals = pair.find('=');
        const bool has_secret =
            equals != std::string_view::npos && is_secret(pair.substr(0, equals));
        out += has_secret ? pair.substr(0, equals + 1) : pair;
        if (has_secret) out += kMask;
        if (pair.size() == query.size()) return;
        out += '&';
        query.remove_prefix(pair.size() + 1);
    }
}

/// Of "/p/{session}/..." the session, wherever it stands; and of what was meant as a query.
void append_masked_path(std::string& out, std::string_view path) {
    std::string decoded;
    if (path.contains('%')) {
        // Where an escape is broken nothing is read of the path; then nothing is shown of it.
        decoded = net::percent_decode(path).value_or("/%" + std::string{kMask});
        path = decoded;
    }
    if (const std::size_t mark = path.find_first_of("?&=;"); mark != std::string_view::npos) {
        append_masked_path(out, path.substr(0, path.rfind('/', mark) + 1));
        out += kMask;
        return;
    }
    bool is_session = false;
    while (true) {
        const std::string_view part = path.substr(0, path.find('/'));
        out += is_session && !part.empty() ? kMask : part;
        // Empty parts stand between as often as somebody likes.
        is_session = part == "p" || (is_session && part.empty());
        if (part.size() == path.size()) return;
        out += '/';
        path.remove_prefix(part.size() + 1);
    }
}

enum class Escapes { Combined, Json };

/// Printable ASCII, in quotes where it is put: nothing in it ends the quotes or the line.
void append_escaped(std::string& out, std::string_view text, Escapes escapes,
                    std::size_t bytes_max) {
    const std::size_t begin = out.size();
    for (const char c : text) {
        if (out.size() - begin > bytes_max - 6) {
            out += "...";
            return;
        }
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte >= 0x20 && byte < 0x7f) {
            out += c;
        } else {
            fmt::format_to(std::back_inserter(out),
                           fmt::runtime(escapes == Escapes::Json ? "\\u00{:02x}" : "\\x{:02x}"),
                           byte);
        }
    }
}

void append_or_dash(std::string& out, std::string_view text, std::size_t bytes_max) {
    text.empty() ? void(out += '-') : append_escaped(out, text, Escapes::Combined, bytes_max);
}

void append_member(std::string& out, std::string_view name, std::string_view text,
                   std::size_t bytes_max = kLogFieldBytesMax) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":\"", name);
    append_escaped(out, text, Escapes::Json, bytes_max);
    out += '"';
}

std::string referer_of(const net::HttpRequest& request) {
    return masked_url(request.header("referer").value_or(""));
}

}  // namespace

std::string masked_target(std::string_view path, std::string_view query) {
    std::string out;
    append_masked_path(out, path);
    if (query.empty()) return out;
    out += '?';
    append_masked_query(out, query);
    return out;
}

std::string masked_url(std::string_view url) {
    url = url.substr(0, url.find('#'));
    const std::size_t scheme = url.find("://");
    const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
    const std::size_t path = std::min(url.find_first_of("/?", host), url.size());
    const std::string_view rest = url.substr(path);
    const std::size_t query = std::min(rest.find('?'), rest.size());
    // Who asks may have put a password in front of the host.
    std::string_view authority = url.substr(host, path - host);
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
        authority.remove_prefix(at + 1);
    std::string out{url.substr(0, host)};
    out += authority;
    out += masked_target(rest.substr(0, query),
                         query == rest.size() ? std::string_view{} : rest.substr(query + 1));
    return out;
}

void append_combined_line(std::string& out, const LoggedAnswer& answer) {
    static constexpr std::array<std::string_view, 12> kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(answer.at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(answer.at - day)};
    append_or_dash(out, net::remote_address(answer.request), 64);
    fmt::format_to(std::back_inserter(out), " - - [{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000] \"",
                   static_cast<unsigned>(date.day()),
                   kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                   time.hours().count(), time.minutes().count(), time.seconds().count());
    if (answer.request.method.empty()) {
        out += '-';
    } else {
        append_or_dash(out, answer.request.method, 32);
        out += ' ';
        append_or_dash(out, masked_target(answer.request.path, answer.request.query),
                       kLogTargetBytesMax);
        out += ' ';
        out += answer.outcome.protocol;
    }
    fmt::format_to(std::back_inserter(out), "\" {} {} \"", answer.outcome.status,
                   answer.outcome.bytes);
    append_or_dash(out, referer_of(answer.request), kLogFieldBytesMax);
    out += "\" \"";
    append_or_dash(out, answer.request.header("user-agent").value_or(""), kLogFieldBytesMax);
    out += "\"\n";
}

void append_json_line(std::string& out, const LoggedAnswer& answer) {
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(answer.outcome.took).count();
    fmt::format_to(std::back_inserter(out), "{{\"time\":\"{}\"", format_rfc3339_ms(answer.at));
    append_member(out, "remote", net::remote_address(answer.request), 64);
    append_member(out, "method", answer.request.method, 32);
    append_member(out, "target",
                  answer.request.method.empty()
                      ? std::string{}
                      : masked_target(answer.request.path, answer.request.query),
                  kLogTargetBytesMax);
    append_member(out, "protocol", answer.outcome.protocol);
    fmt::format_to(std::back_inserter(out),
                   ",\"status\":{},\"bytes\":{},\"complete\":{},\"took_ms\":{}.{:03}",
                   answer.outcome.status, answer.outcome.bytes, answer.outcome.complete,
                   took / 1'000, took % 1'000);
    append_member(out, "behaviour", answer.behaviour);
    append_member(out, "referer", referer_of(answer.request));
    append_member(out, "agent", answer.request.header("user-agent").value_or(""));
    out += "}\n";
}

}  // namespace oxbow::edge
