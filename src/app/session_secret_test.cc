#include "app/session_secret.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "base/random.h"

namespace oxbow::app {
namespace {

namespace fs = std::filesystem;

class Folder {
public:
    Folder() { fs::create_directories(path_); }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    fs::path file() const { return path_ / "session-secret"; }
    void write(const std::string& text) const { std::ofstream{file()} << text; }
    fs::perms mode() const { return fs::status(file()).permissions(); }

private:
    fs::path path_ = fs::temp_directory_path() / ("oxbow-secret-" + random_alphanumeric(12));
};

constexpr fs::perms kOwnersAlone = fs::perms::owner_read | fs::perms::owner_write;

}  // namespace

TEST_CASE("a secret is made once, for its owner alone, and another one where it is gone") {
    const Folder folder;

    const std::string made = load_or_make_session_secret(folder.file()).value();
    const std::string again = load_or_make_session_secret(folder.file()).value();
    const fs::perms mode = folder.mode();
    fs::remove(folder.file());
    const std::string other = load_or_make_session_secret(folder.file()).value();

    CHECK(made.size() == 32);
    CHECK(again == made);
    CHECK(mode == kOwnersAlone);
    CHECK(other != made);
}

TEST_CASE("a secret that others could read is kept from them") {
    const Folder folder;
    folder.write(std::string(32, 's') + "\n");
    fs::permissions(folder.file(), fs::perms::all);

    CHECK(load_or_make_session_secret(folder.file()).value() == std::string(32, 's'));
    CHECK((folder.mode() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
}

TEST_CASE("a secret that is shorter or longer is none") {
    const Folder folder;
    const auto code = [&](const std::string& text) {
        folder.write(text);
        const auto loaded = load_or_make_session_secret(folder.file());
        return loaded ? ErrorCode::Unsupported : loaded.error().code;
    };

    CHECK(code(std::string(32, 's')) == ErrorCode::Unsupported);  // taken
    CHECK(code("") == ErrorCode::Malformed);
    CHECK(code(std::string(31, 's') + "\n") == ErrorCode::Malformed);
    CHECK(code(std::string(33, 's')) == ErrorCode::Malformed);
    CHECK(code(std::string(33, 's') + "\n") == ErrorCode::Malformed);
    CHECK(code(std::string(5'000, 's')) == ErrorCode::Malformed);
}

TEST_CASE("a folder in its place is told, and stays") {
    const Folder folder;
    fs::create_directory(folder.file());

    CHECK_FALSE(load_or_make_session_secret(folder.file()).has_value());
    CHECK(fs::is_directory(folder.file()));
}

}  // namespace oxbow::app
