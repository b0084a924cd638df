#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

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
ApiError quota_exceeded(std::string message);
ApiError throttled();
ApiError access_denied(std::string message);
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
    void require(std::string_view name);
    std::string text(std::string_view name);  // required
    std::optional<std::string> optional_text(std::string_view name);
    /// Required, of `min` to `max` characters.
    std::string text_of_length(std::string_view name, std::size_t min, std::size_t max);
    bool flag(std::string_view name, bool otherwise);
    std::int64_t number(std::string_view name, std::int64_t min, std::int64_t max,
                        std::int64_t otherwise);
    /// One of `choices`, which are separated by spaces.
    std::string choice(std::string_view name, std::string_view choices, std::string_view otherwise);
    /// Different ones of `choices`; nullopt: absent.
    std::optional<std::vector<std::string>> choice_list(std::string_view name,
                                                        std::string_view choices);
    /// A resource's name: [A-Za-z0-9-_]{0,128}; nullopt: absent.
    std::optional<std::string> resource_name(std::string_view name);
    /// The ARN of a resource of that kind ("channel"; "": any).
    std::string arn(std::string_view name, std::string_view kind);  // required
    /// As above, or "": none; nullopt: absent.
    std::optional<std::string> optional_arn(std::string_view name, std::string_view kind);
    /// 1 to `count_max` ARNs. Required.
    std::vector<std::string> arn_list(std::string_view name, std::string_view kind,
                                      std::size_t count_max);
    /// Strings, each of `min` to `max` characters; nullopt: absent.
    std::optional<std::vector<std::string>> text_list(std::string_view name, std::size_t count_max,
                                                      std::size_t min, std::size_t max);
    /// Up to 50 tags.
    std::map<std::string, std::string> tags(std::string_view name);
    /// Up to 50 keys of tags. Required.
    std::vector<std::string> tag_keys(std::string_view name);
    /// An object's own members; their errors come back by adopt().
    Arguments object(std::string_view name);
    /// 1 to `count_max` objects. Required.
    std::vector<Arguments> objects(std::string_view name, std::size_t count_max);
    void adopt(const Arguments& inner, std::string_view name);

    /// Adds a member that did not stand in the body: a part of the path, of the query.
    void set(std::string_view name, boost::json::value value) { members_[name] = std::move(value); }

    /// Keeps "<name> <problem>" as the error unless there is one.
    void wrong(std::string_view name, std::string_view problem);

private:
    const boost::json::value* find(std::string_view name) const;
    /// The strings of a list; the first item that is none is wrong.
    std::optional<std::vector<std::string>> strings(std::string_view name, std::size_t count_max);

    boost::json::object members_;
    std::optional<ApiError> error_;
};

}  // namespace oxbow::control
