#include "app/settings.h"

#include <charconv>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "base/log.h"

namespace oxbow::app {
namespace {

bool overlap(const ListenAddress& a, const ListenAddress& b) {
    const auto host_a = boost::asio::ip::make_address(a.host);
    const auto host_b = boost::asio::ip::make_address(b.host);
    return a.port != 0 && a.port == b.port &&
           (host_a == host_b || host_a.is_unspecified() || host_b.is_unspecified());
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
    const auto malformed = [&] {
        return fail(ErrorCode::Malformed,
                    fmt::format("must be ADDR:PORT such as \"127.0.0.1:8080\", not \"{}\"",
                                log::printable(text, 64)));
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.size() > 64) return malformed();
    std::string host{text.substr(0, colon)};
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
        return malformed();
    boost::system::error_code not_an_address;
    boost::asio::ip::make_address(host, not_an_address);
    if (not_an_address) {
        return fail(ErrorCode::Malformed,
                    fmt::format("must have a numeric address such as \"127.0.0.1:{}\", not \"{}\"",
                                port, log::printable(text, 64)));
    }
    return ListenAddress{std::move(host), port};
}

Result<void> check_listeners(const Settings& settings) {
    struct Listener {
        std::string_view name;
        const ListenAddress& address;
    };
    std::vector<Listener> listeners{{"--http (edge.listen)", settings.http},
                                    {"--api (api.listen)", settings.api},
                                    {"--rtmp (rtmp.listen)", settings.rtmp}};
    if (settings.https) listeners.push_back({"--https (edge.listen_tls)", *settings.https});
    if (settings.rtmps) listeners.push_back({"--rtmps (rtmp.listen_tls)", *settings.rtmps});
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        for (std::size_t j = i + 1; j < listeners.size(); ++j) {
            if (!overlap(listeners[i].address, listeners[j].address)) continue;
            return fail(
                ErrorCode::Conflict,
                fmt::format("{} and {} would both listen on port {}: give each a port of its own",
                            listeners[i].name, listeners[j].name, listeners[i].address.port));
        }
    }
    return {};
}

std::string_view name_of(Role role) {
    switch (role) {
        case Role::All:
            return "all";
        case Role::Live:
            return "live";
        case Role::Edge:
            return "edge";
        case Role::Functions:
            return "functions";
    }
    return "";
}

}  // namespace oxbow::app
