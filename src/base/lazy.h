#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace oxbow {

/// A value that the first who asks makes; everybody else, and every copy, shares it. Of many views
/// of a channel nobody asks for more than a few.
///
/// Thread-safe: who asks while it is made waits. `make` may refer to immutable things only.
template <typename T>
class Lazy {
public:
    /// No value.
    Lazy() = default;
    template <typename Make>
        requires std::is_invocable_r_v<T, Make>
    explicit Lazy(Make make) : state_(std::make_shared<State>(std::move(make))) {}

    explicit operator bool() const { return state_ != nullptr; }

    /// In: a Lazy that has a value.
    const T& get() const {
        State& state = *state_;
        std::call_once(state.once, [&state] {
            state.value = state.make();
            state.make = nullptr;  // what it was made of may leave memory
        });
        return state.value;
    }

private:
    struct State {
        explicit State(std::function<T()> how) : make(std::move(how)) {}
        std::once_flag once;
        std::function<T()> make;
        T value{};
    };
    std::shared_ptr<State> state_;
};

}  // namespace oxbow
