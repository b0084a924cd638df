#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "ivs/recording_metadata.h"
#include "meta/stream_states.h"
#include "store/folder_store.h"

// What the tests of this room share.

namespace oxbow::meta {

// 2023-02-09T22:55:41.550Z
inline constexpr WallTime kStart{std::chrono::milliseconds{1'675'983'341'550}};

/// Stream states that a test sets by hand.
class ManualStreamStates final : public StreamStates {
public:
    struct Channel {
        std::optional<LiveStream> live;
        std::optional<RecordingState> recording;
        std::shared_ptr<const void> stamp = nullptr;  // nullptr: none
    };

    bool channel_exists(const ChannelId& channel) const override {
        return channels.contains(channel);
    }
    std::optional<LiveStream> live_stream(const ChannelId& channel) const override {
        return channels.contains(channel) ? channels.at(channel).live : std::nullopt;
    }
    std::optional<RecordingState> newest_recording(const ChannelId& channel) const override {
        return channels.contains(channel) ? channels.at(channel).recording : std::nullopt;
    }

    std::optional<StateStamp> stamp(const ChannelId& channel) const override {
        const auto& stamp = channels.at(channel).stamp;
        return stamp ? std::optional{StateStamp{.live = stamp, .recording = {}}} : std::nullopt;
    }

    std::map<ChannelId, Channel> channels;
};

/// A bucket in a folder of its own, gone at the end of the test.
struct TestBucket {
    TestBucket()
        : folder(std::filesystem::temp_directory_path() /
                 ("oxbow-meta-" + random_alphanumeric(12))),
          store(store::FolderStore::open(folder, "recordings", clock).value()) {}
    ~TestBucket() { std::filesystem::remove_all(folder); }

    std::string get(const std::string& key) const { return store->get(key).value_or("(none)"); }
    void put(const std::string& key, std::string_view text) const {
        store->put(key, as_bytes(text)).value();
    }

    std::filesystem::path folder;
    ManualClock clock{kStart};
    std::unique_ptr<store::FolderStore> store;
};

// "ivs/v1/000000000000/AsXego4U6tnj/2023/2/9/22/55/j8Z9O91ndcVs"
inline std::string prefix_of(const std::string& channel, const std::string& recording) {
    return "ivs/v1/000000000000/" + channel + "/2023/2/9/22/55/" + recording;
}

inline ivs::RecordingMetadata metadata_of(const std::string& channel, WallTime started_at) {
    ivs::RecordingMetadata metadata;
    metadata.channel_arn = "arn:aws:ivs:us-east-1:000000000000:channel/" + channel;
    metadata.started_at = started_at;
    metadata.renditions = {{.path = "720p30",
                            .playlist = "playlist.m3u8",
                            .byte_range_playlist = "byte-range-variant.m3u8",
                            .width = 1280,
                            .height = 720}};
    return metadata;
}

}  // namespace oxbow::meta
