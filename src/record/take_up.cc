#include "record/take_up.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "record/limits.h"
#include "record/recording_objects.h"
#include "record/unfinished.h"
#include "record/whole_chunks.h"

namespace oxbow::record {
namespace {

/// What is known of one recording while it is put in order.
struct Reading {
    const RecordingPlace& place;
    const std::string& epoch;
    const std::string& boot;
    JournalContent journal;
    catalog::Recording row;
    bool row_is_there = false;

    bool machine_was_down() const { return journal.boot != boot || boot == "-"; }
};

Result<void> find_row(Reading& reading) {
    const JournalHead& head = reading.journal.head;
    auto found = reading.place.catalog.recording(head.recording);
    if (!found && found.error().code != ErrorCode::NotFound) return std::unexpected(found.error());
    reading.row_is_there = found.has_value();
    if (found) {
        reading.row = std::move(*found);
        // It has ended, but a power loss took the record of it.
        if (reading.row.status != catalog::RecordingStatus::Started && !reading.journal.end) {
            reading.journal.end = JournalEnd{
                reading.row.status, reading.row.ended_at.value_or(reading.place.clock.wall()),
                reading.row.status_message};
        }
    } else {
        reading.row.id = head.recording;
        reading.row.channel = head.channel;
        reading.row.prefix =
            ivs::recording_prefix({head.account, head.channel, head.recording, head.started_at});
        reading.row.started_at = head.started_at;
        reading.row.layout.live_target_seconds = head.live_target_seconds;
    }
    if (reading.journal.variant) reading.row.rendition = reading.journal.variant->group_id;
    reading.row.streams = reading.journal.streams;
    return {};
}

/// Removes every trace of a recording of which nothing was written, or that somebody deleted.
Result<void> take_back(const Reading& reading) {
    if (auto removed = remove_objects(reading.place, reading.row); !removed) return removed;
    if (!reading.row_is_there) return {};
    const auto removed = reading.place.catalog.remove_recording(reading.row.id);
    if (removed || removed.error().code != ErrorCode::Conflict) return removed;
    return {};  // it is locked: an empty recording stays
}

/// Chunks behind the last that is durable, from before a power loss: nothing lists them.
Result<void> remove_unlisted_chunks(const Reading& reading, const std::vector<Chunk>& chunks) {
    const std::string listing = byte_range_playlist_key(reading.row);
    const std::string folder = listing.substr(0, listing.rfind('/') + 1);
    const auto objects = reading.place.store.list(folder);
    if (!objects) return std::unexpected(objects.error());
    for (const store::ObjectInfo& object : *objects) {
        const std::string_view name = std::string_view{object.key}.substr(folder.size());
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        const std::string_view rest{end, static_cast<std::size_t>(name.data() + name.size() - end)};
        if (error != std::errc{} || rest != ".ts" || number <= chunks.back().number) continue;
        if (auto removed = reading.place.store.remove(object.key); !removed) return removed;
    }
    return {};
}

Result<void> put_lists(const Reading& reading, const RecordingPlaylists& playlists, bool ended) {
    if (auto done = put_playlists(reading.place, reading.row, playlists, ended); !done) return done;
    return put_multivariants(reading.place, reading.row, reading.journal.head.account,
                             *reading.journal.variant);
}

Result<void> put_event(const Reading& reading, const catalog::Recording& row,
                       const std::string& key) {
    const JournalHead& head = reading.journal.head;
    return put_metadata(reading.place, key,
                        metadata_of(row, head.region, head.account, *reading.journal.variant,
                                    reading.journal.thumbnails));
}

/// recording-started.json, where a crash came before it or a power loss took it: of its first
/// stream, as it was.
Result<void> put_started(const Reading& reading) {
    const std::string key = ivs::recording_started_key(reading.row.prefix);
    const auto there = reading.place.store.get(key, ivs::kMetadataBytesMax);
    if (there && ivs::read_recording_metadata(*there)) return {};
    if (!there && there.error().code == ErrorCode::Unavailable)
        return std::unexpected(there.error());
    catalog::Recording as_it_was = reading.row;
    as_it_was.status = catalog::RecordingStatus::Started;
    as_it_was.status_message.clear();
    as_it_was.ended_at.reset();
    as_it_was.streams.resize(std::min<std::size_t>(as_it_was.streams.size(), 1));
    return put_event(reading, as_it_was, key);
}

Result<void> put_end(const Reading& reading) {
    const bool failed = reading.row.status == catalog::RecordingStatus::EndedWithFailure;
    return put_event(reading, reading.row,
                     failed ? ivs::recording_failed_key(reading.row.prefix)
                            : ivs::recording_ended_key(reading.row.prefix));
}

Result<void> save_row(const Reading& reading) {
    return reading.row_is_there ? reading.place.catalog.update_recording(reading.row)
                                : reading.place.catalog.add_recording(reading.row);
}

/// The names of the segments that are whole, without what was torn.
SegmentNames names_of(const JournalContent& journal, std::size_t segments) {
    SegmentNames names{journal.names.text()};
    if (segments == journal.segments.size()) return names;
    SegmentNames cut;
    for (std::size_t i = 0; i < segments; ++i) {
        const auto name = names.of(i);
        const bool goes_on = i > 0 && names.of(i - 1).epoch == name.epoch &&
                             names.of(i - 1).number + 1 == name.number;
        if (!goes_on) cut.add(i, name.number, std::string{name.epoch});
    }
    return cut;
}

/// The journal without the records of segments that are not there, and with this process in it.
Result<Journal> go_on_writing(const Reading& reading, std::size_t segments) {
    const JournalContent& content = reading.journal;
    const bool whole = segments == content.segments.size();
    auto journal =
        Journal::open(reading.place.spool / content.head.recording.str(),
                      whole ? content.whole_bytes : content.segments[segments - 1].journal_end);
    if (!journal) return journal;
    std::string records = journal_process(reading.epoch, reading.boot);
    if (!whole) {
        // What stood behind the cut, and still holds.
        records += journal_rendition(*content.variant);
        for (const StreamId& stream : content.streams) records += journal_stream(stream);
    }
    if (auto appended = journal->append(records); !appended)
        return std::unexpected(appended.error());
    return journal;
}

void remove_folder(const std::filesystem::path& folder) {
    std::error_code ignored;  // what stays is only untidy
    std::filesystem::remove_all(folder, ignored);
}

/// Chunk files of segments that are not in the recording.
void remove_chunk_files(const std::filesystem::path& folder) {
    std::error_code ignored;
    for (std::filesystem::directory_iterator entry{folder, ignored}, end; !ignored && entry != end;
         entry.increment(ignored)) {
        std::error_code untidy;
        if (entry->path().extension() == ".ts") std::filesystem::remove(entry->path(), untidy);
    }
}

/// Ends one that was being ended when its process ended.
Result<void> finish(Reading& reading, const RecordingPlaylists& playlists) {
    reading.row.status = reading.journal.end->status;
    reading.row.status_message = reading.journal.end->message;
    reading.row.ended_at = reading.journal.end->at;
    if (auto done = put_lists(reading, playlists, true); !done) return done;
    if (auto done = save_row(reading); !done) return done;
    return put_end(reading);
}

/// Out: nullopt: nothing is left to be done for it.
Result<std::optional<TakenUp>> take_up(Reading reading) {
    if (auto found = find_row(reading); !found) return std::unexpected(found.error());
    const auto started = reading.place.store.head(ivs::recording_started_key(reading.row.prefix));
    if (!started && started.error().code == ErrorCode::Unavailable)
        return std::unexpected(started.error());
    const bool announced = started.has_value();
    const bool gone = !reading.row_is_there && !announced && reading.journal.end;
    if (reading.journal.segments.empty() || gone) {
        if (auto done = take_back(reading); !done) return std::unexpected(done.error());
        return std::nullopt;
    }
    const std::size_t verify_from =
        reading.machine_was_down() ? reading.journal.synced : reading.journal.segments.size();
    const auto whole =
        whole_chunks(reading.place, reading.row.prefix, reading.journal, verify_from);
    if (!whole) return std::unexpected(whole.error());
    if (whole->segments == 0) {
        if (auto done = take_back(reading); !done) return std::unexpected(done.error());
        return std::nullopt;
    }
    remove_chunk_files(reading.place.spool / reading.row.id.str());
    if (reading.machine_was_down()) {
        if (auto done = remove_unlisted_chunks(reading, whole->chunks); !done)
            return std::unexpected(done.error());
    }

    RecordingPlaylists playlists;
    reading.row.bytes = 0;
    for (const Chunk& chunk : whole->chunks) {
        playlists.append(chunk);
        reading.row.bytes += chunk.bytes();
    }
    reading.row.duration = std::chrono::milliseconds{milliseconds(playlists.total())};
    SegmentNames names = names_of(reading.journal, whole->segments);
    reading.row.segment_epochs = names.text();
    if (reading.journal.end) {
        if (auto done = put_started(reading); !done) return std::unexpected(done.error());
        if (auto done = finish(reading, playlists); !done) return std::unexpected(done.error());
        log::warning(
            "[channel {}] [recording {}] was being ended when an earlier process ended; "
            "it is ended now",
            reading.row.channel.view(), reading.row.id.view());
        return std::nullopt;
    }

    reading.row.status = catalog::RecordingStatus::Started;
    reading.row.status_message.clear();
    reading.row.ended_at.reset();
    const JournalSegment& last = reading.journal.segments[whole->segments - 1];
    names.add(whole->segments, last.number + 1, reading.epoch);
    reading.row.segment_epochs = names.text();
    if (auto done = put_lists(reading, playlists, false); !done)
        return std::unexpected(done.error());
    if (auto done = save_row(reading); !done) return std::unexpected(done.error());
    if (auto done = put_started(reading); !done) return std::unexpected(done.error());
    auto journal = go_on_writing(reading, whole->segments);
    if (!journal) return std::unexpected(journal.error());
    const JournalHead& head = reading.journal.head;
    return TakenUp{
        .spec = {.account = head.account,
                 .region = head.region,
                 .channel = head.channel,
                 .recording = head.recording,
                 .stream = reading.row.streams.empty() ? StreamId{} : reading.row.streams.back(),
                 .started_at = head.started_at,
                 .epoch = reading.epoch,
                 .thumbnails = reading.journal.thumbnails,
                 .live_target_seconds = head.live_target_seconds},
        .row = reading.row,
        .variant = *reading.journal.variant,
        .chunks = whole->chunks,
        .names = std::move(names),
        .next_number = last.number + 1,
        .next_chunk = last.chunk + 1 + (reading.machine_was_down() ? kChunksUnsyncedMax : 0),
        .media_end = last.start + last.entry.duration,
        .wall_end = last.entry.program_date_time +
                    std::chrono::milliseconds{milliseconds(last.entry.duration)},
        .away_until = reading.journal.away_until,
        .journal = std::move(*journal)};
}

/// Everything that lies in the spool and may be a recording.
std::vector<std::string> spooled(const std::filesystem::path& spool) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (std::filesystem::directory_iterator entry{spool, ignored}, end; !ignored && entry != end;
         entry.increment(ignored)) {
        names.push_back(entry->path().filename());
    }
    std::ranges::sort(names);
    return names;
}

void tell_kept(std::string_view channel, std::string_view recording, const Error& error) {
    log::error(
        "[channel {}] [recording {}] was cut off and cannot be taken up now ({}): mend that and "
        "start again, until then it is kept as it is",
        channel, recording, error.what);
}

}  // namespace

Result<std::vector<TakenUp>> take_up_recordings(const RecordingPlace& place,
                                                const std::string& epoch, const std::string& boot) {
    std::vector<TakenUp> out;
    std::set<std::string> settled;
    std::set<std::string> kept;
    for (const std::string& name : spooled(place.spool)) {
        auto journal = Journal::read(place.spool / name);
        const bool is_kept = !journal && (journal.error().code == ErrorCode::Unsupported ||
                                          journal.error().code == ErrorCode::Unavailable);
        if (is_kept) {
            tell_kept("?", name, journal.error());
            kept.insert(name);
        }
        if (!journal || journal->head.recording.str() != name) continue;
        const ChannelId channel = journal->head.channel;
        auto taken = take_up(Reading{.place = place,
                                     .epoch = epoch,
                                     .boot = boot,
                                     .journal = std::move(*journal),
                                     .row = {}});
        if (!taken) {
            tell_kept(channel.view(), name, taken.error());
            kept.insert(name);
            continue;
        }
        settled.insert(name);
        if (*taken) {
            kept.insert(name);  // it goes on there
            out.push_back(std::move(**taken));
        }
    }
    std::set<std::string> passed_over = settled;
    passed_over.insert(kept.begin(), kept.end());
    auto still_kept = end_unfinished_recordings(place, passed_over);
    if (!still_kept) return std::unexpected(still_kept.error());
    kept.insert(still_kept->begin(), still_kept->end());
    // What is ended here survives a power loss before the journal that tells of it goes.
    if (!settled.empty() && !sync_all(place.spool, place.store)) return out;
    for (const std::string& name : spooled(place.spool)) {
        if (!kept.contains(name)) remove_folder(place.spool / name);
    }
    return out;
}

}  // namespace oxbow::record
