#include "edge/growing_segment.h"

#include <algorithm>
#include <utility>

namespace oxbow::edge {
namespace {

/// At most so much of a segment is copied at once, for one reader.
constexpr std::size_t kGrowingPieceBytes = 256 * 1024;

class GrowingSegment final : public net::HttpStream {
public:
    GrowingSegment(GrowingSegmentRooms rooms, boost::asio::any_io_executor executor,
                   ChannelId channel, std::string stream, std::uint64_t number,
                   SteadyTime::duration wait_max, std::shared_ptr<const void> place)
        : rooms_(rooms),
          executor_(std::move(executor)),
          channel_(std::move(channel)),
          stream_(std::move(stream)),
          number_(number),
          wait_max_(wait_max),
          place_(std::move(place)) {}

    boost::asio::awaitable<std::optional<std::string>> next() override {
        const SteadyTime deadline = rooms_.clock.steady() + wait_max_;
        std::unique_ptr<ChannelWaits::Place> place;
        while (!whole_) {
            const auto view = rooms_.channels.get(channel_);
            const auto broadcast = view ? view->broadcast(stream_) : nullptr;
            if (!broadcast) break;
            std::string piece = next_piece(*broadcast);
            if (!piece.empty()) co_return piece;
            const SteadyTime now = rooms_.clock.steady();
            if (whole_ || broadcast->ended || now >= deadline) break;
            if (!place) {
                place = rooms_.waits.enter(channel_, executor_, deadline - now);
                if (!place) break;
                continue;  // a view may have come in between
            }
            co_await place->next_view();
            place.reset();
        }
        co_return std::nullopt;
    }
    bool shows_its_end() const override { return true; }
    bool was_cut() const override { return !whole_; }

private:
    /// Empty: there is no more of it yet, or `whole_`.
    std::string next_piece(const live::BroadcastView& broadcast) {
        std::string piece;
        if (const live::MediaPlace* const listed = broadcast.segment_at(number_)) {
            const AppendBuffer& bytes = listed->segment->bytes;
            const std::size_t size = std::min(bytes.size() - sent_, kGrowingPieceBytes);
            for (const BytesView slice : bytes.slices(sent_, size)) piece += as_text(slice);
            whole_ = sent_ + size == bytes.size();
        } else if (has_begun(broadcast, number_)) {
            std::size_t from = 0;  // of the part in the segment
            for (const auto& open : broadcast.open_parts) {
                for (const BytesView slice : open->part.bytes) {
                    // What went out of it before; parts are joined without a gap.
                    const std::size_t gone = std::min(slice.size(), sent_ - std::min(sent_, from));
                    piece += as_text(slice.subspan(gone));
                    from += slice.size();
                }
            }
        }
        sent_ += piece.size();
        return piece;
    }

    GrowingSegmentRooms rooms_;
    boost::asio::any_io_executor executor_;
    ChannelId channel_;
    std::string stream_;
    std::uint64_t number_;
    SteadyTime::duration wait_max_;
    std::shared_ptr<const void> place_;
    std::size_t sent_ = 0;
    bool whole_ = false;
};

}  // namespace

bool has_begun(const live::BroadcastView& broadcast, std::uint64_t number) {
    return !broadcast.ended && number == broadcast.reach.segments && !broadcast.open_parts.empty();
}

std::shared_ptr<net::HttpStream> read_growing_segment(GrowingSegmentRooms rooms,
                                                      boost::asio::any_io_executor executor,
                                                      ChannelId channel, std::string stream,
                                                      std::uint64_t number,
                                                      SteadyTime::duration wait_max,
                                                      std::shared_ptr<const void> place) {
    return std::make_shared<GrowingSegment>(rooms, std::move(executor), std::move(channel),
                                            std::move(stream), number, wait_max, std::move(place));
}

}  // namespace oxbow::edge
