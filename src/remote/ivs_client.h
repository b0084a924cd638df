#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/times.h"
#include "net/http_client.h"
#include "remote/ivs_answers.h"
#include "remote/ivs_endpoint.h"

namespace oxbow::remote {

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
    /// A page of all channels. In: the token of the page before; "": the first.
    Result<RemoteChannels> list_channels(const std::string& next_token);

    const std::string& endpoint() const { return settings_.endpoint; }

    static constexpr std::chrono::milliseconds kAnswerWaitMax{5'000};

private:
    Result<net::HttpClientResponse> call(std::string_view operation, std::string body,
                                         std::size_t answer_bytes_max = kAnswerBytesMax);
    Error problem_of(std::string_view operation, const net::HttpClientResponse& answer) const;

    IvsClientSettings settings_;
    const Clock& clock_;
    net::HttpClient client_;
};

}  // namespace oxbow::remote
