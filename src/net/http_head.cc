#include "net/http_head.h"

#include <array>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace oxbow::net {
namespace {

// 413 -> ContentTooLarge; 500 -> InternalError, as the handlers call it
std::string error_name(int status) {
    if (status == 500) return "InternalError";
    std::string name{reason_phrase(status)};
    std::erase(name, ' ');
    return name;
}

}  // namespace

std::string http_date(WallTime time) {
    static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                           "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
    return fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday{day}.c_encoding()],
        static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
        clock.seconds().count());
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 100:
            return "Continue";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

void write_head(std::string& out, const HttpResponse& response, const HeadContext& context) {
    out.clear();  // its memory stays
    if (response.status == 200) {
        out += "HTTP/1.1 200 OK\r\nDate: ";
    } else {
        fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: ", response.status,
                       reason_phrase(response.status));
    }
    out += context.date;
    out += "\r\n";
    const bool may_have_body =
        response.status >= 200 && response.status != 204 && response.status != 304;
    // A body of unknown length ends with the connection (RFC 9112 §6.3).
    const auto known = may_have_body ? response.content_length() : std::nullopt;
    if (known) {
        const fmt::format_int length{*known};
        out += "Content-Length: ";
        out.append(length.data(), length.size());
        out += "\r\n";
    }
    if (may_have_body && response.stream && response.stream->shows_its_end() && !context.http_1_0)
        out += "Transfer-Encoding: chunked\r\n";
    if (!context.keep_alive) {
        out += "Connection: close\r\n";
    } else if (context.http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    if (response.header_block) out += *response.header_block;
    out += response.extra_headers;
    out += "\r\n";
}

HttpResponse refusal_response(int status, const std::string& why) {
    static const auto headers = std::make_shared<const std::string>(
        "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nAccess-Control-Allow-Origin: *\r\n");
    const boost::json::value body{{"error", error_name(status)}, {"message", why}};
    return {.status = status,
            .header_block = headers,
            .extra_headers = status == 405 ? "Allow: GET, HEAD, OPTIONS\r\n" : "",
            .body = HttpBody::of_string(boost::json::serialize(body))};
}

}  // namespace oxbow::net
