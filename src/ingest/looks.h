#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace oxbow::ingest {

class Line;

/// Reads all publishers of a loop in turn, every kPace, instead of waking for each packet: ffmpeg
/// sends a frame in two, some 150 wakes a second, which cost more than all that is done with the
/// bytes. One timer and one buffer serve them all.
///
/// One of each io_context, which owns it. Thread safety: that loop's thread.
class Looks : public boost::asio::execution_context::service {
public:
    static boost::asio::execution_context::id id;
    static constexpr std::chrono::milliseconds kPace{50};

    explicit Looks(boost::asio::io_context& loop);

    /// While it lives, `line` is looked at by the looks of its loop.
    class Member {
    public:
        explicit Member(Line& line);
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;
        ~Member();

    private:
        Looks& looks_;
        Line& line_;
    };

private:
    static constexpr std::size_t kBufferBytes = 64 * 1024;
    static Looks& of(const boost::asio::any_io_executor& executor);
    void shutdown() override;
    void await(std::chrono::steady_clock::time_point when);
    void look();

    boost::asio::steady_timer timer_;
    bool awaiting_ = false;
    std::chrono::steady_clock::time_point due_{};  // the next look at all lines
    std::vector<Line*> lines_;                     // null: it has left
    std::unique_ptr<std::uint8_t[]> buffer_;
};

}  // namespace oxbow::ingest
