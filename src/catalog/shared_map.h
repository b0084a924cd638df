#pragma once

#include <array>
#include <functional>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace oxbow::catalog {

/// A hash map whose copy shares what does not change: it lies in kShards parts, a copy copies
/// pointers, and a change copies the one part it falls into. So a snapshot of thousands of channels
/// is replaced in microseconds.
///
/// Thread safety: as a std::unordered_map; copies are independent of each other.
template <typename Key, typename Value>
class SharedMap {
    static constexpr std::size_t kShards = 64;
    using Shard = std::unordered_map<Key, Value>;
    using Shards = std::array<std::shared_ptr<const Shard>, kShards>;

public:
    /// Goes over all entries, in no order.
    class const_iterator {
    public:
        using value_type = typename Shard::value_type;
        using reference = const value_type&;
        using pointer = const value_type*;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::forward_iterator_tag;

        const_iterator() = default;
        reference operator*() const { return *at_; }
        pointer operator->() const { return &*at_; }
        const_iterator& operator++() {
            ++at_;
            settle();
            return *this;
        }
        const_iterator operator++(int) {
            const_iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const const_iterator& a, const const_iterator& b) {
            return a.shard_ == b.shard_ && (a.shard_ == kShards || a.at_ == b.at_);
        }

    private:
        friend class SharedMap;
        const_iterator(const Shards* shards, std::size_t shard) : shards_(shards), shard_(shard) {
            if (shard_ == kShards) return;
            at_ = (*shards_)[shard_]->begin();
            settle();
        }
        const_iterator(const Shards* shards, std::size_t shard, typename Shard::const_iterator at)
            : shards_(shards), shard_(shard), at_(at) {}

        /// From the end of a shard to the next one that holds something.
        void settle() {
            while (at_ == (*shards_)[shard_]->end()) {
                if (++shard_ == kShards) return;
                at_ = (*shards_)[shard_]->begin();
            }
        }

        const Shards* shards_ = nullptr;
        std::size_t shard_ = kShards;
        typename Shard::const_iterator at_;
    };

    SharedMap() { shards_.fill(std::make_shared<const Shard>()); }

    const_iterator begin() const { return {&shards_, 0}; }
    const_iterator end() const { return {&shards_, kShards}; }

    const_iterator find(const Key& key) const {
        const std::size_t shard = shard_of(key);
        const auto found = shards_[shard]->find(key);
        return found == shards_[shard]->end() ? end() : const_iterator{&shards_, shard, found};
    }
    bool contains(const Key& key) const { return find(key) != end(); }
    /// Exceptions: std::out_of_range.
    const Value& at(const Key& key) const { return shards_[shard_of(key)]->at(key); }

    std::size_t size() const {
        std::size_t count = 0;
        for (const auto& shard : shards_) count += shard->size();
        return count;
    }
    bool empty() const { return begin() == end(); }

    void set(const Key& key, Value value) {
        own_shard(key).insert_or_assign(key, std::move(value));
    }
    void erase(const Key& key) { own_shard(key).erase(key); }

private:
    // The lowest bits choose the bucket inside the shard.
    static std::size_t shard_of(const Key& key) { return (std::hash<Key>{}(key) >> 20) % kShards; }

    /// A copy of the shard of `key`, which takes its place.
    Shard& own_shard(const Key& key) {
        auto& shard = shards_[shard_of(key)];
        auto copy = std::make_shared<Shard>(*shard);
        Shard& out = *copy;
        shard = std::move(copy);
        return out;
    }

    Shards shards_;
};

}  // namespace oxbow::catalog
