#include "record/thumbnails.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "packager/key_frame.h"
#include "record/limits.h"

namespace oxbow::record {
namespace {

/// When the key frame of the segment was shown.
WallTime time_of(const LiveSegment& segment) {
    const MediaTime into = segment.key_frame->pts - segment.start;
    return segment.program_date_time + std::chrono::milliseconds{milliseconds(into)};
}

/// The number of a page in a key of the index: its beginning in seconds.
std::int64_t page_number(std::string_view key) {
    const std::string_view name = key.substr(key.rfind('/') + 1);
    std::int64_t number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    return number;
}

}  // namespace

Thumbnails::Thumbnails(Rooms rooms, std::unique_ptr<pictures::Pictures> pictures)
    : rooms_(rooms), pictures_(std::move(pictures)), thread_([this] { run(); }) {}

Thumbnails::~Thumbnails() {
    stop();
}

void Thumbnails::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        changed_.notify_one();
    }
    pictures_->cancel();
    if (thread_.joinable()) thread_.join();
}

// --- What recordings say -------------------------------------------------------------------------

void Thumbnails::begin(ThumbnailedRecording recording) {
    const std::lock_guard lock{mutex_};
    auto open = std::make_shared<Open>();
    open->recording = std::move(recording);
    open_[open->recording.recording] = std::move(open);
}

void Thumbnails::announced(const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    const auto found = open_.find(recording);
    if (found == open_.end() || found->second->announced) return;
    found->second->announced = true;
    if (found->second->picture) enqueue(found->second);
}

void Thumbnails::submit(const RecordingId& recording, LiveSegmentPtr segment, MediaTime offset) {
    const std::lock_guard lock{mutex_};
    const auto found = open_.find(recording);
    if (found == open_.end()) return;
    const OpenPtr& open = found->second;
    const std::size_t bytes = segment->bytes.size();
    if (open->picture || open->under_way || queued_bytes_ + bytes > kThumbnailBytesMax) {
        ++counts_.late;
        return;
    }
    queued_bytes_ += bytes;
    open->picture = Picture{std::move(segment), offset};
    if (open->announced) enqueue(open);
}

/// Under the mutex.
void Thumbnails::enqueue(const OpenPtr& open) {
    open->under_way = true;
    queue_.push_back(open);
    changed_.notify_one();
}

void Thumbnails::end(const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    const auto found = open_.find(recording);
    if (found == open_.end()) return;
    found->second->ended = true;
    if (found->second->under_way) return;
    if (found->second->picture) queued_bytes_ -= found->second->picture->segment->bytes.size();
    open_.erase(found);
}

void Thumbnails::forget(const ChannelId& channel, const RecordingId& recording) {
    OpenPtr open;
    {
        const std::lock_guard lock{mutex_};
        const auto found = open_.find(recording);
        if (found != open_.end()) open = found->second;
        std::erase_if(look_ups_,
                      [&](const LookUp& wanted) { return wanted.recording == recording; });
        if (looking_up_ == recording) looking_up_.reset();
    }
    if (open) {
        const std::lock_guard putting{open->putting};
        open->forgotten = true;
    }
    const auto newest = rooms_.newest.get(channel);
    if (newest && newest->recording == recording) rooms_.newest.publish(channel, nullptr);
}

void Thumbnails::look_up(const catalog::Recording& recording) {
    const std::lock_guard lock{mutex_};
    look_ups_.push_back({recording.channel, recording.id, recording.prefix});
    changed_.notify_one();
}

Thumbnails::Counts Thumbnails::counts() const {
    const std::lock_guard lock{mutex_};
    return counts_;
}

bool Thumbnails::busy() const {
    const std::lock_guard lock{mutex_};
    return working_ || !queue_.empty() || !look_ups_.empty();
}

// --- The thread ----------------------------------------------------------------------------------

void Thumbnails::run() {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        working_ = !queue_.empty() || !look_ups_.empty();
        if (!queue_.empty()) {
            const OpenPtr open = std::move(queue_.front());
            queue_.pop_front();
            const Picture picture = *std::exchange(open->picture, std::nullopt);
            lock.unlock();
            take_picture(open, picture);
            lock.lock();
            queued_bytes_ -= picture.segment->bytes.size();
            finished(open);
        } else if (!look_ups_.empty()) {
            const LookUp wanted = std::move(look_ups_.front());
            look_ups_.pop_front();
            looking_up_ = wanted.recording;
            lock.unlock();
            find_newest(wanted);
            lock.lock();
        } else if (!changed_.wait_for(lock, kThumbnailIdleMax, [this] {
                       return stopping_ || !queue_.empty() || !look_ups_.empty();
                   })) {
            pictures_->rest();
        }
    }
    lock.unlock();
    pictures_->rest();  // on the thread that started it
}

/// Under the mutex.
void Thumbnails::finished(const OpenPtr& open) {
    open->under_way = false;
    if (open->ended) open_.erase(open->recording.recording);
}

void Thumbnails::take_picture(const OpenPtr& open, const Picture& picture) {
    const auto made = make(*open, picture);
    {
        const std::lock_guard lock{mutex_};
        if (!made && stopping_) return;
        ++(made ? counts_.made : counts_.failed);
    }
    if (!made) lost(*open, made.error());
    tell_lost();
}

Result<void> Thumbnails::make(Open& open, const Picture& picture) {
    const auto& video = picture.segment->parameters->video;
    if (!video) return fail(ErrorCode::NotFound, "the segment has no picture");
    const auto key_frame = key_frame_of(*picture.segment, pictures::kAccessUnitBytesMax);
    if (!key_frame) return std::unexpected(key_frame.error());
    if (auto taken = take_up(open); !taken) return taken;
    // All of one recording have the size that its metadata says.
    ivs::Resolution& size = open.progress.page.resolution;
    if (size.width == 0) {
        size = ivs::thumbnail_resolution(open.recording.settings.resolution,
                                         {video->width, video->height});
    }
    const auto jpeg = pictures_->jpeg_of(*key_frame, {size.width, size.height});
    if (!jpeg) return std::unexpected(jpeg.error());

    const std::lock_guard putting{open.putting};
    if (open.forgotten) return {};
    return put(open,
               {.time = time_of(*picture.segment),
                .offset = std::chrono::milliseconds{milliseconds(picture.offset)}},
               *jpeg);
}

/// Where the objects of the recording end, once for each process that makes some.
Result<void> Thumbnails::take_up(Open& open) {
    if (open.progress.page_at) return {};
    Progress progress;
    const std::string& prefix = open.recording.prefix;
    auto page = newest_page(prefix);
    if (!page) return std::unexpected(page.error());
    if (*page && !(*page)->thumbnails.empty()) {
        progress.page = std::move(**page);
        progress.page_at = ivs::thumbnail_page_of(progress.page.thumbnails.back().time);
        const auto number = progress.page.thumbnails.back().number;
        progress.next_number = number ? *number + 1 : 0;
    } else {
        progress.page_at = WallTime::min();
    }
    // A process that was killed may have put one and not listed it.
    while (true) {
        const auto there = rooms_.store.head(ivs::thumbnail_key(prefix, progress.next_number));
        if (!there && there.error().code != ErrorCode::NotFound)
            return std::unexpected(there.error());
        if (!there) break;
        ++progress.next_number;
    }
    open.progress = std::move(progress);
    return {};
}

Result<void> Thumbnails::put(Open& open, const ivs::Thumbnail& thumbnail, BytesView jpeg) {
    const ThumbnailedRecording& recording = open.recording;
    const ThumbnailSettings& settings = recording.settings;
    Progress& progress = open.progress;
    ivs::Thumbnail made = thumbnail;
    std::string key = ivs::latest_thumbnail_key(recording.prefix);
    if (settings.latest) {
        if (auto done = rooms_.store.put(key, jpeg); !done) return std::unexpected(done.error());
    }
    if (settings.sequential) {
        made.number = progress.next_number;
        key = ivs::thumbnail_key(recording.prefix, *made.number);
        if (auto done = rooms_.store.put(key, jpeg); !done) return std::unexpected(done.error());
        ++progress.next_number;
    }
    // The one latest thumbnail has one page, of whatever time.
    const WallTime page =
        settings.sequential ? ivs::thumbnail_page_of(made.time) : ivs::kLatestThumbnailPage;
    if (progress.page_at != page || !settings.sequential) progress.page.thumbnails.clear();
    progress.page_at = page;
    if (progress.page.thumbnails.size() < ivs::kThumbnailsPerPageMax)
        progress.page.thumbnails.push_back(made);
    const auto listed = rooms_.store.put(ivs::thumbnail_page_key(recording.prefix, page),
                                         as_bytes(ivs::to_json(progress.page)));
    if (!listed) return std::unexpected(listed.error());
    rooms_.newest.publish(recording.channel,
                          std::make_shared<const ivs::NewestThumbnail>(ivs::NewestThumbnail{
                              recording.recording, key, made.time, progress.page.resolution}));
    return {};
}

/// The newest page of a recording's index. Out: nullopt: it has none, or one that says nothing.
Result<std::optional<ivs::ThumbnailPage>> Thumbnails::newest_page(const std::string& prefix) {
    const auto pages = rooms_.store.list(ivs::thumbnail_pages_prefix(prefix));
    if (!pages) return std::unexpected(pages.error());
    const auto newest = std::ranges::max_element(
        *pages, {}, [](const store::ObjectInfo& page) { return page_number(page.key); });
    if (newest == pages->end()) return std::nullopt;
    const auto text = rooms_.store.get(newest->key, ivs::kThumbnailPageBytesMax);
    if (!text) return std::unexpected(text.error());
    auto page = ivs::read_thumbnail_page(*text);
    if (!page) return std::nullopt;
    return std::move(*page);
}

void Thumbnails::find_newest(const LookUp& wanted) {
    const auto page = newest_page(wanted.prefix);
    if (!page || !*page || (*page)->thumbnails.empty()) return;
    const ivs::Thumbnail& newest = (*page)->thumbnails.back();
    const std::lock_guard lock{mutex_};
    const bool made_meanwhile = rooms_.newest.get(wanted.channel) != nullptr;
    if (made_meanwhile || looking_up_ != wanted.recording) return;
    rooms_.newest.publish(wanted.channel,
                          std::make_shared<const ivs::NewestThumbnail>(ivs::NewestThumbnail{
                              wanted.recording,
                              newest.number ? ivs::thumbnail_key(wanted.prefix, *newest.number)
                                            : ivs::latest_thumbnail_key(wanted.prefix),
                              newest.time, (*page)->resolution}));
}

// --- What was lost -------------------------------------------------------------------------------

void Thumbnails::lost(const Open& open, const Error& why) {
    ++lost_untold_;
    last_lost_ = fmt::format("[channel {}] [recording {}] {}", open.recording.channel.view(),
                             open.recording.recording.view(), why.what);
}

void Thumbnails::tell_lost() {
    const SteadyTime now = rooms_.clock.steady();
    if (lost_untold_ == 0 || now < tell_at_) return;
    log::warning("{} thumbnails could not be made; the last one: {}",
                 std::exchange(lost_untold_, 0), last_lost_);
    tell_at_ = now + kLostThumbnailsEvery;
}

}  // namespace oxbow::record
