#include "ingest/amf0.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::ingest::amf0 {
namespace {

enum Marker : std::uint8_t {
    kNumber = 0x00,
    kBoolean = 0x01,
    kString = 0x02,
    kObject = 0x03,
    kNull = 0x05,
    kUndefined = 0x06,
    kReference = 0x07,
    kEcmaArray = 0x08,
    kObjectEnd = 0x09,
    kStrictArray = 0x0a,
    kDate = 0x0b,
    kLongString = 0x0c,
    kUnsupported = 0x0d,
    kXmlDocument = 0x0f,
    kTypedObject = 0x10,
    kAmf3 = 0x11,
};

std::unexpected<Error> cut_short() {
    return fail(ErrorCode::Malformed, "an AMF0 value is cut short");
}

class Reader {
public:
    explicit Reader(BytesView bytes) : input_(bytes) {}

    Result<std::vector<Value>> all() {
        std::vector<Value> values;
        while (input_.remaining() > 0) {
            auto read = value(0);
            if (!read) return std::unexpected(read.error());
            values.push_back(std::move(*read));
        }
        return values;
    }

private:
    Result<Value> value(int depth) {
        if (++values_ > kValuesMax) {
            return fail(ErrorCode::LimitExceeded,
                        fmt::format("an AMF0 message holds more than {} values", kValuesMax));
        }
        if (depth > kDepthMax) {
            return fail(ErrorCode::LimitExceeded,
                        fmt::format("AMF0 objects are nested deeper than {}", kDepthMax));
        }
        const auto marker = input_.number(1);
        if (!marker) return cut_short();
        switch (*marker) {
            case kNumber:
                return number();
            case kBoolean:
                return boolean();
            case kString:
                return text(2);
            case kLongString:
            case kXmlDocument:
                return text(4);
            case kObject:
                return object(depth);
            case kTypedObject:
                if (const auto class_name = text(2); !class_name) return class_name;
                return object(depth);
            case kEcmaArray:
                // The count in front is a hint; the end marker decides.
                if (!input_.take(4)) return cut_short();
                return object(depth);
            case kStrictArray:
                return array(depth);
            case kDate:
                return date();
            case kReference:
                if (!input_.take(2)) return cut_short();
                return Value{Undefined{}};
            case kNull:
                return Value{Null{}};
            case kUndefined:
            case kUnsupported:
                return Value{Undefined{}};
            case kAmf3:
                return fail(ErrorCode::Unsupported,
                            "the publisher sends AMF3, only AMF0 is understood");
            default:
                return fail(ErrorCode::Malformed,
                            fmt::format("{:#04x} is no type of AMF0", *marker));
        }
    }

    Result<Value> number() {
        const auto bits = input_.number(8);
        if (!bits) return cut_short();
        return Value{std::bit_cast<double>(*bits)};
    }

    Result<Value> boolean() {
        const auto byte = input_.number(1);
        if (!byte) return cut_short();
        return Value{*byte != 0};
    }

    std::optional<std::string> string(std::size_t length_bytes) {
        const auto length = input_.number(length_bytes);
        if (!length) return std::nullopt;
        const auto bytes = input_.take(*length);
        if (!bytes) return std::nullopt;
        return std::string(as_text(*bytes));
    }

    Result<Value> text(std::size_t length_bytes) {
        auto read = string(length_bytes);
        if (!read) return cut_short();
        return Value{std::move(*read)};
    }

    Result<Value> date() {
        const auto bits = input_.number(8);
        const auto zone = input_.number(2);  // reserved, always 0 (§2.13)
        if (!bits || !zone) return cut_short();
        return Value{Date{std::bit_cast<double>(*bits)}};
    }

    Result<Value> object(int depth) {
        Object out;
        for (;;) {
            auto name = string(2);
            if (!name || input_.remaining() == 0) return cut_short();
            if (name->empty() && input_.rest()[0] == kObjectEnd) {
                input_.take(1);
                return Value{std::move(out)};
            }
            auto read = value(depth + 1);
            if (!read) return read;
            out.properties.push_back({std::move(*name), std::move(*read)});
        }
    }

    Result<Value> array(int depth) {
        const auto count = input_.number(4);
        if (!count) return cut_short();
        Array out;
        for (std::uint64_t i = 0; i < *count; ++i) {
            auto read = value(depth + 1);
            if (!read) return read;
            out.values.push_back(std::move(*read));
        }
        return Value{std::move(out)};
    }

    BytesReader input_;
    std::size_t values_ = 0;
};

void append_text(Bytes& out, std::string_view text) {
    ENSURE(text.size() <= 0xffff);
    append_number(out, text.size(), 2);
    append(out, as_bytes(text));
}

}  // namespace

// Written out: clang 19 crashes on defaulted comparisons that contain each other.
bool operator==(const Object& left, const Object& right) {
    return left.properties == right.properties;
}
bool operator==(const Array& left, const Array& right) {
    return left.values == right.values;
}

const Value* Object::find(std::string_view name) const {
    const auto found = std::ranges::find(properties, name, &Property::name);
    return found == properties.end() ? nullptr : &found->value;
}

Result<std::vector<Value>> read(BytesView bytes) {
    if (bytes.size() > kMessageBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("an AMF0 message of {} bytes is above the limit of {}",
                                bytes.size(), kMessageBytesMax));
    }
    return Reader{bytes}.all();
}

void append_value(Bytes& out, double number) {
    out.push_back(kNumber);
    append_number(out, std::bit_cast<std::uint64_t>(number), 8);
}

void append_value(Bytes& out, bool boolean) {
    out.push_back(kBoolean);
    out.push_back(boolean ? 1 : 0);
}

void append_value(Bytes& out, std::string_view text) {
    out.push_back(kString);
    append_text(out, text);
}

void append_value(Bytes& out, Null) {
    out.push_back(kNull);
}

void append_value(Bytes& out, Undefined) {
    out.push_back(kUndefined);
}

void append_value(Bytes& out, const Object& object) {
    out.push_back(kObject);
    for (const auto& [name, value] : object.properties) {
        append_text(out, name);
        append_value(out, value);
    }
    append_text(out, "");
    out.push_back(kObjectEnd);
}

void append_value(Bytes& out, const Array& array) {
    out.push_back(kStrictArray);
    append_number(out, array.values.size(), 4);
    for (const auto& value : array.values) append_value(out, value);
}

void append_value(Bytes& out, Date date) {
    out.push_back(kDate);
    append_number(out, std::bit_cast<std::uint64_t>(date.milliseconds), 8);
    append_number(out, 0, 2);
}

void append_value(Bytes& out, const Value& value) {
    std::visit([&out](const auto& is) { append_value(out, is); }, value.is);
}

}  // namespace oxbow::ingest::amf0
