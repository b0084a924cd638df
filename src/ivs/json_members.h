#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "base/times.h"

namespace oxbow::ivs {

/// Reads JSON from outside.
///
/// In:     `name` says what the text is, for the error: "recording metadata".
/// Errors: LimitExceeded  more than `bytes_max`; Malformed  not JSON, or not an object.
Result<boost::json::object> parse_json_object(std::string_view text, std::size_t bytes_max,
                                              std::string_view name);

/// Reads the members of one JSON object from outside. A member that is missing or of the wrong type
/// gives an empty value and is kept in `first_error` with its whole name ("media.hls.path"); later
/// ones change nothing. So a reader takes all it needs and looks for an error once, at the end.
///
/// `object` and `first_error` outlive it.
class JsonMembers {
public:
    /// In: `path` names the object, "" at the top, else with a point at its end: "media.hls."
    JsonMembers(const boost::json::object& object, std::string path,
                std::optional<Error>& first_error);

    std::string text(std::string_view name);
    WallTime time(std::string_view name);  // RFC 3339
    JsonMembers object(std::string_view name);

    // Absent and null are the same.
    std::optional<std::string> optional_text(std::string_view name);
    std::optional<WallTime> optional_time(std::string_view name);
    std::optional<std::int64_t> optional_number(std::string_view name, std::int64_t min,
                                                std::int64_t max);
    std::optional<JsonMembers> optional_object(std::string_view name);
    std::vector<std::string> optional_texts(std::string_view name);

    /// The objects of an array. Errors: LimitExceeded for more than `count_max`.
    std::vector<JsonMembers> objects(std::string_view name, std::size_t count_max);

    bool has(std::string_view name) const;

    /// Keeps "<whole name of the member> <problem>" as the error unless there is one.
    void wrong(std::string_view name, std::string_view problem,
               ErrorCode code = ErrorCode::Malformed);

private:
    const boost::json::value* find(std::string_view name) const;

    const boost::json::object* object_;
    std::string path_;
    std::optional<Error>* first_error_;
};

}  // namespace oxbow::ivs
