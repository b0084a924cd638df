#include "remote/channel_watch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/random.h"
#include "remote/test_endpoint.h"

namespace oxbow::remote {
namespace {

using namespace std::chrono_literals;

std::string arn_of(int number) {
    return fmt::format("arn:aws:ivs:us-east-1:123456789012:channel/Channel{:05}", number);
}

/// A catalogue of channels that are public, and an endpoint where `private_channel` is not.
struct Fixture {
    explicit Fixture(int channels)
        : count(channels), endpoint([this](const net::HttpRequest& request) {
              const std::lock_guard lock{mutex};
              const auto body = boost::json::parse(request.body).as_object();
              asked += request.path == "/ListChannels" ? 'L' : 'G';
              if (request.path != "/ListChannels") {
                  const std::string arn{body.at("arn").as_string()};
                  return TestEndpoint::Answer{
                      .body = boost::json::serialize(boost::json::object{{"channel", told(arn)}})};
              }
              if (refused) return TestEndpoint::Answer{.status = 403, .body = "{}"};
              if (throttled > 0 && --throttled % 2 == 0)
                  return TestEndpoint::Answer{.status = 429, .body = "{}"};
              const auto* const token = body.if_contains("nextToken");
              const int from = token ? std::stoi(std::string{token->as_string()}) : 0;
              boost::json::array page;
              for (int i = from; i < std::min(from + 100, count); ++i)
                  page.push_back(told(arn_of(i)));
              boost::json::object answer{{"channels", std::move(page)}};
              if (from + 100 < count) answer["nextToken"] = std::to_string(from + 100);
              return TestEndpoint::Answer{.body = boost::json::serialize(answer)};
          }) {
        std::filesystem::create_directories(folder);
        catalog = catalog::Catalog::open(folder / "oxbow.db").value();
        for (int i = 0; i < count; ++i) {
            const ChannelId id{fmt::format("Channel{:05}", i)};
            REQUIRE(catalog->add_channel({.id = id, .arn = arn_of(i), .name = "a"},
                                         {.arn = "key" + id.str(),
                                          .value = StreamKeyValue{"key" + id.str()},
                                          .channel = id}));
        }
        watch.emplace(ChannelWatch::Rooms{
            .catalog = *catalog, .client = client, .clock = clock, .may_ask = [this] {
                return !away;
            }});
    }
    ~Fixture() {
        catalog.reset();
        std::filesystem::remove_all(folder);
    }

    boost::json::object told(const std::string& arn) const {
        return {{"arn", arn}, {"name", "a"}, {"authorized", arn == arn_of(private_channel)}};
    }
    void make_private(int number) {
        const std::lock_guard lock{mutex};
        private_channel = number;
    }
    bool is_private(int number) const {
        const auto directory = catalog->directory();
        return directory->channels.find(ChannelId{fmt::format("Channel{:05}", number)})
            ->second.authorized;
    }
    /// Rounds of a second until `number` is private here, too; `most` where it is not by then.
    int rounds_until_private(int number, int most) {
        for (int round = 1; round < most; ++round, clock.advance(1s)) {
            watch->look();
            if (is_private(number)) return round;
        }
        return most;
    }

    const int count;
    std::mutex mutex;
    int private_channel = -1;
    bool refused = false;
    int throttled = 0;  // so many calls of the list, every second of them
    bool away = false;
    std::string asked;  // L and G
    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("oxbow-channels-" + random_alphanumeric(12));
    ManualClock clock{WallTime{}};
    SystemClock wall;
    TestEndpoint endpoint;
    IvsClient client{{.endpoint = endpoint.url,
                      .region = "us-east-1",
                      .credentials = {.configured = store::S3Credentials{"KEY", "secret"}}},
                     wall};
    std::unique_ptr<catalog::Catalog> catalog;
    std::optional<ChannelWatch> watch;
};

}  // namespace

TEST_CASE("of a thousand channels one that is made private is so here within six seconds") {
    Fixture it{1'000};
    CHECK(it.rounds_until_private(0, 12) == 12);

    // The worst: its page was read this moment.
    it.clock.advance(10s);
    it.watch->look();
    it.make_private(0);
    it.clock.advance(1s);
    CHECK(it.rounds_until_private(0, 12) <= 6);
    it.make_private(999);
    CHECK(it.rounds_until_private(999, 12) <= 6);
    for (int second = 0; second < 6; ++second, it.clock.advance(1s)) it.watch->look();
    CHECK_FALSE(it.is_private(0));
}

TEST_CASE("few channels cost one list every three seconds, and no question for each") {
    Fixture it{3};

    for (int second = 0; second < 60; ++second, it.clock.advance(1s)) it.watch->look();

    CHECK(it.asked == std::string(20, 'L'));
}

TEST_CASE("where the list is refused channels are asked for one by one, and the list again later") {
    Fixture it{20};
    it.refused = true;
    it.make_private(19);

    CHECK(it.rounds_until_private(19, 30) == 20);

    CHECK(std::ranges::count(it.asked, 'G') == 20);
    CHECK(std::ranges::count(it.asked, 'L') == 4);  // after 0, 2, 6 and 14 seconds
    it.refused = false;
    it.make_private(3);
    CHECK(it.rounds_until_private(3, 30) <= 12);
}

TEST_CASE("a list that is throttled comes to its end all the same") {
    Fixture it{500};
    it.watch->look();
    it.clock.advance(10s);
    it.throttled = 1'000;
    it.make_private(450);

    CHECK(it.rounds_until_private(450, 40) <= 20);
}

TEST_CASE("an endpoint that is left alone is not asked") {
    Fixture it{3};
    it.away = true;
    it.watch->look();
    CHECK(it.asked == "");
    it.away = false;
    it.watch->look();
    CHECK(it.asked == "L");
}

TEST_CASE("a page of channels is read, and what does not say that it is everybody's is private") {
    const auto page = read_channels(
        R"({"channels":[{"arn":"a","name":"x","authorized":false},{"arn":"b"},{"name":"none"},)"
        R"({"arn":"c","authorized":false,"playbackRestrictionPolicyArn":"p"}],"nextToken":"t"})");

    REQUIRE(page);
    CHECK(page->next_token == "t");
    REQUIRE(page->by_arn.size() == 3);
    CHECK_FALSE(page->by_arn.at("a").authorized);
    CHECK(page->by_arn.at("a").name == "x");
    CHECK(page->by_arn.at("b").authorized);
    CHECK(page->by_arn.at("c").authorized);
    CHECK(read_channels(R"({"channels":[]})")->next_token == "");
    CHECK(read_channels("{}").error().code == ErrorCode::Malformed);
    CHECK(read_channels(R"({"channels":[1]})").error().code == ErrorCode::Malformed);
    CHECK(read_channels(R"({"channels":[{"arn":"a","name":1}]})").error().code ==
          ErrorCode::Malformed);
    const auto of = [](std::size_t channels, std::size_t token) {
        std::string list;
        for (std::size_t i = 0; i < channels; ++i) list += i == 0 ? "{}" : ",{}";
        return read_channels(
            fmt::format(R"({{"channels":[{}],"nextToken":"{}"}})", list, std::string(token, 't')));
    };
    CHECK(of(kChannelsPerPage, kPageTokenBytesMax));
    CHECK(of(kChannelsPerPage + 1, 1).error().code == ErrorCode::LimitExceeded);
    CHECK(of(1, kPageTokenBytesMax + 1).error().code == ErrorCode::LimitExceeded);
}

}  // namespace oxbow::remote
