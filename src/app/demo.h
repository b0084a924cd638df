#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/child_process.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "control/recording_deleter.h"

namespace oxbow::app {

/// Three demo channels, each published by an ffmpeg of its own: a moving picture with the UTC clock
/// burnt in and a tone. A new broadcast begins every kDemoBroadcast, and kDemoRecordings are kept per
/// channel, so that the demo stays below 2 GB.
///
/// Thread safety: made, started and stopped by one thread; works on its own.
class Demo {
public:
    struct Channel {
        std::string name;
        StreamKeyValue stream_key;
        ChannelId id;
    };

    /// Finds or makes the demo's channels. Errors: as the catalogue's.
    static Result<std::vector<Channel>> channels(catalog::Catalog& catalog, const Clock& clock,
                                                 const std::string& region, const std::string& account);

    Demo(std::vector<Channel> channels, std::string ingest_url, catalog::Catalog& catalog,
         control::RecordingDeleter& deleter);
    ~Demo();

private:
    void run(const std::stop_token& stop);
    void keep_newest_recordings();

    std::vector<Channel> channels_;
    std::string ingest_url_;
    catalog::Catalog& catalog_;
    control::RecordingDeleter& deleter_;
    std::vector<std::unique_ptr<ChildProcess>> encoders_;
    std::jthread thread_;
};

inline constexpr std::chrono::minutes kDemoBroadcast{30};
inline constexpr std::size_t kDemoRecordings = 2;

}  // namespace oxbow::app
