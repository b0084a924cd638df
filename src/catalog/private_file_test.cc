#include "catalog/private_file.h"

#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/random.h"

namespace oxbow::catalog {
namespace {

/// A path for one file, which is gone with it.
struct TestFile {
    ~TestFile() { std::filesystem::remove(path); }
    unsigned mode() const {
        return static_cast<unsigned>(std::filesystem::status(path).permissions());
    }

    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("oxbow-private-" + random_alphanumeric(12));
};

/// The process's mask while this lives.
class Umask {
public:
    explicit Umask(mode_t mask) : before_(::umask(mask)) {}
    ~Umask() { ::umask(before_); }

private:
    mode_t before_;
};

}  // namespace

TEST_CASE("a private file is made for its owner alone, whatever the mask") {
    const Umask nothing_masked{0};
    const TestFile file;

    REQUIRE(make_private_file(file.path));

    CHECK(file.mode() == 0600);
}

TEST_CASE("a file that others may read is taken from them, with what stands in it") {
    const TestFile file;
    std::ofstream{file.path} << "kept";
    std::filesystem::permissions(file.path, std::filesystem::perms{0666});

    REQUIRE(make_private_file(file.path));

    CHECK(file.mode() == 0600);
    CHECK(std::filesystem::file_size(file.path) == 4);
}

TEST_CASE("a file that is not there is passed over, and one that cannot be made is named") {
    CHECK(keep_from_others("/nowhere/oxbow.db"));

    const auto made = make_private_file("/nowhere/oxbow.db");

    CHECK(made.error().code == ErrorCode::Unavailable);
    CHECK(made.error().what.starts_with("cannot open /nowhere/oxbow.db: No such file"));
}

}  // namespace oxbow::catalog
