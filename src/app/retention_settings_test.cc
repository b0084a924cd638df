#include "app/retention_settings.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

namespace oxbow::app {
namespace {

using namespace std::chrono_literals;

Result<RetentionSettings> read(const std::string& text) {
    Settings settings;
    if (auto done = read_configuration_text(text, "oxbow.toml", settings); !done)
        return std::unexpected(done.error());
    return settings.retention;
}

std::string error_of(const std::string& text) {
    const auto settings = read(text);
    return settings ? "" : settings.error().what;
}

TEST_CASE("by default nothing is deleted") {
    const auto settings = read("").value();

    CHECK_FALSE(settings.deletes());
    CHECK(settings.keep_served == 10min);
    CHECK(settings.every == 60s);
}

TEST_CASE("rules are by configuration, with an age, a size or both") {
    const auto settings = read(R"(
        [[recording.retention]]
        configuration = "default"
        max_age = "30d"
        max_size = "500GB"
        [[recording.retention]]
        configuration = "*"
        max_size = "2TB"
    )")
                              .value();

    CHECK(settings.deletes());
    REQUIRE(settings.rules.size() == 2);
    CHECK(settings.rules[0].configuration == "default");
    CHECK(settings.rules[0].max_age == 24h * 30);
    CHECK(settings.rules[0].max_bytes == 500'000'000'000);
    CHECK(settings.rules[1].configuration == "*");
    CHECK_FALSE(settings.rules[1].max_age);
    CHECK(settings.rules[1].max_bytes == 2'000'000'000'000);
}

TEST_CASE("the room to be kept free is a size or a percentage, and the rest is as it is said") {
    const auto size = read("[recording]\nkeep_free = \"20GB\"\n").value();
    const auto percent = read(
                             "[recording]\nkeep_free = \"10%\"\nkeep_served = \"5s\"\n"
                             "retention_every = \"1s\"\nretention_dry_run = true\n")
                             .value();

    CHECK(size.keep_free.bytes == 20'000'000'000);
    CHECK(size.keep_free.percent == 0);
    CHECK(percent.keep_free.percent == 10);
    CHECK(percent.deletes());
    CHECK(percent.keep_served == 5s);
    CHECK(percent.every == 1s);
    CHECK(percent.dry_run);
}

TEST_CASE("ages and sizes are whole numbers with a unit") {
    CHECK(parse_age("45s") == 45s);
    CHECK(parse_age("90m") == 90min);
    CHECK(parse_age("36h") == 36h);
    CHECK(parse_size("0B") == 0);
    CHECK(parse_size("7kB") == 7'000);
    CHECK(parse_size("7MB") == 7'000'000);
    CHECK_FALSE(parse_age("45"));
    CHECK_FALSE(parse_age("s"));
    CHECK_FALSE(parse_age("-1s"));
    CHECK_FALSE(parse_age("1.5d"));
    CHECK_FALSE(parse_age(" 1d"));
    CHECK_FALSE(parse_size("7GiB"));
    CHECK_FALSE(parse_size("7 GB"));
}

TEST_CASE("ages and sizes go up to their limits") {
    CHECK(parse_age("36600d") == kRetentionAgeMax);
    CHECK_FALSE(parse_age("36601d"));
    CHECK(parse_size("1152921504606846976B") == kRetentionBytesMax);
    CHECK_FALSE(parse_size("1152921504606846977B"));
    CHECK(parse_size("1152921TB"));
    CHECK_FALSE(parse_size("1152922TB"));
    CHECK_FALSE(parse_size("99999999999999999999B"));
}

TEST_CASE("a round is every 1 s to every day") {
    CHECK(error_of("[recording]\nretention_every = \"1d\"\n").empty());
    CHECK(error_of("[recording]\nretention_every = \"86401s\"\n") ==
          "oxbow.toml:2: recording.retention_every must be from \"1s\" to \"1d\"");
    CHECK_FALSE(error_of("[recording]\nretention_every = \"0s\"\n").empty());
}

TEST_CASE("room is kept free up to 99 %") {
    CHECK(error_of("[recording]\nkeep_free = \"99%\"\n").empty());
    CHECK(error_of("[recording]\nkeep_free = \"100%\"\n") ==
          "oxbow.toml:2: recording.keep_free must be \"1%\" to \"99%\" of the disk, or a size such "
          "as \"20GB\"");
    CHECK_FALSE(error_of("[recording]\nkeep_free = \"0%\"\n").empty());
    CHECK_FALSE(error_of("[recording]\nkeep_free = 20\n").empty());
}

std::string rules(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        out +=
            fmt::format("[[recording.retention]]\nconfiguration = \"c{}\"\nmax_age = \"1d\"\n", i);
    }
    return out;
}

TEST_CASE("a rule that is none is refused with what is wrong") {
    const std::string head = "[[recording.retention]]\n";
    CHECK(error_of(head + "max_age = \"1d\"\n").contains("must name the configuration"));
    CHECK(error_of(head + "configuration = \"a\"\n").contains("a max_age or a max_size"));
    CHECK(error_of(head + "configuration = \"a\"\nmax_age = 7\n").contains("in quotes as max_age"));
    CHECK(error_of(head + "configuration = \"a\"\nmax_age = \"7\"\n")
              .contains("has a max_age that must be a time such as"));
    CHECK(error_of(head + "configuration = \"a\"\nmax_size = \"7\"\n")
              .contains("has a max_size that must be a size such as"));
    CHECK(error_of(head + "configuration = \"a\"\nage = \"1d\"\n").contains("not 'age'"));
    CHECK(error_of("[recording]\nretention = [ 7 ]\n").contains("must list tables"));
    CHECK(error_of(rules(1) + rules(1)).contains("names 'c0' twice"));
    CHECK(error_of(rules(kRetentionRulesMax)).empty());
    CHECK(error_of(rules(kRetentionRulesMax + 1)).contains("at most 100 rules"));
}

}  // namespace
}  // namespace oxbow::app
