#include "app/behaviour_settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "base/log.h"
#include "edge/allowed_origin.h"

namespace oxbow::app {
namespace {

constexpr std::string_view kFunctionPaths = "/recording-started-";
constexpr std::string_view kListRule =
    "must be a list of tables: write [[edge.behaviours]] in front of each";

Error must(std::string what) {
    return {ErrorCode::Malformed, std::move(what)};
}

/// A table of the file, member by member; the first mistake of all is kept, with its place.
class TableReader {
public:
    /// In: `name` as errors call it, "edge.behaviours[1]".
    TableReader(const toml::node& node, std::string name, std::optional<Error>& mistake)
        : node_(node), table_(node.as_table()), name_(std::move(name)), mistake_(mistake) {
        if (table_ == nullptr) wrong(node, name_, "must be a table");
    }

    /// Reads `key` with `read`, where it is there.
    void member(std::string_view key, const std::function<Result<void>(const toml::node&)>& read) {
        known_.push_back(key);
        const toml::node* const value = table_ ? table_->get(key) : nullptr;
        if (value == nullptr || mistake_) return;
        if (auto done = read(*value); !done) wrong(*value, of(key), done.error().what);
    }
    /// Reads `key` as a table of its own.
    void table(std::string_view key, const std::function<void(TableReader&)>& read) {
        known_.push_back(key);
        const toml::node* const value = table_ ? table_->get(key) : nullptr;
        if (value == nullptr || mistake_) return;
        TableReader inner{*value, of(key), mistake_};
        read(inner);
        inner.end();
    }
    /// All members were asked for: others are unknown.
    void end() {
        if (table_ == nullptr || mistake_) return;
        for (const auto& [key, value] : *table_) {
            if (std::ranges::find(known_, key.str()) != known_.end()) continue;
            wrong(value, of(log::printable(key.str(), 64)),
                  fmt::format("is not known: there are {}", fmt::join(known_, ", ")));
        }
    }
    bool has(std::string_view key) const { return table_ && table_->contains(key); }
    /// Of the whole table, or of a member that is there.
    void wrong(std::string_view key, const std::string& what) {
        const toml::node* const value = table_ && !key.empty() ? table_->get(key) : nullptr;
        wrong(value ? *value : node_, key.empty() ? name_ : of(key), what);
    }

private:
    std::string of(std::string_view key) const { return fmt::format("{}.{}", name_, key); }
    void wrong(const toml::node& node, const std::string& name, const std::string& what) {
        if (mistake_) return;
        const toml::source_region& place = node.source();
        mistake_ = must(fmt::format("{}:{}: {} {}", place.path ? *place.path : "", place.begin.line,
                                    name, what));
    }

    const toml::node& node_;
    const toml::table* table_;
    std::string name_;
    std::optional<Error>& mistake_;
    std::vector<std::string_view> known_;
};

Result<std::string> quoted(const toml::node& node) {
    auto text = node.value_exact<std::string>();
    if (!text) return std::unexpected(must("must be a text in quotes"));
    return *std::move(text);
}

Result<void> read_flag(const toml::node& node, bool& value) {
    const auto flag = node.value_exact<bool>();
    if (!flag) return std::unexpected(must("must be true or false"));
    value = *flag;
    return {};
}

Result<void> read_seconds(const toml::node& node, std::chrono::seconds& value) {
    const auto seconds = node.value_exact<std::int64_t>();
    if (!seconds || *seconds < 0 || *seconds > edge::kTtlMax.count()) {
        return std::unexpected(
            must(fmt::format("must be a number of seconds from 0 to {}", edge::kTtlMax.count())));
    }
    value = std::chrono::seconds{*seconds};
    return {};
}

/// A list of names; `rule` is what each must be.
Result<void> read_names(const toml::node& node, std::size_t most, bool (*is_name)(std::string_view),
                        std::string_view rule, std::vector<std::string>& value) {
    const toml::array* const array = node.as_array();
    if (array == nullptr || array->size() > most)
        return std::unexpected(must(fmt::format("must be a list of at most {} {}", most, rule)));
    std::vector<std::string> names;
    for (const toml::node& item : *array) {
        auto name = quoted(item);
        if (!name || !is_name(*name))
            return std::unexpected(
                must(fmt::format("must be a list of at most {} {}", most, rule)));
        names.push_back(*std::move(name));
    }
    value = std::move(names);
    return {};
}

Result<void> read_origins(const toml::node& node, std::vector<std::string>& value) {
    const toml::array* const array = node.as_array();
    if (array == nullptr || array->size() > kCorsOriginsMax) {
        return std::unexpected(must(
            fmt::format("must be a list of at most {} origins, such as [\"*\"]", kCorsOriginsMax)));
    }
    std::vector<std::string> origins;
    for (const toml::node& item : *array) {
        auto origin = quoted(item);
        if (!origin) return std::unexpected(origin.error());
        if (auto right = edge::AllowedOrigin::parse(*origin); !right)
            return std::unexpected(right.error());
        origins.push_back(*std::move(origin));
    }
    value = std::move(origins);
    return {};
}

Result<void> read_behaviour_name(const toml::node& node, std::string& value) {
    auto name = quoted(node);
    const bool is_name =
        name && !name->empty() && name->size() <= edge::kBehaviourNameBytesMax &&
        std::ranges::all_of(*name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    if (!is_name || *name == "none") {
        return std::unexpected(must(
            fmt::format("must be 1 to {} of the characters a-z, 0-9, - and _, and not \"none\"",
                        edge::kBehaviourNameBytesMax)));
    }
    value = *std::move(name);
    return {};
}

void read_ttl(TableReader& table, edge::CacheTtl& ttl) {
    const auto seconds = [](std::chrono::seconds& value) {
        return [&value](const toml::node& node) { return read_seconds(node, value); };
    };
    table.member("min", seconds(ttl.least));
    table.member("default", seconds(ttl.normal));
    table.member("max", seconds(ttl.most));
    if (ttl.least > ttl.most) table.wrong("min", "must not be above max");
}

void read_cors(TableReader& table, edge::CorsPolicy& cors) {
    table.member("origins",
                 [&](const toml::node& node) { return read_origins(node, cors.origins); });
    const auto headers = [](std::vector<std::string>& value) {
        return [&value](const toml::node& node) {
            return read_names(node, edge::kCorsNamesMax, edge::is_header_name, "names of headers",
                              value);
        };
    };
    table.member("expose", headers(cors.expose));
    table.member("allow_headers", headers(cors.allow_headers));
    table.member("max_age",
                 [&](const toml::node& node) { return read_seconds(node, cors.max_age); });
    table.member("override",
                 [&](const toml::node& node) { return read_flag(node, cors.overrides); });
}

void read_security(TableReader& table, std::vector<edge::AddedHeader>& security) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kHeaders{
        {{"strict_transport_security", "Strict-Transport-Security"},
         {"content_security_policy", "Content-Security-Policy"},
         {"frame_options", "X-Frame-Options"},
         {"referrer_policy", "Referrer-Policy"},
         {"xss_protection", "X-XSS-Protection"}}};
    for (const auto& header : kHeaders) {
        table.member(header.first, [&](const toml::node& node) -> Result<void> {
            auto value = quoted(node);
            if (!value) return std::unexpected(value.error());
            if (auto right = edge::check_header_value(*value); !right) return right;
            security.push_back({std::string{header.second}, *std::move(value)});
            return {};
        });
    }
}

/// [{ name = "X-Served-By", value = "oxbow" }]
void read_headers(const toml::node& node, const std::string& name, std::optional<Error>& mistake,
                  std::vector<edge::AddedHeader>& headers) {
    const toml::array& array = *node.as_array();
    for (std::size_t i = 0; i < array.size(); ++i) {
        TableReader table{array[i], fmt::format("{}[{}]", name, i + 1), mistake};
        edge::AddedHeader header;
        const auto text = [](std::string& value) {
            return [&value](const toml::node& of) -> Result<void> {
                auto read = quoted(of);
                if (!read) return std::unexpected(read.error());
                value = *std::move(read);
                return {};
            };
        };
        table.member("name", text(header.name));
        table.member("value", text(header.value));
        table.member("override",
                     [&](const toml::node& of) { return read_flag(of, header.overrides); });
        table.end();
        if (mistake) return;
        // Of the name, of which most of what can be wrong is; else of the value.
        const bool names = edge::check_added_header(header.name, "x").has_value();
        if (auto right = edge::check_added_header(header.name, header.value); !right)
            table.wrong(names ? "value" : "name", right.error().what);
        const auto same = [&](const edge::AddedHeader& other) {
            return std::ranges::equal(other.name, header.name, [](char a, char b) {
                return std::tolower(static_cast<unsigned char>(a)) ==
                       std::tolower(static_cast<unsigned char>(b));
            });
        };
        if (std::ranges::any_of(headers, same)) table.wrong("name", "is there twice");
        headers.push_back(std::move(header));
    }
}

/// What a behaviour says that is wrong only beside the others.
void check_beside(TableReader& table, const edge::Behaviour& behaviour, bool is_last,
                  std::span<const edge::Behaviour> before) {
    const auto pattern = edge::PathPattern::parse(behaviour.path);
    if (!pattern) return;
    for (const edge::Behaviour& other : before) {
        if (edge::PathPattern::parse(other.path)->text() == pattern->text())
            table.wrong("path", fmt::format("is that of {}, which comes first", other.name));
        if (other.name == behaviour.name)
            table.wrong("name",
                        fmt::format("must differ from all others: there is a {}", other.name));
    }
    if (pattern->matches_all() && !is_last)
        table.wrong("path", "matches every path, so that no behaviour behind it can match");
    if (!pattern->matches_all() && is_last) {
        table.wrong("path",
                    "must be \"*\": the last behaviour is for every path that no other matches");
    }
    if (behaviour.function != edge::EdgeFunction::None &&
        !pattern->text().starts_with(kFunctionPaths)) {
        table.wrong("function",
                    fmt::format("needs a path that begins with \"{}\", where its answers "
                                "are",
                                kFunctionPaths));
    }
}

edge::Behaviour read_behaviour(TableReader& table, const std::string& name,
                               std::optional<Error>& mistake) {
    edge::Behaviour out;
    table.member("path", [&](const toml::node& node) -> Result<void> {
        auto text = quoted(node);
        if (!text) return std::unexpected(text.error());
        if (auto pattern = edge::PathPattern::parse(*text); !pattern)
            return std::unexpected(pattern.error());
        out.path = *std::move(text);
        return {};
    });
    table.member("name",
                 [&](const toml::node& node) { return read_behaviour_name(node, out.name); });
    table.member("cache_control", [&](const toml::node& node) -> Result<void> {
        auto text = quoted(node);
        if (!text) return std::unexpected(text.error());
        if (auto right = edge::check_cache_control(*text); !right) return right;
        out.cache_control = *std::move(text);
        return {};
    });
    table.table("ttl", [&](TableReader& inner) { read_ttl(inner, out.ttl); });
    table.member("query", [&](const toml::node& node) -> Result<void> {
        if (node.value_exact<std::string>() == "all") return {};
        constexpr std::string_view kRule = "names of parameters, or \"all\"";
        return read_names(node, edge::kQueryNamesMax, edge::is_query_name, kRule,
                          out.query.emplace());
    });
    table.member("compress", [&](const toml::node& node) { return read_flag(node, out.compress); });
    table.member("function", [&](const toml::node& node) -> Result<void> {
        constexpr auto kOnly = edge::EdgeFunction::GetLatestRecordingStartMeta;
        if (node.value_exact<std::string>() != edge::name_of(kOnly))
            return std::unexpected(must(fmt::format("must be \"{}\"", edge::name_of(kOnly))));
        out.function = kOnly;
        return {};
    });
    table.table("cors", [&](TableReader& inner) { read_cors(inner, out.cors.emplace()); });
    table.table("security", [&](TableReader& inner) { read_security(inner, out.security); });
    table.member("headers", [&](const toml::node& node) -> Result<void> {
        if (node.as_array() == nullptr || node.as_array()->size() > edge::kAddedHeadersMax) {
            return std::unexpected(
                must(fmt::format("must be a list of at most {} tables such as {{ name = "
                                 "\"X-Served-By\", value = \"oxbow\" }}",
                                 edge::kAddedHeadersMax)));
        }
        read_headers(node, name + ".headers", mistake, out.headers);
        return {};
    });
    table.end();
    if (!table.has("path")) table.wrong("", "must have a path, such as path = \"/seg/*\"");
    return out;
}

}  // namespace

Result<void> apply_behaviours(const toml::node& node, Settings& settings) {
    const toml::source_region& place = node.source();
    const auto wrong = [&](std::string_view what) {
        return fail(ErrorCode::Malformed,
                    fmt::format("{}:{}: edge.behaviours {}", place.path ? *place.path : "",
                                place.begin.line, what));
    };
    const toml::array* const array = node.as_array();
    if (array == nullptr) return wrong(kListRule);
    if (array->empty()) {
        return wrong(
            "must have a behaviour, the last for \"*\"; without the key, the built-in list "
            "counts");
    }
    if (array->size() > edge::Behaviours::kBehavioursMax) {
        return wrong(fmt::format("must have at most {} behaviours, not {}",
                                 edge::Behaviours::kBehavioursMax, array->size()));
    }
    std::vector<edge::Behaviour> list;
    std::optional<Error> mistake;
    for (std::size_t i = 0; i < array->size() && !mistake; ++i) {
        const std::string name = fmt::format("edge.behaviours[{}]", i + 1);
        TableReader table{(*array)[i], name, mistake};
        edge::Behaviour behaviour = read_behaviour(table, name, mistake);
        if (behaviour.name.empty()) behaviour.name = fmt::format("behaviour-{}", i + 1);
        if (!mistake) check_beside(table, behaviour, i + 1 == array->size(), list);
        list.push_back(std::move(behaviour));
    }
    if (mistake) return std::unexpected(*std::move(mistake));
    settings.behaviours = std::move(list);
    return {};
}

Result<void> apply_cors_origins(const toml::node& node, Settings& settings) {
    const toml::array* const array = node.as_array();
    if (array == nullptr)
        return fail(ErrorCode::Malformed, "must be a list of origins, such as [\"*\"]");
    if (array->empty())
        return fail(ErrorCode::Malformed, "must list an origin; [\"*\"] lets every page read");
    return read_origins(node, settings.cors_origins);
}

Result<void> apply_request_log(const toml::node& node, Settings& settings) {
    using edge::LogMode;
    const auto text = node.value_exact<std::string>().value_or("");
    if (text != "off" && text != "sampled" && text != "on")
        return fail(ErrorCode::Malformed, "must be \"off\", \"sampled\" or \"on\"");
    settings.request_log.mode = text == "off"       ? LogMode::Off
                                : text == "sampled" ? LogMode::Sampled
                                                    : LogMode::On;
    return {};
}

Result<void> apply_request_log_one_in(const toml::node& node, Settings& settings) {
    const auto count = node.value_exact<std::int64_t>();
    if (!count || *count < 1 || *count > kLogOneInMax) {
        return fail(ErrorCode::Malformed,
                    fmt::format("must be a number from 1 to {}", kLogOneInMax));
    }
    settings.request_log.one_in = static_cast<std::uint32_t>(*count);
    return {};
}

Result<void> apply_request_log_format(const toml::node& node, Settings& settings) {
    const auto text = node.value_exact<std::string>().value_or("");
    if (text != "common" && text != "json")
        return fail(ErrorCode::Malformed, "must be \"common\" or \"json\"");
    settings.request_log.format = text == "json" ? edge::LogFormat::Json : edge::LogFormat::Common;
    return {};
}

Result<void> apply_request_log_file(const toml::node& node, Settings& settings) {
    const auto text = node.value_exact<std::string>().value_or("");
    const bool has_control =
        std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
    if (text.empty() || has_control)
        return fail(ErrorCode::Malformed, "must name a file, or be \"stderr\"");
    settings.request_log.file = text == "stderr" ? std::string{} : text;
    return {};
}

std::shared_ptr<const edge::Behaviours> behaviours_of(const Settings& settings) {
    edge::CorsPolicy of_all;
    of_all.origins = settings.cors_origins;
    std::vector<edge::Behaviour> list = settings.behaviours;
    const bool live_here = settings.role != Role::Edge || !settings.live_origin.empty();
    if (list.empty()) {
        list = edge::built_in_behaviours(
            of_all, live_here ? edge::LivePlayback::Here : edge::LivePlayback::Elsewhere);
    }
    for (edge::Behaviour& behaviour : list) {
        if (!behaviour.cors) behaviour.cors = of_all;
    }
    return std::make_shared<const edge::Behaviours>(std::move(list));
}

}  // namespace oxbow::app
