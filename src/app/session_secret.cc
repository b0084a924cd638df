#include "app/session_secret.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/random.h"
#include "catalog/private_file.h"
#include "edge/playback_session.h"

namespace oxbow::app {
namespace {

using edge::SessionSigner;

std::unexpected<Error> unavailable(const std::filesystem::path& file, std::string_view what) {
    return fail(ErrorCode::Unavailable,
                fmt::format("the session secret {} cannot be {}: {}; check that this user owns it",
                            file.string(), what, std::strerror(errno)));
}

Result<void> write_secret(const std::filesystem::path& file, const std::string& secret) {
    const std::filesystem::path next = file.string() + ".new";
    ::unlink(next.c_str());
    const int output = ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (output < 0) return unavailable(file, "written");
    const std::string text = secret + '\n';
    const bool written =
        ::write(output, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(output) == 0;
    ::close(output);
    if (!written || ::rename(next.c_str(), file.c_str()) != 0) {
        auto error = unavailable(file, "written");
        ::unlink(next.c_str());
        return error;
    }
    return {};
}

}  // namespace

Result<std::string> load_or_make_session_secret(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(std::filesystem::symlink_status(file, error))) {
        std::string made = random_alphanumeric(SessionSigner::kSecretBytes);
        if (auto written = write_secret(file, made); !written)
            return std::unexpected(written.error());
        return made;
    }
    if (auto kept = catalog::keep_from_others(file); !kept) return std::unexpected(kept.error());
    std::ifstream input{file};
    if (!input) return unavailable(file, "read");
    std::string text(SessionSigner::kSecretBytes + 2, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(input.gcount()));
    if (text.ends_with('\n')) text.pop_back();
    if (text.size() != SessionSigner::kSecretBytes) {
        return fail(ErrorCode::Malformed,
                    fmt::format("the session secret {} has not {} characters; move it away, and "
                                "the next start makes one: viewers of private channels then need "
                                "a token again",
                                file.string(), SessionSigner::kSecretBytes));
    }
    return text;
}

}  // namespace oxbow::app
