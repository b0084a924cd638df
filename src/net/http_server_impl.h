#pragma once

#include <array>
#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/http2_session.h"
#include "net/http_head.h"
#include "net/http_parser.h"
#include "net/http_server.h"
#include "net/http_transfer.h"
#include "net/readiness.h"
#include "net/tls_stream.h"

namespace oxbow::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// All connections of a loop read into one buffer: a quiet connection holds none.
inline constexpr std::size_t kReadBytes = 16 * 1024;

/// http_server.cc has who may connect and for how long, http_exchange.cc what is said then,
/// http2_exchange.cc the same by HTTP/2.
class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& loop, const tcp::endpoint& address, HttpHandler handler,
         HttpServerLimits limits, std::shared_ptr<const TlsCertificate> certificate,
         HttpObserver observer);

    void start();
    void stop();
    void abandon();
    tcp::endpoint address() const { return address_; }
    std::size_t connections() const { return connections_.size(); }

private:
    using Time = steady_clock::time_point;

    struct Connection;
    /// What a connection of HTTP/2 has; the answers that are worked at keep it until they are done.
    struct Http2 {
        Http2(Impl& server, Connection& of)
            : session(server.limits_, server.http2_memory_, server.now_, &server.observer_),
              connection(&of) {}

        Http2Session session;
        Connection* connection;  // null once it is gone
        std::string unsent;      // what the socket did not take; at most an Http2Output
        bool wakes = false;      // wake_soon() was called, and has not woken it yet
    };
    class Work;

    struct Connection {
        explicit Connection(tcp::socket accepted, HttpParserLimits limits)
            : socket(std::move(accepted)), parser(limits), peer(peer_of(socket)) {}
        static std::string peer_of(const tcp::socket& socket);

        tcp::socket socket;
        std::unique_ptr<TlsStream> tls;  // null: plain
        Readiness::Socket readiness;
        HttpParser parser;
        std::string peer;
        asio::ip::address address;  // as counted
        std::string unread;         // what a pipelining peer sent ahead; at most kReadBytes
        std::optional<HttpTransfer> transfer;  // the answer under way
        std::shared_ptr<HttpStream> stream;    // what follows it, to the connection's end
        bool in_chunks = false;                // the stream shows its end
        HttpOutcome outcome;                   // of the answer under way, as far as it is known
        Time begun{};                          // of the request, where the observer wants times
        Http2* http2 = nullptr;                // null: it speaks HTTP/1.1
        Time deadline = Time::max();           // of the wait under way
        Time answer_deadline = Time::max();    // of the whole answer under way
        bool from_proxy = false;               // one that is trusted
        std::size_t requests = 0;
        std::size_t idle_sweeps = 0;  // since the last byte of a request
        bool drained = false;         // the last read took all there was: wait before the next
        bool idle = false;            // waits for the first byte of a request
        bool expired = false;         // the sweeper ended its wait
    };
    /// How far reading a request came.
    enum class Step {
        Wait,     // until more bytes are there
        Whole,    // the parser has a request
        Refused,  // the parser says why
        Ended,    // the peer has closed, or nothing is read any more
    };

    asio::awaitable<void> accept_all();
    asio::awaitable<void> sweep_all();
    asio::awaitable<void> watch_all();
    /// The addresses that one viewer may choose among: itself, or its IPv6 network of 64 bits.
    static asio::ip::address counted_address(const asio::ip::address& address);
    void tell_time();
    void for_each_connection(auto visit);
    asio::awaitable<void> serve(tcp::socket socket);
    asio::awaitable<bool> shake_hands(Connection& connection);
    asio::awaitable<void> converse(Connection& connection);
    asio::awaitable<HttpResponse> await_answer(asio::awaitable<HttpResponse> pending,
                                               std::string_view path);
    asio::awaitable<bool> send_rest(Connection& connection);
    asio::awaitable<bool> send_stream(Connection& connection);
    asio::awaitable<std::optional<std::string>> next_of(HttpStream& stream);
    asio::awaitable<void> refuse(Connection& connection, HttpRefusal refusal);
    asio::awaitable<void> linger(Connection& connection);

    asio::awaitable<void> converse_by_http2(Connection& connection);
    bool receive_frames(Connection& connection);
    void answer_requests(const std::shared_ptr<Http2>& http2);
    HttpTransfer::Progress send_frames(Http2& http2);
    HttpTransfer::Progress send_frames(Http2& http2, std::uint64_t turn_left);
    void set_deadline(Http2& http2, HttpTransfer::Progress sent);
    void work_at(const std::shared_ptr<Http2>& http2, const std::shared_ptr<Http2Stream>& stream,
                 HttpAnswer answer);
    asio::awaitable<void> answer_later(Work work, HttpAnswer answer);
    asio::awaitable<void> send_source(const Work& work);
    void wake_soon(const std::shared_ptr<Http2>& http2);

    void begin_request(Connection& connection);
    Step read_request(Connection& connection);
    bool receive(Connection& connection);
    bool receive_records(Connection& connection);
    HttpTransfer::Progress advance(Connection& connection);
    void invite(Connection& connection);
    HttpAnswer ask_handler(const HttpRequest& request);
    HttpResponse failed(std::string_view path, const std::exception& error) const;
    bool begin_answer(Connection& connection, const ParsedRequest& parsed, HttpResponse response);
    void begin_transfer(Connection& connection, HttpResponse response, HeadContext context);
    void end_transfer(Connection& connection);
    void tell(Connection& connection, const HttpRequest& request, bool complete);
    void sweep(Connection& connection);
    void abort(Connection& connection);
    bool is_full_for(tcp::socket& socket);
    bool end_longest_idle_of(const asio::ip::address& address);
    void turn_away(tcp::socket& socket, const std::string& why);
    std::string_view date();
    milliseconds sweep_period() const;

    tcp::acceptor acceptor_;
    asio::steady_timer sweep_timer_;
    Readiness readiness_;
    tcp::endpoint address_;
    HttpHandler handler_;
    HttpServerLimits limits_;
    std::shared_ptr<const TlsCertificate> certificate_;  // null: plain
    HttpObserver observer_;
    bool stopping_ = false;

    std::list<Connection*> connections_;
    std::map<asio::ip::address, std::size_t> connections_of_;  // by counted_address
    std::array<char, kReadBytes> read_buffer_;
    Http2Memory http2_memory_;
    Http2Output http2_output_;  // of the connection that sends; empty between two
    std::string spare_head_;    // memory for the head of the next answer
    /// Of the last sweep: a clock for deadlines that costs nothing, late by a sweep at most.
    Time now_ = steady_clock::now();
    std::string date_;
    std::chrono::sys_seconds date_second_{};
};

}  // namespace oxbow::net
