#pragma once

#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/result.h"

namespace oxbow::net {

/// A set of IP networks, such as the proxies that are trusted.
class Networks {
public:
    /// In: "10.0.0.0/8", "2001:db8::/32", or one address. Errors: Malformed.
    Result<void> add(std::string_view text);

    /// An IPv4 address that came by an IPv6 socket counts as what it is.
    bool contain(const boost::asio::ip::address& address) const;

private:
    struct Network {
        boost::asio::ip::address_v6::bytes_type bits;  // IPv4 as ::ffff:a.b.c.d
        std::size_t length;                            // of the prefix, in bits
    };
    std::vector<Network> networks_;
};

}  // namespace oxbow::net
