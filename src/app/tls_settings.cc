#include <fmt/format.h>

#include "app/settings.h"

namespace oxbow::app {
namespace {

const ListenAddress kHttpsDefault{"127.0.0.1", 8443};
const ListenAddress kRtmpsDefault{"127.0.0.1", 1936};

Error in(const ConfiguredFile& file, const Error& error) {
    return {error.code, fmt::format("{}: {}", file.key, error.what)};
}

/// What needs a certificate, where there is none.
Result<void> refuse_without_certificate(const Settings& settings) {
    const auto refused = [](std::string_view what) {
        return fail(ErrorCode::Malformed,
                    fmt::format("{} needs a certificate: set tls.certificate and tls.key in the "
                                "configuration file",
                                what));
    };
    if (settings.https) return refused("--https (edge.listen_tls)");
    if (settings.rtmps) return refused("--rtmps (rtmp.listen_tls)");
    return {};
}

}  // namespace

Result<void> load_certificate(Settings& settings) {
    const auto& certificate = settings.tls_certificate;
    const auto& key = settings.tls_key;
    if (!certificate && !key) return refuse_without_certificate(settings);
    if (!certificate || !key) {
        return fail(ErrorCode::Malformed,
                    fmt::format("{} needs {} beside it", (certificate ? certificate : key)->key,
                                certificate ? "tls.key" : "tls.certificate"));
    }
    if (auto read = net::read_certificate(certificate->path); !read)
        return std::unexpected(in(*certificate, read.error()));
    if (auto read = net::read_private_key(key->path); !read)
        return std::unexpected(in(*key, read.error()));
    auto loaded = net::TlsCertificate::load({.certificate = certificate->path, .key = key->path});
    if (!loaded) return std::unexpected(in(*key, loaded.error()));
    settings.certificate = std::move(*loaded);
    if (!settings.https) settings.https = kHttpsDefault;
    if (!settings.rtmps) settings.rtmps = kRtmpsDefault;
    return {};
}

}  // namespace oxbow::app
