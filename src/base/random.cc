#include "base/random.h"

#include <cstdint>
#include <string_view>

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

}  // namespace oxbow
