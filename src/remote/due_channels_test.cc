#include "remote/due_channels.h"

#include <doctest/doctest.h>

#include <set>

#include <fmt/format.h>

namespace oxbow::remote {
namespace {

using namespace std::chrono_literals;

catalog::Directory directory_of(int channels) {
    catalog::Directory out;
    auto places = std::make_shared<std::vector<catalog::ChannelPlace>>();
    for (int i = 0; i < channels; ++i) {
        const ChannelId id{fmt::format("channel{:03}", i)};
        out.channels.set(id, catalog::Channel{.id = id});
        places->push_back({.created_at = WallTime{std::chrono::milliseconds{i}}, .id = id});
    }
    out.channels_by_creation = std::move(places);
    return out;
}

}  // namespace

TEST_CASE("of more channels than can be looked at in time each is looked at in its turn") {
    const catalog::Directory directory = directory_of(30);
    std::map<ChannelId, SteadyTime> look_at;
    std::multiset<ChannelId> looked;
    SteadyTime now{};
    for (int round = 0; round < 20; ++round, now += 1s) {
        for (const ChannelId& channel : due_channels(directory, look_at, now, 3)) {
            looked.insert(channel);
            look_at[channel] = now + 5s;
        }
    }
    for (const auto& [id, channel] : directory.channels) CHECK(looked.count(id) == 2);
}

TEST_CASE("a channel is not looked at before its time") {
    const catalog::Directory directory = directory_of(2);
    const ChannelId first{"channel000"};
    const std::map<ChannelId, SteadyTime> look_at{{first, SteadyTime{5s}}};
    CHECK(due_channels(directory, look_at, SteadyTime{4'999ms}, 3).size() == 1);
    CHECK(due_channels(directory, look_at, SteadyTime{5s}, 3).size() == 2);
    CHECK(due_channels(directory, look_at, SteadyTime{5s}, 1).front() == ChannelId{"channel001"});
}

}  // namespace oxbow::remote
