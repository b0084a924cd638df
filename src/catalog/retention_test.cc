#include "catalog/retention.h"

#include <doctest/doctest.h>

namespace oxbow::catalog {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::milliseconds{1'700'000'000'000}};

/// A recording that ended `ago` before now.
RetainedRecording ended(const std::string& id, std::chrono::milliseconds ago,
                        const std::string& configuration = "default", std::uint64_t bytes = 100) {
    return {.id = RecordingId{id},
            .channel = ChannelId{"AsXego4U6tnj"},
            .configuration = configuration,
            .started_at = kNow - ago - 1min,
            .ended_at = kNow - ago,
            .bytes = bytes};
}

RetainedRecording locked(RetainedRecording recording) {
    recording.locked = true;
    return recording;
}

RetainedRecording under_way(RetainedRecording recording) {
    recording.ended_at.reset();
    return recording;
}

// max_age old, max_age older
std::string planned(const std::vector<RetentionRule>& rules, RetentionState state) {
    state.now = kNow;
    std::string out;
    for (const Removal& removal : plan_removals(rules, state)) {
        if (!out.empty()) out += ", ";
        out += std::string{name_of(removal.reason)} + " " + removal.recording.id.str();
    }
    return out;
}

RetentionRule of_age(const std::string& configuration, std::chrono::seconds age) {
    return {.configuration = configuration, .max_age = age, .max_bytes = std::nullopt};
}
RetentionRule of_size(const std::string& configuration, std::uint64_t bytes) {
    return {.configuration = configuration, .max_age = std::nullopt, .max_bytes = bytes};
}

TEST_CASE("without a rule nothing is deleted") {
    CHECK(planned({}, {.recordings = {ended("old", 24h * 3'650)}}).empty());
}

TEST_CASE("a recording goes once it is older than its configuration keeps it, not at that age") {
    const std::vector rules{of_age("default", 3600s)};

    CHECK(planned(rules, {.recordings = {ended("a", 3600s), ended("b", 3600s + 999ms)}}).empty());
    CHECK(planned(rules, {.recordings = {ended("a", 3601s), ended("b", 10s)}}) == "max_age a");
}

TEST_CASE("a rule is of its configuration alone, and '*' of each that has none of its own") {
    const std::vector rules{of_age("kept", 1000h), of_age("*", 1h)};

    CHECK(planned(rules, {.recordings = {ended("a", 2h, "kept"), ended("b", 2h, "other"),
                                         ended("c", 2h, "")}}) == "max_age b, max_age c");
    CHECK(planned({of_age("kept", 1h)}, {.recordings = {ended("a", 2h, "other")}}).empty());
}

TEST_CASE("what is above the size of a configuration goes, the oldest first, up to the size") {
    const std::vector rules{of_size("default", 200)};
    const std::vector three{ended("a", 3h), ended("b", 2h), ended("c", 1h)};

    CHECK(planned({of_size("default", 300)}, {.recordings = three}).empty());
    CHECK(planned({of_size("default", 299)}, {.recordings = three}) == "max_size a");
    CHECK(planned(rules, {.recordings = three}) == "max_size a");
    CHECK(planned({of_size("default", 0)}, {.recordings = three}) ==
          "max_size a, max_size b, max_size c");
}

TEST_CASE("with '*' each configuration may have the size for itself") {
    const std::vector rules{of_size("*", 100)};

    CHECK(planned(rules, {.recordings = {ended("a", 3h, "one"), ended("b", 2h, "two")}}).empty());
    CHECK(planned(rules, {.recordings = {ended("a", 3h, "one"), ended("b", 2h, "one")}}) ==
          "max_size a");
}

TEST_CASE("what goes for its age does not count for the size") {
    CHECK(planned({{.configuration = "default", .max_age = 2h, .max_bytes = 200}},
                  {.recordings = {ended("a", 3h), ended("b", 1h), ended("c", 1h)}}) == "max_age a");
}

TEST_CASE("what is locked or under way stays, and counts for the size") {
    const std::vector rules{
        {RetentionRule{.configuration = "default", .max_age = 1h, .max_bytes = 100}}};

    CHECK(planned(rules, {.recordings = {locked(ended("a", 3h)), under_way(ended("b", 2h)),
                                         ended("c", 10s)},
                          .bytes_to_free = 10'000}) == "max_size c");
}

TEST_CASE("what was served recently stays whatever its age and size, and goes last for room") {
    const auto served = [](const RecordingId& id) { return id.view() == "a"; };
    const std::vector two{ended("a", 3h), ended("b", 2h)};

    CHECK(planned({of_age("default", 1h)}, {.recordings = two, .recently_served = served}) ==
          "max_age b");
    CHECK(planned({of_size("default", 0)}, {.recordings = two, .recently_served = served}) ==
          "max_size b");
    CHECK(planned({}, {.recordings = two, .bytes_to_free = 1, .recently_served = served}) ==
          "keep_free b");
    CHECK(planned({}, {.recordings = two, .bytes_to_free = 101, .recently_served = served}) ==
          "keep_free b, keep_free a");
}

TEST_CASE("for room no more goes than is needed, with what goes anyway") {
    const std::vector three{ended("a", 3h), ended("b", 2h), ended("c", 1h)};

    CHECK(planned({}, {.recordings = three, .bytes_to_free = 100}) == "keep_free a");
    CHECK(planned({}, {.recordings = three, .bytes_to_free = 101}) == "keep_free a, keep_free b");
    CHECK(planned({of_age("default", 2h)}, {.recordings = three, .bytes_to_free = 101}) ==
          "max_age a, keep_free b");
}

TEST_CASE("a removal says why in a sentence with its numbers") {
    const auto plan = plan_removals({of_age("default", 24h * 30)},
                                    {.recordings = {ended("a", 24h * 31 + 5min)}, .now = kNow});

    CHECK(plan.at(0).why == "it ended 31d ago, and recordings of 'default' are kept for 30d");
}

TEST_CASE("an age is told in the largest unit of which there are two") {
    CHECK(age_text(119s) == "119s");
    CHECK(age_text(120s) == "2m");
    CHECK(age_text(47h) == "47h");
    CHECK(age_text(48h) == "2d");
}

}  // namespace
}  // namespace oxbow::catalog
