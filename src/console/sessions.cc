#include "console/sessions.h"

#include "base/random.h"
#include "console/limits.h"
#include "net/sigv4.h"

namespace oxbow::console {
namespace {

constexpr std::size_t kSecretCharacters = 43;  // of 62: 256 bits

bool is_over(const Sessions::Session& session, SteadyTime now) {
    return now - session.begun >= kSessionMax || now - session.used >= kSessionIdleMax;
}

}  // namespace

Sessions::Opened Sessions::open(std::string access_key_id, SteadyTime now) {
    Opened opened{.token = random_alphanumeric(kSecretCharacters),
                  .session = {.access_key_id = std::move(access_key_id),
                              .csrf = random_alphanumeric(kSecretCharacters),
                              .begun = now,
                              .used = now}};
    const std::scoped_lock lock{mutex_};
    forget_ended(now);
    make_room(opened.session.access_key_id, kSessionsOfKeyMax);
    make_room("", kSessionsMax);
    sessions_.emplace(net::sha256_hex(opened.token), opened.session);
    return opened;
}

std::optional<Sessions::Session> Sessions::use(std::string_view token, SteadyTime now) {
    const std::string digest = net::sha256_hex(token);
    const std::scoped_lock lock{mutex_};
    const auto found = sessions_.find(digest);
    if (found == sessions_.end()) return std::nullopt;
    if (is_over(found->second, now)) {
        sessions_.erase(found);
        return std::nullopt;
    }
    found->second.used = now;
    return found->second;
}

void Sessions::close(std::string_view token) {
    const std::string digest = net::sha256_hex(token);
    const std::scoped_lock lock{mutex_};
    sessions_.erase(digest);
}

std::size_t Sessions::size() const {
    const std::scoped_lock lock{mutex_};
    return sessions_.size();
}

void Sessions::forget_ended(SteadyTime now) {
    std::erase_if(sessions_, [now](const auto& entry) { return is_over(entry.second, now); });
}

void Sessions::make_room(std::string_view access_key_id, std::size_t count_max) {
    std::size_t count = 0;
    auto oldest = sessions_.end();
    for (auto entry = sessions_.begin(); entry != sessions_.end(); ++entry) {
        if (!access_key_id.empty() && entry->second.access_key_id != access_key_id) continue;
        ++count;
        if (oldest == sessions_.end() || entry->second.used < oldest->second.used) oldest = entry;
    }
    if (count >= count_max) sessions_.erase(oldest);
}

}  // namespace oxbow::console
