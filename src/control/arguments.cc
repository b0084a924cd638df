#include "control/arguments.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "control/tag_characters.h"
#include "ivs/ids.h"

namespace oxbow::control {
namespace {

constexpr std::size_t kTextBytesMax = 4096;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kChoicesMax = 10;
constexpr std::size_t kTagsMax = 50;
constexpr std::size_t kTagKeyMax = 128;  // characters, as those below
constexpr std::size_t kTagValueMax = 256;

bool is_name_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
}

/// How many characters UTF-8 text has: every byte but those that go on with one.
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_tag_text(std::string_view text, std::size_t min, std::size_t max) {
    const std::size_t length = characters(text);
    return length >= min && length <= max && all_tag_characters(text);
}

bool is_one_of(const std::string& text, std::string_view choices) {
    return !text.empty() && !text.contains(' ') &&
           fmt::format(" {} ", choices).contains(fmt::format(" {} ", text));
}

std::string must_be_arn(std::string_view kind) {
    return fmt::format("must be an ARN such as arn:aws:ivs:us-east-1:000000000000:{}/AsXego4U6tnj",
                       kind.empty() ? "channel" : kind);
}

}  // namespace

ApiError validation_error(std::string message) {
    return {400, "ValidationException", std::move(message)};
}
ApiError not_found(std::string message) {
    return {404, "ResourceNotFoundException", std::move(message)};
}
ApiError conflict(std::string message) {
    return {409, "ConflictException", std::move(message)};
}
ApiError channel_not_broadcasting() {
    return {404, "ChannelNotBroadcasting", "The channel is not currently online."};
}

ApiError quota_exceeded(std::string message) {
    return {402, "ServiceQuotaExceededException", std::move(message)};
}
ApiError throttled() {
    return {429, "ThrottlingException", "Rate exceeded: call less often."};
}
ApiError access_denied(std::string message) {
    return {403, "AccessDeniedException", std::move(message)};
}

ApiError api_error(const Error& error) {
    switch (error.code) {
        case ErrorCode::Malformed:
        case ErrorCode::Unsupported:
            return validation_error(error.what);
        case ErrorCode::NotFound:
            return not_found(error.what);
        case ErrorCode::Conflict:
            return conflict(error.what);
        case ErrorCode::LimitExceeded:
            return quota_exceeded(error.what);
        case ErrorCode::Refused:
            return access_denied(error.what);
        case ErrorCode::Timeout:
            return {503, "ServiceUnavailable", error.what};
        case ErrorCode::Unavailable:
            break;
    }
    return {500, "InternalServerException", error.what};
}

std::expected<Arguments, ApiError> Arguments::parse(std::string_view body) {
    if (body.empty()) return Arguments{boost::json::object{}};
    boost::json::error_code error;
    boost::json::value value = boost::json::parse(body, error);
    if (error || !value.is_object()) {
        return std::unexpected(ApiError{400, "SerializationException",
                                        "The body of the request is not a JSON object."});
    }
    return Arguments{std::move(value.get_object())};
}

const boost::json::value* Arguments::find(std::string_view name) const {
    const boost::json::value* const value = members_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

void Arguments::wrong(std::string_view name, std::string_view problem) {
    if (!error_) error_ = validation_error(fmt::format("{} {}.", name, problem));
}

bool Arguments::has(std::string_view name) const {
    return find(name) != nullptr;
}

void Arguments::require(std::string_view name) {
    if (!has(name)) wrong(name, "is required");
}

std::string Arguments::text(std::string_view name) {
    require(name);
    return optional_text(name).value_or("");
}

std::string Arguments::text_of_length(std::string_view name, std::size_t min, std::size_t max) {
    std::string given = text(name);
    const std::size_t length = characters(given);
    if (length < min || length > max) {
        wrong(name, fmt::format("must have {} to {} characters", min, max));
    }
    return given;
}

std::optional<std::string> Arguments::optional_text(std::string_view name) {
    const boost::json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        wrong(name, "must be a string");
        return std::nullopt;
    }
    if (value->get_string().size() > kTextBytesMax) {
        wrong(name, fmt::format("must have at most {} bytes", kTextBytesMax));
        return std::nullopt;
    }
    return std::string{std::string_view{value->get_string()}};
}

bool Arguments::flag(std::string_view name, bool otherwise) {
    const boost::json::value* const value = find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_bool()) {
        wrong(name, "must be true or false");
        return otherwise;
    }
    return value->get_bool();
}

std::int64_t Arguments::number(std::string_view name, std::int64_t min, std::int64_t max,
                               std::int64_t otherwise) {
    const boost::json::value* const value = find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_int64() || value->get_int64() < min || value->get_int64() > max) {
        wrong(name, fmt::format("must be a whole number from {} to {}", min, max));
        return otherwise;
    }
    return value->get_int64();
}

std::string Arguments::choice(std::string_view name, std::string_view choices,
                              std::string_view otherwise) {
    const auto given = optional_text(name);
    if (!given) return std::string{otherwise};
    if (!is_one_of(*given, choices)) wrong(name, fmt::format("must be one of: {}", choices));
    return *given;
}

std::optional<std::vector<std::string>> Arguments::choice_list(std::string_view name,
                                                               std::string_view choices) {
    auto given = strings(name, kChoicesMax);
    if (!given) return std::nullopt;
    std::vector<std::string> sorted = *given;
    std::ranges::sort(sorted);
    const bool once = std::ranges::adjacent_find(sorted) == sorted.end();
    if (!once || !std::ranges::all_of(
                     *given, [&](const std::string& text) { return is_one_of(text, choices); })) {
        wrong(name, fmt::format("must list different ones of: {}", choices));
    }
    return given;
}

std::optional<std::string> Arguments::resource_name(std::string_view name) {
    auto given = optional_text(name);
    if (given && (given->size() > kNameBytesMax || !std::ranges::all_of(*given, is_name_character)))
        wrong(name, "must have at most 128 characters of A-Z, a-z, 0-9, '-' and '_'");
    return given;
}

std::string Arguments::arn(std::string_view name, std::string_view kind) {
    std::string given = text(name);
    if (!ivs::is_arn(given, kind)) wrong(name, must_be_arn(kind));
    return given;
}

std::optional<std::string> Arguments::optional_arn(std::string_view name, std::string_view kind) {
    auto given = optional_text(name);
    if (given && !given->empty() && !ivs::is_arn(*given, kind)) wrong(name, must_be_arn(kind));
    return given;
}

std::vector<std::string> Arguments::arn_list(std::string_view name, std::string_view kind,
                                             std::size_t count_max) {
    require(name);
    auto given = strings(name, count_max).value_or(std::vector<std::string>{});
    if (given.empty()) wrong(name, fmt::format("must list 1 to {} ARNs", count_max));
    if (!std::ranges::all_of(given, [&](const auto& arn) { return ivs::is_arn(arn, kind); })) {
        wrong(name, must_be_arn(kind));
    }
    return given;
}

std::optional<std::vector<std::string>> Arguments::text_list(std::string_view name,
                                                             std::size_t count_max, std::size_t min,
                                                             std::size_t max) {
    auto given = strings(name, count_max);
    if (given && !std::ranges::all_of(*given, [&](const std::string& text) {
            return characters(text) >= min && characters(text) <= max;
        })) {
        wrong(name, fmt::format("must have {} to {} characters in each item", min, max));
    }
    return given;
}

std::optional<std::vector<std::string>> Arguments::strings(std::string_view name,
                                                           std::size_t count_max) {
    const boost::json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_array() || value->get_array().size() > count_max) {
        wrong(name, fmt::format("must be a list of at most {} items", count_max));
        return std::nullopt;
    }
    std::vector<std::string> out;
    for (const boost::json::value& item : value->get_array()) {
        if (!item.is_string() || item.get_string().size() > kTextBytesMax) {
            wrong(name, fmt::format("must list strings of at most {} bytes", kTextBytesMax));
            return std::nullopt;
        }
        out.emplace_back(item.get_string());
    }
    return out;
}

std::map<std::string, std::string> Arguments::tags(std::string_view name) {
    std::map<std::string, std::string> out;
    const boost::json::value* const value = find(name);
    if (value == nullptr) return out;
    if (!value->is_object() || value->get_object().size() > kTagsMax) {
        wrong(name, fmt::format("must be an object of at most {} tags", kTagsMax));
        return out;
    }
    for (const auto& tag : value->get_object()) {
        const bool fits = is_tag_text(tag.key(), 1, kTagKeyMax) && tag.value().is_string() &&
                          is_tag_text(tag.value().get_string(), 0, kTagValueMax);
        if (!fits) {
            wrong(name,
                  "must have keys of 1 to 128 and values of up to 256 letters, digits, spaces and "
                  "_ . : / = + - @");
            return out;
        }
        out.emplace(tag.key(), std::string_view{tag.value().get_string()});
    }
    return out;
}

std::vector<std::string> Arguments::tag_keys(std::string_view name) {
    require(name);
    auto given = strings(name, kTagsMax).value_or(std::vector<std::string>{});
    if (!std::ranges::all_of(given,
                             [](const auto& key) { return is_tag_text(key, 1, kTagKeyMax); })) {
        wrong(name, "must list keys of 1 to 128 letters, digits, spaces and _ . : / = + - @");
    }
    return given;
}

Arguments Arguments::object(std::string_view name) {
    const boost::json::value* const value = find(name);
    if (value == nullptr) return Arguments{boost::json::object{}};
    if (!value->is_object()) {
        wrong(name, "must be an object");
        return Arguments{boost::json::object{}};
    }
    return Arguments{value->get_object()};
}

std::vector<Arguments> Arguments::objects(std::string_view name, std::size_t count_max) {
    require(name);
    const boost::json::value* const value = find(name);
    std::vector<Arguments> out;
    if (value == nullptr) return out;
    const bool fits =
        value->is_array() && !value->get_array().empty() &&
        value->get_array().size() <= count_max &&
        std::ranges::all_of(value->get_array(), [](const auto& item) { return item.is_object(); });
    if (!fits) {
        wrong(name, fmt::format("must list 1 to {} objects", count_max));
        return out;
    }
    for (const boost::json::value& item : value->get_array()) out.emplace_back(item.get_object());
    return out;
}

void Arguments::adopt(const Arguments& inner, std::string_view name) {
    if (inner.error_ && !error_) {
        error_ = inner.error_;
        error_->message = fmt::format("{}.{}", name, inner.error_->message);
    }
}

}  // namespace oxbow::control
