#include "app/server_impl.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "app/session_secret.h"
#include "base/log.h"
#include "base/random.h"
#include "ivs/recording_metadata.h"
#include "notify/receiver_name.h"
#include "pictures/helper.h"
#include "pictures/picture_process.h"

// The rooms, opened in the order of the data's way, and tied.

namespace oxbow::app {
namespace asio = boost::asio;
namespace {

constexpr std::string_view kDefaultConfiguration = "default";

Result<void> make_data_directory(const std::filesystem::path& data) {
    std::error_code error;
    std::filesystem::create_directories(data, error);
    if (error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot make the data directory {}: {}; choose another with --data",
                                data.string(), error.message()));
    }
    return {};
}

}  // namespace

Result<void> Server::Impl::open_rooms() {
    if (auto made = make_data_directory(settings_.data); !made) return made;
    auto catalog = catalog::Catalog::open(settings_.data / "oxbow.db");
    if (!catalog) return std::unexpected(catalog.error());
    catalog_ = std::move(*catalog);
    auto credentials = control::Credentials::load_or_create(settings_.data / "credentials");
    if (!credentials) return std::unexpected(credentials.error());
    credentials_ = std::move(*credentials);
    auto secret = load_or_make_session_secret(settings_.data / "session-secret");
    if (!secret) return std::unexpected(secret.error());
    gate_ = std::make_unique<edge::PlaybackGate>(*catalog_, clock_,
                                                 edge::SessionSigner{std::move(*secret)});
    auto bucket = Bucket::open(settings_, clock_);
    if (!bucket) return std::unexpected(bucket.error());
    bucket_ = std::move(*bucket);
    store_ = &bucket_->store();
    return make_default_configuration();
}

Result<void> Server::Impl::make_default_configuration() {
    for (const auto& [arn, configuration] : catalog_->directory()->recording_configurations) {
        if (configuration.name == kDefaultConfiguration) return {};
    }
    catalog::RecordingConfiguration made;
    made.arn = ivs::recording_configuration_arn(settings_.region, settings_.account,
                                                random_alphanumeric(12));
    made.name = kDefaultConfiguration;
    made.bucket_name = bucket_->name();
    made.reconnect_window = settings_.reconnect_window;
    made.thumbnail_interval = std::chrono::seconds{5};
    return catalog_->add_recording_configuration(made);
}

Result<void> Server::Impl::take_up_recordings() {
    const std::filesystem::path spool = settings_.data / "spool";
    commit_ = std::make_unique<record::GroupCommit>(
        [this, spool] { return record::sync_all(spool, *store_); });
    const record::RecordingPlace place{.store = *store_,
                                       .catalog = *catalog_,
                                       .views = recordings_,
                                       .clock = clock_,
                                       .spool = spool,
                                       .commit = commit_.get(),
                                       .sync_always = settings_.sync_recordings_always};
    auto taken_up = record::take_up_recordings(place, epoch_, record::boot_of_machine());
    if (!taken_up) return std::unexpected(taken_up.error());
    std::multimap<WallTime, std::size_t> by_start;
    for (std::size_t i = 0; i < taken_up->size(); ++i)
        by_start.emplace((*taken_up)[i].row.started_at, i);
    for (const auto& [started_at, i] : by_start) taken_up_.push_back(std::move((*taken_up)[i]));
    const auto newest = catalog_->newest_recordings();
    if (!newest) return std::unexpected(newest.error());
    for (const catalog::Recording& row : *newest) {
        recordings_.publish(row.channel, std::make_shared<const record::RecordingView>(
                                             record::RecordingView{.recording = row}));
    }
    recorder_ = std::make_unique<record::Recorder>(place);
    make_thumbnails(*newest);
    return {};
}

/// Those of earlier processes are looked up behind the first that are made.
void Server::Impl::make_thumbnails(const std::vector<catalog::Recording>& newest) {
    const std::vector<std::string> helper{"/proc/self/exe", pictures::kHelperCommand};
    thumbnails_ = std::make_unique<record::Thumbnails>(
        record::Thumbnails::Rooms{*store_, newest_thumbnails_, clock_},
        std::make_unique<pictures::PictureProcess>(helper, clock_));
    for (const catalog::Recording& row : newest) thumbnails_->look_up(row);
}

/// The log, what writes to it and who gets it; tells what an earlier process left untold.
Result<void> Server::Impl::open_event_log() {
    notify::EventLogOptions options;
    for (const WebhookSettings& webhook : settings_.webhooks)
        options.receivers.push_back(notify::receiver_name(webhook.url));
    if (auto kept = catalog_->keep_receivers(options.receivers); !kept) return kept;
    for (const WebhookSettings& webhook : settings_.webhooks) {
        webhooks_.push_back(std::make_unique<notify::Webhook>(
            *catalog_, clock_,
            notify::WebhookOptions{.url = webhook.url,
                                   .secret = webhook.secret,
                                   .times = {.retry_for = settings_.event_retry_for}}));
    }
    const auto newest = catalog_->last_cursor();
    if (!newest) return std::unexpected(newest.error());
    event_api_ = std::make_unique<notify::EventApi>(*catalog_, *newest, background_.get_executor());
    const auto tell = [this](const std::vector<catalog::Event>& events) {
        event_api_->on_events(events);
        for (const auto& webhook : webhooks_) webhook->notice();
    };
    event_log_ = std::make_unique<notify::EventLog>(*catalog_, clock_, std::move(options), tell);
    channel_events_ = std::make_unique<notify::ChannelEvents>(
        *event_log_, *catalog_, clock_,
        notify::ChannelEventsSettings{.region = settings_.region,
                                      .account = settings_.account,
                                      .bucket_name = bucket_->name()});
    return channel_events_->take_up();
}

void Server::Impl::wire_functions() {
    const auto events_where = [this](bool authorized) {
        return std::make_unique<edge::ViewerEvents>(
            epoch_, clock_, [this, authorized](const ChannelId& channel) {
                const auto directory = catalog_->directory();
                const auto found = directory->channels.find(channel);
                return found != directory->channels.end() && found->second.authorized == authorized;
            });
    };
    viewer_events_ = events_where(false);
    private_events_ = events_where(true);
    loops_ = std::make_unique<net::Loops>(settings_.loops.value_or(net::usable_cores()));
    live_ = std::make_unique<LiveService>(
        LiveService::Rooms{.loops = *loops_,
                           .wiring = {.region = settings_.region,
                                      .account = settings_.account,
                                      .epoch = epoch_,
                                      .clock = clock_,
                                      .recorder = *recorder_,
                                      .thumbnails = *thumbnails_,
                                      .channel_views = channels_,
                                      .stream_statuses = stream_statuses_,
                                      .on_view =
                                          [this](const live::ChannelView& view) {
                                              viewer_events_->on_view(view);
                                              private_events_->on_view(view);
                                              waits_.notice(view.channel);
                                          },
                                      .events = *channel_events_,
                                      .counters = counters_,
                                      .catalog = *catalog_,
                                      .recording_max = settings_.recording_max,
                                      .target_seconds = settings_.segment_max_seconds,
                                      .enforce_limits = settings_.enforce_ingest_limits},
                           .recordings = recordings_,
                           .viewers = viewers_,
                           .concurrent_streams_max = settings_.quotas.concurrent_streams});
    live_->take_up(std::move(taken_up_));
    objects_ = std::make_unique<edge::OpenObjects>(*store_, clock_);
    ranges_ = std::make_unique<edge::RecordedRanges>(edge::RecordedRanges::Rooms{
        .store = *store_,
        .open_playlist = [this](std::string_view key) { return live_->open_playlist(key); },
        .folder = settings_.data / "index"});
    windows_ = std::make_unique<edge::Windows>(edge::Windows::Rooms{
        .catalog = *catalog_, .ranges = *ranges_, .channels = channels_, .clock = clock_});
    save_meta_ = std::make_unique<meta::SaveRecordingStartMeta>(*store_, *live_);
    latest_meta_ = std::make_unique<meta::GetLatestRecordingStartMeta>(*store_, *live_);
    notify::ObjectCreatedQueueOptions options{.source = {settings_.region, settings_.account}};
    options.events_max +=
        recordings_.all().size();  // those of reconcile_metadata() push no other out
    created_ = std::make_unique<notify::ObjectCreatedQueue>(
        std::move(options),
        [this](const notify::ObjectCreatedRecord& record) { return save_start(record); });
    notifications_ = std::make_unique<notify::S3Notifications>(
        notify::S3NotificationsOptions{.secret = settings_.notifications_secret},
        [this](const notify::ObjectCreatedRecord& record) { return save_start(record); },
        readers_.get_executor());
    store_->set_observer([this](const store::ObjectCreated& created) {
        objects_->forget(created.object.key);  // what it was before, if a viewer had it
        created_->push(created);
    });
    bucket_->start();
}

Result<void> Server::Impl::save_start(const notify::ObjectCreatedRecord& record) {
    const std::scoped_lock lock{saving_};
    const auto saved = save_meta_->handle(record.key, record.sequencer);
    if (!saved) return std::unexpected(saved.error());
    const auto ref =
        ivs::parse_recording_prefix(record.key.substr(0, record.key.rfind("/events/")));
    return ref ? latest_meta_->saved(ref->channel) : std::unexpected(ref.error());
}

void Server::Impl::wire_remover() {
    remover_ = std::make_unique<RecordingRemover>(RecordingRemover::Rooms{
        .catalog = *catalog_,
        .store = *store_,
        .recordings = recordings_,
        .on_recorder = [this](std::function<void()> job) { recorder_->post(std::move(job)); },
        .forget =
            [this](const catalog::Recording& row) {
                live_->forget_recording(row.channel, row.id);
                edge_->forget_recording(row.channel, row.id);
                objects_->forget(row.prefix + "/");
                forget_thumbnails(row);
            },
        .save_metadata = [this](const std::string& key) { save_metadata(key); },
        .removed =
            [this](const catalog::Recording& row) { channel_events_->recording_deleted(row); }});
}

/// Where the channel shows another recording now, its newest thumbnail is that one's.
void Server::Impl::forget_thumbnails(const catalog::Recording& row) {
    thumbnails_->forget(row.channel, row.id);
    const auto view = recordings_.get(row.channel);
    if (view && view->recording.id != row.id) thumbnails_->look_up(view->recording);
}

/// Takes up the saved metadata of every channel that has a recording, so that the first viewer
/// finds it.
void Server::Impl::reconcile_metadata() {
    const auto recorded = recordings_.all();
    for (const auto& [channel, view] : recorded) {
        if (auto read = latest_meta_->saved(channel); !read) {
            log::warning("[channel {}] its saved metadata cannot be read: {}", channel.view(),
                         read.error().what);
        }
    }
    // What was recorded and not told when the last process ended is told now; twice does no harm.
    for (const auto& [channel, view] : recorded) {
        save_metadata(ivs::recording_started_key(view->recording.prefix));
    }
}

void Server::Impl::save_metadata(const std::string& key) {
    store::ObjectCreated event;
    event.bucket = bucket_->name();
    event.object.key = key;
    event.time = clock_.wall();
    event.sequencer = "0";
    created_->push(event);
}

}  // namespace oxbow::app
