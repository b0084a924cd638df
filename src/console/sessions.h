#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/times.h"

namespace oxbow::console {

/// Who is signed in at the operator's page. In memory alone: a restart ends every session.
/// Thread-safe.
class Sessions {
public:
    struct Session {
        std::string access_key_id;
        std::string csrf;  // what every call of its page carries, and no other page can know
        SteadyTime begun;
        SteadyTime used;
    };
    struct Opened {
        std::string token;  // the cookie's value: 256 bits
        Session session;
    };

    /// The session that was used longest ago makes room where there are as many as may be.
    Opened open(std::string access_key_id, SteadyTime now);

    /// The session of a cookie, which counts as used by this; nullopt: none, or it is over.
    std::optional<Session> use(std::string_view token, SteadyTime now);

    void close(std::string_view token);

    std::size_t size() const;

private:
    using ByDigest = std::map<std::string, Session>;

    void forget_ended(SteadyTime now);
    /// Of one access key; of all: "".
    void make_room(std::string_view access_key_id, std::size_t count_max);

    mutable std::mutex mutex_;
    /// By the digest of the token: how long a look-up takes tells nothing of a token.
    ByDigest sessions_;
};

}  // namespace oxbow::console
