#include "net/http2_request.h"

#include <fmt/format.h>

#include "net/http_grammar.h"

namespace oxbow::net {
namespace {

/// What a request may leave behind for the next one.
constexpr std::size_t kKeptBytesMax = 4 * 1024;

HttpRefusal bad(std::string why) {
    return {.status = 400, .why = std::move(why)};
}

}  // namespace

void Http2Request::field(std::string_view name, std::string_view value,
                         const HttpParserLimits& limits) {
    constexpr std::size_t kMarks = 4;  // a colon, a blank and the end of the line
    bytes_ += name.size() + value.size() + kMarks;
    if (!name.starts_with(':')) ++headers_;
    too_large_ |= bytes_ > limits.header_bytes_max || headers_ > HttpParser::kHeadersMax;
    if (too_large_) return;
    const std::size_t begin = text_.size();
    text_ += name;
    text_ += value;
    places_.push_back({begin, begin + name.size(), text_.size()});
}

std::string_view Http2Request::name_of(const Place& place) const {
    return std::string_view{text_}.substr(place.name, place.value - place.name);
}

std::string_view Http2Request::value_of(const Place& place) const {
    return std::string_view{text_}.substr(place.value, place.end - place.value);
}

std::optional<HttpRefusal> Http2Request::finish(const HttpParserLimits& limits) {
    if (too_large_) {
        return HttpRefusal{
            .status = 431,
            .why = headers_ > HttpParser::kHeadersMax
                       ? fmt::format("There are more than {} headers.", HttpParser::kHeadersMax)
                       : fmt::format("The headers are longer than {} bytes.",
                                     limits.header_bytes_max)};
    }
    std::string_view target;
    for (const Place& place : places_) {
        const std::string_view name = name_of(place);
        const std::string_view value =
            name.starts_with(':') ? value_of(place) : trimmed(value_of(place));
        if (!is_value(value)) return bad("A header's value has control characters.");
        if (name == ":method") {
            request_.method = value;
        } else if (name == ":path") {
            target = value;
        } else if (name == ":authority") {
            request_.headers.push_back({.name = "host", .value = value});
        } else if (name == "expect" && !equals_in_any_case(value, "100-continue")) {
            return HttpRefusal{.status = 417,
                               .why = "The only expectation met here is 100-continue."};
        } else if (!name.starts_with(':')) {
            if (!is_token(name)) return bad("A header's name is not a token.");
            request_.headers.push_back({.name = name, .value = value});
        }
    }
    if (!is_token(request_.method)) return bad("The method is not a token.");
    if (auto refusal = read_host()) return refusal;
    return read_target(target);
}

/// Host and :authority say the same, where both are there. Source: RFC 9113 §8.3.1.
std::optional<HttpRefusal> Http2Request::read_host() {
    std::optional<std::string_view> host;
    for (auto header = request_.headers.begin(); header != request_.headers.end();) {
        if (header->name != "host") {
            ++header;
            continue;
        }
        if (!is_host(header->value)) return bad("The Host header is not a host and a port.");
        if (host && *host != header->value) return bad("There is more than one host.");
        const bool repeated = host.has_value();
        host = header->value;
        header = repeated ? request_.headers.erase(header) : header + 1;
    }
    if (!host) return bad("The request names no host.");
    return std::nullopt;
}

std::optional<HttpRefusal> Http2Request::read_target(std::string_view target) {
    if (!is_target(target))
        return bad("The request target has characters that must be percent-encoded.");
    const bool asterisk = target == "*" && request_.method == "OPTIONS";
    if (!target.starts_with('/') && !asterisk)
        return bad("The request target must be a path that starts with '/'.");
    const std::size_t question = target.find('?');
    request_.path = target.substr(0, question);
    if (question != std::string_view::npos) request_.query = target.substr(question + 1);
    return std::nullopt;
}

void Http2Request::clear() {
    text_.clear();
    if (text_.capacity() > kKeptBytesMax) text_.shrink_to_fit();
    places_.clear();
    body_ = {};
    bytes_ = 0;
    headers_ = 0;
    too_large_ = false;
    auto headers = std::move(request_.headers);
    headers.clear();
    request_ = {};
    request_.headers = std::move(headers);
}

}  // namespace oxbow::net
