#include "net/tls_stream.h"

#include <optional>

#include <doctest/doctest.h>

#include "net/test_certificate.h"
#include "net/test_tls_client.h"

namespace oxbow::net {
namespace {

using Status = TlsStream::Status;

const std::string kWeb = "\2h2\10http/1.1";
const std::string kNone;

std::shared_ptr<const TlsContext> a_context() {
    const TestCertificate pair = TestCertificate::make();
    return TlsContext::make(pair.certificate, pair.key).value();
}

/// A client and our end of its connection.
struct Pair {
    explicit Pair(std::shared_ptr<const TlsContext> context,
                  const TestTlsClient::Options& options = {}, const std::string& spoken = kWeb) {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        socket = ends[0];
        server.emplace(std::move(context), socket, spoken);
        client.emplace(ends[1], options);
    }
    ~Pair() {
        server.reset();
        ::close(socket);
    }

    /// The server's last word. Three flights each way are more than any handshake has.
    Status shake_hands() {
        Status status = Status::Blocked;
        for (int flight = 0; flight < 3; ++flight) {
            client->handshake();
            if (status != Status::Done) status = server->handshake();
        }
        return status;
    }

    int socket = -1;
    std::optional<TlsStream> server;
    std::optional<TestTlsClient> client;
};

std::string read_all(TlsStream& stream) {
    std::string out;
    char bytes[1000];
    while (true) {
        const auto read = stream.read(bytes);
        if (read.status != Status::Done) return out;
        out.append(bytes, read.bytes);
    }
}

}  // namespace

TEST_CASE("TLS 1.3 and 1.2 are spoken, 1.1 is not") {
    const auto context = a_context();
    Pair newest{context, {.version = TLS1_3_VERSION}};
    Pair older{context, {.version = TLS1_2_VERSION}};
    Pair oldest{context, {.version = TLS1_1_VERSION}};

    CHECK(newest.shake_hands() == Status::Done);
    CHECK(older.shake_hands() == Status::Done);
    CHECK(oldest.shake_hands() == Status::Failed);
    CHECK(oldest.server->failure() == "unsupported protocol");
}

TEST_CASE("of the protocols that a client offers our first is taken, or none") {
    const auto context = a_context();
    Pair browser{context, {.protocols = "\10http/1.1\2h2"}};
    Pair old{context, {.protocols = "\10http/1.1"}};
    Pair strange{context, {.protocols = "\3foo"}};
    Pair silent{context};
    Pair encoder{context, {.protocols = "\2h2"}, kNone};

    CHECK(browser.shake_hands() == Status::Done);
    CHECK(browser.server->protocol() == "h2");
    CHECK(browser.client->protocol() == "h2");
    CHECK(old.shake_hands() == Status::Done);
    CHECK(old.server->protocol() == "http/1.1");
    CHECK(strange.shake_hands() == Status::Done);
    CHECK(strange.server->protocol().empty());
    CHECK(silent.shake_hands() == Status::Done);
    CHECK(silent.server->protocol().empty());
    CHECK(encoder.shake_hands() == Status::Done);
    CHECK(encoder.server->protocol().empty());
}

TEST_CASE("bytes go both ways, and an end is told from a break") {
    Pair pair{a_context()};
    REQUIRE(pair.shake_hands() == Status::Done);

    CHECK(pair.client->write("a request"));
    CHECK(read_all(*pair.server) == "a request");
    CHECK(pair.server->drained());
    CHECK(pair.server->write(as_bytes("an answer")).bytes == 9);
    CHECK(pair.client->read() == "an answer");
    pair.client->close();
    char byte[1];
    CHECK(pair.server->read(byte).status == Status::Closed);
    pair.server->close();
    pair.client->read();
    CHECK(pair.client->told_of_end());
}

TEST_CASE("a record that is read in part is not drained: no socket will tell of its rest") {
    Pair pair{a_context()};
    REQUIRE(pair.shake_hands() == Status::Done);
    REQUIRE(pair.client->write("0123456789"));

    char four[4];
    CHECK(pair.server->read(four).bytes == 4);
    CHECK_FALSE(pair.server->drained());
    CHECK(read_all(*pair.server) == "456789");
}

TEST_CASE("a write takes a record, and after Blocked goes on with the same bytes") {
    Pair pair{a_context()};
    REQUIRE(pair.shake_hands() == Status::Done);
    const std::string text(40'000, 'x');

    CHECK(pair.server->write(as_bytes(text)).bytes == TlsStream::kRecordBytesMax);
    std::size_t written = TlsStream::kRecordBytesMax;
    TlsStream::Moved moved{Status::Done};
    while (moved.status == Status::Done) {
        moved = pair.server->write(as_bytes(text));
        written += moved.bytes;
    }
    CHECK(moved.status == Status::Blocked);
    const std::size_t got = pair.client->read().size();
    moved = pair.server->write(as_bytes(text));

    CHECK(moved.status == Status::Done);
    CHECK(got + pair.client->read().size() == written + moved.bytes);
}

TEST_CASE("records that are held go out together, and what the socket does not take stays") {
    Pair pair{a_context()};
    REQUIRE(pair.shake_hands() == Status::Done);
    const std::string text(TlsStream::kRecordBytesMax, 'x');

    std::size_t written = 0;
    Status flushed = Status::Done;
    while (flushed == Status::Done) {
        pair.server->hold();
        for (int record = 0; record < 4; ++record) {
            const std::size_t held = pair.server->held();
            REQUIRE(pair.server->write(as_bytes(text)).bytes == text.size());
            REQUIRE(pair.server->held() > held + text.size());
            written += text.size();
        }
        flushed = pair.server->flush();
        REQUIRE(pair.server->held() == 0);
    }
    CHECK(flushed == Status::Blocked);
    const std::size_t unsent = pair.server->unsent();
    CHECK(unsent > 0);
    CHECK(unsent < 5 * TlsStream::kRecordBytesMax);
    // What is written at once goes behind what waits.
    CHECK(pair.server->write(as_bytes(text)).status == Status::Blocked);

    std::size_t got = 0;
    while (pair.server->unsent() > 0) {
        got += pair.client->read().size();
        pair.server->flush();
    }
    got += pair.client->read().size();
    CHECK(got == written);
    Status last = Status::Blocked;
    while (last != Status::Done) {
        last = pair.server->write(as_bytes(text)).status;
        got += pair.client->read().size();
    }
    CHECK(got + pair.client->read().size() == written + text.size());
}

TEST_CASE("memory for records comes again after it was given back, also in the middle of one") {
    Pair pair{a_context()};
    pair.server->release();
    REQUIRE(pair.shake_hands() == Status::Done);
    REQUIRE(pair.client->write("0123456789"));

    pair.server->release();
    char four[4];
    CHECK(pair.server->read(four).bytes == 4);
    pair.server->release();
    CHECK(read_all(*pair.server) == "456789");
    pair.server->release();
    pair.server->release();
    CHECK(pair.server->write(as_bytes("an answer")).bytes == 9);
    CHECK(pair.client->read() == "an answer");
}

TEST_CASE("of a broken connection nothing waits") {
    Pair pair{a_context()};
    REQUIRE(pair.shake_hands() == Status::Done);
    pair.client.reset();

    pair.server->hold();
    CHECK(pair.server->write(as_bytes("x")).status == Status::Done);
    CHECK(pair.server->flush() == Status::Failed);
    CHECK(pair.server->write(as_bytes("x")).status == Status::Failed);
    CHECK(pair.server->unsent() == 0);
}

TEST_CASE("the shorter key of AES comes first, whatever the client's order") {
    Pair newest{a_context(), {.version = TLS1_3_VERSION}};
    Pair older{a_context(), {.version = TLS1_2_VERSION}};

    REQUIRE(newest.shake_hands() == Status::Done);
    REQUIRE(older.shake_hands() == Status::Done);
    CHECK(newest.client->cipher() == "TLS_AES_128_GCM_SHA256");
    CHECK(older.client->cipher().ends_with("AES128-GCM-SHA256"));
}

TEST_CASE("a peer that speaks something else is told apart, and its bytes are left to be read") {
    Pair pair{a_context()};
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    TlsStream stream{a_context(), ends[0], kWeb};

    CHECK(stream.handshake() == Status::Blocked);
    REQUIRE(::send(ends[1], "GET / HTTP/1.1\r\n", 16, 0) == 16);
    CHECK(stream.handshake() == Status::NotTls);
    char bytes[32];
    CHECK(::recv(ends[0], bytes, sizeof bytes, 0) == 16);
    ::close(ends[1]);
    CHECK(stream.handshake() == Status::Closed);
    ::close(ends[0]);
}

TEST_CASE("garbage behind a first byte of TLS fails, and nothing more is written") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    TlsStream stream{a_context(), ends[0], kWeb};
    REQUIRE(::send(ends[1], "\x16garbage, and more of it", 24, 0) == 24);

    CHECK(stream.handshake() == Status::Failed);
    CHECK(stream.handshake() == Status::Failed);
    CHECK(stream.write(as_bytes("x")).status == Status::Failed);
    CHECK_FALSE(stream.failure().empty());
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("a ticket resumes a session, with the context that sealed it alone") {
    const auto context = a_context();
    Pair first{context, {.version = TLS1_3_VERSION}};
    REQUIRE(first.shake_hands() == Status::Done);
    REQUIRE(first.server->write(as_bytes("x")).status == Status::Done);
    first.client->read();  // the tickets come before it
    SSL_SESSION* const session = first.client->session();

    Pair again{context, {.version = TLS1_3_VERSION, .resume = session}};
    Pair elsewhere{a_context(), {.version = TLS1_3_VERSION, .resume = session}};

    CHECK(again.shake_hands() == Status::Done);
    CHECK(again.client->resumed());
    CHECK(elsewhere.shake_hands() == Status::Done);
    CHECK_FALSE(elsewhere.client->resumed());
    SSL_SESSION_free(session);
}

}  // namespace oxbow::net
