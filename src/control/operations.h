#pragma once

#include <expected>
#include <mutex>
#include <optional>

#include <boost/json/object.hpp>

#include "control/api.h"
#include "control/arguments.h"

namespace oxbow::control {

/// What operations work on.
struct Rooms {
    catalog::Catalog& catalog;
    LiveControl& live;
    RecordingDeleter& deleter;
    Credentials& credentials;
    const Clock& clock;
    const ControlSettings& settings;
    /// Held while a recording is locked, unlocked or deleted: a lock that succeeded protects.
    std::mutex& recordings;
};

template <typename T>
using Outcome = std::expected<T, ApiError>;

/// The JSON object of a 200; nullopt: 204.
using Answer = Outcome<std::optional<boost::json::object>>;

inline std::unexpected<ApiError> refuse(ApiError error) {
    return std::unexpected(std::move(error));
}
inline std::unexpected<ApiError> refuse(const Error& error) {
    return refuse(api_error(error));
}

// channels.cc
Answer create_channel(const Rooms& rooms, Arguments& arguments);
Answer get_channel(const Rooms& rooms, Arguments& arguments);
Answer list_channels(const Rooms& rooms, Arguments& arguments);
Answer delete_channel(const Rooms& rooms, Arguments& arguments);

// stream_keys.cc
Answer create_stream_key(const Rooms& rooms, Arguments& arguments);
Answer get_stream_key(const Rooms& rooms, Arguments& arguments);
Answer list_stream_keys(const Rooms& rooms, Arguments& arguments);
Answer delete_stream_key(const Rooms& rooms, Arguments& arguments);

// streams.cc
Answer get_stream(const Rooms& rooms, Arguments& arguments);
Answer list_streams(const Rooms& rooms, Arguments& arguments);
Answer stop_stream(const Rooms& rooms, Arguments& arguments);

// recording_configurations.cc
Answer get_recording_configuration(const Rooms& rooms, Arguments& arguments);
Answer list_recording_configurations(const Rooms& rooms, Arguments& arguments);

// recordings.cc
Answer list_recordings(const Rooms& rooms, Arguments& arguments);
Answer get_recording(const Rooms& rooms, Arguments& arguments);
Answer lock_recording(const Rooms& rooms, Arguments& arguments);
Answer unlock_recording(const Rooms& rooms, Arguments& arguments);
Answer delete_recording(const Rooms& rooms, Arguments& arguments);

// credentials_api.cc
Answer create_credential(const Rooms& rooms, Arguments& arguments);
Answer list_credentials(const Rooms& rooms, Arguments& arguments);
Answer delete_credential(const Rooms& rooms, Arguments& arguments);

}  // namespace oxbow::control
