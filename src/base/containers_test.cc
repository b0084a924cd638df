#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/append_buffer.h"
#include "base/bytes.h"
#include "base/growing_list.h"
#include "base/lazy.h"
#include "base/log.h"
#include "base/random.h"
#include "base/snapshots.h"

using namespace oxbow;

namespace {

std::string joined(const AppendBuffer& buffer, std::size_t offset, std::size_t length) {
    std::string out;
    for (const BytesView slice : buffer.slices(offset, length)) out += as_text(slice);
    return out;
}

/// Publishes now one letter a thousand times, now another, until `done`.
void publish_letters_until(const std::atomic<bool>& done, Snapshots<int, std::string>& snapshots) {
    for (char letter = 'a'; !done; letter = letter == 'a' ? 'b' : 'a')
        snapshots.publish(1, std::make_shared<const std::string>(1'000, letter));
}

/// Of `count` values that are read, how many are not one letter throughout.
std::size_t torn_values(const Snapshots<int, std::string>& snapshots, int count) {
    std::size_t torn = 0;
    for (int i = 0; i < count; ++i) {
        const auto value = snapshots.get(1);
        if (std::ranges::count(*value, value->front()) != 1'000) ++torn;
    }
    return torn;
}

}  // namespace

TEST_CASE("slices of an append buffer stay where they are while it grows") {
    AppendBuffer buffer;
    buffer.append(as_bytes("first"));
    const BytesView first = buffer.slices().front();

    buffer.append(Bytes(3 * AppendBuffer::kBlockBytes, 'x'));

    CHECK(as_text(first) == "first");
    CHECK(buffer.size() == 5 + 3 * AppendBuffer::kBlockBytes);
}

TEST_CASE("a slice across blocks holds exactly the bytes asked for") {
    AppendBuffer buffer;
    buffer.append(Bytes(AppendBuffer::kBlockBytes - 2, 'a'));
    buffer.append(as_bytes("bcde"));

    CHECK(joined(buffer, AppendBuffer::kBlockBytes - 3, 4) == "abcd");
    CHECK(joined(buffer, AppendBuffer::kBlockBytes, 2) == "de");
    CHECK(joined(buffer, AppendBuffer::kBlockBytes + 2, 0).empty());
}

TEST_CASE("a packet that does not fit into a block starts the next one, and no byte lies between") {
    AppendBuffer buffer;
    buffer.append(Bytes(AppendBuffer::kBlockBytes - 1, 'a'));

    std::uint8_t* const packet = buffer.append_packet(2);
    packet[0] = 'b';
    packet[1] = 'c';

    CHECK(buffer.size() == AppendBuffer::kBlockBytes + 1);
    CHECK(joined(buffer, AppendBuffer::kBlockBytes - 2, 3) == "abc");
}

TEST_CASE("a view of a growing list keeps what it saw") {
    GrowingList<int> list;
    for (int i = 0; i < 300; ++i) list.push_back(i);
    const auto view = list.view();

    list.push_back(300);

    CHECK(view.size() == 300);
    CHECK(view[0] == 0);
    CHECK(view[127] == 127);
    CHECK(view[128] == 128);
    CHECK(view[299] == 299);
    CHECK(list.view()[300] == 300);
}

TEST_CASE("views of a growing list share what they are made of until it grows") {
    GrowingList<int> list;
    list.push_back(1);
    const auto first = list.view();

    CHECK(&list.view()[0] == &first[0]);
    list.push_back(2);
    CHECK(&list.view()[0] != &first[0]);
    CHECK(GrowingList<int>::View{}.size() == 0);
}

TEST_CASE("a lazy value is made once, by the first of many who ask at a time") {
    std::atomic<int> made = 0;
    const Lazy<int> lazy{[&made] { return ++made; }};
    const Lazy<int> copy = lazy;
    CHECK(made == 0);

    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&lazy] { lazy.get(); });
    for (std::thread& thread : threads) thread.join();

    CHECK(copy.get() == 1);
    CHECK(made == 1);
    CHECK_FALSE(Lazy<int>{});
}

TEST_CASE("what a lazy value is made of is let go") {
    const auto source = std::make_shared<int>(7);
    const Lazy<int> lazy{[source] { return *source; }};
    CHECK(source.use_count() == 2);
    CHECK(lazy.get() == 7);
    CHECK(source.use_count() == 1);
}

TEST_CASE("a snapshot outlives its replacement and a key without one gives nothing") {
    Snapshots<std::string, int> snapshots;
    snapshots.publish("a", std::make_shared<const int>(1));
    const auto held = snapshots.get("a");

    snapshots.publish("a", std::make_shared<const int>(2));
    snapshots.publish("b", std::make_shared<const int>(3));
    snapshots.publish("b", nullptr);

    CHECK(*held == 1);
    CHECK(*snapshots.get("a") == 2);
    CHECK(snapshots.get("b") == nullptr);
    CHECK(snapshots.get("c") == nullptr);
    CHECK(snapshots.all().size() == 1);
}

TEST_CASE("snapshots are read while they are replaced, and each is whole") {
    Snapshots<int, std::string> snapshots;
    snapshots.publish(1, std::make_shared<const std::string>(1'000, 'a'));
    std::atomic<bool> done = false;

    std::jthread writer{[&] { publish_letters_until(done, snapshots); }};
    const std::size_t torn = torn_values(snapshots, 5'000);
    done = true;
    writer.join();

    CHECK(torn == 0);
}

TEST_CASE("a reader of bytes gives numbers in network order and stops at the end") {
    const Bytes bytes{0x01, 0x02, 0x03};
    BytesReader reader{bytes};

    CHECK(reader.number(2) == 0x0102);
    CHECK_FALSE(reader.number(2).has_value());
    CHECK(reader.take(1)->front() == 0x03);
    CHECK_FALSE(reader.take(1).has_value());
}

TEST_CASE("text from outside goes into a log line without control characters and not without end") {
    CHECK(log::printable("a\nb\x1b[31m") == "a\\x0ab\\x1b[31m");
    CHECK(log::printable("abcdef", 3) == "abc...");
    CHECK(log::printable("abc", 3) == "abc");
}

TEST_CASE("random names have the length asked for and only letters and digits") {
    const std::string name = random_alphanumeric(12);

    CHECK(name.size() == 12);
    CHECK(
        name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
        std::string::npos);
    CHECK(random_alphanumeric(12) != name);
}
