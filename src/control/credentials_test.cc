#include "control/credentials.h"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace oxbow::control {
namespace {

/// A folder of its own for one test.
class TestFolder {
public:
    TestFolder() {
        std::string name = "/tmp/oxbow-credentials-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TestFolder() { std::filesystem::remove_all(path_); }
    std::filesystem::path file() const { return path_ / "credentials"; }

    void write(std::string_view text) const { std::ofstream{file()} << text; }
    std::string read() const {
        std::ifstream input{file()};
        return {std::istreambuf_iterator<char>{input}, {}};
    }
    unsigned mode() const {
        struct stat status{};
        REQUIRE(::stat(file().c_str(), &status) == 0);
        return status.st_mode & 0777;
    }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("the first start makes one credential, in profile default, for the owner's eyes only") {
    const TestFolder folder;

    const auto credentials = Credentials::load_or_create(folder.file());

    REQUIRE(credentials);
    const auto list = (*credentials)->list();
    REQUIRE(list.size() == 1);
    CHECK(list[0].profile == "default");
    CHECK(list[0].access_key_id.size() == 20);
    CHECK(list[0].access_key_id.starts_with("AKIA"));
    CHECK(list[0].secret.size() == 40);
    CHECK(folder.mode() == 0600);
    CHECK(folder.read() == "[default]\naws_access_key_id = " + list[0].access_key_id +
                               "\naws_secret_access_key = " + list[0].secret + "\n\n");
}

TEST_CASE("an access key id has upper-case letters and digits only") {
    const TestFolder folder;

    const auto credentials = Credentials::load_or_create(folder.file());

    REQUIRE(credentials);
    CHECK((*credentials)
              ->list()[0]
              .access_key_id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
          std::string::npos);
}

TEST_CASE("the second start finds what the first one made") {
    const TestFolder folder;
    const std::string id = (*Credentials::load_or_create(folder.file()))->list()[0].access_key_id;

    const auto again = Credentials::load_or_create(folder.file());

    REQUIRE(again);
    CHECK((*again)->list()[0].access_key_id == id);
}

TEST_CASE("a file written by hand is read as the AWS tools read it") {
    const TestFolder folder;
    folder.write(
        "# mine\n\n[default]\r\naws_access_key_id=A\n  aws_secret_access_key =  s=1 \n"
        "region = eu-west-1\n[other]\naws_secret_access_key=t\naws_access_key_id=B");

    const auto credentials = Credentials::load(folder.file());

    REQUIRE(credentials);
    CHECK((*credentials)->find("A") == "s=1");
    CHECK((*credentials)->find("B") == "t");
    CHECK((*credentials)->find("C") == std::nullopt);
    CHECK((*credentials)->list()[1].profile == "other");
}

TEST_CASE("a file that others may read is closed to them") {
    const TestFolder folder;
    folder.write("[default]\naws_access_key_id=A\naws_secret_access_key=s\n");
    REQUIRE(::chmod(folder.file().c_str(), 0644) == 0);

    REQUIRE(Credentials::load(folder.file()));

    CHECK(folder.mode() == 0600);
}

TEST_CASE("a broken file is refused with its line or profile, and left alone") {
    const TestFolder folder;
    folder.write("[default]\nnonsense\n");
    const auto line = Credentials::load_or_create(folder.file());
    folder.write("[default]\naws_access_key_id = A\n");
    const auto half = Credentials::load_or_create(folder.file());

    REQUIRE_FALSE(line);
    CHECK(line.error().what.starts_with("Line 2 of the credentials file"));
    REQUIRE_FALSE(half);
    CHECK(half.error().what.starts_with("Profile 'default'"));
    CHECK(folder.read() == "[default]\naws_access_key_id = A\n");
}

TEST_CASE("a file of exactly the limit is read, one byte more is refused") {
    const TestFolder folder;
    std::string text = "[default]\naws_access_key_id=A\naws_secret_access_key=s\n#";
    text.resize(Credentials::kFileBytesMax, 'x');
    folder.write(text);
    const auto fits = Credentials::load(folder.file());
    folder.write(text + "x");
    const auto too_long = Credentials::load(folder.file());

    CHECK(fits);
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("a credential that is created or removed is so in the file too") {
    const TestFolder folder;
    const std::unique_ptr<Credentials> owner = Credentials::load_or_create(folder.file()).value();
    const std::string first = owner->list()[0].access_key_id;

    const auto made = owner->create();
    REQUIRE(made);
    const bool removed = owner->remove(first).has_value();

    CHECK(removed);
    CHECK(made->profile == made->access_key_id);
    const auto reloaded = Credentials::load(folder.file());
    REQUIRE(reloaded);
    CHECK((*reloaded)->find(made->access_key_id) == made->secret);
    CHECK((*reloaded)->find(first) == std::nullopt);
}

TEST_CASE("the last credential stays, and an unknown one is not found") {
    const TestFolder folder;
    const auto credentials = Credentials::load_or_create(folder.file());
    REQUIRE(credentials);

    const auto unknown = (*credentials)->remove("AKIANOBODY");
    const auto last = (*credentials)->remove((*credentials)->list()[0].access_key_id);

    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == ErrorCode::NotFound);
    REQUIRE_FALSE(last);
    CHECK(last.error().code == ErrorCode::Conflict);
    CHECK((*credentials)->list().size() == 1);
}

}  // namespace oxbow::control
