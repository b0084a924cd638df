#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace oxbow::app {

using Rows = std::vector<std::vector<std::string>>;

/// Columns under their titles, two spaces apart, each line ended; `empty` where there are no rows.
///
// NAME   TYPE
// one    BASIC
std::string table(const std::vector<std::string>& titles, const Rows& rows,
                  const std::string& empty);

/// Names and values in two columns, indented by two spaces.
std::string fields(const std::vector<std::pair<std::string, std::string>>& pairs);

// 0:09, 12:34, 1:02:03
std::string duration_text(std::int64_t milliseconds);

// 0 B, 999 B, 1.0 kB, 12.3 MB      (powers of 1000)
std::string bytes_text(std::uint64_t bytes);

}  // namespace oxbow::app
