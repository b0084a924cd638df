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
public:
    class View {
    public:
        std::size_t size() const { return size_; }
        const T& operator[](std::size_t i) const {
            ENSURE(i < size_);
            return (*blocks_[i / kBlockItems])[i % kBlockItems];
        }

    private:
        friend class GrowingList;
        std::vector<std::shared_ptr<const std::vector<T>>> blocks_;
        std::size_t size_ = 0;
    };

    void push_back(T item) {
        open_.push_back(std::move(item));
        ++size_;
        if (open_.size() == kBlockItems) {
            full_.push_back(std::make_shared<const std::vector<T>>(std::move(open_)));
            open_.clear();
        }
    }

    std::size_t size() const { return size_; }

    View view() const {
        View view;
        view.blocks_ = full_;
        if (!open_.empty()) view.blocks_.push_back(std::make_shared<const std::vector<T>>(open_));
        view.size_ = size_;
        return view;
    }

private:
    static constexpr std::size_t kBlockItems = 128;

    std::vector<std::shared_ptr<const std::vector<T>>> full_;
    std::vector<T> open_;
    std::size_t size_ = 0;
};

}  // namespace oxbow
