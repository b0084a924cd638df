#include "app/serve.h"

#include <ostream>

#include <fmt/format.h>

#include "app/bucket.h"
#include "app/edge_server.h"
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

Result<Role> role_of(const std::string& name) {
    for (const Role role : {Role::All, Role::Live, Role::Edge, Role::Functions}) {
        if (name == name_of(role)) return role;
    }
    return fail(ErrorCode::Malformed,
                fmt::format("--role must be all, live, edge or functions, not '{}'",
                            log::printable(name, 64)));
}

bool stands_apart(Role role) {
    return role == Role::Edge || role == Role::Functions;
}

/// Serves until a signal.
template <typename Program>
int run(const Settings& settings, std::ostream& out, std::ostream& err) {
    auto program = Program::start(settings, out);
    if (!program) {
        err << "oxbow: " << program.error().what << '\n';
        return kExitFailed;
    }
    (*program)->run();
    return kExitDone;
}

}  // namespace

Result<Settings> settings_of(const ServeOptions& options) {
    Settings settings;
    const auto role = role_of(options.role.value_or("all"));
    if (!role) return std::unexpected(role.error());
    settings.role = *role;
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
    const bool apart = stands_apart(settings.role);
    if (apart && !settings.store.s3) {
        return fail(ErrorCode::Malformed,
                    fmt::format("--role {} plays what others record into the bucket of an S3 "
                                "server: set store.kind = \"s3\" in the configuration file",
                                name_of(settings.role)));
    }
    if (apart && settings.demo) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("--demo is of the roles all and live: nobody publishes to --role {}",
                        name_of(settings.role)));
    }
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
    return stands_apart(settings->role) ? run<EdgeServer>(*settings, out, err)
                                        : run<Server>(*settings, out, err);
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
