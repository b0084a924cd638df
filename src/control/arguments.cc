#include "control/arguments.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace oxbow::control {
namespace {

constexpr std::size_t kTextBytesMax = 4096;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kTagsMax = 50;
constexpr std::size_t kTagKeyBytesMax = 128;
constexpr std::size_t kTagValueBytesMax = 256;

bool is_name_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
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
            return {402, "ServiceQuotaExceededException", error.what};
        case ErrorCode::Refused:
            return {403, "AccessDeniedException", error.what};
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

std::string Arguments::text(std::string_view name) {
    if (!has(name)) {
        wrong(name, "is required");
        return {};
    }
    return optional_text(name).value_or("");
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
    const std::string padded = fmt::format(" {} ", choices);
    if (given->empty() || given->contains(' ') || !padded.contains(fmt::format(" {} ", *given))) {
        wrong(name, fmt::format("must be one of: {}", choices));
    }
    return *given;
}

std::string Arguments::resource_name(std::string_view name) {
    std::string given = optional_text(name).value_or("");
    if (given.size() > kNameBytesMax || !std::ranges::all_of(given, is_name_character)) {
        wrong(name, "must have at most 128 characters of A-Z, a-z, 0-9, '-' and '_'");
    }
    return given;
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
        const bool fits = !tag.key().empty() && tag.key().size() <= kTagKeyBytesMax &&
                          tag.value().is_string() &&
                          tag.value().get_string().size() <= kTagValueBytesMax;
        if (!fits) {
            wrong(name, "must have keys of 1 to 128 and text values of up to 256 bytes");
            return out;
        }
        out.emplace(tag.key(), std::string_view{tag.value().get_string()});
    }
    return out;
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

void Arguments::adopt(const Arguments& inner, std::string_view name) {
    if (inner.error_ && !error_) {
        error_ = inner.error_;
        error_->message = fmt::format("{}.{}", name, inner.error_->message);
    }
}

}  // namespace oxbow::control
