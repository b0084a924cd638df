// HTTP requests on one connection. Input: what the client sends.

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/ensure.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "net/http_parser.h"

namespace oxbow::fuzz {
namespace {

using namespace net;

constexpr HttpParserLimits kViewers{.header_bytes_max = 2'048, .body_bytes_max = 0};
constexpr HttpParserLimits kApi{.header_bytes_max = 2'048, .body_bytes_max = 1'024};

// A request of as many headers as there may be has no room for its length.
constexpr std::ptrdiff_t kLinesMax = HttpParser::kHeadersMax + 2;

/// What a connection gave: its requests, written once more without doubt, and how it ended.
struct Reading {
    std::vector<std::string> requests;
    std::string refusal;  // "": none

    friend bool operator==(const Reading&, const Reading&) = default;
};

bool has_control_characters(std::string_view text) {
    return std::ranges::any_of(text, [](char c) {
        return static_cast<unsigned char>(c) == 0x7f ||
               (static_cast<unsigned char>(c) < 0x20 && c != '\t');
    });
}

void check_request(const HttpRequest& request, const HttpParserLimits& limits) {
    ENSURE(!request.method.empty() && !has_control_characters(request.method));
    ENSURE(request.path.starts_with('/') || (request.path == "*" && request.method == "OPTIONS"));
    ENSURE(!request.path.contains('?') && !request.path.contains('#'));
    ENSURE(!request.path.contains(' ') && !request.query.contains(' '));
    ENSURE(!has_control_characters(request.path) && !has_control_characters(request.query));
    ENSURE(request.headers.size() <= HttpParser::kHeadersMax);
    for (const auto& [name, value] : request.headers) {
        ENSURE(!name.empty() && !name.contains(' ') && !name.contains(':'));
        ENSURE(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
        ENSURE(!has_control_characters(value));
    }
    ENSURE(request.body.size() <= limits.body_bytes_max);
}

/// The request with its body's length in front: nothing in it can be read in two ways.
std::string written(const ParsedRequest& parsed) {
    const HttpRequest& request = parsed.request;
    const std::string_view mark = request.query.empty() ? "" : "?";
    std::string out = fmt::format("{} {}{}{} HTTP/1.{}\r\n", request.method, request.path, mark,
                                  request.query, parsed.http_1_0 ? 0 : 1);
    for (const auto& [name, value] : request.headers) {
        if (name == "content-length" || name == "transfer-encoding" || name == "expect") continue;
        out += fmt::format("{}: {}\r\n", name, value);
    }
    out += fmt::format("content-length: {}\r\n\r\n{}", request.body.size(), request.body);
    return out;
}

class Connection {
public:
    explicit Connection(HttpParserLimits limits) : limits_(limits), parser_(limits) {}

    void receive(std::string_view bytes) {
        while (!bytes.empty() && reading_.refusal.empty()) {
            const std::size_t used = parser_.feed(bytes);
            ENSURE(used <= bytes.size());
            bytes.remove_prefix(used);
            if (parser_.state() == HttpParser::State::Refused) {
                const HttpRefusal& refusal = parser_.refusal();
                ENSURE(refusal.status >= 400 && refusal.status <= 599 && !refusal.why.empty());
                reading_.refusal = fmt::format("{} {}", refusal.status, refusal.why);
            } else if (parser_.state() == HttpParser::State::Complete) {
                const ParsedRequest parsed = parser_.take();
                check_request(parsed.request, limits_);
                reading_.requests.push_back(written(parsed));
            } else {
                ENSURE(bytes.empty());  // it wants more only when it has taken all
            }
        }
    }

    const Reading& reading() const { return reading_; }

private:
    HttpParserLimits limits_;
    HttpParser parser_;
    Reading reading_;
};

Reading read(std::string_view bytes, const HttpParserLimits& limits) {
    Connection connection{limits};
    connection.receive(bytes);
    return connection.reading();
}

Reading read_in_pieces(BytesView bytes, const HttpParserLimits& limits) {
    Connection connection{limits};
    Pieces pieces{bytes};
    while (!pieces.empty()) connection.receive(as_text(pieces.next()));
    return connection.reading();
}

void check_with(BytesView input, const HttpParserLimits& limits) {
    const Reading whole = read(as_text(input), limits);
    ENSURE(read_in_pieces(input, limits) == whole);

    // What was taken for one request is one, too, when it is written without doubt: no smuggling.
    HttpParserLimits roomy = limits;
    roomy.header_bytes_max += 256;  // for its length, and a space behind each colon
    for (const std::string& request : whole.requests) {
        if (std::ranges::count(request, '\n') > kLinesMax) continue;
        const Reading again = read(request, roomy);
        ENSURE(again.refusal.empty());
        ENSURE(again.requests.size() == 1 && again.requests[0] == request);
    }
}

}  // namespace

void check(BytesView input) {
    check_with(input, kViewers);
    check_with(input, kApi);
}

}  // namespace oxbow::fuzz
