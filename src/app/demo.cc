#include "app/demo.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "ivs/recording_metadata.h"

namespace oxbow::app {
namespace {

struct Picture {
    std::string_view channel;
    std::string_view source;  // lavfi video source
    int tone_hertz;
};

constexpr std::array<Picture, 3> kPictures{{
    {"Test-card", "testsrc2=size=640x360:rate=30", 440},
    {"Deep-zoom",
     "mandelbrot=size=640x360:rate=30:start_scale=2:end_scale=0.00002:end_pts=54000:maxiter=600",
     330},
    {"Cell-garden",
     "life=size=160x90:rate=30:mold=25:ratio=0.2:death_color=#083038:life_color=#7fe8d8:mold_color="
     "#0c5a52"
     ",scale=640x360:flags=neighbor",
     262},
}};
constexpr std::string_view kConfigurationName = "demo";
constexpr std::size_t kChannelsScanned = 1'000;
constexpr std::size_t kDemoListed = 100;
constexpr std::chrono::seconds kDemoLookEvery{2};

/// The drawtext filter that burns the clock in, so that a rewound second can be read off the
/// picture.
constexpr std::string_view kClock =
    "drawtext=font=monospace:text='%{gmtime\\:%Y-%m-%d %H\\\\\\:%M\\\\\\:%S} "
    "UTC':fontsize=30:fontcolor=white"
    ":box=1:boxcolor=black@0.7:boxborderw=8:x=w-tw-20:y=20";

std::vector<std::string> encoder_command(const Picture& picture, const std::string& url) {
    return {"ffmpeg",
            "-loglevel",
            "error",
            "-nostdin",
            "-re",
            "-f",
            "lavfi",
            "-i",
            std::string{picture.source},
            "-re",
            "-f",
            "lavfi",
            "-i",
            fmt::format("sine=frequency={}:sample_rate=48000", picture.tone_hertz),
            "-t",
            std::to_string(std::chrono::seconds{kDemoBroadcast}.count()),
            "-vf",
            fmt::format("{},format=yuv420p", kClock),
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
            "-threads",
            "1",
            "-g",
            "60",
            "-keyint_min",
            "60",
            "-sc_threshold",
            "0",
            "-b:v",
            "550k",
            "-maxrate",
            "600k",
            "-bufsize",
            "600k",
            "-af",
            "volume=0.2",
            "-c:a",
            "aac",
            "-b:a",
            "64k",
            "-ac",
            "2",
            "-f",
            "flv",
            url};
}

/// What the operator reads when an encoder dies at once.
std::string why_it_ended(int exit_code) {
    if (exit_code == ChildProcess::kNotFound) {
        return "has no picture because ffmpeg is not installed: install it, as with 'apt-get "
               "install ffmpeg'; it is "
               "tried again";
    }
    return fmt::format(
        "has no picture because ffmpeg ended at once with exit code {}: it needs libx264, aac and "
        "the drawtext filter "
        "with a font, see 'ffmpeg -encoders' and 'ffmpeg -filters'; it is tried again",
        exit_code);
}

Result<std::string> demo_configuration(catalog::Catalog& catalog, const std::string& region,
                                       const std::string& account) {
    for (const auto& [arn, configuration] : catalog.directory()->recording_configurations) {
        if (configuration.name == kConfigurationName) return arn;
    }
    catalog::RecordingConfiguration made;
    made.arn = ivs::recording_configuration_arn(region, account, random_alphanumeric(12));
    made.name = kConfigurationName;
    made.bucket_name = "recordings";
    made.reconnect_window = std::chrono::seconds{0};  // each broadcast is a recording of its own
    if (auto added = catalog.add_recording_configuration(made); !added)
        return std::unexpected(added.error());
    return made.arn;
}

}  // namespace

Result<std::vector<Demo::Channel>> Demo::channels(catalog::Catalog& catalog, const Clock& clock,
                                                  const std::string& region,
                                                  const std::string& account) {
    const auto configuration = demo_configuration(catalog, region, account);
    if (!configuration) return std::unexpected(configuration.error());
    const auto existing = catalog.channels({.offset = 0, .limit = kChannelsScanned});
    if (!existing) return std::unexpected(existing.error());

    std::vector<Channel> out;
    for (const Picture& picture : kPictures) {
        const auto found = std::ranges::find_if(*existing, [&](const catalog::Channel& channel) {
            return channel.name == picture.channel &&
                   channel.recording_configuration_arn == *configuration;
        });
        if (found != existing->end()) {
            const auto keys = catalog.stream_keys(found->id);
            if (!keys) return std::unexpected(keys.error());
            if (keys->empty())
                return fail(ErrorCode::Conflict,
                            "a demo channel has lost its stream key: delete the channel");
            out.push_back({found->name, keys->front().value, found->id});
            continue;
        }
        catalog::Channel channel;
        channel.id = ivs::make_channel_id();
        channel.arn = ivs::channel_arn(region, account, channel.id);
        channel.name = picture.channel;
        channel.recording_configuration_arn = *configuration;
        channel.created_at = clock.wall();
        const catalog::StreamKey key{
            .arn = ivs::stream_key_arn(region, account, random_alphanumeric(12)),
            .value = ivs::make_stream_key(region, channel.id),
            .channel = channel.id};
        if (auto added = catalog.add_channel(channel, key); !added)
            return std::unexpected(added.error());
        out.push_back({channel.name, key.value, channel.id});
    }
    return out;
}

Demo::Demo(std::vector<Channel> channels, std::string ingest_url, catalog::Catalog& catalog,
           const Clock& clock, control::RecordingDeleter& deleter)
    : channels_(std::move(channels)),
      ingest_url_(std::move(ingest_url)),
      catalog_(catalog),
      clock_(clock),
      deleter_(deleter),
      encoders_(channels_.size()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Demo::~Demo() = default;  // the thread stops first: it is the last member

void Demo::run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock{mutex};
    while (!stop.stop_requested()) {
        for (std::size_t i = 0; i < channels_.size(); ++i)
            keep_on_air(channels_[i], i, encoders_[i]);
        keep_newest_recordings(stop);
        woken.wait_for(lock, stop, kDemoLookEvery, [] { return false; });
    }
}

void Demo::keep_on_air(const Channel& channel, std::size_t picture, Encoder& encoder) {
    if (encoder.process && encoder.process->running()) return;
    if (encoder.process && encoder.pace.ended(clock_.steady())) {
        log::warning("[demo] [channel {}] {}", channel.name,
                     why_it_ended(encoder.process->exit_code()));
    }
    encoder.process.reset();
    if (!encoder.pace.due(clock_.steady())) return;
    encoder.pace.started(clock_.steady());
    auto started = ChildProcess::start(encoder_command(
        kPictures[picture], fmt::format("{}/{}", ingest_url_, channel.stream_key.view())));
    if (started) {
        encoder.process = std::make_unique<ChildProcess>(std::move(*started));
    } else if (encoder.pace.ended(clock_.steady())) {
        log::warning("[demo] [channel {}] has no picture: {}", channel.name, started.error().what);
    }
}

void Demo::keep_newest_recordings(const std::stop_token& stop) {
    for (const Channel& channel : channels_) {
        const auto recordings =
            catalog_.recordings(channel.id, {.offset = 0, .limit = kDemoListed});
        if (!recordings) continue;
        std::size_t finished = 0;
        for (const catalog::Recording& recording : *recordings) {
            if (stop.stop_requested()) return;
            if (recording.status == catalog::RecordingStatus::Started || recording.locked) continue;
            if (++finished <= kDemoRecordings) continue;
            if (auto deleted = deleter_.delete_recording(recording.id); !deleted) {
                log::warning("[demo] {}", deleted.error().what);
            }
        }
    }
}

}  // namespace oxbow::app
