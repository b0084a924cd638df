#include "ingest/looks.h"

#include <algorithm>
#include <span>

#include "ingest/line.h"

namespace oxbow::ingest {
namespace {

namespace asio = boost::asio;

/// The next instant at which all loops look.
Line::TimePoint next_look() {
    const auto passed = std::chrono::steady_clock::now().time_since_epoch();
    return Line::TimePoint{(passed / Looks::kPace + 1) * Looks::kPace};
}

}  // namespace

asio::execution_context::id Looks::id;

Looks::Looks(asio::io_context& loop)
    : asio::execution_context::service(loop),
      timer_(loop),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kBufferBytes)) {}

Looks& Looks::of(const asio::any_io_executor& executor) {
    auto& context = asio::query(executor, asio::execution::context);
    return asio::use_service<Looks>(static_cast<asio::io_context&>(context));
}

Looks::Member::Member(Line& line) : looks_(Looks::of(line.executor())), line_(line) {
    looks_.lines_.push_back(&line_);
    if (looks_.awaiting_) return;
    looks_.due_ = next_look();
    looks_.await(looks_.due_);
}

Looks::Member::~Member() {
    std::ranges::replace(looks_.lines_, &line_, nullptr);
}

void Looks::shutdown() {
    timer_.cancel();
}

void Looks::await(Line::TimePoint when) {
    awaiting_ = true;
    timer_.expires_at(when);
    timer_.async_wait([this](const boost::system::error_code& error) {
        awaiting_ = false;
        if (!error) look();
    });
}

void Looks::look() {
    std::erase(lines_, nullptr);
    if (lines_.empty()) return;
    const bool all = std::chrono::steady_clock::now() >= due_;
    if (all) due_ = next_look();
    bool more = false;
    // By index: what a line delivers may make another one join or leave.
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        Line* const line = lines_[i];
        if (!line || !(all || line->more_is_there_)) continue;
        line->look({buffer_.get(), kBufferBytes});
        more |= line->more_is_there_;
    }
    // Where more is there already: now, but after what else the loop has to do.
    await(more ? Line::TimePoint::min() : due_);
}

}  // namespace oxbow::ingest
