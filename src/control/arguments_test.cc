#include "control/arguments.h"

#include <doctest/doctest.h>

namespace oxbow::control {
namespace {

Arguments of(std::string_view body) {
    return Arguments::parse(body).value();
}

std::string message_of(const Arguments& arguments) {
    return arguments.error() ? arguments.error()->message : "";
}

}  // namespace

TEST_CASE("an empty body means no members; anything but an object is refused") {
    CHECK(Arguments::parse("").has_value());
    CHECK(Arguments::parse("{}").has_value());
    CHECK(Arguments::parse("[]").error().type == "SerializationException");
    CHECK(Arguments::parse("{").error().type == "SerializationException");
    CHECK(Arguments::parse(std::string(100'000, '[')).error().type == "SerializationException");
}

TEST_CASE("the first wrong member is the error, and is named") {
    Arguments arguments = of(R"({"a":1,"b":2})");

    arguments.text("a");
    arguments.text("b");

    REQUIRE(arguments.error());
    CHECK(arguments.error()->status == 400);
    CHECK(arguments.error()->type == "ValidationException");
    CHECK(arguments.error()->message == "a must be a string.");
}

TEST_CASE("null and absent are the same") {
    Arguments arguments = of(R"({"a":null})");

    CHECK(arguments.optional_text("a") == std::nullopt);
    CHECK(arguments.flag("a", true));
    CHECK(arguments.number("b", 1, 5, 3) == 3);
    CHECK(message_of(arguments).empty());

    arguments.text("a");
    CHECK(message_of(arguments) == "a is required.");
}

TEST_CASE("a number passes at both ends of its range and not beyond") {
    const auto error_for = [](std::string_view body) {
        Arguments arguments = of(body);
        arguments.number("n", 1, 100, 100);
        return message_of(arguments);
    };

    CHECK(error_for(R"({"n":1})").empty());
    CHECK(error_for(R"({"n":100})").empty());
    CHECK(error_for(R"({"n":0})") == "n must be a whole number from 1 to 100.");
    CHECK(error_for(R"({"n":101})") == "n must be a whole number from 1 to 100.");
    CHECK(error_for(R"({"n":1.5})") == "n must be a whole number from 1 to 100.");
}

TEST_CASE("a choice is one of the named words, whole") {
    const auto error_for = [](std::string_view body) {
        Arguments arguments = of(body);
        arguments.choice("type", "BASIC STANDARD", "BASIC");
        return message_of(arguments);
    };

    CHECK(error_for("{}").empty());
    CHECK(error_for(R"({"type":"STANDARD"})").empty());
    CHECK(error_for(R"({"type":"STAN"})") == "type must be one of: BASIC STANDARD.");
    CHECK(error_for(R"({"type":"BASIC STANDARD"})") == "type must be one of: BASIC STANDARD.");
    CHECK(error_for(R"({"type":""})") == "type must be one of: BASIC STANDARD.");
}

TEST_CASE("a resource's name of 128 characters passes, the next does not") {
    Arguments fits = of(R"({"name":")" + std::string(128, 'a') + R"("})");
    Arguments too_long = of(R"({"name":")" + std::string(129, 'a') + R"("})");
    Arguments bad = of(R"({"name":"bad name!"})");

    CHECK(fits.resource_name("name").value_or("").size() == 128);
    too_long.resource_name("name");
    bad.resource_name("name");

    CHECK_FALSE(fits.error());
    CHECK(too_long.error());
    CHECK(bad.error());
}

TEST_CASE("tags are text by text, fifty of them at most") {
    std::string fifty;
    for (int i = 0; i < 50; ++i) fifty += "\"k" + std::to_string(i) + "\":\"v\",";
    fifty.pop_back();
    Arguments fits = of("{\"tags\":{" + fifty + "}}");
    Arguments too_many = of("{\"tags\":{" + fifty + ",\"k50\":\"v\"}}");
    Arguments not_text = of(R"({"tags":{"a":1}})");

    CHECK(fits.tags("tags").size() == 50);
    too_many.tags("tags");
    not_text.tags("tags");

    CHECK_FALSE(fits.error());
    CHECK(too_many.error());
    CHECK(not_text.error());
}

TEST_CASE("an error inside an object has the object's name before it") {
    Arguments arguments = of(R"({"filterBy":{"health":1}})");

    Arguments filter = arguments.object("filterBy");
    filter.optional_text("health");
    arguments.adopt(filter, "filterBy");

    CHECK(message_of(arguments) == "filterBy.health must be a string.");
}

}  // namespace oxbow::control
