#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

#include "base/bytes.h"

namespace oxbow::fuzz {

/// Takes an input apart from the front, so that one can be written by hand; behind its end
/// everything is 0.
class Input {
public:
    explicit Input(BytesView bytes) : rest_(bytes) {}

    bool empty() const { return rest_.empty(); }

    /// `count` big-endian bytes (1 to 8).
    std::uint64_t number(std::size_t count) {
        const BytesView taken = bytes(count);
        std::uint64_t value = 0;
        for (const std::uint8_t byte : taken) value = value << 8 | byte;
        return value;
    }

    /// At most `count` bytes.
    BytesView bytes(std::size_t count) {
        const BytesView taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

    /// All up to the next newline, which is taken too.
    std::string_view line() {
        const std::string_view text = as_text(rest_);
        const std::string_view taken = text.substr(0, text.find('\n'));
        rest_ = rest_.subspan(std::min(taken.size() + 1, rest_.size()));
        return taken;
    }

    BytesView rest() const { return rest_; }

private:
    BytesView rest_;
};

/// Cuts bytes into pieces as a network might deliver them: mostly short ones, some long, at places
/// that follow from the bytes alone.
class Pieces {
public:
    explicit Pieces(BytesView bytes) : rest_(bytes), random_(seed_of(bytes)) {}

    bool empty() const { return rest_.empty(); }

    BytesView next() {
        const std::size_t wanted = 1 + random_() % (random_() % 4 == 0 ? 2'000 : 12);
        const BytesView piece = rest_.first(std::min(wanted, rest_.size()));
        rest_ = rest_.subspan(piece.size());
        return piece;
    }

private:
    // FNV-1a.
    static std::uint32_t seed_of(BytesView bytes) {
        std::uint32_t hash = 2'166'136'261;
        for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 16'777'619;
        return hash;
    }

    BytesView rest_;
    std::minstd_rand random_;
};

}  // namespace oxbow::fuzz
