#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace oxbow::log {

enum class Level { Debug, Info, Warning, Error };

/// Lines below this level are not written. Default: Info.
void set_level(Level level);
Level level();

/// One line to stderr, with UTC time and level. Thread-safe.
void write(Level level, std::string_view line);

// Lines start with their parents in brackets: "[channel AsXego4U6tnj] [stream st-1FQz] live".
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    if (level() <= Level::Info)
        write(Level::Info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    if (level() <= Level::Debug)
        write(Level::Debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
    if (level() <= Level::Warning)
        write(Level::Warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::Error, fmt::format(format, std::forward<Args>(args)...));
}

/// Text from outside, fit for one log line: control characters as \xNN, cut at `bytes_max`.
std::string printable(std::string_view text, std::size_t bytes_max = 128);

}  // namespace oxbow::log
