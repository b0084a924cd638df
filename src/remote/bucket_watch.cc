#include "remote/bucket_watch.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "ivs/recording_metadata.h"
#include "ivs/recording_prefix.h"
#include "record/bucket_recordings.h"

namespace oxbow::remote {
namespace {

constexpr std::size_t kSeenMax = 100'000;

// 123456789012 of arn:aws:ivs:us-east-1:123456789012:channel/AsXego4U6tnj
std::string_view account_of(std::string_view arn) {
    for (int colons = 0; colons < 4; ++colons) {
        arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
    }
    return arn.substr(0, arn.find(':'));
}

// 5 of "5" and of "05"; nullopt: no minute of an hour
std::optional<std::chrono::minutes> minute_of(std::string_view name) {
    int minute = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), minute);
    const bool is_number = error == std::errc{} && end == name.data() + name.size();
    if (!is_number || name.size() > 2 || minute < 0 || minute > 59) return std::nullopt;
    return std::chrono::minutes{minute};
}

bool is_open(const catalog::Recording& recording) {
    return recording.status == catalog::RecordingStatus::Started;
}

}  // namespace

bool may_pass(const Error& error) {
    return error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout ||
           error.code == ErrorCode::LimitExceeded;
}

std::set<std::string> hour_folders(std::string_view account, const ChannelId& channel,
                                   WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const auto hour = std::chrono::floor<std::chrono::hours>(time - day).count();
    const int year = static_cast<int>(date.year());
    const auto month = static_cast<unsigned>(date.month());
    const auto of_month = static_cast<unsigned>(date.day());
    const std::string root = fmt::format("ivs/v1/{}/{}/{}/", account, channel.view(), year);
    return {fmt::format("{}{}/{}/{}/", root, month, of_month, hour),
            fmt::format("{}{:02}/{:02}/{:02}/", root, month, of_month, hour)};
}

Result<void> BucketWatch::take_up() {
    const auto newest = rooms_.catalog.newest_recordings();
    if (!newest) return std::unexpected(newest.error());
    for (const catalog::Recording& row : *newest) publish(row);
    return {};
}

/// The newest of its channel is what viewers are shown.
void BucketWatch::publish(const catalog::Recording& recording) {
    const auto shown = rooms_.recordings.get(recording.channel);
    if (shown && shown->recording.id != recording.id &&
        shown->recording.started_at > recording.started_at)
        return;
    rooms_.recordings.publish(recording.channel,
                              std::make_shared<const record::RecordingView>(
                                  record::RecordingView{.recording = recording}));
}

Result<void> BucketWatch::update(catalog::Recording recording) {
    const auto before = rooms_.catalog.recording(recording.id);
    if (!before && before.error().code != ErrorCode::NotFound)
        return std::unexpected(before.error());
    if (before && (before->prefix != recording.prefix || !before->deleting.empty())) {
        return fail(ErrorCode::Conflict, fmt::format("{}: another recording has its id",
                                                     log::printable(recording.prefix)));
    }
    const auto written = before ? rooms_.catalog.update_recording(recording)
                                : rooms_.catalog.add_recording(recording);
    if (!written) return written;
    publish(recording);
    if (!before || before->status != recording.status) rooms_.changed(recording);
    return {};
}

Result<void> BucketWatch::take(const std::string& key, const std::string& sequencer) {
    const std::lock_guard lock{taking_};
    if (!key.ends_with(ivs::kRecordingStartedSuffix)) return {};
    const std::string prefix = key.substr(0, key.size() - ivs::kRecordingStartedSuffix.size());
    const auto text = rooms_.store.get(key, ivs::kMetadataBytesMax);
    if (!text) return std::unexpected(text.error());
    const auto metadata = ivs::read_recording_metadata(*text);
    if (!metadata) {
        return fail(metadata.error().code,
                    fmt::format("object '{}': {}", log::printable(key), metadata.error().what));
    }
    if (auto known = rooms_.know_channel(metadata->channel_arn); !known) return known;
    if (auto saved = rooms_.save_start(key, sequencer); !saved) return saved;
    auto recording = record::recording_in_bucket(rooms_.store, prefix, record::Unended::Anybodys);
    if (!recording) {
        return fail(recording.error().code,
                    fmt::format("{}: {}", log::printable(prefix), recording.error().what));
    }
    return update(*std::move(recording));
}

bool BucketWatch::is_fresh(const ChannelId& channel) const {
    const auto shown = rooms_.recordings.get(channel);
    if (!shown || !is_open(shown->recording)) return true;
    const std::lock_guard lock{mutex_};
    const auto found = fresh_until_.find(channel);
    return found != fresh_until_.end() && rooms_.clock.steady() < found->second;
}

void BucketWatch::refresh(const ChannelId& channel) {
    {
        const std::lock_guard lock{mutex_};
        if (!refreshing_.insert(channel).second) return;
    }
    const auto shown = rooms_.recordings.get(channel);
    const bool looks = shown && is_open(shown->recording) && !is_fresh(channel);
    const auto done = looks ? refresh_open(shown->recording) : Result<void>{};
    if (!done) log::debug("[channel {}] {}", channel.view(), done.error().what);
    const std::lock_guard lock{mutex_};
    if (looks) fresh_until_[channel] = rooms_.clock.steady() + kFresh;
    refreshing_.erase(channel);
}

/// In: an open recording. It has ended where one of two objects is there. Out: whether.
Result<bool> BucketWatch::take_end(const catalog::Recording& recording) {
    for (const std::string& key : {ivs::recording_ended_key(recording.prefix),
                                   ivs::recording_failed_key(recording.prefix)}) {
        const auto there = rooms_.store.head(key);
        if (!there && there.error().code == ErrorCode::NotFound) continue;
        if (!there) return std::unexpected(there.error());
        auto ended =
            record::recording_in_bucket(rooms_.store, recording.prefix, record::Unended::Anybodys);
        if (!ended) return std::unexpected(ended.error());
        if (auto updated = update(*std::move(ended)); !updated)
            return std::unexpected(updated.error());
        return true;
    }
    return false;
}

/// In: an open recording. Where it has not ended it has what its playlist lists.
Result<void> BucketWatch::refresh_open(catalog::Recording recording) {
    const auto has_ended = take_end(recording);
    if (!has_ended) return std::unexpected(has_ended.error());
    if (*has_ended) return {};
    const auto duration = rooms_.duration(recording);
    if (!duration) return std::unexpected(duration.error());
    if (*duration == recording.duration) return {};
    recording.duration = *duration;
    publish(recording);
    return {};
}

Result<void> BucketWatch::look_into_minute(const std::string& folder) {
    const auto inner = rooms_.store.folders(folder);
    if (!inner) return std::unexpected(inner.error());
    for (const std::string& each : *inner) {
        {
            const std::lock_guard lock{mutex_};
            if (seen_.contains(each)) continue;
        }
        const std::string prefix = each.substr(0, each.size() - 1);
        const auto ref = ivs::parse_recording_prefix(prefix);
        if (ref && !rooms_.catalog.recording(ref->recording)) {
            const std::string key = ivs::recording_started_key(prefix);
            const auto there = rooms_.store.head(key);
            if (!there && there.error().code == ErrorCode::NotFound) continue;  // not yet
            if (!there) return std::unexpected(there.error());
            const auto taken = take(key);
            if (!taken && may_pass(taken.error())) return taken;
            if (!taken) log::warning("a recording is left out: {}", taken.error().what);
        }
        const std::lock_guard lock{mutex_};
        seen_.insert(each);
    }
    return {};
}

Result<void> BucketWatch::look_into_hour(const std::string& folder, WallTime hour) {
    const auto minutes = rooms_.store.folders(folder);
    if (!minutes) return std::unexpected(minutes.error());
    for (const std::string& each : *minutes) {
        // ".../9/5/" of ".../9/"; a bucket may have a folder without a name, too.
        const auto minute = minute_of(
            std::string_view{each}.substr(folder.size(), each.size() - folder.size() - 1));
        if (!minute) continue;
        {
            const std::lock_guard lock{mutex_};
            if (seen_.contains(each)) continue;
        }
        if (auto looked = look_into_minute(each); !looked) return looked;
        // What began in minute 5 is there a moment later, and nothing comes after.
        if (rooms_.clock.wall() - (hour + *minute) < kMinuteOpen) continue;
        const std::lock_guard lock{mutex_};
        if (seen_.size() >= kSeenMax) seen_.clear();
        seen_.insert(each);
    }
    return {};
}

Result<void> BucketWatch::look_at(const catalog::Channel& channel) {
    const WallTime now = rooms_.clock.wall();
    const auto hour = std::chrono::floor<std::chrono::hours>(now);
    for (const WallTime each : {WallTime{hour - std::chrono::hours{1}}, WallTime{hour}}) {
        for (const std::string& folder : hour_folders(account_of(channel.arn), channel.id, each)) {
            if (auto looked = look_into_hour(folder, each); !looked) return looked;
        }
    }
    refresh(channel.id);
    return look_at_older(channel.id);
}

/// One whose channel shows a newer one by now: nobody else asks whether it has ended.
Result<void> BucketWatch::look_at_older(const ChannelId& channel) {
    const auto shown = rooms_.recordings.get(channel);
    const auto open = rooms_.catalog.unfinished_recordings();
    if (!open) return std::unexpected(open.error());
    for (const catalog::Recording& row : *open) {
        if (row.channel != channel || (shown && shown->recording.id == row.id)) continue;
        const auto ended = take_end(row);
        if (!ended && may_pass(ended.error())) return std::unexpected(ended.error());
    }
    return {};
}

/// One recording after the other, each in its turn.
Result<void> BucketWatch::look_for_gone() {
    const auto next = rooms_.catalog.retained_recordings(still_there_, 1);
    if (!next) return std::unexpected(next.error());
    if (next->empty()) {
        still_there_ = {};
        return {};
    }
    still_there_ = {.started_at = next->front().started_at, .id = next->front().id};
    const auto row = rooms_.catalog.recording(next->front().id);
    if (!row) return std::unexpected(row.error());
    const auto there = rooms_.store.head(ivs::recording_started_key(row->prefix));
    if (there) return {};
    if (there.error().code != ErrorCode::NotFound) return std::unexpected(there.error());
    // Somebody before the bucket may say so, too; a list comes from the bucket alone.
    const auto left = rooms_.store.list(row->prefix + "/events/");
    if (!left) return std::unexpected(left.error());
    return left->empty() ? let_go(*row) : Result<void>{};
}

Result<void> BucketWatch::let_go(const catalog::Recording& recording) {
    const std::lock_guard lock{taking_};
    if (auto removed = rooms_.catalog.remove_recording(recording.id); !removed) return removed;
    const auto shown = rooms_.recordings.get(recording.channel);
    if (shown && shown->recording.id == recording.id) {
        const auto others = rooms_.catalog.recordings(recording.channel, {.offset = 0, .limit = 1});
        if (!others) return std::unexpected(others.error());
        rooms_.recordings.publish(recording.channel,
                                  others->empty()
                                      ? nullptr
                                      : std::make_shared<const record::RecordingView>(
                                            record::RecordingView{.recording = others->front()}));
    }
    log::info("[channel {}] recording {} is not in the bucket any more", recording.channel.view(),
              recording.id.view());
    rooms_.gone(recording);
    return {};
}

void BucketWatch::look(const std::function<bool()>& stopping) {
    const auto directory = rooms_.catalog.directory();
    for (const catalog::ChannelPlace& place : *directory->channels_by_creation) {
        if (stopping()) return;
        const auto channel = directory->channels.find(place.id);
        if (channel == directory->channels.end()) continue;
        const auto shown = rooms_.recordings.get(place.id);
        const bool busy = rooms_.is_live(place.id) || (shown && is_open(shown->recording));
        const SteadyTime now = rooms_.clock.steady();
        {
            const std::lock_guard lock{mutex_};
            // A channel that has gone on the air is not left to wait for its minute.
            const auto [at, is_new] = look_at_.try_emplace(place.id, now);
            if (busy) at->second = std::min(at->second, now + kLookLive);
            if (now < at->second) continue;
            at->second = now + (busy ? kLookLive : kLookIdle);
        }
        const auto looked = look_at(channel->second);
        if (!looked && !told_) log::warning("the bucket is not looked at: {}", looked.error().what);
        told_ = !looked;
        if (looked) continue;
        const std::lock_guard lock{mutex_};
        look_at_[place.id] = now + kLookLive;
        return;  // the bucket is away: later, for all
    }
    if (stopping()) return;
    if (const auto looked = look_for_gone(); !looked) log::debug("{}", looked.error().what);
}

}  // namespace oxbow::remote
