#pragma once

#include <string>

#include "base/log.h"
#include "base/times.h"

namespace oxbow::app {

/// A name that no process of this data directory had before: the start in milliseconds, in base 36.
inline std::string process_epoch(WallTime now) {
    constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::string out;
    for (auto rest = now.time_since_epoch().count(); rest > 0; rest /= 36)
        out.insert(out.begin(), kDigits[static_cast<std::size_t>(rest % 36)]);
    return out;
}

inline log::Level level_of(const std::string& name) {
    if (name == "debug") return log::Level::Debug;
    if (name == "warning") return log::Level::Warning;
    if (name == "error") return log::Level::Error;
    return log::Level::Info;
}

}  // namespace oxbow::app
