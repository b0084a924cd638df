#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/shared_slot.h"

namespace oxbow {

/// The newest immutable value of each key: one owner per key publishes, any thread reads.
///
/// Only a key's first value takes a mutex. Publishing to a known key and reading swap or copy a
/// shared_ptr, which a bit guards for just that long.
template <typename Key, typename Value>
class Snapshots {
public:
    using Pointer = std::shared_ptr<const Value>;

    /// The newest value; nullptr when there is none.
    Pointer get(const Key& key) const {
        const auto slots = slots_.load();
        const auto found = slots->find(key);
        return found == slots->end() ? nullptr : found->second->load();
    }

    /// Replaces the value of `key`; nullptr takes it away.
    void publish(const Key& key, Pointer value) { slot(key).store(std::move(value)); }

    /// All values there are now, in no order.
    std::vector<std::pair<Key, Pointer>> all() const {
        std::vector<std::pair<Key, Pointer>> out;
        const auto slots = slots_.load();
        for (const auto& [key, slot] : *slots) {
            if (auto value = slot->load()) out.emplace_back(key, std::move(value));
        }
        return out;
    }

private:
    using Slot = SharedSlot<const Value>;
    using Slots = std::unordered_map<Key, std::shared_ptr<Slot>>;

    Slot& slot(const Key& key) {
        const auto slots = slots_.load();
        if (const auto found = slots->find(key); found != slots->end()) return *found->second;

        const std::lock_guard lock{adding_};
        auto grown = std::make_shared<Slots>(*slots_.load());
        const auto [added, is_new] = grown->try_emplace(key, nullptr);
        if (is_new) added->second = std::make_shared<Slot>();
        Slot& slot = *added->second;
        slots_.store(std::move(grown));
        return slot;
    }

    SharedSlot<const Slots> slots_{std::make_shared<const Slots>()};
    std::mutex adding_;
};

}  // namespace oxbow
