#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace oxbow::catalog {

// {"team":"sports"}
std::string tags_column(const Tags& tags);

// ["st-1FQzeLONMT9XTKI43leLSo1"]
std::string streams_column(const std::vector<StreamId>& streams);

// ["SD","HD"]
std::string texts_column(const std::vector<std::string>& texts);

// "" for what is not there.
std::string ingest_column(const std::optional<ivs::IngestConfiguration>& ingest);
std::string channel_column(const std::optional<Channel>& channel);
std::string recording_configuration_column(
    const std::optional<RecordingConfiguration>& configuration);

// {"hls_path":"media/hls",...}; "" for the usual one.
std::string layout_column(const RecordingLayout& layout);

// Read back what the database holds. Exceptions: std::exception for what is no such JSON.
Tags read_tags(const std::string& column);
std::vector<StreamId> read_streams(const std::string& column);
std::vector<std::string> read_texts(const std::string& column);
std::optional<ivs::IngestConfiguration> read_ingest(const std::string& column);
std::optional<Channel> read_channel(const std::string& column);
std::optional<RecordingConfiguration> read_recording_configuration(const std::string& column);
RecordingLayout read_layout(const std::string& column);

}  // namespace oxbow::catalog
