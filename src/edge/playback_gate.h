#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "edge/origins.h"
#include "edge/path_owner.h"
#include "edge/playback_session.h"
#include "edge/session_times.h"

namespace oxbow::edge {

/// How a channel's paths are found.
enum class Door {
    Open,     // by everybody
    Guarded,  // by those that its rules let in
    Absent,   // by nobody: an object of a channel that the catalogue does not know
};

/// What a channel asks of its viewers, at one moment.
struct ChannelRules {
    ChannelId channel;
    std::string arn;
    bool authorized = false;  // a token, or a session that began with one
    OriginRules origins;      // of its restriction policy
};

/// A viewer who was let in, or who may be, once the rules about origins are held against the
/// request.
struct Admitted {
    PlaybackSession session;
    SessionTag tag{};
    std::string mount;                      // "/p/AQ...": before every path of the session
    std::optional<std::string> single_use;  // the token counts once, under this name
    WallTime token_expires_at{};
};

/// Who may watch what: reads tokens and sessions and holds them against the catalogue. Every change
/// there counts at once.
///
/// Thread-safe.
class PlaybackGate {
public:
    PlaybackGate(catalog::Catalog& catalog, const Clock& clock, SessionSigner signer)
        : catalog_(catalog), clock_(clock), signer_(std::move(signer)), times_(clock) {}

    /// Takes no lock, and allocates nothing for ids as Oxbow makes them: all of the public's
    /// requests come by.
    Door door(const ChannelsPath& path) const;

    /// The rules now; of a channel that is not known, none.
    ChannelRules rules(const ChannelId& channel) const;

    /// A new session for who has this token. Takes about a millisecond for each key of the
    /// catalogue. Errors: Refused  with the reason, which is not the viewer's to know.
    Result<Admitted> check_token(std::string_view token, const ChannelRules& rules) const;

    /// The session whose text stands in a path. Errors: Refused, as above.
    Result<Admitted> open_session(std::string_view text) const;

    /// Whether the session may have more of its channel now; keeps it alive.
    /// Errors: Refused, as above; Unavailable  as many sessions go on as may.
    Result<void> go_on(const Admitted& admitted);

    /// The token of `admitted` is used up now. Blocks on the database.
    /// Errors: Refused  it was before; the database's.
    Result<void> use_up(const Admitted& admitted) const;

    /// How many tokens are checked at once: each takes a thread that also reads the bucket.
    static constexpr int kTokenChecksMax = 64;
    class CheckSlot {
    public:
        explicit CheckSlot(std::atomic<int>& taken)
            : taken_(taken), ok_(++taken <= kTokenChecksMax) {}
        ~CheckSlot() { --taken_; }
        CheckSlot(const CheckSlot&) = delete;
        CheckSlot& operator=(const CheckSlot&) = delete;
        bool ok() const { return ok_; }

    private:
        std::atomic<int>& taken_;
        bool ok_;
    };
    CheckSlot take_check_slot() { return CheckSlot{checks_}; }

private:
    Result<void> check_signature(const PlaybackToken& token) const;
    bool is_revoked(const PlaybackSession& session) const;

    catalog::Catalog& catalog_;
    const Clock& clock_;
    const SessionSigner signer_;
    SessionTimes times_;
    std::atomic<int> checks_{0};
};

}  // namespace oxbow::edge
