#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/result.h"

namespace oxbow::control {

/// An error as the API's clients read it.
struct ApiError {
    int status;           // 404
    std::string type;     // "ResourceNotFoundException"
    std::string message;  // one sentence
};

ApiError validation_error(std::string message);
ApiError not_found(std::string message);
ApiError conflict(std::string message);
ApiError channel_not_broadcasting();
/// What an error of another room means to a client.
ApiError api_error(const Error& error);

/// The members of a request's JSON object, each checked where it is read. The first wrong one is
/// kept as error() and named in it; so an operation reads all it needs, then looks once.
class Arguments {
public:
    /// Errors: SerializationException  not JSON, or not an object. An empty body means {}.
    static std::expected<Arguments, ApiError> parse(std::string_view body);

    explicit Arguments(boost::json::object members) : members_(std::move(members)) {}

    const std::optional<ApiError>& error() const { return error_; }

    // Absent and null are the same.
    bool has(std::string_view name) const;
    std::string text(std::string_view name);
    std::optional<std::string> optional_text(std::string_view name);
    bool flag(std::string_view name, bool otherwise);
    std::int64_t number(std::string_view name, std::int64_t min, std::int64_t max,
                        std::int64_t otherwise);
    /// One of `choices`, which are separated by spaces.
    std::string choice(std::string_view name, std::string_view choices, std::string_view otherwise);
    /// A resource's name: [A-Za-z0-9-_]{0,128}.
    std::string resource_name(std::string_view name);
    std::map<std::string, std::string> tags(std::string_view name);
    /// An object's own members; their errors come back by adopt().
    Arguments object(std::string_view name);
    void adopt(const Arguments& inner, std::string_view name);

    /// Keeps "<name> <problem>" as the error unless there is one.
    void wrong(std::string_view name, std::string_view problem);

private:
    const boost::json::value* find(std::string_view name) const;

    boost::json::object members_;
    std::optional<ApiError> error_;
};

}  // namespace oxbow::control
