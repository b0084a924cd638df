#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace oxbow {

/// A shared_ptr that many threads read and replace. Thread-safe.
///
/// Not std::atomic<std::shared_ptr>: a reader of libstdc++ 12's lets go of it without release
/// order, so that the next writer may overtake the reading; ThreadSanitizer finds that race. The
/// bit is held for the copy of two words.
template <typename T>
class SharedSlot {
public:
    SharedSlot() = default;
    explicit SharedSlot(std::shared_ptr<T> value) : value_(std::move(value)) {}

    std::shared_ptr<T> load() const {
        const Guard guard{taken_};
        return value_;
    }

    void store(std::shared_ptr<T> value) {
        const Guard guard{taken_};
        value_.swap(value);
        // What was there before goes with `value`, when the bit is free again.
    }

private:
    class Guard {
    public:
        explicit Guard(std::atomic_flag& taken) : taken_(taken) {
            while (taken_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
        }
        ~Guard() { taken_.clear(std::memory_order_release); }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

    private:
        std::atomic_flag& taken_;
    };

    mutable std::atomic_flag taken_;
    std::shared_ptr<T> value_;
};

}  // namespace oxbow
