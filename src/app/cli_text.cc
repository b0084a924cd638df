#include "app/cli_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace oxbow::app {
namespace {

/// Characters on the screen: bytes of UTF-8 that are not continuations.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t column = 0; column < cells.size(); ++column) {
        line += cells[column];
        if (column + 1 < cells.size())
            line.append(widths[column] - width_of(cells[column]) + 2, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    return line + "\n";
}

}  // namespace

std::string table(const std::vector<std::string>& titles, const Rows& rows,
                  const std::string& empty) {
    if (rows.empty()) return empty + "\n";
    std::vector<std::size_t> widths;
    widths.reserve(titles.size());
    for (const std::string& title : titles) widths.push_back(width_of(title));
    for (const auto& row : rows) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths[column] = std::max(widths[column], width_of(row[column]));
        }
    }
    std::string out = line_of(titles, widths);
    for (const auto& row : rows) out += line_of(row, widths);
    return out;
}

std::string fields(const std::vector<std::pair<std::string, std::string>>& pairs) {
    std::size_t width = 0;
    for (const auto& [name, value] : pairs) width = std::max(width, width_of(name));
    std::string out;
    for (const auto& [name, value] : pairs) out += "  " + line_of({name, value}, {width});
    return out;
}

std::string duration_text(std::int64_t milliseconds) {
    const std::int64_t seconds = milliseconds / 1000;
    if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string bytes_text(std::uint64_t bytes) {
    if (bytes < 1000) return fmt::format("{} B", bytes);
    static constexpr std::array<std::string_view, 6> kUnits{"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    while (value >= 999.95 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace oxbow::app
