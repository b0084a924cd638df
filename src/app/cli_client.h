#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "app/cli.h"
#include "base/result.h"
#include "net/sigv4.h"

namespace oxbow::app {

/// A running server's API, as the command line calls it.
class ApiClient {
public:
    /// Finds the server: --api, else DATA/ready.json; and its access key: where ready.json says,
    /// else DATA/credentials.
    ///
    /// Errors: NotFound  no server has said where it is, or there is no access key. Says what to
    /// do.
    static Result<ApiClient> find(const ClientCommand& command);

    /// Calls `operation` ("CreateChannel") and waits for its JSON; {} for an answer without a body.
    ///
    /// Errors: the API's own message; Unavailable and Timeout when there was no answer.
    Result<boost::json::object> call(std::string_view operation,
                                     const boost::json::object& arguments = {}) const;

    /// Calls a list operation page by page: {"<list>":[all items]}.
    Result<boost::json::object> call_all(std::string_view operation, std::string_view list,
                                         boost::json::object arguments = {}) const;

    // rtmp://127.0.0.1:1935/app; empty when no ready.json told it
    const std::string& ingest_url() const { return ingest_url_; }
    /// The same by RTMPS; empty where that is not offered.
    const std::string& secure_ingest_url() const { return secure_ingest_url_; }

private:
    ApiClient() = default;

    std::string api_url_;  // "http://127.0.0.1:8081", no slash at the end
    std::string ingest_url_;
    std::string secure_ingest_url_;
    net::SigningKey key_;
};

}  // namespace oxbow::app
