#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "meta/stream_states.h"
#include "record/recording.h"
#include "remote/bucket_watch.h"
#include "remote/ivs_client.h"
#include "remote/remote_streams.h"
#include "store/object_store.h"

namespace oxbow::remote {

/// What is streamed and recorded elsewhere, for who stands apart from the live service: the state
/// of streams from an IVS endpoint, recordings from the bucket. A thread looks at all of it in
/// turns, another at the channels themselves; a viewer's question makes the one channel fresh.
///
/// Thread-safe. What StreamStates asks never blocks, nor does is_fresh(); the rest blocks on the
/// network.
class Follower final : public meta::StreamStates {
public:
    struct Settings {
        std::string region;
        std::string account;
        /// Whether GetChannel is asked for names, and for who may watch; without it only GetStream
        /// is, and channels are those that the bucket or GetStream knows.
        bool ask_channels = true;
        /// The playback URL that viewers get; "": that of GetStream.
        std::function<std::string(const ChannelId&)> playback_path{};
    };
    struct Rooms {
        store::ObjectStore& store;
        catalog::Catalog& catalog;
        record::RecordingViews& recordings;
        IvsClient& client;
        const Clock& clock;
        std::function<Result<void>(const std::string& key, const std::string& sequencer)>
            save_start;
        std::function<Result<std::chrono::milliseconds>(const catalog::Recording&)> duration;
        /// Whatever the recording was thought to be before, it is this now.
        std::function<void(const catalog::Recording&)> changed;
        /// It was deleted by others.
        std::function<void(const catalog::Recording&)> gone;
        /// How the channel is now. Often; most of the time nothing has changed.
        std::function<void(const ChannelId&)> looked_at;
    };
    Follower(Settings settings, Rooms rooms);
    ~Follower() override { stop(); }

    /// Shows what is known from before, and begins to look. Errors: the catalogue's.
    Result<void> start();
    /// Begins nothing new; what is asked of the bucket goes on until it is answered, or cancelled.
    void ask_to_stop();
    void stop();

    /// As BucketWatch::take.
    Result<void> take(const std::string& key, const std::string& sequencer) {
        return watch_.take(key, sequencer);
    }

    /// Whether refresh() would tell nothing new of the channel.
    bool is_fresh(const ChannelId& channel) const;
    /// In: any well-formed id. One that nobody has heard of is asked for at the endpoint, where
    /// not too many such were.
    void refresh(const ChannelId& channel);

    // meta::StreamStates
    bool channel_exists(const ChannelId& channel) const override;
    std::optional<meta::LiveStream> live_stream(const ChannelId& channel) const override;
    std::optional<meta::RecordingState> newest_recording(const ChannelId& channel) const override;

    static constexpr std::chrono::milliseconds kRound{1'000};
    static constexpr std::size_t kStreamsPerRound = 3;  // Amazon allows five GetStream a second
    static constexpr std::chrono::milliseconds kStreamLookEvery{5'000};
    static constexpr int kUnknownPerRound = 2;
    static constexpr std::size_t kUnknownMax = 10'000;
    static constexpr std::chrono::milliseconds kUnknownFor{10'000};

private:
    void work();
    void look_at_streams();
    void watch_channels();
    void look_at_saved();
    bool is_stopping() const;
    std::string arn_of(const ChannelId& channel) const;
    Result<void> know(const std::string& arn);
    Result<void> add(const std::string& arn, const RemoteChannel& channel);
    void find(const ChannelId& channel);

    Settings settings_;
    Rooms rooms_;
    RemoteStreams streams_;
    BucketWatch watch_;
    // Of the thread alone:
    std::map<ChannelId, SteadyTime> stream_look_at_;
    bool saved_looked_at_ = false;

    mutable std::mutex mutex_;
    std::mutex adding_;  // one channel at a time
    std::map<ChannelId, SteadyTime> unknown_until_;
    int unknown_asked_ = 0;  // in this round
    bool stopping_ = false;
    std::condition_variable wake_;
    std::thread thread_;
    std::thread channels_thread_;
};

}  // namespace oxbow::remote
