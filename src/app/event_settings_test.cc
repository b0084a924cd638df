#include "app/event_settings.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace oxbow;
using namespace oxbow::app;
using namespace std::chrono_literals;

namespace {

/// What a configuration of this text gives.
Result<Settings> settings_of_text(std::string_view text) {
    const auto file = std::filesystem::temp_directory_path() /
                      ("oxbow-event-settings-" + random_alphanumeric(8) + ".toml");
    std::ofstream{file} << text;
    Settings settings;
    const auto read = read_configuration(file, settings);
    std::filesystem::remove(file);
    if (read) return settings;
    return fail(read.error().code, read.error().what.substr(file.string().size()));
}

std::string complaint(std::string_view text) {
    const auto settings = settings_of_text(text);
    REQUIRE_FALSE(settings.has_value());
    return settings.error().what;
}

std::string webhook(std::string_view url, std::size_t secret_bytes) {
    return "[[events.webhooks]]\nurl = \"" + std::string{url} + "\"\nsecret = \"" +
           std::string(secret_bytes, 's') + "\"\n";
}

std::string webhooks(int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += webhook("http://x/" + std::to_string(i), 16);
    return out;
}

}  // namespace

TEST_CASE("webhooks, how long they are tried, and whether limits are enforced are configured") {
    const auto settings =
        settings_of_text("[ingest]\nenforce_limits = true\n[events]\nretry_for_seconds = 60\n" +
                         webhook("https://ops.example.org/hook?x=1", 16));

    REQUIRE(settings.has_value());
    CHECK(settings->enforce_ingest_limits);
    CHECK(settings->event_retry_for == 60s);
    REQUIRE(settings->webhooks.size() == 1);
    CHECK(settings->webhooks[0].url == "https://ops.example.org/hook?x=1");
    CHECK(settings->webhooks[0].secret == "ssssssssssssssss");
}

TEST_CASE("nobody gets events, they are tried for a day and limits are told only, by default") {
    const auto settings = settings_of_text("");

    CHECK(settings->webhooks.empty());
    CHECK(settings->event_retry_for == 24h);
    CHECK_FALSE(settings->enforce_ingest_limits);
}

TEST_CASE("a secret is long enough to be one, and no longer than it may be; it is not repeated") {
    CHECK(settings_of_text(webhook("http://x/a", 16)).has_value());
    CHECK(settings_of_text(webhook("http://x/a", 256)).has_value());
    CHECK(complaint(webhook("http://u:p@x/a?k=v", 15)) ==
          ":1: events.webhooks must have a secret of 16 to 256 bytes, with which http://x/a checks "
          "what it gets");
    CHECK(complaint(webhook("http://x/a", 257)).contains("16 to 256 bytes"));
}

TEST_CASE("webhooks that are wrong are refused with what is wrong") {
    CHECK(complaint(webhook("ftp://x/a", 16)) ==
          ":1: events.webhooks must have a url such as \"https://ops.example.org/hook\"");
    CHECK(complaint(webhook("http://x/a?1", 16) + webhook("http://x/a?2", 16)) ==
          ":1: events.webhooks names http://x/a twice");
    CHECK(complaint("[[events.webhooks]]\nurl = 1\n") ==
          ":1: events.webhooks must have a text in quotes as url");
    CHECK(complaint("[[events.webhooks]]\nuri = \"http://x\"\n") ==
          ":1: events.webhooks knows url and secret only, not 'uri'");
    CHECK(complaint("[events]\nwebhooks = \"http://x\"\n") ==
          ":2: events.webhooks must be a list of at most 8 webhooks");
    CHECK(
        complaint("[events]\nwebhooks = [1]\n") ==
        ":2: events.webhooks must list tables such as { url = \"https://...\", secret = \"...\" }");
}

TEST_CASE("eight webhooks may be, nine may not") {
    CHECK(settings_of_text(webhooks(8))->webhooks.size() == 8);
    CHECK(complaint(webhooks(9)) == ":1: events.webhooks must be a list of at most 8 webhooks");
}

TEST_CASE("events are tried for a second to a week") {
    CHECK(settings_of_text("[events]\nretry_for_seconds = 1").has_value());
    CHECK(settings_of_text("[events]\nretry_for_seconds = 604800").has_value());
    CHECK(complaint("[events]\nretry_for_seconds = 0") ==
          ":2: events.retry_for_seconds must be a number of seconds from 1 to 604800");
    CHECK(complaint("[events]\nretry_for_seconds = 604801").contains("from 1 to 604800"));
    CHECK(complaint("[ingest]\nenforce_limits = 1") ==
          ":2: ingest.enforce_limits must be true or false");
}
