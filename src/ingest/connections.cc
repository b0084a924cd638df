#include "ingest/connections.h"

#include <utility>

#include <fmt/format.h>

namespace oxbow::ingest {

Connections::Slot::Slot(std::shared_ptr<Connections> connections, std::string address,
                        std::shared_ptr<StopSignal> stop_signal)
    : connections_(std::move(connections)),
      address_(std::move(address)),
      stop_signal_(std::move(stop_signal)) {}

Connections::Slot::~Slot() {
    if (connections_) connections_->release(*this);
}

void Connections::Slot::set_publishing() {
    const std::lock_guard lock(connections_->mutex_);
    connections_->end_waiting(address_);
    address_.clear();
}

std::optional<std::uint64_t> Connections::Slot::take_refusal_line(SteadyTime now) {
    const std::lock_guard lock(connections_->mutex_);
    connections_->refusal_lines_.advance(now);
    if (connections_->refusal_lines_.take())
        return std::exchange(connections_->refusals_untold_, 0);
    ++connections_->refusals_untold_;
    return std::nullopt;
}

Result<Connections::Slot> Connections::admit(std::string address) {
    const std::lock_guard lock(mutex_);
    if (open_.size() >= connections_max_) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("there are {} connections already, as many as the limit allows",
                                connections_max_));
    }
    const auto waiting = waiting_.try_emplace(address, 0).first;
    if (waiting->second >= waiting_per_address_max_) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("{} connections of this address have not published yet, as many as the "
                        "limit allows",
                        waiting_per_address_max_));
    }
    ++waiting->second;
    open_.push_back(std::make_shared<StopSignal>());
    if (stopped_) open_.back()->stop(*stopped_);
    return Slot{shared_from_this(), std::move(address), open_.back()};
}

void Connections::stop_all(const std::string& why) {
    const std::lock_guard lock(mutex_);
    stopped_ = why;
    for (const auto& signal : open_) signal->stop(why);
}

void Connections::end_waiting(const std::string& address) {
    const auto waiting = waiting_.find(address);
    if (waiting == waiting_.end()) return;
    if (--waiting->second == 0) waiting_.erase(waiting);
}

void Connections::release(const Slot& slot) {
    const std::lock_guard lock(mutex_);
    end_waiting(slot.address_);
    std::erase(open_, slot.stop_signal_);
}

}  // namespace oxbow::ingest
