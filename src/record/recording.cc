#include "record/recording.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/log.h"
#include "record/limits.h"
#include "record/recording_objects.h"
#include "record/take_up.h"

namespace oxbow::record {
namespace {

std::uint32_t checksum_of(const AppendBuffer& bytes) {
    std::uint32_t out = 0;
    for (const BytesView slice : bytes.slices()) out = crc32c(slice, out);
    return out;
}

}  // namespace

Recording::Recording(RecordingPlace place, RecordingSpec spec,
                     std::shared_ptr<RecordingListener> listener)
    : place_(std::move(place)), spec_(std::move(spec)), listener_(std::move(listener)) {
    names_.add(0, 0, spec_.epoch);
    row_ = {.id = spec_.recording,
            .channel = spec_.channel,
            .prefix = ivs::recording_prefix(
                {spec_.account, spec_.channel, spec_.recording, spec_.started_at}),
            .started_at = spec_.started_at,
            .streams = {spec_.stream},
            .segment_epochs = names_.text()};
    row_.layout.live_target_seconds = spec_.live_target_seconds;
}

Recording::Recording(RecordingPlace place, TakenUp taken_up,
                     std::shared_ptr<RecordingListener> listener)
    : place_(std::move(place)),
      spec_(std::move(taken_up.spec)),
      listener_(std::move(listener)),
      row_(std::move(taken_up.row)),
      variant_(std::move(taken_up.variant)),
      names_(std::move(taken_up.names)),
      journal_(std::move(taken_up.journal)),
      next_chunk_(taken_up.next_chunk),
      next_number_(taken_up.next_number),
      interruption_(kServerInterrupted),
      announced_(true),
      multivariants_written_(true),
      playlists_put_at_(place_.clock.wall()) {
    for (const Chunk& chunk : taken_up.chunks) {
        playlists_.append(chunk);
        segments_ += chunk.segments.size();
    }
    publish_view(PlaylistsFrom::Memory);
}

// --- A segment -----------------------------------------------------------------------------------

Result<void> Recording::append(const LiveSegment& segment, std::uint64_t gap) {
    next_number_ += gap;
    lost_ += gap;
    interrupted_ = interrupted_ || gap > 0;  // who left them out has told of it
    const auto written = write(segment);
    ++next_number_;
    if (!written) {
        if (!announced_ || written.error().code != ErrorCode::Unavailable)
            return std::unexpected(written.error());
        lose(written.error());
        return {};
    }
    listener_->on_written(*written);
    if (lost_ > 0) resume();

    const bool first_chunk = open_->chunk.number == 0 && !segment.lead;
    if (first_chunk || open_->chunk.duration() >= kChunkTarget) {
        const auto closed = close_chunk();
        return closed || announced_ ? Result<void>{} : closed;
    }
    if (playlists_due_ || row_due_) settle();
    return {};
}

/// Writes the segment and its record; after an error nothing of it counts.
Result<FileRegion> Recording::write(const LiveSegment& segment) {
    if (row_.rendition.empty()) {
        if (auto started = start_rendition(segment); !started)
            return std::unexpected(started.error());
    }
    if (auto begun = begin_chunk(segment); !begun) return std::unexpected(begun.error());
    const ByteRangeEntry entry{open_->file.size(), segment.bytes.size(), segment.duration,
                               segment.program_date_time};
    auto written = open_->file.append(segment.bytes);
    if (!written) return written;
    if (place_.sync_always) {
        if (auto synced = open_->file.sync(); !synced) return std::unexpected(synced.error());
    }
    if (auto recorded = write_records(segment, entry); !recorded) {
        open_->file.drop_back_to(entry.offset);
        return std::unexpected(recorded.error());
    }
    note_written(segment, entry);
    return written;
}

/// Makes sure that there is a chunk that the segment may go to.
Result<void> Recording::begin_chunk(const LiveSegment& segment) {
    const bool breaks = segment.discontinuity || lost_ > 0;
    if (breaks && names_.parts() > kInterruptionsMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("it was interrupted more than {} times", kInterruptionsMax));
    }
    if (open_ && !open_->chunk.segments.empty() && (breaks || close_due_)) {
        if (auto closed = close_chunk(); !closed) return closed;
    }
    if (!open_) return open_chunk(breaks);
    open_->chunk.discontinuity = open_->chunk.discontinuity || (breaks && open_->chunk.number > 0);
    return {};
}

Result<void> Recording::write_records(const LiveSegment& segment, const ByteRangeEntry& entry) {
    std::string records;
    while (!unsynced_.empty() && unsynced_.front().first <= place_.commit->done()) {
        synced_told_ = unsynced_.front().second;
        unsynced_.pop_front();
        records = journal_synced(synced_told_);
    }
    Variant grown = variant_;
    if (widen(grown, segment)) records += journal_rendition(grown);
    if (lost_ > 0 && interruption_.empty()) records += journal_interrupted(kDiskInterrupted);
    records += journal_segment(
        {.number = next_number_,
         .chunk = open_->chunk.number,
         .discontinuity = open_->chunk.discontinuity && open_->chunk.segments.empty(),
         .entry = entry,
         .start = segment.start,
         .checksum = checksum_of(segment.bytes)});
    if (auto appended = journal_->append(records); !appended) return appended;
    return place_.sync_always ? journal_->sync() : Result<void>{};
}

void Recording::note_written(const LiveSegment& segment, const ByteRangeEntry& entry) {
    open_->chunk.segments.push_back(entry);
    if (lost_ > 0) {
        names_.add(segments_, next_number_, spec_.epoch);
        row_.segment_epochs = names_.text();
        row_due_ = true;
        if (interruption_.empty()) interruption_ = kDiskInterrupted;
    }
    ++segments_;
    if (widen(variant_, segment)) multivariants_written_ = false;
    if (place_.commit == nullptr) return;
    const std::uint64_t commit = place_.commit->note();
    if (unsynced_.empty() || unsynced_.back().first != commit) {
        unsynced_.emplace_back(commit, segments_);
    } else {
        unsynced_.back().second = segments_;
    }
}

void Recording::lose(const Error& why) {
    ++lost_;
    listener_->on_lost();
    if (std::exchange(interrupted_, true)) return;
    log::error("[channel {}] [recording {}] is interrupted: {}", spec_.channel.view(),
               spec_.recording.view(), why.what);
    listener_->on_interrupted(why.what);
}

void Recording::resume() {
    log::warning("[channel {}] [recording {}] goes on; it lacks {} segments", spec_.channel.view(),
                 spec_.recording.view(), lost_);
    listener_->on_resumed(std::exchange(lost_, 0));
    interrupted_ = false;
}

Result<void> Recording::start_rendition(const LiveSegment& first) {
    variant_ = variant_of(first);
    auto journal = Journal::create(spool(), {.recording = spec_.recording,
                                             .channel = spec_.channel,
                                             .account = spec_.account,
                                             .region = spec_.region,
                                             .started_at = spec_.started_at,
                                             .live_target_seconds = spec_.live_target_seconds});
    if (!journal) return std::unexpected(journal.error());
    journal_.emplace(std::move(*journal));
    std::string records = journal_process(spec_.epoch, boot_of_machine());
    for (const StreamId& stream : row_.streams) records += journal_stream(stream);
    if (spec_.thumbnails) records += journal_thumbnails(*spec_.thumbnails);
    records += journal_rendition(variant_);
    if (auto appended = journal_->append(records); !appended) return appended;
    row_.rendition = variant_.group_id;
    return {};
}

// --- A chunk -------------------------------------------------------------------------------------

Result<void> Recording::open_chunk(bool discontinuity) {
    auto file = ChunkFile::create(spool() / fmt::format("{}.ts", next_chunk_));
    if (!file) return std::unexpected(file.error());
    if (place_.sync_always) {
        // The names of the new files, too.
        if (auto synced = sync_folders(spool()); !synced) return synced;
    }
    open_.emplace(OpenChunk{std::move(*file),
                            {.number = next_chunk_,
                             .discontinuity = discontinuity && next_chunk_ > 0,
                             .segments = {}}});
    return {};
}

/// Closes the open chunk and shows it. Errors: the chunk is still open; once the recording is
/// announced, nothing else is an error.
Result<void> Recording::close_chunk() {
    const std::uint64_t bytes = open_->file.size();
    const auto saved = save_open_chunk();
    close_due_ = !saved;
    if (!saved) return saved;
    bytes_since_put_ += bytes;
    if (!announced_) return announce();
    publish_view(PlaylistsFrom::Memory);
    row_due_ = true;
    playlists_due_ = playlists_due_ || playlists_are_due();
    settle();
    return {};
}

/// Makes the open chunk an object, if a whole segment is in it. After an error it is still open.
Result<void> Recording::save_open_chunk() {
    if (!open_ || open_->chunk.segments.empty()) return {};
    if (auto awaited = await_commits(); !awaited) return awaited;
    if (auto cut = open_->file.cut(); !cut) return cut;
    const Chunk& chunk = open_->chunk;
    const auto object = place_.store.adopt(
        open_->file.path(), ivs::chunk_key(row_.prefix, row_.rendition, chunk.number));
    if (!object) return std::unexpected(object.error());
    playlists_.append(chunk);
    row_.duration = std::chrono::milliseconds{milliseconds(playlists_.total())};
    row_.bytes += chunk.bytes();
    next_chunk_ = chunk.number + 1;
    if (place_.commit != nullptr) unsynced_chunks_.push_back(place_.commit->note());
    listener_->on_chunk(chunk);
    open_.reset();
    return {};
}

/// Waits for the disk where kChunksUnsyncedMax chunks would not survive a power loss.
Result<void> Recording::await_commits() {
    while (!unsynced_chunks_.empty() && unsynced_chunks_.front() <= place_.commit->done())
        unsynced_chunks_.pop_front();
    if (unsynced_chunks_.size() < kChunksUnsyncedMax) return {};
    if (auto committed = place_.commit->commit(); !committed) return committed;
    unsynced_chunks_.clear();
    return {};
}

// --- The bucket, the catalogue and viewers -------------------------------------------------------

Result<void> Recording::announce() {
    if (auto put = put_playlists_now(false); !put) return put;
    if (auto put = put_multivariants_now(); !put) return put;
    // The row before the event: whoever handles the event may ask for the recording at once.
    if (auto added = place_.catalog.add_recording(row_); !added) return added;
    publish_view(PlaylistsFrom::Memory);
    if (auto put = put_metadata(place_, ivs::recording_started_key(row_.prefix), metadata()); !put)
        return put;
    announced_ = true;
    listener_->on_state(row_);
    return {};
}

bool Recording::playlists_are_due() const {
    const WallTime now = place_.clock.wall();
    const auto age = now - row_.started_at;
    const auto since = now - playlists_put_at_;
    const bool cheap = playlists_.bytes() < kPlaylistsSmall ||
                       playlists_.bytes() * kMediaPerPlaylistByte <= bytes_since_put_;
    if (age < kPutEveryChunkFor) return cheap || since >= kPutAtMostEvery;
    if (age < kPutRarelyAfter && cheap) return since >= kPutAtMostEvery;
    return since >= kPutRarelyEvery;
}

Result<void> Recording::put_playlists_now(bool ended) {
    playlists_put_at_ = place_.clock.wall();
    bytes_since_put_ = 0;
    return put_playlists(place_, row_, playlists_, ended);
}

Result<void> Recording::put_multivariants_now() {
    if (auto put = put_multivariants(place_, row_, spec_.account, variant_); !put) return put;
    multivariants_written_ = true;
    return {};
}

/// Puts what is due. What is not taken now, as on a full disk, is put with a later segment.
void Recording::settle() {
    if (playlists_due_ && put_playlists_now(false)) playlists_due_ = false;
    // A player that chose by the first segment was told too little of a stream that grew, or that
    // has a track which came late.
    if (!multivariants_written_ && !playlists_due_) static_cast<void>(put_multivariants_now());
    if (row_due_ && place_.catalog.update_recording(row_)) row_due_ = false;
}

ivs::RecordingMetadata Recording::metadata() const {
    return metadata_of(row_, spec_.region, spec_.account, variant_, spec_.thumbnails);
}

void Recording::publish_view(PlaylistsFrom from) {
    RecordingView view{.recording = row_};
    if (from == PlaylistsFrom::Memory) {
        const bool ended = row_.status != catalog::RecordingStatus::Started;
        view.standard_playlist = playlists_.standard(place_.clock.wall(), ended);
        view.byte_range_playlist = playlists_.byte_range(ended);
    }
    place_.views.publish(spec_.channel, std::make_shared<const RecordingView>(std::move(view)));
}

// --- Streams, and the end ------------------------------------------------------------------------

Result<void> Recording::stream_left(WallTime until) {
    if (journal_) static_cast<void>(journal_->append(journal_away(until)));  // a hint only
    if (open_) {
        if (auto closed = close_chunk(); !closed && !announced_) return closed;
    }
    if (!announced_) return {};
    publish_view(PlaylistsFrom::Memory);
    playlists_due_ = true;
    settle();
    return {};
}

Result<void> Recording::stream_joined(StreamId stream) {
    if (journal_) {
        if (auto told = journal_->append(journal_stream(stream)); !told && !announced_) return told;
    }
    row_.streams.push_back(std::move(stream));
    if (!announced_) return {};
    publish_view(PlaylistsFrom::Memory);
    row_due_ = true;
    settle();
    return {};
}

Result<void> Recording::end() {
    if (open_) {
        if (auto closed = close_chunk(); !closed) return closed;
    }
    if (!announced_) {
        clear_spool();
        return {};
    }
    row_.status = catalog::RecordingStatus::Ended;
    row_.status_message = interruption_;
    row_.ended_at = place_.clock.wall();
    if (auto told = journal_->append(journal_end({row_.status, *row_.ended_at, interruption_}));
        !told) {
        return told;
    }
    if (auto put = put_playlists_now(true); !put) return put;
    if (!multivariants_written_) {
        if (auto put = put_multivariants_now(); !put) return put;
    }
    // The row before the event: after an ended event nothing may fail any more.
    if (auto updated = place_.catalog.update_recording(row_); !updated) return updated;
    if (auto put = put_metadata(place_, ivs::recording_ended_key(row_.prefix), metadata()); !put)
        return put;
    publish_view(PlaylistsFrom::Bucket);
    clear_spool();
    listener_->on_state(row_);
    listener_->on_ended();
    return {};
}

void Recording::fail_with(const std::string& why) {
    log::error("[channel {}] [recording {}] ended with a failure: {}", spec_.channel.view(),
               spec_.recording.view(), why);
    row_.status = catalog::RecordingStatus::EndedWithFailure;
    row_.status_message = "InternalServerException";
    row_.ended_at = place_.clock.wall();
    if (journal_) {
        // For the next start, should this process not come to close it; without it that decides.
        static_cast<void>(
            journal_->append(journal_end({row_.status, *row_.ended_at, row_.status_message})));
    }
    if (!close_failed()) {
        if (announced_) publish_view(PlaylistsFrom::Memory);
        log::error("[channel {}] [recording {}] cannot be closed yet; it is tried again",
                   spec_.channel.view(), spec_.recording.view());
    }
    if (!announced_) listener_->on_not_started();
    listener_->on_failed(why);
}

bool Recording::close_failed() {
    if (!announced_) return take_back();
    // What is written stays: closing the chunk renames it, which needs no space.
    if (!save_open_chunk()) return false;
    const bool closed =
        put_playlists_now(true).has_value() &&
        put_metadata(place_, ivs::recording_failed_key(row_.prefix), metadata()).has_value() &&
        place_.catalog.update_recording(row_).has_value();
    if (!closed) return false;
    publish_view(PlaylistsFrom::Bucket);
    clear_spool();
    listener_->on_state(row_);
    return true;
}

bool Recording::take_back() {
    if (!remove_objects(place_, row_)) return false;
    const auto removed = place_.catalog.remove_recording(row_.id);
    if (!removed && removed.error().code != ErrorCode::NotFound) return false;
    const auto view = place_.views.get(spec_.channel);
    if (view && view->recording.id == row_.id) publish_newest_of_catalogue();
    clear_spool();
    return true;
}

void Recording::publish_newest_of_catalogue() {
    const auto newest = place_.catalog.recordings(spec_.channel, {.offset = 0, .limit = 1});
    std::shared_ptr<const RecordingView> view;
    if (newest && !newest->empty()) {
        view = std::make_shared<const RecordingView>(RecordingView{.recording = newest->front()});
    }
    place_.views.publish(spec_.channel, std::move(view));
}

void Recording::clear_spool() {
    closed_ = true;
    open_.reset();
    journal_.reset();
    if (place_.commit != nullptr) return place_.commit->remove_when_done(spool());
    std::error_code ignored;  // a folder that stays is only untidy; the next start removes it
    std::filesystem::remove_all(spool(), ignored);
}

}  // namespace oxbow::record
