#include "base/random.h"

#include <array>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>
#include <sys/random.h>

#include "base/ensure.h"

namespace oxbow {

std::string random_alphanumeric(std::size_t length) {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string out;
    while (out.size() < length) {
        std::uint8_t byte = 0;
        ENSURE(getrandom(&byte, 1, 0) == 1);
        // 248 = 4 x 62: bytes above would make some characters likelier.
        if (byte < 248) out += kAlphabet[byte % kAlphabet.size()];
    }
    return out;
}

std::string random_uuid() {
    std::array<std::uint8_t, 16> bytes;
    ENSURE(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    std::string id = fmt::format("{:02x}", fmt::join(bytes, ""));
    for (const std::size_t at : {8, 13, 18, 23}) id.insert(at, 1, '-');
    return id;
}

double random_fraction() {
    std::uint32_t bits = 0;
    ENSURE(getrandom(&bits, sizeof bits, 0) == static_cast<ssize_t>(sizeof bits));
    return static_cast<double>(bits) / 4'294'967'296.0;
}

}  // namespace oxbow
