#include "ivs/json_members.h"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace oxbow::ivs {
namespace {

const boost::json::object& no_members() {
    static const boost::json::object empty;
    return empty;
}

}  // namespace

Result<boost::json::object> parse_json_object(std::string_view text, std::size_t bytes_max,
                                              std::string_view name) {
    if (text.size() > bytes_max) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("{} has {} bytes, more than the {} that are read", name,
                                text.size(), bytes_max));
    }
    boost::system::error_code error;
    boost::json::value value = boost::json::parse({text.data(), text.size()}, error);
    if (error) {
        return fail(ErrorCode::Malformed, fmt::format("{} is not JSON: {}", name, error.message()));
    }
    if (!value.is_object()) {
        return fail(ErrorCode::Malformed, fmt::format("{} is not a JSON object", name));
    }
    return std::move(value.get_object());
}

JsonMembers::JsonMembers(const boost::json::object& object, std::string path,
                         std::optional<Error>& first_error)
    : object_(&object), path_(std::move(path)), first_error_(&first_error) {}

const boost::json::value* JsonMembers::find(std::string_view name) const {
    const boost::json::value* value = object_->if_contains({name.data(), name.size()});
    return value != nullptr && !value->is_null() ? value : nullptr;
}

bool JsonMembers::has(std::string_view name) const {
    return find(name) != nullptr;
}

void JsonMembers::wrong(std::string_view name, std::string_view problem, ErrorCode code) {
    if (!*first_error_) *first_error_ = Error{code, fmt::format("{}{} {}", path_, name, problem)};
}

std::string JsonMembers::text(std::string_view name) {
    if (!has(name)) wrong(name, "is missing");
    return optional_text(name).value_or("");
}

WallTime JsonMembers::time(std::string_view name) {
    if (!has(name)) wrong(name, "is missing");
    return optional_time(name).value_or(WallTime{});
}

JsonMembers JsonMembers::object(std::string_view name) {
    if (!has(name)) wrong(name, "is missing");
    return optional_object(name).value_or(JsonMembers{no_members(), path_, *first_error_});
}

std::optional<std::string> JsonMembers::optional_text(std::string_view name) {
    const boost::json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        wrong(name, "is not a string");
        return std::nullopt;
    }
    return std::string(value->get_string());
}

std::optional<WallTime> JsonMembers::optional_time(std::string_view name) {
    const auto written = optional_text(name);
    if (!written) return std::nullopt;
    const auto time = parse_rfc3339(*written);
    if (!time) {
        wrong(name, "is not an RFC 3339 time");
        return std::nullopt;
    }
    return *time;
}

std::optional<std::int64_t> JsonMembers::optional_number(std::string_view name, std::int64_t min,
                                                         std::int64_t max) {
    const boost::json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    boost::system::error_code error;
    const auto number = value->to_number<std::int64_t>(error);
    if (error || number < min || number > max) {
        wrong(name, fmt::format("is not a whole number from {} to {}", min, max));
        return std::nullopt;
    }
    return number;
}

std::optional<JsonMembers> JsonMembers::optional_object(std::string_view name) {
    const boost::json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) wrong(name, "is not an object");
    return JsonMembers{value->is_object() ? value->get_object() : no_members(),
                       fmt::format("{}{}.", path_, name), *first_error_};
}

std::vector<std::string> JsonMembers::optional_texts(std::string_view name) {
    const boost::json::value* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_array()) {
        wrong(name, "is not an array of strings");
        return {};
    }
    std::vector<std::string> out;
    for (const boost::json::value& item : value->get_array()) {
        if (item.is_string()) out.emplace_back(item.get_string());
        if (!item.is_string()) wrong(name, "is not an array of strings");
    }
    return out;
}

std::vector<JsonMembers> JsonMembers::objects(std::string_view name, std::size_t count_max) {
    const boost::json::value* value = find(name);
    if (value == nullptr || !value->is_array()) {
        wrong(name, "is missing or not an array");
        return {};
    }
    const boost::json::array& array = value->get_array();
    if (array.size() > count_max) {
        wrong(name, fmt::format("has {} entries, more than {}", array.size(), count_max),
              ErrorCode::LimitExceeded);
        return {};
    }
    std::vector<JsonMembers> out;
    for (std::size_t i = 0; i < array.size(); ++i) {
        const std::string entry = fmt::format("{}[{}]", name, i);
        if (!array[i].is_object()) wrong(entry, "is not an object");
        out.emplace_back(array[i].is_object() ? array[i].get_object() : no_members(),
                         fmt::format("{}{}.", path_, entry), *first_error_);
    }
    return out;
}

}  // namespace oxbow::ivs
