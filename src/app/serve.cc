#include "app/serve.h"

#include <algorithm>
#include <array>
#include <ostream>

#include <fmt/format.h>

#include "app/bucket.h"
#include "app/server.h"
#include "base/log.h"

namespace oxbow::app {
namespace {

Result<void> apply_address(const std::optional<std::string>& text, std::string_view flag,
                           ListenAddress& address) {
    if (!text) return {};
    auto parsed = parse_listen_address(*text);
    if (!parsed) return fail(ErrorCode::Malformed, fmt::format("{} {}", flag, parsed.error().what));
    address = std::move(*parsed);
    return {};
}

Result<void> apply_address(const std::optional<std::string>& text, std::string_view flag,
                           std::optional<ListenAddress>& address) {
    return text ? apply_address(text, flag, address.emplace()) : Result<void>{};
}

constexpr std::array<std::string_view, 4> kRoles{"live", "edge", "functions", "all"};

Result<void> check_role(const std::string& role) {
    if (role == "all") return {};
    if (std::ranges::find(kRoles, role) == kRoles.end()) {
        return fail(
            ErrorCode::Malformed,
            fmt::format(
                "--role must be live, edge, functions or all, of which this version runs all only, "
                "not '{}'",
                log::printable(role, 64)));
    }
    return fail(
        ErrorCode::Unsupported,
        fmt::format(
            "--role {} is not there yet: this version runs everything in one process, --role all",
            role));
}

}  // namespace

Result<Settings> settings_of(const ServeOptions& options) {
    Settings settings;
    if (auto role = check_role(options.role.value_or("all")); !role)
        return std::unexpected(role.error());
    if (options.config) {
        if (auto read = read_configuration(*options.config, settings); !read)
            return std::unexpected(read.error());
    }
    if (options.data && options.data->empty())
        return fail(ErrorCode::Malformed, "--data must name a directory");
    if (options.data) settings.data = *options.data;
    if (auto set = apply_address(options.http, "--http", settings.http); !set)
        return std::unexpected(set.error());
    if (auto set = apply_address(options.api, "--api", settings.api); !set)
        return std::unexpected(set.error());
    if (auto set = apply_address(options.rtmp, "--rtmp", settings.rtmp); !set)
        return std::unexpected(set.error());
    if (auto set = apply_address(options.https, "--https", settings.https); !set)
        return std::unexpected(set.error());
    if (auto set = apply_address(options.rtmps, "--rtmps", settings.rtmps); !set)
        return std::unexpected(set.error());
    if (options.ready_file) settings.ready_file = *options.ready_file;
    settings.demo = options.demo;
    if (auto loaded = load_certificate(settings); !loaded) return std::unexpected(loaded.error());
    if (auto separate = check_listeners(settings); !separate)
        return std::unexpected(separate.error());
    return settings;
}

int serve(const ServeOptions& options, std::ostream& out, std::ostream& err) {
    const auto settings = settings_of(options);
    if (!settings) {
        err << "oxbow: " << settings.error().what << '\n';
        return kExitUsage;
    }
    auto server = Server::start(*settings, out);
    if (!server) {
        err << "oxbow: " << server.error().what << '\n';
        return kExitFailed;
    }
    (*server)->run();
    return kExitDone;
}

int check_config(const std::filesystem::path& file, std::ostream& out, std::ostream& err) {
    Settings settings;
    auto right = read_configuration(file, settings);
    if (right) right = load_certificate(settings);
    if (right) right = check_listeners(settings);
    if (!right) {
        err << "oxbow: " << right.error().what << '\n';
        return kExitUsage;
    }
    out << file.string() << " is valid\n";
    const auto tried = try_bucket(settings);
    if (!tried) {
        err << "oxbow: " << tried.error().what << '\n';
        return kExitFailed;
    }
    if (!tried->empty()) out << *tried << '\n';
    return kExitDone;
}

}  // namespace oxbow::app
