#include "net/http2_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include "base/ensure.h"

namespace oxbow::net {
namespace {

constexpr std::size_t kFrameHeadBytes = 9;

nghttp2_nv field_of(std::string_view name, std::string_view value, std::uint8_t flags) {
    // nghttp2 reads only; its struct has no const form.
    return {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
            .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
            .namelen = name.size(),
            .valuelen = value.size(),
            .flags = flags};
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

void Http2Output::compact() {
    if (begin > 0) std::memmove(bytes.data(), bytes.data() + begin, end - begin);
    end -= begin;
    begin = 0;
}

/// What nghttp2 calls; `user` is the session.
struct Http2Session::Callbacks {
    static Http2Session& session_of(void* user) { return *static_cast<Http2Session*>(user); }

    static Http2Stream* stream_of(nghttp2_session* native, std::int32_t id) {
        return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(native, id));
    }

    static bool is_request(const nghttp2_frame& frame) {
        return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
    }

    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        Http2Session& session = session_of(user);
        session.decoded_bytes_ = 0;
        if (is_request(*frame)) session.begin_stream(frame->hd.stream_id);
        return 0;
    }

    static int header(nghttp2_session* native, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* user) {
        Http2Session& session = session_of(user);
        session.decoded_bytes_ += name_size + value_size;
        if (session.decoded_bytes_ > kDecodedBytesMax) {
            session.end(NGHTTP2_ENHANCE_YOUR_CALM, "a header block is too long once decoded");
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // and nothing more of this block
        }
        Http2Stream* const stream = stream_of(native, frame->hd.stream_id);
        if (!stream || !is_request(*frame)) return 0;  // no trailer has a meaning here
        stream->request.field(text_of(name, name_size), text_of(value, value_size),
                              session.request_limits());
        return 0;
    }

    static int frame_received(nghttp2_session* native, const nghttp2_frame* frame, void* user) {
        const bool is_headers = frame->hd.type == NGHTTP2_HEADERS;
        if (!is_headers && frame->hd.type != NGHTTP2_DATA) return 0;
        Http2Stream* const stream = stream_of(native, frame->hd.stream_id);
        if (!stream) return 0;
        const bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        Http2Session& session = session_of(user);
        if (is_request(*frame)) {
            session.end_headers(*stream, last);
        } else if (last) {
            session.end_request(*stream);
        }
        return 0;
    }

    static int body(nghttp2_session* native, std::uint8_t, std::int32_t id,
                    const std::uint8_t* bytes, std::size_t size, void* user) {
        if (Http2Stream* const stream = stream_of(native, id))
            session_of(user).add_body(*stream, {bytes, size});
        return 0;
    }

    static int stream_closed(nghttp2_session* native, std::int32_t id, std::uint32_t, void* user) {
        if (Http2Stream* const stream = stream_of(native, id)) session_of(user).remove(*stream);
        return 0;
    }

    static ssize_t send(nghttp2_session*, const std::uint8_t* bytes, std::size_t size, int,
                        void* user) {
        Http2Output& out = *session_of(user).out_;
        if (out.full()) return NGHTTP2_ERR_WOULDBLOCK;
        const std::size_t taken = std::min(size, out.bytes.size() - out.end);
        std::copy_n(bytes, taken, out.bytes.begin() + static_cast<std::ptrdiff_t>(out.end));
        out.end += taken;
        return static_cast<ssize_t>(taken);
    }

    static int send_body(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head,
                         std::size_t size, nghttp2_data_source* source, void* user) {
        Http2Output& out = *session_of(user).out_;
        auto& stream = *static_cast<Http2Stream*>(source->ptr);
        ENSURE(frame->data.padlen == 0);  // nobody asked for any
        if (out.full() || out.bytes.size() - out.end < kFrameHeadBytes + size)
            return NGHTTP2_ERR_WOULDBLOCK;
        const auto to = std::span{out.bytes}.subspan(out.end, kFrameHeadBytes + size);
        std::copy_n(head, kFrameHeadBytes, to.begin());
        // The file is shorter than was promised: nghttp2 resets the stream.
        if (!stream.body.take(to.subspan(kFrameHeadBytes)))
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        out.end += to.size();
        stream.outcome.bytes += size;
        return 0;
    }

    /// How long the next DATA frame is.
    static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t size,
                             std::uint32_t* flags, nghttp2_data_source* source, void*) {
        auto& stream = *static_cast<Http2Stream*>(source->ptr);
        const bool ends = !stream.source || stream.source_ended;
        if (stream.body.left() == 0 && !ends) return NGHTTP2_ERR_DEFERRED;
        const std::size_t count = std::min<std::uint64_t>(size, stream.body.left());
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
        if (ends && count == stream.body.left()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(count);
    }

    static int frame_sent(nghttp2_session* native, const nghttp2_frame* frame, void* user) {
        Http2Session& session = session_of(user);
        const std::uint8_t type = frame->hd.type;
        if (type == NGHTTP2_RST_STREAM) {
            if (frame->rst_stream.error_code != NGHTTP2_NO_ERROR && !session.watch_.stream_reset())
                session.end(NGHTTP2_ENHANCE_YOUR_CALM, "too many streams were reset");
            return 0;
        }
        if (type != NGHTTP2_DATA && type != NGHTTP2_HEADERS) return 0;
        session.watch_.answer_frame_sent();
        session.progress_at_ = session.now_;
        Http2Stream* const stream = stream_of(native, frame->hd.stream_id);
        if (!stream) return 0;
        if (stream->sending && stream->body.left() == 0) session.end_sending(*stream);
        // An answer before the end of its request: the rest of that is not wanted.
        const bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (last && nghttp2_session_get_stream_remote_close(native, stream->id) == 0)
            session.reset(*stream, NGHTTP2_NO_ERROR);
        return 0;
    }

    static nghttp2_session_callbacks* all() {
        static nghttp2_session_callbacks* const made = [] {
            nghttp2_session_callbacks* callbacks = nullptr;
            ENSURE(nghttp2_session_callbacks_new(&callbacks) == 0);
            nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
            nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
            nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
            nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, body);
            nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
            nghttp2_session_callbacks_set_send_callback(callbacks, send);
            nghttp2_session_callbacks_set_send_data_callback(callbacks, send_body);
            nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
            return callbacks;
        }();
        return made;
    }
};

Http2Session::Http2Session(const HttpServerLimits& limits, Http2Memory& memory, Time now,
                           const HttpObserver* observer)
    : limits_(limits),
      memory_(memory),
      observer_(observer && observer->answered ? observer : nullptr),
      watch_(now),
      now_(now),
      idle_since_(now),
      progress_at_(now),
      owed_until_(now) {
    nghttp2_option* options = nullptr;
    ENSURE(nghttp2_option_new(&options) == 0);
    nghttp2_option_set_no_closed_streams(options, 1);
    ENSURE(nghttp2_session_server_new2(&native_, Callbacks::all(), this, options) == 0);
    nghttp2_option_del(options);
    // Without the trees of priorities of RFC 7540, which cost more than they gave.
    const std::array settings{
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreamsMax},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                               static_cast<std::uint32_t>(limits.header_bytes_max)},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
    ENSURE(nghttp2_submit_settings(native_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
           0);
}

Http2Session::~Http2Session() {
    close();
    nghttp2_session_del(native_);
}

/// Ends the session with a frame that says why.
void Http2Session::end(std::uint32_t code, std::string_view why) {
    if (std::exchange(ended_, true)) return;
    why_ = why;
    if (nghttp2_session_terminate_session(native_, code) != 0) failed_ = true;
}

void Http2Session::feed(BytesView bytes, Time now) {
    now_ = now;
    if (ended_ || failed_) return;
    if (!watch_.see(bytes, now)) {
        end(NGHTTP2_ENHANCE_YOUR_CALM, "it sends too much that asks for nothing");
        return;
    }
    const auto used = nghttp2_session_mem_recv(native_, bytes.data(), bytes.size());
    if (used < 0) {
        failed_ = true;
        if (why_.empty()) why_ = nghttp2_strerror(static_cast<int>(used));
    }
    if (nghttp2_session_get_outbound_queue_size(native_) > kFramesQueuedMax) {
        failed_ = true;
        why_ = "it reads none of the frames that it makes necessary";
    }
}

std::shared_ptr<Http2Stream> Http2Session::next_request() {
    while (next_ready_ < ready_.size()) {
        auto stream = std::move(ready_[next_ready_++]);
        if (!stream->closed) return stream;
    }
    ready_.clear();
    next_ready_ = 0;
    return nullptr;
}

void Http2Session::begin_stream(std::int32_t id) {
    if (ended_) return;
    if (working_ >= kStreamsMax) {
        // Those that it took back are not done with: it may ask again later.
        if (nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM) != 0)
            failed_ = true;
        return;
    }
    auto stream = memory_.stream();
    stream->id = id;
    stream->place = streams_.size();
    if (nghttp2_session_set_stream_user_data(native_, id, stream.get()) != 0) return;
    streams_.push_back(std::move(stream));
    newest_ = id;
    if (++requests_ >= limits_.requests_per_connection_max) drain();
}

void Http2Session::remove(Http2Stream& stream) {
    ENSURE(streams_[stream.place].get() == &stream);
    if (observer_ && stream.answered) tell(stream);
    end_sending(stream);
    body_bytes_ -= stream.request.body_bytes();
    auto removed = std::move(streams_[stream.place]);
    streams_[removed->place] = std::move(streams_.back());
    if (streams_[removed->place]) streams_[removed->place]->place = removed->place;
    streams_.pop_back();
    removed->closed = true;
    removed->source = nullptr;
    if (auto told = std::exchange(removed->on_closed, nullptr)) told();
    memory_.give_back(std::move(removed));
    if (idle()) idle_since_ = now_;
}

void Http2Session::end_work() {
    --working_;
    if (idle()) idle_since_ = now_;
}

void Http2Session::end_headers(Http2Stream& stream, bool last) {
    if (stream.whole) return;
    if (auto refusal = stream.request.finish(request_limits())) {
        refuse(stream, std::move(*refusal));
    } else if (last) {
        end_request(stream);
    } else {
        stream.body_deadline = now_ + limits_.body_deadline;
    }
}

void Http2Session::add_body(Http2Stream& stream, BytesView bytes) {
    if (stream.whole) return;
    if (stream.request.body_bytes() + bytes.size() > limits_.body_bytes_max) {
        const std::string_view method = stream.request.request().method;
        return refuse(stream, body_refusal(method, limits_.body_bytes_max));
    }
    if (body_bytes_ + bytes.size() > kBodiesMax * limits_.body_bytes_max)
        return reset(stream, NGHTTP2_REFUSED_STREAM);
    body_bytes_ += bytes.size();
    stream.request.body(bytes);
}

void Http2Session::end_request(Http2Stream& stream) {
    if (std::exchange(stream.whole, true)) return;
    stream.body_deadline = Time::max();
    if (observer_ && observer_->in_full) stream.begun = std::chrono::steady_clock::now();
    ready_.push_back(streams_[stream.place]);
}

void Http2Session::refuse(Http2Stream& stream, HttpRefusal refusal) {
    stream.refusal = std::move(refusal);
    end_request(stream);
}

void Http2Session::reset(Http2Stream& stream, std::uint32_t code) {
    if (nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, stream.id, code) != 0) failed_ = true;
}

void Http2Session::answer(const std::shared_ptr<Http2Stream>& to, HttpResponse response,
                          std::string_view date) {
    Http2Stream& stream = *to;
    if (stream.closed || ended_ || failed_) return;
    ENSURE(!std::exchange(stream.answered, true));
    const bool may_have_body =
        response.status >= 200 && response.status != 204 && response.status != 304;
    const fmt::format_int status{response.status};
    const auto known = may_have_body ? response.content_length() : std::nullopt;
    const fmt::format_int length{known.value_or(0)};
    stream.outcome = {.status = response.status, .mark = response.mark, .protocol = "HTTP/2.0"};
    stream.block = memory_.blocks.of(response.header_block);
    stream.extra.assign(response.extra_headers);

    // Names stay for ever, the rest for as long as the stream: only what is made here is copied.
    constexpr std::uint8_t kKept = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
    static thread_local std::vector<nghttp2_nv> fields;
    fields.clear();
    fields.push_back(
        field_of(":status", {status.data(), status.size()}, NGHTTP2_NV_FLAG_NO_COPY_NAME));
    fields.push_back(field_of("date", date, NGHTTP2_NV_FLAG_NO_COPY_NAME));
    if (known) {
        fields.push_back(field_of("content-length", {length.data(), length.size()},
                                  NGHTTP2_NV_FLAG_NO_COPY_NAME));
    }
    if (stream.block) {
        for (const auto& [name, value] : stream.block->fields())
            fields.push_back(field_of(name, value, kKept));
    }
    for (const auto& [name, value] : stream.extra.fields())
        fields.push_back(field_of(name, value, kKept));

    const bool only_head = stream.request.request().method == "HEAD";
    if (may_have_body && !only_head) {
        stream.body.assign(std::move(response.body));
        stream.source = std::move(response.stream);
        if (stream.source) stream.source_left = stream.source->bytes();
    }
    nghttp2_data_provider provider{.source = {.ptr = &stream},
                                   .read_callback = Callbacks::read_body};
    const bool has_body = stream.body.left() > 0 || stream.source;
    if (nghttp2_submit_response(native_, stream.id, fields.data(), fields.size(),
                                has_body ? &provider : nullptr) != 0) {
        return reset(stream, NGHTTP2_INTERNAL_ERROR);
    }
    if (stream.body.left() > 0) begin_sending(stream);
}

void Http2Session::go_on(const std::shared_ptr<Http2Stream>& stream,
                         std::optional<std::string> piece) {
    if (stream->closed || ended_ || failed_) return;
    ENSURE(stream->body.left() == 0);
    if (piece) {
        auto& promised = stream->source_left;
        if (promised) *promised -= std::min<std::uint64_t>(*promised, piece->size());
        stream->body.assign(HttpBody::of_string(std::move(*piece)));
        if (stream->body.left() > 0) begin_sending(*stream);
    } else if (stream->source_left.value_or(0) > 0 ||
               (stream->source && stream->source->was_cut())) {
        return reset(*stream, NGHTTP2_INTERNAL_ERROR);  // cut short: not to be taken for the whole
    } else {
        stream->source_ended = true;
    }
    // Refused where it was not waited for yet: then it is found when it is.
    static_cast<void>(nghttp2_session_resume_data(native_, stream->id));
}

void Http2Session::tell(const Http2Stream& stream) const {
    HttpOutcome outcome = stream.outcome;
    outcome.complete = stream.body.left() == 0 && (!stream.source || stream.source_ended);
    if (observer_->in_full) outcome.took = std::chrono::steady_clock::now() - stream.begun;
    const HttpRequest& request = stream.request.request();
    // What was refused is no request to be looked at.
    const HttpRequest refused{.peer = request.peer};
    observer_->answered(stream.refusal ? refused : request, outcome);
}

/// All answers together have as long as a reader of the slowest rate needs.
void Http2Session::begin_sending(Http2Stream& stream) {
    const std::chrono::milliseconds whole{stream.body.left() * 1000 /
                                          limits_.answer_bytes_per_second_min};
    owed_until_ = std::max(owed_until_, now_) + whole;
    stream.answer_deadline = owed_until_ + limits_.write_deadline;
    if (sending_++ == 0) progress_at_ = now_;
    stream.sending = true;
}

void Http2Session::end_sending(Http2Stream& stream) {
    if (!std::exchange(stream.sending, false)) return;
    stream.answer_deadline = Time::max();
    if (--sending_ == 0) owed_until_ = now_;
    if (auto told = std::exchange(stream.on_sent, nullptr)) told();
}

void Http2Session::write(Http2Output& out) {
    out_ = &out;
    if (nghttp2_session_send(native_) != 0) failed_ = true;
    out_ = nullptr;
}

void Http2Session::drain() {
    if (std::exchange(draining_, true) || ended_) return;
    if (nghttp2_submit_goaway(native_, NGHTTP2_FLAG_NONE, newest_, NGHTTP2_NO_ERROR, nullptr, 0) !=
        0) {
        failed_ = true;
    }
}

bool Http2Session::sweep(Time now) {
    now_ = now;
    if (ended_ || failed_) return true;
    const auto begun = watch_.in_the_middle_since();
    if (begun && now - *begun > limits_.header_deadline) {
        end(NGHTTP2_NO_ERROR, "a frame took too long");
    } else if (idle() && now > idle_deadline()) {
        end(NGHTTP2_NO_ERROR, "");
    } else if (sending_ > 0 && now > progress_at_ + limits_.write_deadline) {
        end(NGHTTP2_NO_ERROR, "it reads nothing of its answers");
    }
    for (std::size_t i = streams_.size(); i-- > 0;) sweep_stream(*streams_[i]);
    return nghttp2_session_want_write(native_) != 0 || !ready_.empty();
}

void Http2Session::sweep_stream(Http2Stream& stream) {
    if (now_ > stream.body_deadline) {
        refuse(stream, {.status = 408, .why = "The request took too long."});
    } else if (now_ > stream.answer_deadline) {
        stream.answer_deadline = Time::max();
        reset(stream, NGHTTP2_CANCEL);
    }
}

void Http2Session::stood_still(std::chrono::steady_clock::duration time) {
    watch_.stood_still(time);
    for (Time* const moved : {&now_, &idle_since_, &progress_at_, &owed_until_}) *moved += time;
    for (const auto& stream : streams_) {
        if (stream->body_deadline != Time::max()) stream->body_deadline += time;
        if (stream->answer_deadline != Time::max()) stream->answer_deadline += time;
    }
}

void Http2Session::close() {
    ended_ = true;
    ready_.clear();
    next_ready_ = 0;
    while (!streams_.empty()) {
        Http2Stream& stream = *streams_.back();
        nghttp2_session_set_stream_user_data(native_, stream.id, nullptr);
        remove(stream);
    }
}

bool Http2Session::over() const {
    if (failed_) return true;
    return nghttp2_session_want_read(native_) == 0 && nghttp2_session_want_write(native_) == 0;
}

}  // namespace oxbow::net
