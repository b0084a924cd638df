#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace oxbow {

/// Reads bits, most significant first, from bytes of outside. A read past the end gives 0 and is
/// remembered: a parser reads on and asks `failed()` before it believes anything.
class BitReader {
public:
    explicit BitReader(BytesView bytes) : bytes_(bytes) {}

    bool failed() const { return failed_; }

    bool flag() { return bits(1) != 0; }

    /// The next `count` bits, at most 32.
    std::uint32_t bits(unsigned count) {
        if (bytes_.size() * 8 - at_ < count) {
            fail();
            return 0;
        }
        std::uint32_t value = 0;
        for (unsigned i = 0; i < count; ++i, ++at_) {
            value = value << 1 | (bytes_[at_ / 8] >> (7 - at_ % 8) & 1U);
        }
        return value;
    }

    void skip(unsigned count) { bits(count); }

    /// ue(v): an unsigned Exp-Golomb number with at most 31 leading zero bits.
    ///
    /// Source: ISO/IEC 14496-10 §9.1.
    std::uint32_t exp_golomb() {
        unsigned zeros = 0;
        while (!failed_ && !flag()) ++zeros;
        if (zeros > 31) fail();
        if (failed_) return 0;
        return (1U << zeros) - 1 + bits(zeros);
    }

    /// se(v): 1, -1, 2, -2, ... for the unsigned numbers 1, 2, 3, 4, ...
    std::int32_t signed_exp_golomb() {
        const std::int64_t number = exp_golomb();
        const std::int64_t half = (number + 1) / 2;
        return static_cast<std::int32_t>(number % 2 == 0 ? -half : half);
    }

private:
    void fail() {
        failed_ = true;
        at_ = bytes_.size() * 8;
    }

    BytesView bytes_;
    std::size_t at_ = 0;  // bits
    bool failed_ = false;
};

}  // namespace oxbow
