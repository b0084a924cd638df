#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/child_process.h"
#include "app/restart_pace.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "control/recording_deleter.h"

namespace oxbow::app {

/// Three demo channels, each published by an ffmpeg of its own: a moving picture with the UTC clock
/// burnt in and a tone. A new broadcast begins every kDemoBroadcast, and kDemoRecordings are kept
/// per channel, so that the demo stays below 2 GB.
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
                                                 const std::string& region,
                                                 const std::string& account);

    /// In: a catalogue and a deleter that outlive it, and their rooms still running until it is
    /// gone.
    Demo(std::vector<Channel> channels, std::string ingest_url, catalog::Catalog& catalog,
         const Clock& clock, control::RecordingDeleter& deleter);
    ~Demo();

private:
    struct Encoder {
        std::unique_ptr<ChildProcess> process;
        RestartPace pace;
    };

    void run(const std::stop_token& stop);
    void keep_on_air(const Channel& channel, std::size_t picture, Encoder& encoder);
    void keep_newest_recordings(const std::stop_token& stop);

    std::vector<Channel> channels_;
    std::string ingest_url_;
    catalog::Catalog& catalog_;
    const Clock& clock_;
    control::RecordingDeleter& deleter_;
    std::vector<Encoder> encoders_;
    std::jthread thread_;  // last: it uses all of the above
};

inline constexpr std::chrono::minutes kDemoBroadcast{30};
inline constexpr std::size_t kDemoRecordings = 2;

}  // namespace oxbow::app
