#include "net/http_conditions.h"

#include <algorithm>
#include <optional>

#include "net/http_grammar.h"

namespace oxbow::net {
namespace {

/// Takes the part before the next comma off the front of `list`.
std::string_view take_entry(std::string_view& list) {
    const std::string_view entry = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), entry.size() + 1));
    return trimmed(entry);
}

/// One entity-tag off the front of `list`, without quotes and W/; nullopt when there is none.
std::optional<std::string_view> take_tag(std::string_view& list) {
    list.remove_prefix(std::min(list.size(), list.find_first_not_of(" \t,")));
    if (list.starts_with("W/")) list.remove_prefix(2);
    if (!list.starts_with('"')) return std::nullopt;
    const std::size_t end = list.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view tag = list.substr(1, end - 1);
    list.remove_prefix(end + 1);
    return tag;
}

/// In thousandths: 1000 for "1", 500 for "0.5"; 0 for what is no weight.
int weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    if (text.size() > 1 && text[1] != '.') return 0;
    int thousandths = (text[0] - '0') * 1000;
    int place = 100;
    for (const char digit : text.substr(std::min<std::size_t>(text.size(), 2))) {
        if (digit < '0' || digit > '9') return 0;
        thousandths += (digit - '0') * place;
        place /= 10;
    }
    return thousandths > 1000 ? 0 : thousandths;
}

// "gzip;q=0.8" -> gzip, 800
struct Coding {
    std::string_view name;
    int weight = 1000;
};
Coding read_coding(std::string_view entry) {
    const std::size_t semicolon = entry.find(';');
    Coding coding{.name = trimmed(entry.substr(0, semicolon))};
    if (semicolon == std::string_view::npos) return coding;
    const std::string_view parameter = trimmed(entry.substr(semicolon + 1));
    const bool is_weight = parameter.starts_with("q=") || parameter.starts_with("Q=");
    coding.weight = is_weight ? weight(parameter.substr(2)) : 0;
    return coding;
}

}  // namespace

bool has_version(const HttpRequest& request, std::string_view etag) {
    for (const auto& [name, value] : request.headers) {
        if (name != "if-none-match") continue;
        if (value == "*") return true;
        std::string_view list = value;
        while (const auto tag = take_tag(list)) {
            if (*tag == etag) return true;
        }
    }
    return false;
}

bool range_counts(const HttpRequest& request, std::string_view etag) {
    const auto condition = request.header("if-range");
    if (!condition) return true;
    return condition->size() == etag.size() + 2 && condition->starts_with('"') &&
           condition->ends_with('"') && condition->substr(1, etag.size()) == etag;
}

bool accepts_gzip(const HttpRequest& request) {
    std::optional<int> gzip;
    std::optional<int> any;
    int identity = 0;
    for (const auto& [name, value] : request.headers) {
        if (name != "accept-encoding") continue;
        std::string_view list = value;
        while (!list.empty()) {
            const Coding coding = read_coding(take_entry(list));
            if (equals_in_any_case(coding.name, "gzip") ||
                equals_in_any_case(coding.name, "x-gzip")) {
                gzip = coding.weight;
            } else if (coding.name == "*") {
                any = coding.weight;
            } else if (equals_in_any_case(coding.name, "identity")) {
                identity = coding.weight;
            }
        }
    }
    const int taken = gzip ? *gzip : any.value_or(0);
    return taken > 0 && taken >= identity;
}

}  // namespace oxbow::net
