// A client of HTTP/2. Input: a byte that chooses how requests are answered and how time passes, and
// then what the client sends behind its preface.

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "net/http2_fields.h"
#include "net/http2_request.h"
#include "net/http2_session.h"
#include "net/http2_watch.h"

namespace oxbow::fuzz {
namespace {

using namespace net;
using namespace std::chrono_literals;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr Http2Session::Time kBegin{1h};

class NoSource : public HttpStream {
    boost::asio::awaitable<std::optional<std::string>> next() override { co_return std::nullopt; }
};

bool has_control_characters(std::string_view text) {
    return std::ranges::any_of(text, [](char c) {
        return static_cast<unsigned char>(c) == 0x7f ||
               (static_cast<unsigned char>(c) < 0x20 && c != '\t');
    });
}

/// The same as of HTTP/1.1: handlers know no difference.
void check_request(const HttpRequest& request, const HttpServerLimits& limits) {
    ENSURE(!request.method.empty() && !has_control_characters(request.method));
    ENSURE(request.path.starts_with('/') || (request.path == "*" && request.method == "OPTIONS"));
    ENSURE(!request.path.contains('?') && !request.path.contains('#'));
    ENSURE(!request.path.contains(' ') && !request.query.contains(' '));
    ENSURE(!has_control_characters(request.path) && !has_control_characters(request.query));
    ENSURE(request.headers.size() <= HttpParser::kHeadersMax + 1);  // with its host
    std::size_t bytes = 0;
    for (const auto& [name, value] : request.headers) {
        ENSURE(!name.empty() && !name.contains(' ') && !name.contains(':'));
        ENSURE(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
        ENSURE(!has_control_characters(value));
        bytes += name.size() + value.size();
    }
    ENSURE(std::ranges::count(request.headers, "host", &HttpHeader::name) == 1);
    ENSURE(bytes <= limits.header_bytes_max);
    ENSURE(request.body.size() <= limits.body_bytes_max);
}

/// A server that answers some requests at once, some later, some piece by piece.
class Server {
public:
    Server(std::uint8_t choice, std::uint32_t seed)
        : limits_{.header_bytes_max = 2'048, .body_bytes_max = choice % 2 == 0 ? 0u : 1'024u},
          passes_(choice % 4 >= 2),
          random_(seed) {}
    ~Server() {
        session_.close();
        for (; working_ > 0; --working_) session_.end_work();
        ENSURE(session_.idle());
    }

    void receive(BytesView bytes) {
        session_.feed(bytes, now_);
        while (const auto stream = session_.next_request()) take(stream);
        ENSURE(session_.working() <= Http2Session::kStreamsMax);
        if (random_() % 2 == 0) work();
        if (random_() % 4 != 0) write();
        if (passes_) {
            now_ += std::chrono::milliseconds{random_() % 4'000};
            session_.sweep(now_);
            if (random_() % 200 == 0) session_.drain();
        }
    }
    bool is_over() const { return session_.over(); }

private:
    void take(const std::shared_ptr<Http2Stream>& stream) {
        ENSURE(stream->whole && !stream->closed && !stream->answered);
        if (!stream->refusal) check_request(stream->request.request(), limits_);
        if (!stream->refusal && random_() % 2 == 0) {
            session_.begin_work();
            ++working_;
            held_.push_back(stream);
        } else {
            answer(stream);
        }
    }
    void answer(const std::shared_ptr<Http2Stream>& stream) {
        HttpResponse response{.header_block = block_,
                              .extra_headers = "ETag: \"1\"\r\n",
                              .body = HttpBody::of_string(std::string(random_() % 40'000, 'x'))};
        if (random_() % 4 == 0) {
            response.stream = std::make_shared<NoSource>();
            sources_.push_back(stream);
        }
        session_.answer(stream, std::move(response), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
    /// At what was held.
    void work() {
        if (!held_.empty()) {
            answer(held_.back());
            held_.pop_back();
            session_.end_work();
            --working_;
        }
        std::erase_if(sources_, [](const auto& stream) { return stream->closed; });
        if (sources_.empty() || sources_.back()->body.left() > 0) return;
        const bool ends = random_() % 2 == 0;
        session_.go_on(sources_.back(), ends ? std::nullopt : std::optional{std::string("piece")});
        if (ends) sources_.pop_back();
    }
    void write() {
        Http2Output& out = *out_;
        do {
            out.begin = out.end = 0;
            session_.write(out);
        } while (out.full());
    }

    HttpServerLimits limits_;
    bool passes_;
    std::minstd_rand random_;
    Http2Session::Time now_ = kBegin;
    Http2Memory memory_;
    Http2Session session_{limits_, memory_, now_};
    std::shared_ptr<const std::string> block_ =
        std::make_shared<const std::string>("Content-Type: video/mp2t\r\nConnection: close\r\n");
    std::unique_ptr<Http2Output> out_ = std::make_unique<Http2Output>();
    std::vector<std::shared_ptr<Http2Stream>> held_;
    std::vector<std::shared_ptr<Http2Stream>> sources_;
    std::size_t working_ = 0;
};

/// What the watch says of bytes does not depend on how they come.
void check_watch(BytesView bytes) {
    Http2Watch whole{kBegin};
    Http2Watch in_pieces{kBegin};
    const bool fine = whole.see(bytes, kBegin);
    bool pieces_fine = true;
    for (Pieces pieces{bytes}; !pieces.empty() && pieces_fine;)
        pieces_fine = in_pieces.see(pieces.next(), kBegin);
    ENSURE(fine == pieces_fine);
    if (fine) ENSURE(whole.in_the_middle_since() == in_pieces.in_the_middle_since());
}

/// Lines of a handler's own, which may be anything that a handler writes.
void check_fields(BytesView bytes) {
    Http2Fields fields;
    fields.assign(as_text(bytes));
    for (const auto& [name, value] : fields.fields())
        ENSURE(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
}

}  // namespace

void check(BytesView input) {
    Input in{input};
    const auto choice = static_cast<std::uint8_t>(in.number(1));
    Bytes bytes;
    append(bytes, as_bytes(kPreface));
    append(bytes, in.rest());

    check_watch(bytes);
    check_fields(in.rest());
    Server server{choice, static_cast<std::uint32_t>(input.size()) + 1};
    for (Pieces pieces{bytes}; !pieces.empty() && !server.is_over();) server.receive(pieces.next());
}

}  // namespace oxbow::fuzz
