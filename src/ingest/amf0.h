#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace oxbow::ingest::amf0 {

inline constexpr std::size_t kMessageBytesMax = 64 * 1024;  // of one command or data message
inline constexpr std::size_t kValuesMax = 1'000;            // in one message, nested ones too
inline constexpr int kDepthMax = 8;                         // objects within objects

struct Value;
struct Property;

struct Undefined {
    friend bool operator==(Undefined, Undefined) = default;
};
struct Null {
    friend bool operator==(Null, Null) = default;
};
struct Date {
    double milliseconds = 0;  // since 1970, UTC
    friend bool operator==(Date, Date) = default;
};

/// Objects, typed objects and ECMA arrays: names in the order in which they came.
struct Object {
    std::vector<Property> properties;

    /// The first property of that name; nullptr when there is none.
    const Value* find(std::string_view name) const;
    friend bool operator==(const Object&, const Object&);
};
struct Array {
    std::vector<Value> values;
    friend bool operator==(const Array&, const Array&);
};

struct Value {
    std::variant<Undefined, Null, double, bool, std::string, Object, Array, Date> is;

    const double* number() const { return std::get_if<double>(&is); }
    const std::string* text() const { return std::get_if<std::string>(&is); }
    const Object* object() const { return std::get_if<Object>(&is); }
    friend bool operator==(const Value&, const Value&) = default;
};
struct Property {
    std::string name;
    Value value;
    friend bool operator==(const Property&, const Property&) = default;
};

/// Reads all values of a message, one behind the other.
///
/// Strings and long strings become the same; a reference or an unsupported marker becomes
/// Undefined.
///
/// Errors: Malformed      cut short, or an unknown marker.
///         LimitExceeded  more than kMessageBytesMax, kValuesMax or kDepthMax.
///         Unsupported    a switch to AMF3.
/// Source: Adobe AMF 0, §2.
Result<std::vector<Value>> read(BytesView bytes);

/// Appends values to a message that we send.
///
/// In: strings and names of at most 65,535 bytes.
void append_value(Bytes& out, double number);
void append_value(Bytes& out, bool boolean);
void append_value(Bytes& out, std::string_view text);
void append_value(Bytes& out, Null);
void append_value(Bytes& out, Undefined);
void append_value(Bytes& out, const Object& object);
void append_value(Bytes& out, const Array& array);
void append_value(Bytes& out, Date date);
void append_value(Bytes& out, const Value& value);

}  // namespace oxbow::ingest::amf0
