#include "app/cli_behaviours.h"

#include <algorithm>
#include <ostream>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "app/behaviour_settings.h"
#include "app/cli.h"
#include "app/settings.h"
#include "edge/behaviours.h"
#include "edge/response_policy.h"
#include "edge/responses.h"

namespace oxbow::app {
namespace {

namespace json = boost::json;
using edge::Behaviour;
using edge::Behaviours;

constexpr std::string_view kByAnswer = "as the answer says itself";

std::string_view said_of_cache(const Behaviour& behaviour) {
    return behaviour.cache_control.empty() ? kByAnswer : std::string_view{behaviour.cache_control};
}

std::string said_of_query(const Behaviour& behaviour) {
    if (!behaviour.query) return "all";
    return behaviour.query->empty() ? "none" : fmt::format("{}", fmt::join(*behaviour.query, ", "));
}

std::string said_of_ttl(const Behaviour& behaviour) {
    return fmt::format("{}, {}, {} s", behaviour.ttl.least.count(), behaviour.ttl.normal.count(),
                       behaviour.ttl.most.count());
}

json::array names_in_json(const std::vector<std::string>& names) {
    json::array out;
    for (const std::string& name : names) out.emplace_back(name);
    return out;
}

json::object behaviour_json(const Behaviour& behaviour, const edge::PathPattern& pattern) {
    json::object out{{"name", behaviour.name}, {"path", pattern.text()}};
    if (behaviour.cache_control.empty()) {
        out["cacheControl"] = nullptr;
    } else {
        out["cacheControl"] = behaviour.cache_control;
    }
    out["ttl"] = {{"min", behaviour.ttl.least.count()},
                  {"default", behaviour.ttl.normal.count()},
                  {"max", behaviour.ttl.most.count()}};
    if (behaviour.query) {
        out["query"] = names_in_json(*behaviour.query);
    } else {
        out["query"] = "all";
    }
    out["compress"] = behaviour.compress;
    if (behaviour.function != edge::EdgeFunction::None)
        out["function"] = edge::name_of(behaviour.function);
    const edge::CorsPolicy& cors = *behaviour.cors;
    out["cors"] = {{"origins", names_in_json(cors.origins)},
                   {"expose", names_in_json(cors.expose)},
                   {"allowHeaders", names_in_json(cors.allow_headers)},
                   {"maxAge", cors.max_age.count()},
                   {"override", cors.overrides}};
    json::array headers;
    for (const auto* const added : {&behaviour.security, &behaviour.headers}) {
        for (const edge::AddedHeader& header : *added) {
            headers.push_back(
                {{"name", header.name}, {"value", header.value}, {"override", header.overrides}});
        }
    }
    out["headers"] = std::move(headers);
    return out;
}

/// The header lines of an answer that is none of an error, but for its Content-Type and its ETag.
std::vector<std::string> header_lines(const Behaviour& behaviour) {
    const edge::ResponsePolicy policy{behaviour};
    std::vector<std::string> out;
    std::string_view block = *policy.block(edge::kJsonType, edge::Freshness::Second);
    while (!block.empty()) {
        const std::string_view line = block.substr(0, block.find("\r\n"));
        block.remove_prefix(line.size() + 2);
        if (line.starts_with("Content-Type: ")) continue;
        out.emplace_back(line.starts_with("Cache-Control: ")
                             ? fmt::format("Cache-Control: {}", said_of_cache(behaviour))
                             : line);
    }
    const std::vector<std::string>& origins = behaviour.cors->origins;
    if (!policy.any_origin() && !origins.empty()) {
        out.push_back(fmt::format("Access-Control-Allow-Origin: the Origin, if it is one of {}",
                                  fmt::join(origins, ", ")));
        out.emplace_back("Vary: Origin");
        if (const auto& expose = behaviour.cors->expose; !expose.empty()) {
            out.push_back(
                fmt::format("Access-Control-Expose-Headers: {}", fmt::join(expose, ", ")));
        }
    }
    for (const edge::AddedHeader& header : behaviour.security) {
        if (header.name == "Strict-Transport-Security")
            out.push_back(fmt::format("{}: {} (by HTTPS alone)", header.name, header.value));
    }
    for (const edge::AddedHeader& header : behaviour.headers) {
        const std::string line = fmt::format("{}: {}", header.name, header.value);
        // In no block, for downloads have one of their own.
        if (std::ranges::find(out, line) == out.end()) out.push_back(line);
    }
    if (behaviour.compress) {
        out.push_back(
            fmt::format("Content-Encoding: gzip and Vary: Accept-Encoding, of texts from "
                        "{} bytes",
                        edge::kGzipBytesMin));
    }
    return out;
}

void list(const Behaviours& behaviours, bool as_json, std::ostream& out) {
    if (as_json) {
        json::array all;
        for (std::size_t i = 0; i < behaviours.size(); ++i)
            all.push_back(behaviour_json(behaviours.at(i), behaviours.pattern(i)));
        out << json::serialize(json::object{{"behaviours", std::move(all)}}) << '\n';
        return;
    }
    std::size_t path_bytes = 0;
    std::size_t name_bytes = 0;
    for (std::size_t i = 0; i < behaviours.size(); ++i) {
        path_bytes = std::max(path_bytes, behaviours.pattern(i).text().size());
        name_bytes = std::max(name_bytes, behaviours.at(i).name.size());
    }
    for (std::size_t i = 0; i < behaviours.size(); ++i) {
        const Behaviour& behaviour = behaviours.at(i);
        out << fmt::format("{:2}  {:{}}  {:{}}  {}{}\n", i + 1, behaviours.pattern(i).text(),
                           path_bytes, behaviour.name, name_bytes, said_of_cache(behaviour),
                           behaviour.function == edge::EdgeFunction::None
                               ? ""
                               : fmt::format("; runs {}", edge::name_of(behaviour.function)));
    }
}

void explain(const Behaviours& behaviours, std::string_view asked, bool as_json,
             std::ostream& out) {
    const std::string_view sent = asked.substr(0, asked.find('?'));
    const std::string_view query = sent.size() == asked.size() ? "" : asked.substr(sent.size() + 1);
    std::string made;
    const std::string path{edge::matched_path(sent, made)};
    const std::size_t index = behaviours.index_of(path);
    const Behaviour& behaviour = behaviours.at(index);
    const std::string_view pattern = behaviours.pattern(index).text();
    const std::string target = behaviours.target(path, query);
    const auto lines = header_lines(behaviour);
    std::vector<std::string_view> before;
    for (std::size_t i = 0; i < index; ++i) before.push_back(behaviours.pattern(i).text());
    if (as_json) {
        json::array others;
        for (const std::string_view other : before) others.emplace_back(other);
        out << json::serialize(
                   json::object{{"path", path},
                                {"number", index + 1},
                                {"behaviour", behaviour_json(behaviour, behaviours.pattern(index))},
                                {"notMatched", std::move(others)},
                                {"cacheKey", target},
                                {"answerHeaders", names_in_json(lines)}})
            << '\n';
        return;
    }
    const std::string why =
        index + 1 == behaviours.size()
            ? "no other matches: this one is for all that is left"
            : fmt::format("{} matches the whole path, and none before it does", pattern);
    out << fmt::format("path        {}\nbehaviour   {}, number {} of {}: {}\nwhy         {}\n",
                       path, behaviour.name, index + 1, behaviours.size(), pattern, why);
    for (const std::string_view other : before) out << "            not " << other << '\n';
    if (behaviour.function != edge::EdgeFunction::None)
        out << fmt::format("function    {}\n", edge::name_of(behaviour.function));
    out << fmt::format("cache key   {}\nTTL         {} (least, without a word, most; role edge)\n",
                       target, said_of_ttl(behaviour));
    out << fmt::format("query       {}\n", said_of_query(behaviour));
    out << "headers of what is not an error\n";
    for (const std::string& line : lines) out << "            " << line << '\n';
    out << "of a private channel\n            Cache-Control: private, no-store, whatever is "
           "configured, and no header of 'headers'\n";
}

}  // namespace

int show_behaviours(const BehavioursCommand& command, std::ostream& out, std::ostream& err) {
    Settings settings;
    if (command.config) {
        if (auto read = read_configuration(*command.config, settings); !read) {
            err << "oxbow: " << read.error().what << '\n';
            return kExitUsage;
        }
    }
    const auto behaviours = behaviours_of(settings);
    if (!command.path) {
        list(*behaviours, command.json, out);
        return kExitDone;
    }
    std::string path = *command.path;
    // As patterns may be written, and as it is copied from a browser.
    if (const std::size_t scheme = path.find("://"); scheme != std::string::npos)
        path.erase(0, std::min(path.find('/', scheme + 3), path.size()));
    if (!path.starts_with('/')) path.insert(path.begin(), '/');
    explain(*behaviours, path, command.json, out);
    return kExitDone;
}

}  // namespace oxbow::app
