#include "notify/object_created_queue.h"

#include <future>

#include <doctest/doctest.h>

namespace oxbow::notify {
namespace {

using namespace std::chrono_literals;
using Keys = std::vector<std::string>;

constexpr std::chrono::milliseconds kDeadline = 30s;  // never reached by a test that passes

store::ObjectCreated created(std::string key) {
    return {.bucket = "recordings",
            .object = {.key = std::move(key), .size = 1, .etag = "e", .last_modified = {}},
            .time = WallTime{1'675'983'341'550ms},
            .sequencer = "17423A5B3F8E1000"};
}

std::string started(std::string_view recording) {
    return std::string(recording) + "/events/recording-started.json";
}

ObjectCreatedQueueOptions quick() {
    ObjectCreatedQueueOptions options;
    options.backoff_first = 1ms;
    options.backoff_max = 2ms;
    return options;
}

/// A handler that holds the queue's thread at its first record until it is opened.
struct Gate {
    std::promise<void> reached;
    std::promise<void> opened;
    std::shared_future<void> may_pass = opened.get_future().share();
    Keys handled;  // read after drain() or stop() only

    ObjectCreatedQueue::Handler handler() {
        return [this](const ObjectCreatedRecord& record) -> Result<void> {
            if (handled.empty()) reached.set_value();
            may_pass.wait();
            handled.push_back(record.key);
            return {};
        };
    }
};

TEST_CASE("events are handled in the order in which they came") {
    Keys handled;
    ObjectCreatedQueue queue{quick(),
                             [&handled](const ObjectCreatedRecord& record) -> Result<void> {
                                 handled.push_back(record.key + " " + record.sequencer);
                                 return {};
                             }};

    queue.push(created(started("a b")));
    queue.push(created(started("c")));

    CHECK(queue.drain(kDeadline));
    CHECK(handled == Keys{"a b/events/recording-started.json 17423A5B3F8E1000",
                          "c/events/recording-started.json 17423A5B3F8E1000"});
}

TEST_CASE("objects that are no recording-started.json are not queued") {
    Keys handled;
    ObjectCreatedQueue queue{quick(),
                             [&handled](const ObjectCreatedRecord& record) -> Result<void> {
                                 handled.push_back(record.key);
                                 return {};
                             }};

    queue.push(created("a/media/hls/720p30/0.ts"));
    queue.push(created("recording-started-a.json"));
    CHECK(queue.accept(render_s3_event(created("a/0.ts"), {})).has_value());
    queue.push(created(started("a")));

    CHECK(queue.drain(kDeadline));
    CHECK(handled == Keys{"a/events/recording-started.json"});
}

TEST_CASE("an event from outside takes the same way, with all of its records") {
    Keys handled;
    ObjectCreatedQueue queue{quick(),
                             [&handled](const ObjectCreatedRecord& record) -> Result<void> {
                                 handled.push_back(record.key);
                                 return {};
                             }};

    const auto accepted = queue.accept(
        R"({"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":)"
        R"({"key":"a/events/recording-started.json"}}},{"eventName":"ObjectCreated:Put","s3":)"
        R"({"bucket":{"name":"b"},"object":{"key":"c%2Fevents%2Frecording-started.json"}}}]})");

    CHECK(accepted.has_value());
    CHECK(queue.drain(kDeadline));
    CHECK(handled == Keys{"a/events/recording-started.json", "c/events/recording-started.json"});
    CHECK(queue.accept("{").error().code == ErrorCode::Malformed);
}

TEST_CASE("a record whose handler fails for the moment is tried again before the next one") {
    Keys handled;
    ObjectCreatedQueue queue{quick(),
                             [&handled](const ObjectCreatedRecord& record) -> Result<void> {
                                 handled.push_back(record.key);
                                 if (handled.size() < 3)
                                     return fail(ErrorCode::Unavailable, "busy");
                                 return {};
                             }};

    queue.push(created(started("a")));
    queue.push(created(started("b")));

    CHECK(queue.drain(kDeadline));
    CHECK(handled == Keys{started("a"), started("a"), started("a"), started("b")});
}

TEST_CASE("a record is given up after the last attempt, or at once when trying again cannot help") {
    Keys handled;
    ObjectCreatedQueueOptions options = quick();
    options.attempts_max = 3;
    ObjectCreatedQueue queue{
        options, [&handled](const ObjectCreatedRecord& record) -> Result<void> {
            handled.push_back(record.key);
            const bool busy = record.key == started("busy");
            return fail(busy ? ErrorCode::Timeout : ErrorCode::Malformed, "no");
        }};

    queue.push(created(started("busy")));
    queue.push(created(started("broken")));

    CHECK(queue.drain(kDeadline));
    CHECK(handled == Keys{started("busy"), started("busy"), started("busy"), started("broken")});
}

TEST_CASE("a full queue drops its oldest event for one of our own, and refuses one from outside") {
    Gate gate;
    ObjectCreatedQueueOptions options = quick();
    options.events_max = 2;
    ObjectCreatedQueue queue{options, gate.handler()};
    queue.push(created(started("handled")));
    gate.reached.get_future().wait();
    queue.push(created(started("oldest")));

    const auto fits = queue.accept(render_s3_event(created(started("second")), {}));
    const auto refused = queue.accept(render_s3_event(created(started("refused")), {}));
    queue.push(created(started("newest")));
    gate.opened.set_value();

    CHECK(queue.drain(kDeadline));
    CHECK(fits.has_value());
    CHECK(refused.error().code == ErrorCode::Unavailable);
    CHECK(gate.handled == Keys{started("handled"), started("second"), started("newest")});
}

TEST_CASE("stop finishes what is queued and takes nothing more") {
    Gate gate;
    ObjectCreatedQueue queue{quick(), gate.handler()};
    queue.push(created(started("a")));
    queue.push(created(started("b")));
    gate.opened.set_value();

    queue.stop();
    queue.push(created(started("late")));

    CHECK(gate.handled == Keys{started("a"), started("b")});
    CHECK(queue.accept(render_s3_event(created(started("late")), {})).error().code ==
          ErrorCode::Unavailable);
}

TEST_CASE("stop does not wait out the pause between two attempts") {
    std::promise<void> failed;
    int attempts = 0;
    ObjectCreatedQueueOptions options;
    options.backoff_first = 1h;
    options.attempts_max = 2;
    ObjectCreatedQueue queue{options, [&](const ObjectCreatedRecord&) -> Result<void> {
                                 if (++attempts == 1) failed.set_value();
                                 return fail(ErrorCode::Unavailable, "busy");
                             }};
    queue.push(created(started("a")));
    failed.get_future().wait();

    queue.stop();

    CHECK(attempts == 2);
}

TEST_CASE("drain tells when the deadline passed first") {
    Gate gate;
    ObjectCreatedQueue queue{quick(), gate.handler()};
    queue.push(created(started("a")));

    const bool drained = queue.drain(1ms);
    gate.opened.set_value();

    CHECK_FALSE(drained);
    CHECK(queue.drain(kDeadline));
}

}  // namespace
}  // namespace oxbow::notify
