#include "app/rebuild.h"

#include <filesystem>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "app/bucket.h"
#include "app/settings.h"
#include "catalog/catalog.h"
#include "record/bucket_recordings.h"

namespace oxbow::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kRebuiltAtATime = 1'000;  // read from the database at a time

struct Rebuilt {
    record::BucketRecordings found;
    std::size_t new_ones = 0;          // that were not listed before
    std::set<std::string> channels;    // of all
    std::vector<std::string> unknown;  // those of them that the catalogue does not have
};

Result<std::set<RecordingId>> listed_before(const catalog::Catalog& catalog) {
    std::set<RecordingId> out;
    catalog::Catalog::RetainedPlace after;
    while (true) {
        const auto page = catalog.retained_recordings(after, kRebuiltAtATime);
        if (!page) return std::unexpected(page.error());
        for (const auto& recording : *page) out.insert(recording.id);
        if (page->size() < kRebuiltAtATime) return out;
        after = {.started_at = page->back().started_at, .id = page->back().id};
    }
}

Result<Rebuilt> rebuild(const Settings& settings) {
    std::error_code error;
    if (!settings.store.s3 && !std::filesystem::is_directory(settings.data / "bucket", error)) {
        return fail(ErrorCode::NotFound,
                    fmt::format("there is no bucket {}: name the data directory with --data",
                                (settings.data / "bucket").string()));
    }
    auto catalog = catalog::Catalog::open(settings.data / "oxbow.db");
    if (!catalog) return std::unexpected(catalog.error());
    const SystemClock clock;
    auto bucket = Bucket::open(settings, clock);
    if (!bucket) return std::unexpected(bucket.error());
    auto before = listed_before(**catalog);
    if (!before) return std::unexpected(before.error());
    auto found = record::recordings_in_bucket((*bucket)->store());
    if (!found) return std::unexpected(found.error());
    if (found->recordings.empty() && !before->empty()) {
        return fail(ErrorCode::Conflict,
                    fmt::format("the bucket {} has no recording, and {} are listed: see that it is "
                                "there; nothing was changed",
                                (*bucket)->description(), before->size()));
    }
    if (auto replaced = (*catalog)->replace_recordings(found->recordings); !replaced)
        return std::unexpected(replaced.error());
    Rebuilt out;
    for (const catalog::Recording& recording : found->recordings) {
        out.channels.insert(recording.channel.str());
        if (!before->contains(recording.id)) ++out.new_ones;
    }
    for (const std::string& channel : out.channels) {
        if (!(*catalog)->directory()->channels.contains(ChannelId{channel}))
            out.unknown.push_back(channel);
    }
    out.found = std::move(*found);
    return out;
}

json::object json_of(const Rebuilt& rebuilt) {
    json::array left_out;
    for (const auto& each : rebuilt.found.left_out)
        left_out.push_back({{"prefix", each.prefix}, {"why", each.why}});
    return {{"recordings", rebuilt.found.recordings.size()},
            {"newRecordings", rebuilt.new_ones},
            {"channels", rebuilt.channels.size()},
            {"unknownChannels", json::array(rebuilt.unknown.begin(), rebuilt.unknown.end())},
            {"leftOut", std::move(left_out)}};
}

std::string text_of(const Rebuilt& rebuilt) {
    std::string out =
        fmt::format("Recordings: {}, of {} channels. Not listed before: {}.\n",
                    rebuilt.found.recordings.size(), rebuilt.channels.size(), rebuilt.new_ones);
    if (rebuilt.new_ones > 0)
        out += "Locks are not in the bucket: lock again those of them that are to stay.\n";
    if (!rebuilt.unknown.empty()) {
        out += fmt::format(
            "Channels that only the bucket knows: {}. 'oxbow recording list CHANNEL_ID' has their "
            "recordings.\n",
            fmt::join(rebuilt.unknown, ", "));
    }
    return out;
}

}  // namespace

int rebuild_catalog(const CatalogRebuildCommand& command, std::ostream& out, std::ostream& err) {
    Settings settings;
    if (command.config) {
        if (auto read = read_configuration(*command.config, settings); !read) {
            err << "oxbow: " << read.error().what << '\n';
            return kExitUsage;
        }
    }
    if (command.data) settings.data = *command.data;
    const auto rebuilt = rebuild(settings);
    if (!rebuilt) {
        err << "oxbow: " << rebuilt.error().what << '\n';
        return kExitFailed;
    }
    for (const auto& each : rebuilt->found.left_out)
        err << fmt::format("oxbow: left out {}: {}\n", each.prefix, each.why);
    if (command.json) {
        out << json::serialize(json_of(*rebuilt)) << '\n';
    } else {
        out << text_of(*rebuilt);
    }
    return kExitDone;
}

}  // namespace oxbow::app
