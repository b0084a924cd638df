#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/times.h"
#include "catalog/catalog.h"
#include "control/credentials.h"
#include "control/live_control.h"
#include "control/quotas.h"
#include "control/recording_buckets.h"
#include "control/recording_deleter.h"
#include "control/retention_plans.h"
#include "control/server_status.h"
#include "net/http.h"

namespace oxbow::control {

struct ControlSettings {
    std::string region = "us-east-1";
    std::string account = "000000000000";
    std::string ingest_url;  // "rtmp://127.0.0.1:1935/app"
    bool rtmps = false;      // it is offered, so that a channel may ask for it alone
    std::string public_url;  // "http://127.0.0.1:8080"
    Quotas quotas;
    std::function<ServerStatus()> status = {};  // asked from any thread; may block
};

/// The Amazon IVS control API, and Oxbow's own operations under /oxbow/: `POST /<Operation>` with a
/// JSON object, or /tags/<ARN>, signed with AWS Signature V4 for service "ivs". Nothing is answered
/// to an unsigned call.
///
/// Out:    200 with a JSON object, or 204; always x-amzn-RequestId.
/// Errors: the status, header x-amzn-ErrorType and {"__type","message","exceptionMessage"}.
/// Source: the API model "ivs" 2020-07-14, protocol REST-JSON 1.
class ControlApi {
public:
    /// What it is given outlives it.
    ControlApi(catalog::Catalog& catalog, LiveControl& live, RecordingDeleter& deleter,
               const RetentionPlans& retention, Credentials& credentials, RecordingBuckets& buckets,
               const Clock& clock, ControlSettings settings);
    ~ControlApi();

    /// Answers one whole request. Blocks on the database and the bucket, unless
    /// answers_from_memory(). Thread-safe.
    net::HttpResponse handle(const net::HttpRequest& request) const;

    /// Whether handle() needs nothing but memory for `request` and may run on a loop.
    static bool answers_from_memory(const net::HttpRequest& request);

    /// For what else stands on the API's port: what is answered to a request that is not signed by
    /// one of our credentials; nullopt: it is. Thread-safe.
    std::optional<net::HttpResponse> refusal(const net::HttpRequest& request) const;

    /// The access key that signed `request`, whatever its path, or what to answer: none did.
    /// Thread-safe.
    std::expected<std::string, net::HttpResponse> caller(const net::HttpRequest& request) const;

    /// As handle(), for a request whose sender is known by other means: no signature is looked for.
    net::HttpResponse handle_known(const net::HttpRequest& request) const;

    /// Takes one sample of how each stream does, of HealthHistory. Thread-safe.
    void sample_health() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::control
