#include "edge/large_objects.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "edge/blocking.h"

namespace oxbow::edge {
namespace {

class LargeObject final : public net::HttpStream {
public:
    LargeObject(store::ObjectStore& store, boost::asio::any_io_executor blocking, std::string key,
                std::uint64_t offset, std::uint64_t length, std::shared_ptr<const void> place)
        : store_(store),
          blocking_(std::move(blocking)),
          key_(std::move(key)),
          at_(offset),
          end_(offset + length),
          bytes_(length),
          place_(std::move(place)) {}

    boost::asio::awaitable<std::optional<std::string>> next() override {
        if (at_ == end_) co_return std::nullopt;
        const store::ByteRange range{at_, std::min(end_, at_ + kLargePieceBytes) - 1};
        const auto piece = co_await in_blocking_pool(
            blocking_,
            [&store = store_, key = key_, range] { return store.get_range(key, range); });
        if (!piece) {
            log::warning("an answer ends early: {}", piece.error().what);
            co_return std::nullopt;
        }
        at_ = range.last + 1;
        co_return std::string{as_text(*piece)};
    }
    std::optional<std::uint64_t> bytes() const override { return bytes_; }

private:
    store::ObjectStore& store_;
    const boost::asio::any_io_executor blocking_;
    const std::string key_;
    std::uint64_t at_;
    const std::uint64_t end_;
    const std::uint64_t bytes_;
    const std::shared_ptr<const void> place_;
};

}  // namespace

std::shared_ptr<net::HttpStream> read_large_object(store::ObjectStore& store,
                                                   boost::asio::any_io_executor blocking,
                                                   std::string key, std::uint64_t offset,
                                                   std::uint64_t length,
                                                   std::shared_ptr<const void> place) {
    return std::make_shared<LargeObject>(store, std::move(blocking), std::move(key), offset, length,
                                         std::move(place));
}

}  // namespace oxbow::edge
