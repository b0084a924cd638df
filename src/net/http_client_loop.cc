#include "net/http_client_loop.h"

#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "base/ensure.h"
#include "net/curl_exchange.h"

namespace oxbow::net {
namespace {

constexpr std::chrono::milliseconds kLookEvery{1'000};  // where nothing happens
constexpr std::size_t kIdleHandlesMax = 64;

}  // namespace

class HttpClientLoop::Impl {
public:
    explicit Impl(Settings settings) : settings_(settings), room_(settings.bytes_max) {
        idle_.push_back(new_curl_handle());  // sets curl up, before anything else of it is called
        multi_.reset(curl_multi_init());
        ENSURE(multi_);
        const auto connections = static_cast<long>(settings_.connections_max);
        curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
        curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, connections);
        thread_ = std::thread{[this] { work(); }};
    }
    ~Impl() { stop(); }

    void ask(HttpClientRequest request, Answered answered) {
        auto question = std::make_unique<Question>(std::move(request), std::move(answered));
        {
            const std::lock_guard lock{mutex_};
            if (!stopping_) asked_.push_back(std::move(question));
        }
        if (question) {
            give_up(*question);
        } else {
            curl_multi_wakeup(multi_.get());
        }
    }

    void stop() {
        {
            const std::lock_guard lock{mutex_};
            stopping_ = true;
        }
        curl_multi_wakeup(multi_.get());
        if (thread_.joinable()) thread_.join();
    }

private:
    struct Question {
        Question(HttpClientRequest asked, Answered then)
            : request(std::move(asked)), answered(std::move(then)) {}
        HttpClientRequest request;
        Answered answered;
        std::unique_ptr<CurlExchange> exchange{};
        CurlHandle handle{};  // goes before what it refers to
    };
    using QuestionPtr = std::unique_ptr<Question>;

    static void give_up(Question& question) {
        question.answered(fail(ErrorCode::Unavailable, "nothing is asked any more"));
    }

    void work() {
        while (true) {
            std::vector<QuestionPtr> asked;
            {
                const std::lock_guard lock{mutex_};
                if (stopping_) break;
                asked = std::exchange(asked_, {});
            }
            for (QuestionPtr& question : asked) begin(std::move(question));
            int running = 0;
            curl_multi_perform(multi_.get(), &running);
            take_answers();
            curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(kLookEvery.count()),
                            nullptr);
        }
        for (auto& [handle, question] : under_way_) {
            curl_multi_remove_handle(multi_.get(), handle);
            give_up(*question);
        }
        under_way_.clear();
        for (const QuestionPtr& question : std::exchange(asked_, {})) give_up(*question);
    }

    void begin(QuestionPtr question) {
        if (idle_.empty()) {
            question->handle = new_curl_handle();
        } else {
            question->handle = std::move(idle_.back());
            idle_.pop_back();
        }
        CURL* const handle = question->handle.get();
        question->exchange = std::make_unique<CurlExchange>(handle, question->request, &room_);
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                         static_cast<long>(settings_.connect_timeout.count()));
        ENSURE(curl_multi_add_handle(multi_.get(), handle) == CURLM_OK);
        under_way_.emplace(handle, std::move(question));
    }

    void take_answers() {
        int left = 0;
        while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const CURLcode code = message->data.result;  // the message goes with the handle
            auto found = under_way_.extract(message->easy_handle);
            ENSURE(!found.empty());
            Question& question = *found.mapped();
            curl_multi_remove_handle(multi_.get(), question.handle.get());
            question.answered(question.exchange->ended(code));
            curl_easy_reset(question.handle.get());
            if (idle_.size() < kIdleHandlesMax) idle_.push_back(std::move(question.handle));
        }
    }

    const Settings settings_;
    std::unique_ptr<CURLM, CurlMultiClose> multi_;
    std::mutex mutex_;
    std::vector<QuestionPtr> asked_;
    bool stopping_ = false;
    // Of the thread alone:
    std::size_t room_;  // of bytes_max
    std::vector<CurlHandle> idle_;
    std::map<CURL*, QuestionPtr> under_way_;
    std::thread thread_;
};

HttpClientLoop::HttpClientLoop(Settings settings) : impl_(std::make_unique<Impl>(settings)) {}

HttpClientLoop::~HttpClientLoop() = default;

void HttpClientLoop::ask(HttpClientRequest request, Answered answered) {
    impl_->ask(std::move(request), std::move(answered));
}

void HttpClientLoop::stop() {
    impl_->stop();
}

}  // namespace oxbow::net
