#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace oxbow::app {

/// Where a running server is to be found, for scripts and client commands.
struct ReadyInfo {
    std::string http;                  // "http://127.0.0.1:8080"
    std::optional<std::string> https;  // "https://127.0.0.1:8443"
    std::string api;
    std::optional<std::string> rtmp;    // "rtmp://127.0.0.1:1935/app"; not of every role
    std::optional<std::string> rtmps;   // "rtmps://127.0.0.1:1936/app"
    std::filesystem::path credentials;  // empty: none, without an API
};

// {"pid":1,"http":"http://127.0.0.1:8080","https":null,"api":"http://127.0.0.1:8081","rtmp":"rtmp://127.0.0.1:1935/app","rtmps":null,"srt":null,"credentials":"/srv/oxbow-data/credentials"}
std::string ready_json(const ReadyInfo& info);

/// Writes `text` to `file` so that a reader sees nothing or all of it.
Result<void> write_atomically(const std::filesystem::path& file, const std::string& text);

/// Tells systemd READY=1 where it asked to be told ($NOTIFY_SOCKET); does nothing elsewhere.
void notify_systemd();

}  // namespace oxbow::app
