#include "net/http2_stream.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <unistd.h>

#include "base/ensure.h"

namespace oxbow::net {

void Http2Body::assign(HttpBody body) {
    body_ = std::move(body);
    piece_ = 0;
    offset_ = 0;
    file_sent_ = 0;
    left_ = body_.size();
}

bool Http2Body::take(std::span<std::uint8_t> to) {
    ENSURE(to.size() <= left_);
    left_ -= to.size();
    while (!to.empty() && piece_ < body_.pieces.size()) {
        const BytesView rest = body_.pieces[piece_].subspan(offset_);
        const std::size_t count = std::min(rest.size(), to.size());
        std::copy_n(rest.begin(), count, to.begin());
        to = to.subspan(count);
        offset_ += count;
        if (count < rest.size()) break;
        ++piece_;
        offset_ = 0;
    }
    while (!to.empty()) {
        const ssize_t count = ::pread(body_.file.file->fd(), to.data(), to.size(),
                                      static_cast<off_t>(body_.file.offset + file_sent_));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        to = to.subspan(static_cast<std::size_t>(count));
        file_sent_ += static_cast<std::uint64_t>(count);
    }
    return true;
}

void Http2Stream::clear() {
    request.clear();
    refusal.reset();
    whole = false;
    closed = false;
    body_deadline = Time::max();
    answered = false;
    outcome = {};
    block = nullptr;
    body.assign({});
    source = nullptr;
    source_left.reset();
    source_ended = false;
    sending = false;
    answer_deadline = Time::max();
    on_closed = nullptr;
    on_sent = nullptr;
}

std::shared_ptr<Http2Stream> Http2Memory::stream() {
    if (spare_streams.empty()) return std::make_shared<Http2Stream>();
    auto stream = std::move(spare_streams.back());
    spare_streams.pop_back();
    return stream;
}

void Http2Memory::give_back(std::shared_ptr<Http2Stream> stream) {
    if (stream.use_count() > 1 || spare_streams.size() >= kSpareStreamsMax) return;
    stream->clear();
    spare_streams.push_back(std::move(stream));
}

}  // namespace oxbow::net
