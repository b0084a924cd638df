#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include <curl/curl.h>

#include "base/result.h"
#include "net/http_client.h"

namespace oxbow::net {

struct CurlClose {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct CurlMultiClose {  // curl has one type for both
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using CurlHandle = std::unique_ptr<CURL, CurlClose>;
using CurlList = std::unique_ptr<curl_slist, CurlClose>;

CurlHandle new_curl_handle();

/// One request and what comes back, for a handle that performs it: blocking or among others.
class CurlExchange {
public:
    /// In: a handle that is new, or was reset; both it and the request outlive the exchange, and so
    /// does `shared_room`: what all answers of one thread may still be long together, or null.
    CurlExchange(CURL* handle, const HttpClientRequest& request,
                 std::size_t* shared_room = nullptr);
    ~CurlExchange();
    CurlExchange(const CurlExchange&) = delete;
    CurlExchange& operator=(const CurlExchange&) = delete;

    /// What became of it. In: what the handle ended with. Errors: as http_request.
    Result<HttpClientResponse> ended(CURLcode code);

private:
    static std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* user);
    static std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* user);
    Error error_of(CURLcode code) const;

    CURL* const handle_;
    const HttpClientRequest& request_;
    const CurlList headers_;
    HttpClientResponse response_;
    std::size_t* const shared_room_;
    std::size_t taken_ = 0;
    bool too_large_ = false;
    bool all_too_large_ = false;
    std::array<char, CURL_ERROR_SIZE> detail_{};
};

}  // namespace oxbow::net
