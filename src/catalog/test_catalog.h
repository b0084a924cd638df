#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/random.h"
#include "catalog/catalog.h"

// What the tests of this room share.

namespace oxbow::catalog {

inline constexpr WallTime kStart{std::chrono::milliseconds{1'675'983'341'550}};
inline const std::string kConfigurationArn =
    "arn:aws:ivs:us-east-1:000000000000:recording-configuration/mhDuKOMv6lTo";

/// A catalog in a folder of its own, gone at the end of the test.
class TestCatalog {
public:
    TestCatalog()
        : folder_(std::filesystem::temp_directory_path() /
                  ("oxbow-catalog-" + random_alphanumeric(12))) {
        std::filesystem::create_directories(folder_);
        restart();
    }
    ~TestCatalog() {
        close();
        std::filesystem::remove_all(folder_);
    }
    TestCatalog(const TestCatalog&) = delete;
    TestCatalog& operator=(const TestCatalog&) = delete;

    Catalog* operator->() { return catalog_.get(); }
    void close() { catalog_.reset(); }
    void restart() {
        close();
        catalog_ = Catalog::open(file()).value();
    }

    std::filesystem::path file() const { return folder_ / "catalog.sqlite"; }
    std::string file_bytes() const {
        std::ifstream file_in{file(), std::ios::binary};
        return {std::istreambuf_iterator<char>{file_in}, {}};
    }
    void write_file(std::string_view text) const {
        std::ofstream{file(), std::ios::binary} << text;
    }
    /// Runs a statement behind the catalog's back.
    void run(const std::string& statement) const {
        soci::session session{soci::sqlite3, "db=\"" + file().string() + "\""};
        session << statement;
    }

private:
    std::filesystem::path folder_;
    std::unique_ptr<Catalog> catalog_;
};

inline Channel channel_named(const std::string& id) {
    Channel channel;
    channel.id = ChannelId{id};
    channel.arn = "arn:aws:ivs:us-east-1:000000000000:channel/" + id;
    channel.name = "channel " + id;
    channel.created_at = kStart;
    return channel;
}

inline StreamKey key_of(const std::string& channel) {
    return {.arn = "arn:aws:ivs:us-east-1:000000000000:stream-key/" + channel,
            .value = StreamKeyValue{"sk_us-east-1_" + channel + "_567890abcdef"},
            .channel = ChannelId{channel},
            .tags = {}};
}

inline RecordingConfiguration configuration_of(const std::string& arn) {
    RecordingConfiguration configuration;
    configuration.arn = arn;
    configuration.name = "default";
    configuration.bucket_name = "recordings";
    return configuration;
}

}  // namespace oxbow::catalog
