#include "notify/receiver_name.h"

#include <algorithm>

#include <fmt/format.h>

namespace oxbow::notify {

std::string receiver_name(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return std::string{url};
    const std::size_t host = scheme + 3;
    const std::size_t end = std::min(url.find('/', host), url.size());
    const std::size_t user = url.substr(0, end).rfind('@');
    const std::size_t from = user == std::string_view::npos || user < host ? host : user + 1;
    return fmt::format("{}{}", url.substr(0, host), url.substr(from));
}

}  // namespace oxbow::notify
