#include "app/listening.h"

#include <doctest/doctest.h>

#include <system_error>

using namespace oxbow;
using namespace oxbow::app;

namespace {

std::string complaint(std::errc code) {
    const auto listens = listening("--http", [code] {
        throw std::system_error(std::make_error_code(code), "cannot listen on 127.0.0.1:80");
    });
    REQUIRE_FALSE(listens);
    return listens.error().what;
}

}  // namespace

TEST_CASE("an address that cannot be listened on is told with what to do about it") {
    CHECK(complaint(std::errc::address_in_use) ==
          "cannot listen on 127.0.0.1:80: Address already in use; stop the program that listens "
          "there, or choose another with --http");
    CHECK(complaint(std::errc::permission_denied) ==
          "cannot listen on 127.0.0.1:80: Permission denied; choose a port from 1024 up with "
          "--http");
    CHECK(complaint(std::errc::address_not_available) ==
          "cannot listen on 127.0.0.1:80: Cannot assign requested address; choose an address of "
          "this machine with --http");
    CHECK(complaint(std::errc::too_many_files_open) ==
          "cannot listen on 127.0.0.1:80: Too many open files; mend that, or choose another "
          "address with --http");
}

TEST_CASE("an address of version 6 stands in brackets before its port") {
    CHECK(host_and_port(endpoint_of({"127.0.0.1", 8080})) == "127.0.0.1:8080");
    CHECK(host_and_port(endpoint_of({"::1", 8080})) == "[::1]:8080");
}
