#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace oxbow::edge {

/// Answers and bytes by mark (edge::mark_of) and class of status. A count takes no lock: every
/// thread has a place of its own, as long as there are no more than kLanes. Thread-safe.
class RequestCounters {
public:
    static constexpr std::size_t kClasses = 5;  // 1xx to 5xx
    static constexpr std::size_t kLanes = 16;

    struct Count {
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
        friend bool operator==(const Count&, const Count&) = default;
    };

    /// In: how many behaviours there are; their marks, and 0, are counted.
    explicit RequestCounters(std::size_t behaviours);

    void count(std::uint8_t mark, int status, std::uint64_t bytes);
    /// In: `status_class` 2 for 2xx.
    Count of(std::uint8_t mark, std::size_t status_class) const;
    std::size_t marks() const { return marks_; }

private:
    struct Cell {
        std::atomic<std::uint64_t> requests{0};
        std::atomic<std::uint64_t> bytes{0};
    };
    struct Lane {
        explicit Lane(std::size_t cells) : cells(cells) {}
        alignas(64) std::vector<Cell> cells;
    };
    std::size_t cell_of(std::uint8_t mark, std::size_t status_class) const;

    std::size_t marks_;
    std::vector<Lane> lanes_;
};

}  // namespace oxbow::edge
