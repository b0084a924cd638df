#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/times.h"
#include "net/http_client.h"
#include "store/s3_settings.h"

namespace oxbow::remote {

struct IvsClientSettings {
    std::string endpoint;  // "https://ivs.us-east-1.amazonaws.com", no slash at the end
    std::string region;
    store::S3CredentialSource credentials{};  // found as those of a bucket are
    std::filesystem::path ca_file{};          // empty: whom the system trusts
};

/// The endpoint of Amazon IVS in a region.
std::string amazon_ivs_endpoint(std::string_view region);

/// A channel that is on the air, as GetStream tells.
struct RemoteStream {
    std::string id;            // "st-1FQzeLONMT9XTKI43leLSo1"
    std::string playback_url;  // absolute
    WallTime started_at;
};

/// What GetChannel tells that an edge needs.
struct RemoteChannel {
    std::string name;
    bool authorized = false;
};

/// Asks an IVS endpoint, Amazon's or another Oxbow's. Thread-safe; every call blocks.
///
/// Errors of all: NotFound       there is no such channel.
///                Refused        the credentials do not allow it: says the permission.
///                LimitExceeded  throttled: ask less.
///                Unavailable, Timeout  no answer, or none that can be understood.
/// Source: Amazon IVS Low-Latency Streaming API Reference.
class IvsClient {
public:
    /// `clock` outlives it.
    IvsClient(IvsClientSettings settings, const Clock& clock);

    /// nullopt: the channel is not on the air.
    Result<std::optional<RemoteStream>> get_stream(const std::string& channel_arn);
    Result<RemoteChannel> get_channel(const std::string& channel_arn);

    const std::string& endpoint() const { return settings_.endpoint; }

    static constexpr std::size_t kAnswerBytesMax = 256 * 1024;
    static constexpr std::chrono::milliseconds kAnswerWaitMax{5'000};

private:
    Result<net::HttpClientResponse> call(std::string_view operation, std::string body);
    Error problem_of(std::string_view operation, const net::HttpClientResponse& answer) const;

    IvsClientSettings settings_;
    const Clock& clock_;
    net::HttpClient client_;
};

/// The name of an error: of the header x-amzn-ErrorType, where it may stand before ':', else of
/// the body's __type, where it may stand behind '#'. "" where there is none.
std::string error_type(std::string_view header, std::string_view body);

/// The answer to GetStream. Errors: Malformed.
Result<std::optional<RemoteStream>> read_stream(std::string_view json);

/// The answer to GetChannel. Errors: Malformed.
Result<RemoteChannel> read_channel(std::string_view json);

}  // namespace oxbow::remote
