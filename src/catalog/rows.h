#pragma once

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <soci/soci.h>

#include "catalog/catalog.h"
#include "catalog/json_columns.h"

// How each type of the catalog lies in its table: column by column, read and written.

namespace oxbow::catalog {

inline long long column(WallTime time) {
    return time.time_since_epoch().count();
}
inline WallTime read_time(long long column) {
    return WallTime{std::chrono::milliseconds{column}};
}

/// For LIMIT and OFFSET, which know no more rows than a long long does.
inline long long column(std::size_t count) {
    constexpr auto kMax = static_cast<std::size_t>(std::numeric_limits<long long>::max());
    return static_cast<long long>(std::min(count, kMax));
}

inline std::string_view column(RecordingStatus status) {
    return ivs::name_of(status);
}

inline RecordingStatus read_status(const std::string& column) {
    if (column == "RECORDING_STARTED") return RecordingStatus::Started;
    if (column == "RECORDING_ENDED") return RecordingStatus::Ended;
    if (column == "RECORDING_ENDED_WITH_FAILURE") return RecordingStatus::EndedWithFailure;
    throw std::runtime_error("a recording has the status '" + column + "'");
}

inline void set_optional_time(soci::values& row, const std::string& name,
                              const std::optional<WallTime>& time) {
    row.set(name, time ? column(*time) : 0LL, time ? soci::i_ok : soci::i_null);
}

inline std::optional<WallTime> optional_time(const soci::values& row, const std::string& name) {
    if (row.get_indicator(name) == soci::i_null) return std::nullopt;
    return read_time(row.get<long long>(name));
}

}  // namespace oxbow::catalog

namespace soci {

template <>
struct type_conversion<oxbow::catalog::Channel> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::Channel& channel) {
        channel = {
            .id = oxbow::ChannelId{row.get<std::string>("id")},
            .arn = row.get<std::string>("arn"),
            .name = row.get<std::string>("name"),
            .latency_mode = row.get<std::string>("latency_mode"),
            .type = row.get<std::string>("type"),
            .recording_configuration_arn = row.get<std::string>("recording_configuration_arn", ""),
            .authorized = row.get<long long>("authorized") != 0,
            .insecure_ingest = row.get<long long>("insecure_ingest") != 0,
            .preset = row.get<std::string>("preset"),
            .playback_restriction_policy_arn =
                row.get<std::string>("playback_restriction_policy_arn", ""),
            .tags = oxbow::catalog::read_tags(row.get<std::string>("tags")),
            .created_at = oxbow::catalog::read_time(row.get<long long>("created_at"))};
    }

    static void to_base(const oxbow::catalog::Channel& channel, values& row, indicator& state) {
        const std::string& configuration = channel.recording_configuration_arn;
        row.set("id", channel.id.str());
        row.set("arn", channel.arn);
        row.set("name", channel.name);
        row.set("latency_mode", channel.latency_mode);
        row.set("type", channel.type);
        row.set("recording_configuration_arn", configuration,
                configuration.empty() ? i_null : i_ok);
        row.set("authorized", channel.authorized ? 1LL : 0LL);
        row.set("insecure_ingest", channel.insecure_ingest ? 1LL : 0LL);
        row.set("preset", channel.preset);
        const std::string& policy = channel.playback_restriction_policy_arn;
        row.set("playback_restriction_policy_arn", policy, policy.empty() ? i_null : i_ok);
        row.set("tags", oxbow::catalog::tags_column(channel.tags));
        row.set("created_at", oxbow::catalog::column(channel.created_at));
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::StreamKey> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::StreamKey& key) {
        key = {.arn = row.get<std::string>("arn"),
               .value = oxbow::StreamKeyValue{row.get<std::string>("value")},
               .channel = oxbow::ChannelId{row.get<std::string>("channel")},
               .tags = oxbow::catalog::read_tags(row.get<std::string>("tags"))};
    }

    static void to_base(const oxbow::catalog::StreamKey& key, values& row, indicator& state) {
        row.set("arn", key.arn);
        row.set("value", key.value.str());
        row.set("channel", key.channel.str());
        row.set("tags", oxbow::catalog::tags_column(key.tags));
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::RecordingConfiguration> {
    using base_type = values;
    using Configuration = oxbow::catalog::RecordingConfiguration;

    static void from_base(const values& row, indicator, Configuration& configuration) {
        configuration = {
            .arn = row.get<std::string>("arn"),
            .name = row.get<std::string>("name"),
            .state = row.get<std::string>("state"),
            .bucket_name = row.get<std::string>("bucket_name"),
            .reconnect_window =
                std::chrono::seconds{row.get<long long>("reconnect_window_seconds")},
            .thumbnail_mode = row.get<std::string>("thumbnail_mode"),
            .thumbnail_interval =
                std::chrono::seconds{row.get<long long>("thumbnail_interval_seconds")},
            .thumbnail_resolution = row.get<std::string>("thumbnail_resolution"),
            .thumbnail_storage =
                oxbow::catalog::read_texts(row.get<std::string>("thumbnail_storage")),
            .rendition_selection = row.get<std::string>("rendition_selection"),
            .renditions = oxbow::catalog::read_texts(row.get<std::string>("renditions")),
            .tags = oxbow::catalog::read_tags(row.get<std::string>("tags"))};
    }

    static void to_base(const Configuration& configuration, values& row, indicator& state) {
        const long long window = configuration.reconnect_window.count();
        const long long interval = configuration.thumbnail_interval.count();
        row.set("arn", configuration.arn);
        row.set("name", configuration.name);
        row.set("state", configuration.state);
        row.set("bucket_name", configuration.bucket_name);
        row.set("reconnect_window_seconds", window);
        row.set("thumbnail_mode", configuration.thumbnail_mode);
        row.set("thumbnail_interval_seconds", interval);
        row.set("thumbnail_resolution", configuration.thumbnail_resolution);
        row.set("thumbnail_storage", oxbow::catalog::texts_column(configuration.thumbnail_storage));
        row.set("rendition_selection", configuration.rendition_selection);
        row.set("renditions", oxbow::catalog::texts_column(configuration.renditions));
        row.set("tags", oxbow::catalog::tags_column(configuration.tags));
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::PlaybackKeyPair> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::PlaybackKeyPair& pair) {
        pair = {.arn = row.get<std::string>("arn"),
                .name = row.get<std::string>("name"),
                .public_key = row.get<std::string>("public_key"),
                .fingerprint = row.get<std::string>("fingerprint"),
                .tags = oxbow::catalog::read_tags(row.get<std::string>("tags"))};
    }

    static void to_base(const oxbow::catalog::PlaybackKeyPair& pair, values& row,
                        indicator& state) {
        row.set("arn", pair.arn);
        row.set("name", pair.name);
        row.set("public_key", pair.public_key);
        row.set("fingerprint", pair.fingerprint);
        row.set("tags", oxbow::catalog::tags_column(pair.tags));
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::PlaybackRestrictionPolicy> {
    using base_type = values;
    using Policy = oxbow::catalog::PlaybackRestrictionPolicy;

    static void from_base(const values& row, indicator, Policy& policy) {
        policy = {
            .arn = row.get<std::string>("arn"),
            .name = row.get<std::string>("name"),
            .allowed_countries =
                oxbow::catalog::read_texts(row.get<std::string>("allowed_countries")),
            .allowed_origins = oxbow::catalog::read_texts(row.get<std::string>("allowed_origins")),
            .strict_origin_enforcement = row.get<long long>("strict_origin_enforcement") != 0,
            .tags = oxbow::catalog::read_tags(row.get<std::string>("tags"))};
    }

    static void to_base(const Policy& policy, values& row, indicator& state) {
        row.set("arn", policy.arn);
        row.set("name", policy.name);
        row.set("allowed_countries", oxbow::catalog::texts_column(policy.allowed_countries));
        row.set("allowed_origins", oxbow::catalog::texts_column(policy.allowed_origins));
        row.set("strict_origin_enforcement", policy.strict_origin_enforcement ? 1LL : 0LL);
        row.set("tags", oxbow::catalog::tags_column(policy.tags));
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::ViewerSessionRevocation> {
    using base_type = values;
    using Revocation = oxbow::catalog::ViewerSessionRevocation;

    static void from_base(const values& row, indicator, Revocation& revocation) {
        revocation = {.channel = oxbow::ChannelId{row.get<std::string>("channel")},
                      .viewer_id = row.get<std::string>("viewer_id"),
                      .version = row.get<long long>("version"),
                      .revoked_at = oxbow::catalog::read_time(row.get<long long>("revoked_at"))};
    }

    static void to_base(const Revocation& revocation, values& row, indicator& state) {
        row.set("channel", revocation.channel.str());
        row.set("viewer_id", revocation.viewer_id);
        row.set("version", revocation.version);
        row.set("revoked_at", oxbow::catalog::column(revocation.revoked_at));
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::DeletedChannel> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::DeletedChannel& channel) {
        channel = {.id = oxbow::ChannelId{row.get<std::string>("id")},
                   .arn = row.get<std::string>("arn"),
                   .authorized = row.get<long long>("authorized") != 0};
    }
};

template <>
struct type_conversion<oxbow::catalog::StreamSession> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::StreamSession& session) {
        session = {
            .id = oxbow::StreamId{row.get<std::string>("id")},
            .channel = oxbow::ChannelId{row.get<std::string>("channel")},
            .started_at = oxbow::catalog::read_time(row.get<long long>("started_at")),
            .live_at = oxbow::catalog::optional_time(row, "live_at"),
            .ended_at = oxbow::catalog::optional_time(row, "ended_at"),
            .recording = oxbow::RecordingId{row.get<std::string>("recording")},
            .ingest = oxbow::catalog::read_ingest(row.get<std::string>("ingest")),
            .channel_then = oxbow::catalog::read_channel(row.get<std::string>("channel_then")),
            .recording_configuration = oxbow::catalog::read_recording_configuration(
                row.get<std::string>("recording_configuration")),
            .has_error_event = row.get<long long>("has_error_event") != 0};
    }

    static void to_base(const oxbow::catalog::StreamSession& session, values& row,
                        indicator& state) {
        row.set("id", session.id.str());
        row.set("channel", session.channel.str());
        row.set("started_at", oxbow::catalog::column(session.started_at));
        oxbow::catalog::set_optional_time(row, "live_at", session.live_at);
        oxbow::catalog::set_optional_time(row, "ended_at", session.ended_at);
        row.set("recording", session.recording.str());
        row.set("ingest", oxbow::catalog::ingest_column(session.ingest));
        row.set("channel_then", oxbow::catalog::channel_column(session.channel_then));
        row.set("recording_configuration",
                oxbow::catalog::recording_configuration_column(session.recording_configuration));
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::Event> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::Event& event) {
        event = {.cursor = static_cast<std::uint64_t>(row.get<long long>("cursor")),
                 .channel = oxbow::ChannelId{row.get<std::string>("channel")},
                 .stream = oxbow::StreamId{row.get<std::string>("stream")},
                 .type = row.get<std::string>("type"),
                 .name = row.get<std::string>("name"),
                 .code = row.get<std::string>("code"),
                 .time = oxbow::catalog::read_time(row.get<long long>("time")),
                 .body = row.get<std::string>("body")};
    }

    static void to_base(const oxbow::catalog::Event& event, values& row, indicator& state) {
        row.set("cursor", static_cast<long long>(event.cursor));
        row.set("channel", event.channel.str());
        row.set("stream", event.stream.str());
        row.set("type", event.type);
        row.set("name", event.name);
        row.set("code", event.code);
        row.set("time", oxbow::catalog::column(event.time));
        row.set("body", event.body);
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::PendingDelivery> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::PendingDelivery& pending) {
        pending = {.cursor = static_cast<std::uint64_t>(row.get<long long>("cursor")),
                   .channel = oxbow::ChannelId{row.get<std::string>("channel")},
                   .time = oxbow::catalog::read_time(row.get<long long>("time"))};
    }
};

template <>
struct type_conversion<oxbow::catalog::DeadDelivery> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::DeadDelivery& dead) {
        dead = {.receiver = row.get<std::string>("receiver"),
                .cursor = static_cast<std::uint64_t>(row.get<long long>("cursor")),
                .why = row.get<std::string>("dead_why")};
    }
};

template <>
struct type_conversion<oxbow::catalog::Recording> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::Recording& recording) {
        recording = {.id = oxbow::RecordingId{row.get<std::string>("id")},
                     .channel = oxbow::ChannelId{row.get<std::string>("channel")},
                     .prefix = row.get<std::string>("prefix"),
                     .status = oxbow::catalog::read_status(row.get<std::string>("status")),
                     .status_message = row.get<std::string>("status_message"),
                     .started_at = oxbow::catalog::read_time(row.get<long long>("started_at")),
                     .ended_at = oxbow::catalog::optional_time(row, "ended_at"),
                     .duration = std::chrono::milliseconds{row.get<long long>("duration_ms")},
                     .bytes = static_cast<std::uint64_t>(row.get<long long>("bytes")),
                     .streams = oxbow::catalog::read_streams(row.get<std::string>("streams")),
                     .rendition = row.get<std::string>("rendition"),
                     .segment_epochs = row.get<std::string>("segment_epochs"),
                     .locked = row.get<long long>("locked") != 0,
                     .configuration = row.get<std::string>("configuration"),
                     .layout = oxbow::catalog::read_layout(row.get<std::string>("layout")),
                     .deleting = row.get<std::string>("deleting")};
    }

    static void to_base(const oxbow::catalog::Recording& recording, values& row, indicator& state) {
        const long long duration_ms = recording.duration.count();
        row.set("id", recording.id.str());
        row.set("channel", recording.channel.str());
        row.set("prefix", recording.prefix);
        row.set("status", std::string(oxbow::catalog::column(recording.status)));
        row.set("status_message", recording.status_message);
        row.set("started_at", oxbow::catalog::column(recording.started_at));
        oxbow::catalog::set_optional_time(row, "ended_at", recording.ended_at);
        row.set("duration_ms", duration_ms);
        row.set("bytes", static_cast<long long>(recording.bytes));
        row.set("streams", oxbow::catalog::streams_column(recording.streams));
        row.set("rendition", recording.rendition);
        row.set("segment_epochs", recording.segment_epochs);
        row.set("locked", recording.locked ? 1LL : 0LL);
        row.set("configuration", recording.configuration);
        row.set("layout", oxbow::catalog::layout_column(recording.layout));
        state = i_ok;
    }
};

template <>
struct type_conversion<oxbow::catalog::RetainedRecording> {
    using base_type = values;

    static void from_base(const values& row, indicator, oxbow::catalog::RetainedRecording& out) {
        const auto status = oxbow::catalog::read_status(row.get<std::string>("status"));
        const auto started_at = oxbow::catalog::read_time(row.get<long long>("started_at"));
        out = {.id = oxbow::RecordingId{row.get<std::string>("id")},
               .channel = oxbow::ChannelId{row.get<std::string>("channel")},
               .configuration = row.get<std::string>("configuration"),
               .started_at = started_at,
               .ended_at = std::nullopt,
               .bytes = static_cast<std::uint64_t>(row.get<long long>("bytes")),
               .locked = row.get<long long>("locked") != 0};
        if (status != oxbow::catalog::RecordingStatus::Started)
            out.ended_at = oxbow::catalog::optional_time(row, "ended_at").value_or(started_at);
    }
};

}  // namespace soci
