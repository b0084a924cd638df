#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>

namespace oxbow::net {

/// The client's end of HTTP/2 without a socket, by nghttp2. What it is given and gives are bytes.
class TestHttp2Client {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;
    struct Answer {
        std::map<std::string, std::string> headers;
        std::string body;
        bool ended = false;
        std::uint32_t error = 0;  // of RST_STREAM
    };

    TestHttp2Client() {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, closed);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, received);
        nghttp2_option* options = nullptr;
        nghttp2_option_new(&options);
        nghttp2_option_set_max_send_header_block_length(options, 1024 * 1024);
        nghttp2_session_client_new2(&native_, callbacks, this, options);
        nghttp2_option_del(options);
        nghttp2_session_callbacks_del(callbacks);
        nghttp2_submit_settings(native_, 0, nullptr, 0);
    }
    ~TestHttp2Client() { nghttp2_session_del(native_); }
    TestHttp2Client(const TestHttp2Client&) = delete;
    TestHttp2Client& operator=(const TestHttp2Client&) = delete;

    /// The stream of a request without a body.
    std::int32_t ask(const Fields& fields) { return submit(fields, nullptr); }
    std::int32_t get(const std::string& path, const Fields& more = {}) {
        return ask(request_fields("GET", path, more));
    }
    /// With a body.
    std::int32_t post(const std::string& path, std::string body) {
        body_ = std::move(body);
        nghttp2_data_provider provider{.source = {.ptr = this}, .read_callback = read_body};
        return submit(request_fields("POST", path, {}), &provider);
    }
    void reset(std::int32_t stream) {
        nghttp2_submit_rst_stream(native_, 0, stream, NGHTTP2_CANCEL);
    }
    static Fields request_fields(const std::string& method, const std::string& path,
                                 const Fields& more) {
        Fields fields{
            {":method", method}, {":scheme", "https"}, {":authority", "a"}, {":path", path}};
        fields.insert(fields.end(), more.begin(), more.end());
        return fields;
    }

    /// What it has to say.
    std::string take() {
        std::string out;
        const std::uint8_t* bytes = nullptr;
        for (ssize_t size; (size = nghttp2_session_mem_send(native_, &bytes)) > 0;)
            out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
        return out;
    }
    void give(std::string_view bytes) {
        nghttp2_session_mem_recv(native_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                 bytes.size());
    }

    Answer& answer(std::int32_t stream) { return answers_[stream]; }
    nghttp2_session* native() const { return native_; }

    bool told_to_go = false;
    std::uint32_t why_to_go = 0;
    std::int32_t last_stream = 0;

private:
    static TestHttp2Client& self(void* user) { return *static_cast<TestHttp2Client*>(user); }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* user) {
        self(user)
            .answers_[frame->hd.stream_id]
            .headers[std::string(reinterpret_cast<const char*>(name), name_size)] =
            std::string(reinterpret_cast<const char*>(value), value_size);
        return 0;
    }
    static int data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes,
                    std::size_t size, void* user) {
        self(user).answers_[stream].body.append(reinterpret_cast<const char*>(bytes), size);
        return 0;
    }
    static int closed(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* user) {
        self(user).answers_[stream].ended = true;
        self(user).answers_[stream].error = error;
        return 0;
    }
    static int received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (frame->hd.type != NGHTTP2_GOAWAY) return 0;
        self(user).told_to_go = true;
        self(user).why_to_go = frame->goaway.error_code;
        self(user).last_stream = frame->goaway.last_stream_id;
        return 0;
    }
    static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t size,
                             std::uint32_t* flags, nghttp2_data_source*, void* user) {
        std::string& body = self(user).body_;
        const std::size_t count = body.copy(reinterpret_cast<char*>(to), size);
        body.erase(0, count);
        if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(count);
    }
    std::int32_t submit(const Fields& fields, nghttp2_data_provider* body) {
        std::vector<nghttp2_nv> native;
        for (const auto& [name, value] : fields) {
            native.push_back(
                {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                 .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                 .namelen = name.size(),
                 .valuelen = value.size(),
                 .flags = 0});
        }
        return nghttp2_submit_request(native_, nullptr, native.data(), native.size(), body,
                                      nullptr);
    }

    nghttp2_session* native_ = nullptr;
    std::map<std::int32_t, Answer> answers_;
    std::string body_;
};

}  // namespace oxbow::net
