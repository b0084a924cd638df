#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace oxbow {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads big-endian numbers off the front of bytes from outside; every read is checked.
class BytesReader {
public:
    explicit BytesReader(BytesView bytes) : rest_(bytes) {}

    std::size_t remaining() const { return rest_.size(); }
    BytesView rest() const { return rest_; }

    /// The next `count` bytes as a big-endian number (count 1 to 8); nullopt when there are fewer.
    std::optional<std::uint64_t> number(std::size_t count) {
        if (rest_.size() < count) return std::nullopt;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i) value = value << 8 | rest_[i];
        rest_ = rest_.subspan(count);
        return value;
    }

    /// The next `count` bytes; nullopt when there are fewer.
    std::optional<BytesView> take(std::size_t count) {
        if (rest_.size() < count) return std::nullopt;
        const BytesView taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

private:
    BytesView rest_;
};

/// Appends `value` to `out` as `count` big-endian bytes (count 1 to 8).
inline void append_number(Bytes& out, std::uint64_t value, std::size_t count) {
    for (std::size_t i = count; i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline void append(Bytes& out, BytesView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace oxbow
