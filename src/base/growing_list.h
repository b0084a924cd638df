#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/ensure.h"

namespace oxbow {

/// A list that is only appended to, with snapshots that share all full blocks: a snapshot of a
/// day's segments costs a few hundred pointers, not a copy of the day. Immutable snapshots need no
/// lock.
template <typename T>
class GrowingList {
    using Blocks = std::vector<std::shared_ptr<const std::vector<T>>>;

public:
    class View {
    public:
        std::size_t size() const { return size_; }
        const T& operator[](std::size_t i) const {
            ENSURE(i < size_);
            return (*(*blocks_)[i / kBlockItems])[i % kBlockItems];
        }

    private:
        friend class GrowingList;
        std::shared_ptr<const Blocks> blocks_;
        std::size_t size_ = 0;
    };

    void push_back(T item) {
        open_.push_back(std::move(item));
        ++size_;
        if (open_.size() == kBlockItems) {
            full_.push_back(std::make_shared<const std::vector<T>>(std::move(open_)));
            open_.clear();
        }
        newest_ = nullptr;
    }

    std::size_t size() const { return size_; }

    /// All views between two push_back share what they are made of.
    View view() const {
        if (!newest_) {
            Blocks blocks{full_};
            if (!open_.empty()) blocks.push_back(std::make_shared<const std::vector<T>>(open_));
            newest_ = std::make_shared<const Blocks>(std::move(blocks));
        }
        View view;
        view.blocks_ = newest_;
        view.size_ = size_;
        return view;
    }

private:
    static constexpr std::size_t kBlockItems = 128;

    Blocks full_;
    std::vector<T> open_;
    mutable std::shared_ptr<const Blocks> newest_;  // null: to be made anew
    std::size_t size_ = 0;
};

}  // namespace oxbow
