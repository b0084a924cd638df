#include "net/networks.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::net {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kMappedBits = 96;  // in front of an IPv4 address

ip::address_v6::bytes_type bits_of(const ip::address& address) {
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes()
                           : address.to_v6().to_bytes();
}

bool same_prefix(const ip::address_v6::bytes_type& a, const ip::address_v6::bytes_type& b,
                 std::size_t length) {
    const std::size_t whole = length / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin()))
        return false;
    const std::size_t rest = length % 8;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

}  // namespace

Result<void> Networks::add(std::string_view text) {
    const auto malformed = [&] {
        return fail(ErrorCode::Malformed,
                    fmt::format("must list addresses or networks such as \"10.0.0.0/8\", not "
                                "\"{}\"",
                                log::printable(text, 64)));
    };
    const std::size_t slash = text.find('/');
    boost::system::error_code error;
    const auto address = ip::make_address(std::string{text.substr(0, slash)}, error);
    if (error || text.size() > 64) return malformed();
    const std::size_t length_max = address.is_v4() ? 32 : 128;
    std::size_t length = length_max;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, wrong] =
            std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (wrong != std::errc{} || end != digits.data() + digits.size() || length > length_max)
            return malformed();
    }
    networks_.push_back({bits_of(address), address.is_v4() ? length + kMappedBits : length});
    return {};
}

bool Networks::contain(const ip::address& address) const {
    const auto bits = bits_of(address);
    return std::ranges::any_of(networks_, [&](const Network& network) {
        return same_prefix(bits, network.bits, network.length);
    });
}

}  // namespace oxbow::net
