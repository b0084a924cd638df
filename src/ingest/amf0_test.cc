#include "ingest/amf0.h"

#include <doctest/doctest.h>

namespace oxbow::ingest::amf0 {
namespace {

Bytes joined(std::initializer_list<Bytes> pieces) {
    Bytes out;
    for (const auto& piece : pieces) append(out, piece);
    return out;
}

const Bytes kOne{0x00, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0};  // the number 1

ErrorCode code_of(BytesView bytes) {
    return read(bytes).error().code;
}

/// `depth` objects, each but the last with the next one as its property "a".
Bytes nested(int depth) {
    Bytes out;
    for (int i = 1; i < depth; ++i) append(out, Bytes{0x03, 0, 1, 'a'});
    out.push_back(0x03);
    for (int i = 0; i < depth; ++i) append(out, Bytes{0, 0, 9});
    return out;
}

}  // namespace

TEST_CASE("scalar values are read one behind the other") {
    const Bytes bytes = joined({kOne,
                                {0x01, 0x01},
                                {0x01, 0x00},
                                {0x02, 0, 2, 'h', 'i'},
                                {0x05},
                                {0x06},
                                {0x0c, 0, 0, 0, 3, 'l', 'o', 'n'},
                                {0x07, 0, 1},
                                {0x0d}});

    const auto values = read(bytes).value();

    REQUIRE(values.size() == 9);
    CHECK(values[0] == Value{1.0});
    CHECK(values[1] == Value{true});
    CHECK(values[2] == Value{false});
    CHECK(values[3] == Value{std::string("hi")});
    CHECK(values[4] == Value{Null{}});
    CHECK(values[5] == Value{Undefined{}});
    CHECK(values[6] == Value{std::string("lon")});
    CHECK(values[7] == Value{Undefined{}});
    CHECK(values[8] == Value{Undefined{}});
}

TEST_CASE("a date keeps its milliseconds and skips its zone") {
    const auto values = read(Bytes{0x0b, 0x42, 0x78, 0, 0, 0, 0, 0, 0, 0xff, 0xff}).value();

    REQUIRE(values.size() == 1);
    CHECK(values[0] == Value{Date{1'649'267'441'664.0}});
}

TEST_CASE("objects, typed objects and ECMA arrays are names with values, up to the end marker") {
    const Bytes property = joined({{0, 1, 'n'}, kOne, {0, 0, 9}});

    const auto object = read(joined({{0x03}, property})).value();
    const auto typed = read(joined({{0x10, 0, 2, 'T', 'y'}, property})).value();
    const auto wrong_count = read(joined({{0x08, 0xff, 0xff, 0xff, 0xff}, property})).value();

    const Value expected{Object{{{"n", Value{1.0}}}}};
    CHECK(object.at(0) == expected);
    CHECK(typed.at(0) == expected);
    CHECK(wrong_count.at(0) == expected);
    CHECK(object[0].object()->find("n")->number() != nullptr);
    CHECK(object[0].object()->find("m") == nullptr);
}

TEST_CASE("a strict array holds as many values as it says") {
    const auto values = read(joined({{0x0a, 0, 0, 0, 2}, kOne, {0x05}, {0x06}})).value();

    REQUIRE(values.size() == 2);
    CHECK(values[0] == Value{Array{{Value{1.0}, Value{Null{}}}}});
    CHECK(values[1] == Value{Undefined{}});
}

TEST_CASE("every value that is cut short is Malformed") {
    CHECK(code_of(Bytes{0x00, 0, 0, 0, 0, 0, 0, 0}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x01}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x02, 0}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x02, 0, 3, 'h', 'i'}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x0c, 0xff, 0xff, 0xff, 0xff, 'x'}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x03}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x03, 0, 0}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x03, 0, 1, 'n'}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x08, 0, 0, 0}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x0a, 0xff, 0xff, 0xff, 0xff, 0x05}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x0b, 0, 0, 0, 0, 0, 0, 0, 0, 0}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x10, 0, 2, 'T'}) == ErrorCode::Malformed);
    CHECK(code_of(Bytes{0x07, 0}) == ErrorCode::Malformed);
}

TEST_CASE("an unknown marker is Malformed, a switch to AMF3 Unsupported") {
    CHECK(read(Bytes{0x12}).error().what == "0x12 is no type of AMF0");
    CHECK(code_of(Bytes{0x11, 0x01}) == ErrorCode::Unsupported);
}

TEST_CASE("the count of an ECMA array is only a hint, its end marker decides") {
    const Bytes two = joined({{0, 1, 'a'}, kOne, {0, 1, 'b'}, kOne, {0, 0, 9, 0x05}});

    const auto none_announced = read(joined({{0x08, 0, 0, 0, 0}, two})).value();
    const auto too_few = read(joined({{0x08, 0, 0, 0, 1}, two})).value();
    const auto too_many = read(joined({{0x08, 0, 0, 0, 9}, two})).value();

    REQUIRE(none_announced.size() == 2);
    CHECK(none_announced[0].object()->properties.size() == 2);
    CHECK(too_few == none_announced);
    CHECK(too_many == none_announced);
}

TEST_CASE("a property may have no name, and only an end marker behind it ends the object") {
    const auto values = read(joined({{0x03, 0, 0}, kOne, {0, 0, 9}})).value();

    REQUIRE(values.size() == 1);
    CHECK(values[0] == Value{Object{{{"", Value{1.0}}}}});
}

TEST_CASE("objects and ECMA arrays without their end marker are Malformed") {
    CHECK(code_of(joined({{0x03, 0, 1, 'n'}, kOne})) == ErrorCode::Malformed);
    CHECK(code_of(joined({{0x08, 0, 0, 0, 1, 0, 1, 'n'}, kOne})) == ErrorCode::Malformed);
    CHECK(code_of(joined({{0x10, 0, 1, 'T', 0, 1, 'n'}, kOne, {0, 0}})) == ErrorCode::Malformed);
}

TEST_CASE("what nobody uses keeps its place: references, unsupported values, XML documents") {
    const auto values =
        read(Bytes{0x0a, 0, 0, 0, 3, 0x07, 0, 0, 0x0d, 0x0f, 0, 0, 0, 1, 'x', 0x05}).value();

    REQUIRE(values.size() == 2);
    CHECK(values[0] ==
          Value{Array{{Value{Undefined{}}, Value{Undefined{}}, Value{std::string("x")}}}});
    CHECK(code_of(Bytes{0x04}) == ErrorCode::Malformed);  // movie clips and record sets: reserved
    CHECK(code_of(Bytes{0x0e}) == ErrorCode::Malformed);
}

TEST_CASE("a switch to AMF3 inside an object is Unsupported as well") {
    CHECK(code_of(Bytes{0x03, 0, 1, 'n', 0x11, 0x01}) == ErrorCode::Unsupported);
}

TEST_CASE("objects nested a thousand deep are refused at the first that is too deep") {
    CHECK(read(nested(1'000)).error().what == "AMF0 objects are nested deeper than 8");
}

TEST_CASE("nested values count, and arrays are objects in their depth") {
    const Bytes array_of_999 = joined({{0x0a, 0, 0, 0x03, 0xe7}, Bytes(999, 0x05)});
    const Bytes array_of_1000 = joined({{0x0a, 0, 0, 0x03, 0xe8}, Bytes(1'000, 0x05)});
    const Bytes eight_arrays =
        joined({Bytes{0x0a, 0, 0, 0, 1}, Bytes{0x0a, 0, 0, 0, 1}, Bytes{0x0a, 0, 0, 0, 1},
                Bytes{0x0a, 0, 0, 0, 1}, Bytes{0x0a, 0, 0, 0, 1}, Bytes{0x0a, 0, 0, 0, 1},
                Bytes{0x0a, 0, 0, 0, 1}, Bytes{0x0a, 0, 0, 0, 1}});

    CHECK(read(array_of_999).has_value());
    CHECK(code_of(array_of_1000) == ErrorCode::LimitExceeded);
    CHECK(read(joined({eight_arrays, {0x05}})).has_value());
    CHECK(code_of(joined({eight_arrays, {0x0a, 0, 0, 0, 1, 0x05}})) == ErrorCode::LimitExceeded);
}

TEST_CASE("objects may be nested eight deep below the first and no deeper") {
    CHECK(read(nested(9)).has_value());
    CHECK(code_of(nested(10)) == ErrorCode::LimitExceeded);
}

TEST_CASE("a message may hold a thousand values and no more") {
    CHECK(read(Bytes(1'000, 0x05)).value().size() == 1'000);
    CHECK(code_of(Bytes(1'001, 0x05)) == ErrorCode::LimitExceeded);
}

TEST_CASE("a message may have 64 KiB and no more") {
    const Bytes text_at_limit = joined({{0x0c, 0, 0, 0xff, 0xfb}, Bytes(65'531, 'x')});
    const Bytes text_above = joined({{0x0c, 0, 0, 0xff, 0xfc}, Bytes(65'532, 'x')});

    REQUIRE(text_at_limit.size() == 65'536);
    CHECK(read(text_at_limit).has_value());
    CHECK(code_of(text_above) == ErrorCode::LimitExceeded);
}

TEST_CASE("what the writer appends, the reader reads") {
    const Object object{{{"level", Value{std::string("status")}},
                         {"objectEncoding", Value{0.0}},
                         {"inner", Value{Object{{{"yes", Value{true}}}}}},
                         {"list", Value{Array{{Value{Null{}}, Value{Undefined{}}}}}},
                         {"when", Value{Date{5.0}}}}};
    Bytes out;

    append_value(out, std::string_view{"_result"});
    append_value(out, 1.0);
    append_value(out, Null{});
    append_value(out, object);
    const auto values = read(out).value();

    REQUIRE(values.size() == 4);
    CHECK(Bytes(out.begin(), out.begin() + 10) ==
          Bytes{0x02, 0, 7, '_', 'r', 'e', 's', 'u', 'l', 't'});
    CHECK(values[0] == Value{std::string("_result")});
    CHECK(values[1] == Value{1.0});
    CHECK(values[2] == Value{Null{}});
    CHECK(values[3] == Value{object});
}

}  // namespace oxbow::ingest::amf0
