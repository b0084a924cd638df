#include "net/remote_address.h"

#include <algorithm>

namespace oxbow::net {

std::string_view remote_address(const HttpRequest& request) {
    if (request.from_proxy) {
        std::string_view list = request.header("x-forwarded-for").value_or("");
        list.remove_prefix(list.rfind(',') == std::string_view::npos ? 0 : list.rfind(',') + 1);
        while (list.starts_with(' ')) list.remove_prefix(1);
        const bool is_address = !list.empty() && std::ranges::all_of(list, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
                   c == '.' || c == ':';
        });
        if (is_address && list.size() <= 45) return list;
    }
    std::string_view address = request.peer.substr(0, request.peer.rfind(':'));
    if (address.starts_with('[') && address.ends_with(']'))
        address = address.substr(1, address.size() - 2);
    return address;
}

}  // namespace oxbow::net
