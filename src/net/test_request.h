#pragma once

// A request for tests, which owns its text; HttpRequest itself refers to its connection's bytes.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"

namespace oxbow::net {

struct TestRequest {
    std::string method = "GET";
    std::string path = "/";
    std::string query;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;
    std::string peer;

    /// Refers to this.
    operator HttpRequest() const {
        HttpRequest request{
            .method = method, .path = path, .query = query, .body = body, .peer = peer};
        for (const auto& [name, value] : headers) request.headers.push_back({name, value});
        return request;
    }
};

}  // namespace oxbow::net
