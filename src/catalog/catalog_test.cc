#include "catalog/catalog.h"

#include <unistd.h>

#include <doctest/doctest.h>

#include "catalog/test_catalog.h"

namespace oxbow::catalog {
namespace {

TEST_CASE("a channel, its stream key and its recording configuration are there after a restart") {
    TestCatalog test;
    Channel channel = channel_named("AsXego4U6tnj");
    channel.recording_configuration_arn = kConfigurationArn;
    channel.authorized = true;
    channel.tags = {{"team", "sports \"one\""}};
    RecordingConfiguration configuration = configuration_of(kConfigurationArn);
    configuration.reconnect_window = std::chrono::seconds{60};
    test->add_recording_configuration(configuration).value();
    test->add_channel(channel, key_of("AsXego4U6tnj")).value();

    test.restart();

    const auto found = test->channel(channel.id).value();
    CHECK(found.name == "channel AsXego4U6tnj");
    CHECK(found.recording_configuration_arn == kConfigurationArn);
    CHECK(found.authorized);
    CHECK(found.insecure_ingest);
    CHECK(found.tags == Tags{{"team", "sports \"one\""}});
    CHECK(found.created_at == kStart);
    const auto keys = test->stream_keys(channel.id).value();
    REQUIRE(keys.size() == 1);
    CHECK(keys[0].value == StreamKeyValue{"sk_us-east-1_AsXego4U6tnj_567890abcdef"});
    const auto configurations = test->recording_configurations().value();
    REQUIRE(configurations.size() == 1);
    CHECK(configurations[0].reconnect_window == std::chrono::seconds{60});
    CHECK(configurations[0].thumbnail_interval == std::chrono::seconds{60});
}

TEST_CASE("a change shows in the next directory, and never in one that was taken before") {
    TestCatalog test;
    const auto before = test->directory();
    test->add_channel(channel_named("a"), key_of("a")).value();
    const auto after = test->directory();

    test->remove_channel(ChannelId{"a"}).value();

    CHECK(before->channels.empty());
    CHECK(after->channels.at(ChannelId{"a"}).name == "channel a");
    CHECK(after->stream_keys.at(StreamKeyValue{"sk_us-east-1_a_567890abcdef"}) == ChannelId{"a"});
    CHECK(test->directory()->channels.empty());
    CHECK(test->directory()->stream_keys.empty());
}

TEST_CASE("the directory after a restart is the one before it") {
    TestCatalog test;
    test->add_recording_configuration(configuration_of(kConfigurationArn)).value();
    test->add_channel(channel_named("a"), key_of("a")).value();

    test.restart();

    CHECK(test->directory()->channels.at(ChannelId{"a"}).arn ==
          "arn:aws:ivs:us-east-1:000000000000:channel/a");
    CHECK(test->directory()->stream_keys.at(StreamKeyValue{"sk_us-east-1_a_567890abcdef"}) ==
          ChannelId{"a"});
    CHECK(test->directory()->recording_configurations.contains(kConfigurationArn));
}

TEST_CASE("a channel whose id, ARN or stream key exists is a conflict and changes nothing") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    Channel same_arn = channel_named("b");
    same_arn.arn = channel_named("a").arn;

    const auto same_id = test->add_channel(channel_named("a"), key_of("b"));

    CHECK(same_id.error().code == ErrorCode::Conflict);
    CHECK(same_id.error().what == "channel 'a' exists already");
    CHECK(test->add_channel(same_arn, key_of("b")).error().code == ErrorCode::Conflict);
    CHECK(test->add_channel(channel_named("b"), key_of("a")).error().code == ErrorCode::Conflict);
    CHECK(test->channels({}).value().size() == 1);
    CHECK(test->directory()->channels.size() == 1);
    CHECK(test->directory()->stream_keys.size() == 1);
}

TEST_CASE("channels are listed by creation, page by page") {
    TestCatalog test;
    Channel oldest = channel_named("z");
    oldest.created_at = kStart - std::chrono::milliseconds{1};
    test->add_channel(channel_named("b"), key_of("b")).value();
    test->add_channel(channel_named("a"), key_of("a")).value();
    test->add_channel(oldest, key_of("z")).value();

    const auto first = test->channels({.offset = 0, .limit = 2}).value();
    const auto second = test->channels({.offset = 2, .limit = 2}).value();

    REQUIRE(first.size() == 2);
    CHECK(first[0].id == ChannelId{"z"});
    CHECK(first[1].id == ChannelId{"a"});
    REQUIRE(second.size() == 1);
    CHECK(second[0].id == ChannelId{"b"});
    CHECK(test->channels({.offset = 3, .limit = 2}).value().empty());
}

TEST_CASE("an update changes all of a channel but its id, ARN and creation") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    Channel update = channel_named("a");
    update.arn = "arn:aws:ivs:us-east-1:000000000000:channel/other";
    update.created_at = kStart + std::chrono::hours{1};
    update.name = "new";
    update.insecure_ingest = false;

    test->update_channel(update).value();

    CHECK(test->channel(ChannelId{"a"}).value().name == "new");
    CHECK(test->channel(ChannelId{"a"}).value().arn == channel_named("a").arn);
    test.restart();
    CHECK(test->channel(ChannelId{"a"}).value().name == "new");
    CHECK_FALSE(test->channel(ChannelId{"a"}).value().insecure_ingest);
    CHECK(test->channel(ChannelId{"a"}).value().arn == channel_named("a").arn);
    CHECK(test->channel(ChannelId{"a"}).value().created_at == kStart);
}

TEST_CASE("what is not there is not found") {
    TestCatalog test;
    const auto code = [](const auto& result) { return result.error().code; };

    CHECK(code(test->channel(ChannelId{"a"})) == ErrorCode::NotFound);
    CHECK(code(test->update_channel(channel_named("a"))) == ErrorCode::NotFound);
    CHECK(code(test->remove_channel(ChannelId{"a"})) == ErrorCode::NotFound);
    CHECK(code(test->add_stream_key(key_of("a"))) == ErrorCode::NotFound);
    CHECK(code(test->remove_stream_key("a")) == ErrorCode::NotFound);
    CHECK(code(test->remove_recording_configuration("a")) == ErrorCode::NotFound);
    CHECK(test->remove_channel(ChannelId{"a"}).error().what == "there is no channel 'a'");
}

TEST_CASE("a channel has one stream key; a removed one makes place for the next") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    StreamKey next = key_of("a");
    next.arn = "arn:aws:ivs:us-east-1:000000000000:stream-key/next";
    next.value = StreamKeyValue{"sk_us-east-1_a_next"};

    const auto second = test->add_stream_key(next);
    test->remove_stream_key(key_of("a").arn).value();
    const auto after = test->add_stream_key(next);

    CHECK(second.error().code == ErrorCode::Conflict);
    CHECK(after.has_value());
    CHECK(test->directory()->stream_keys.size() == 1);
    CHECK(test->directory()->stream_keys.contains(StreamKeyValue{"sk_us-east-1_a_next"}));
}

TEST_CASE("a stream key is replaced whole or not at all") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    test->add_channel(channel_named("b"), key_of("b")).value();
    StreamKey next = key_of("a");
    next.arn = "arn:aws:ivs:us-east-1:000000000000:stream-key/next";
    next.value = key_of("b").value;  // another has it

    CHECK(test->replace_stream_key(next).error().code == ErrorCode::Conflict);
    CHECK(test->stream_keys(ChannelId{"a"}).value()[0].arn == key_of("a").arn);
    next.value = StreamKeyValue{"sk_us-east-1_a_next"};
    CHECK(test->replace_stream_key(next));
    CHECK(test->replace_stream_key(key_of("none")).error().code == ErrorCode::NotFound);

    test.restart();
    CHECK(test->stream_keys(ChannelId{"a"}).value()[0].value == next.value);
    CHECK(test->directory()->stream_keys.size() == 2);
    CHECK_FALSE(test->directory()->stream_keys.contains(key_of("a").value));
    CHECK_FALSE(test->directory()->stream_key_arns.contains(key_of("a").arn));
    CHECK(test->remove_stream_key(next.arn));
    CHECK(test->replace_stream_key(next));  // in the place of none
    CHECK(test->stream_keys(ChannelId{"a"}).value().size() == 1);
}

TEST_CASE("a recording configuration must exist to be used, and goes only when nothing uses it") {
    TestCatalog test;
    Channel channel = channel_named("a");
    channel.recording_configuration_arn = kConfigurationArn;

    CHECK(test->add_channel(channel, key_of("a")).error().code == ErrorCode::NotFound);
    test->add_recording_configuration(configuration_of(kConfigurationArn)).value();
    test->add_channel(channel, key_of("a")).value();
    CHECK(test->add_recording_configuration(configuration_of(kConfigurationArn)).error().code ==
          ErrorCode::Conflict);
    CHECK(test->remove_recording_configuration(kConfigurationArn).error().code ==
          ErrorCode::Conflict);
    test->update_channel(channel_named("a")).value();

    CHECK(test->remove_recording_configuration(kConfigurationArn).has_value());
    CHECK(test->directory()->recording_configurations.empty());
}

TEST_CASE("a second opener is told who has the database, and may have it afterwards") {
    TestCatalog test;

    const auto second = Catalog::open(test.file());

    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == ErrorCode::Unavailable);
    CHECK(second.error().what == "the database " + test.file().string() + " is in use by process " +
                                     std::to_string(::getpid()) +
                                     "; stop it, or choose another data folder");
    test.close();
    CHECK(Catalog::open(test.file()).has_value());
}

TEST_CASE("a database of a newer version is refused and left as it is") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    test.close();
    test.run("UPDATE schema_version SET version = 99");
    const std::string before = test.file_bytes();

    const auto opened = Catalog::open(test.file());

    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == ErrorCode::Unsupported);
    CHECK(opened.error().what ==
          "cannot open the database " + test.file().string() +
              ": it has schema version 99, and this program knows 5 and older; use the newer oxbow "
              "that made it");
    CHECK(test.file_bytes() == before);
}

TEST_CASE("what is not a database, or cannot be made, is unavailable") {
    TestCatalog test;
    test.close();
    test.write_file("this is not a database, whatever it may be called");

    CHECK(Catalog::open(test.file()).error().code == ErrorCode::Unavailable);
    CHECK(Catalog::open("/nonexistent/folder/catalog.sqlite").error().code ==
          ErrorCode::Unavailable);
}

TEST_CASE("a start that fails takes back the database that it made, with its lock") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();

    test->take_back();
    test.close();

    CHECK_FALSE(std::filesystem::exists(test.file()));
    CHECK_FALSE(std::filesystem::exists(test.file().string() + "-wal"));
    CHECK_FALSE(std::filesystem::exists(test.file().string() + ".lock"));
}

TEST_CASE("a start that fails leaves a database that was there before, usable") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    test.restart();

    test->take_back();
    test.restart();

    CHECK(test->channel(channel_named("a").id));
}

TEST_CASE("what cannot be opened leaves nothing that was not there before") {
    TestCatalog test;
    test.close();
    std::filesystem::remove(test.file().string() + ".lock");
    test.write_file("this is not a database, whatever it may be called");

    const auto opened = Catalog::open(test.file());

    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().what == "cannot open the database " + test.file().string() +
                                     ": it is no database; move it away, or restore it from a "
                                     "backup");
    CHECK_FALSE(std::filesystem::exists(test.file().string() + ".lock"));
}

TEST_CASE("no other user may read the database and the files beside it, from the first start on") {
    TestCatalog test;
    const auto mode = [&](const char* suffix) {
        return std::filesystem::status(test.file().string() + suffix).permissions();
    };
    const std::filesystem::perms owner{0600};

    test->add_channel(channel_named("AsXego4U6tnj"), key_of("AsXego4U6tnj")).value();

    CHECK(mode("") == owner);
    CHECK(mode("-wal") == owner);
    CHECK(mode("-shm") == owner);
    CHECK(mode(".lock") == owner);
}

TEST_CASE("a database that others may read is kept from them at the next start") {
    TestCatalog test;
    const auto path = [&](const char* suffix) { return test.file().string() + suffix; };
    const std::filesystem::perms owner{0600};
    const std::filesystem::perms everyone{0644};
    test.close();
    std::ofstream{path("-wal")};
    std::filesystem::permissions(path(""), everyone);
    std::filesystem::permissions(path("-wal"), everyone);
    std::filesystem::permissions(path(".lock"), everyone);

    test.restart();

    CHECK(std::filesystem::status(path("")).permissions() == owner);
    CHECK(std::filesystem::status(path("-wal")).permissions() == owner);
    CHECK(std::filesystem::status(path("-shm")).permissions() == owner);
    CHECK(std::filesystem::status(path(".lock")).permissions() == owner);
}

TEST_CASE("the database is in WAL mode, so a reader beside the server does not hold it up") {
    TestCatalog test;

    test->add_channel(channel_named("a"), key_of("a")).value();

    CHECK(std::filesystem::exists(test.file().string() + "-wal"));
}

}  // namespace
}  // namespace oxbow::catalog
