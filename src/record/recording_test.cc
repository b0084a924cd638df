#include "record/recording.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <string>

#include <unistd.h>

#include "record/test_recording.h"

using namespace oxbow;
using namespace oxbow::record;
using namespace std::chrono_literals;

TEST_CASE(
    "the first segment makes a whole recording, put in the order in which nothing leads nowhere") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};

    REQUIRE(recording.append(segments.next(2s)));

    CHECK(at.store->puts == std::vector<std::string>{
                                "media/hls/720p30/0.ts", "media/hls/720p30/playlist.m3u8",
                                "media/hls/720p30/byte-range-variant.m3u8", "media/hls/master.m3u8",
                                "media/hls/byte-range-multivariant.m3u8",
                                "events/recording-started.json"});
    CHECK(at.listener->written == 1);
    CHECK(at.listener->states == States{catalog::RecordingStatus::Started});
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->recording.duration == 2s);
}

TEST_CASE("later chunks close at the first segment end at or after ten seconds") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));

    REQUIRE(recording.append(segments.next(4s)));
    REQUIRE(recording.append(segments.next(5'999ms)));
    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0});
    REQUIRE(recording.append(segments.next(1s)));

    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0, 1});
    CHECK(at.object("media/hls/720p30/1.ts").size() == 3 * kSegmentBytes);
    CHECK(at.object("media/hls/720p30/playlist.m3u8").find("#EXTINF:10.999,\n1.ts\n") !=
          std::string::npos);
}

TEST_CASE("a written segment is told with its place, which stays when the chunk is an object") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.append(segments.next(5s)));
    REQUIRE(recording.append(segments.next(5s)));  // closes the chunk

    const FileRegion& place = at.listener->last_place;
    std::string read(kSegmentBytes, '\0');

    CHECK(place.offset == kSegmentBytes);
    CHECK(place.length == kSegmentBytes);
    REQUIRE(::pread(place.file->fd(), read.data(), read.size(), static_cast<off_t>(place.offset)) ==
            static_cast<ssize_t>(kSegmentBytes));
    CHECK(at.object("media/hls/720p30/1.ts").substr(kSegmentBytes) == read);
}

TEST_CASE("a discontinuity closes the open chunk and marks the next one") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.append(segments.next(2s)));

    REQUIRE(recording.append(segments.next(2s, true)));
    REQUIRE(recording.end());

    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0, 1, 2});
    const std::string playlist = at.object("media/hls/720p30/byte-range-variant.m3u8");
    CHECK(playlist.find("#EXT-X-DISCONTINUITY") < playlist.find("2.ts"));
    CHECK(playlist.find("#EXT-X-DISCONTINUITY") > playlist.find("1.ts"));
}

TEST_CASE(
    "an ended recording has ENDLIST, recording-ended.json with the exact duration, and its row") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2'033ms)));
    REQUIRE(recording.append(segments.next(1'967ms)));
    at.clock.advance(4s);

    REQUIRE(recording.end());

    CHECK(at.listener->ended);
    CHECK(at.listener->states ==
          States{catalog::RecordingStatus::Started, catalog::RecordingStatus::Ended});
    CHECK(at.object("media/hls/720p30/playlist.m3u8").ends_with("#EXT-X-ENDLIST\n"));
    CHECK(at.object("events/recording-ended.json").find("\"duration_ms\":4000") !=
          std::string::npos);
    CHECK(at.row().status == catalog::RecordingStatus::Ended);
    CHECK(at.row().duration == 4s);
    CHECK(at.row().bytes == 2 * kSegmentBytes);
    CHECK_FALSE(std::filesystem::exists(at.folder / "spool/j8Z9O91ndcVs"));
}

TEST_CASE(
    "while the publisher is away all that was recorded is in the bucket, and the recording stays "
    "open") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.append(segments.next(2s)));

    REQUIRE(recording.stream_left(kStart + 64s));
    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0, 1});
    CHECK(at.object("media/hls/720p30/playlist.m3u8").find("ENDLIST") == std::string::npos);

    REQUIRE(recording.stream_joined(StreamId{"st-2"}));
    CHECK(at.row().streams == std::vector<StreamId>{StreamId{"st-1"}, StreamId{"st-2"}});
}

TEST_CASE(
    "after half an hour the playlists are put once a minute, and viewers still read every chunk") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    at.clock.advance(30min);
    REQUIRE(recording.append(segments.next(10s)));
    at.store->puts.clear();

    at.clock.advance(59s);
    REQUIRE(recording.append(segments.next(10s)));
    CHECK(at.store->puts == std::vector<std::string>{"media/hls/720p30/2.ts"});
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->standard_playlist->str().find("\n2.ts\n") !=
          std::string::npos);

    at.clock.advance(1s);
    REQUIRE(recording.append(segments.next(10s)));
    CHECK(at.store->puts.size() == 4);
}

TEST_CASE("playlists that are large beside the media are put once a minute from the beginning") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    std::map<std::string, int> puts;
    for (int chunk = 0; chunk < 170; ++chunk) {
        at.store->puts.clear();
        at.clock.advance(10s);
        REQUIRE(recording.append(segments.next(10s)));
        ++puts[at.store->puts.size() > 1 ? "with playlists" : "chunk alone"];
    }
    // A segment of the fixture has a few bytes, and each of the two entries a hundred or more.
    CHECK(puts["chunk alone"] > 50);
    CHECK(puts["with playlists"] > 60);
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->standard_playlist->str().find("\n169.ts\n") !=
          std::string::npos);
}

TEST_CASE("what the disk does not take is a hole in the same recording, which says so") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    at.store->failing = true;
    REQUIRE(recording.append(segments.next(10s)));  // written, but no object yet

    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.append(segments.next(2s)));
    CHECK(at.listener->written == 2);
    CHECK(at.listener->lost == 2);
    CHECK(at.listener->interruptions == std::vector<std::string>{"the disk is full"});

    at.store->failing = false;
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.end());

    CHECK(at.listener->resumed == std::vector<std::uint64_t>{2});
    CHECK(at.listener->chunks == std::vector<std::uint64_t>{0, 1, 2});
    CHECK(at.object("media/hls/720p30/byte-range-variant.m3u8")
              .find("\n1.ts\n#EXT-X-DISCONTINUITY\n"
                    "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:36.000Z\n") != std::string::npos);
    CHECK(at.row().segment_epochs == "0:mp3k9a,2+2:mp3k9a");
    CHECK(at.row().status == catalog::RecordingStatus::Ended);
    CHECK(at.object("events/recording-ended.json")
              .find("\"recording_status_message\":\"DiskInterrupted\"") != std::string::npos);
}

TEST_CASE("segments that never came are a hole, told by who left them out") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));

    REQUIRE(recording.append(segments.next(2s), 3));

    CHECK(at.listener->interruptions.empty());
    CHECK(at.listener->resumed == std::vector<std::uint64_t>{3});
    REQUIRE(recording.end());
    CHECK(at.row().segment_epochs == "0:mp3k9a,1+3:mp3k9a");
}

TEST_CASE("a recording bears so many interruptions, and fails with the next") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    for (std::size_t i = 0; i < kInterruptionsMax; ++i)
        REQUIRE(recording.append(segments.next(2s), 1));

    CHECK(recording.append(segments.next(2s), 1).error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("a playlist that the disk does not take is put with a later segment") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    at.store->failing_from = at.store->puts.size() + 2;  // the chunk is put, its playlists are not
    REQUIRE(recording.append(segments.next(10s)));
    CHECK(at.object("media/hls/720p30/playlist.m3u8").find("1.ts") == std::string::npos);
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->standard_playlist->str().find("\n1.ts\n") !=
          std::string::npos);

    at.store->failing_from = SIZE_MAX;
    REQUIRE(recording.append(segments.next(2s)));

    CHECK(at.object("media/hls/720p30/playlist.m3u8").find("\n1.ts\n") != std::string::npos);
    CHECK(at.listener->lost == 0);
}

TEST_CASE("an end that the disk does not take is a failure, and the listener and the view say so") {
    Fixture at;
    Segments segments;
    Recording recording{at.place(), Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(recording.append(segments.next(9s)));
    at.store->failing = true;

    const auto ended = recording.end();
    REQUIRE_FALSE(ended.has_value());
    recording.fail_with(ended.error().what);

    CHECK(at.listener->failure == "the disk is full");
    CHECK_FALSE(at.listener->not_started);
    const auto view = at.views.get(ChannelId{"AsXego4U6tnj"});
    CHECK(view->recording.status == catalog::RecordingStatus::EndedWithFailure);
    CHECK(view->standard_playlist->str().ends_with("#EXT-X-ENDLIST\n"));
    CHECK_FALSE(recording.closed());
    CHECK(at.listener->states == States{catalog::RecordingStatus::Started});

    at.store->failing = false;
    REQUIRE(recording.close_failed());
    CHECK(at.listener->states ==
          States{catalog::RecordingStatus::Started, catalog::RecordingStatus::EndedWithFailure});

    CHECK(recording.closed());
    CHECK(at.object("media/hls/720p30/playlist.m3u8").find("\n1.ts\n#EXT-X-ENDLIST\n") !=
          std::string::npos);
    CHECK(at.object("events/recording-failed.json").find("\"duration_ms\":11000") !=
          std::string::npos);
    CHECK(at.row().status == catalog::RecordingStatus::EndedWithFailure);
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->standard_playlist == nullptr);
}

TEST_CASE(
    "a recording that fails before it is announced is taken back, and the one before is shown "
    "again") {
    Fixture at;
    Segments segments;
    RecordingSpec earlier = Fixture::spec();
    earlier.recording = RecordingId{"earlier"};
    Recording before{at.place(), earlier, at.listener};
    REQUIRE(before.append(segments.next(2s)));
    REQUIRE(before.end());
    at.listener->states.clear();
    Recording recording{at.place(), Fixture::spec(), at.listener};
    at.store->failing_from = at.store->puts.size() + 6;  // all is put but recording-started.json

    const auto appended = recording.append(segments.next(2s));
    REQUIRE_FALSE(appended.has_value());
    recording.fail_with(appended.error().what);

    CHECK(recording.closed());
    CHECK(at.listener->not_started);
    CHECK(at.listener->states.empty());
    CHECK(at.store->list(kPrefix).value().empty());
    CHECK(at.views.get(ChannelId{"AsXego4U6tnj"})->recording.id == RecordingId{"earlier"});
    CHECK_FALSE(at.catalog->recording(RecordingId{"j8Z9O91ndcVs"}).has_value());
}

TEST_CASE("a segment that does not fit into the queue is not taken, one that just fits is") {
    Fixture at;
    Segments segments;
    const auto segment = std::make_shared<LiveSegment>(segments.next(2s));
    std::promise<void> begun;
    std::promise<void> go_on;
    Recorder recorder{at.place(), kSegmentBytes};
    recorder.begin(Fixture::spec(), at.listener);
    recorder.post([&] {
        begun.set_value();
        go_on.get_future().wait();
    });
    begun.get_future().wait();

    CHECK(recorder.append(RecordingId{"j8Z9O91ndcVs"}, segment));
    CHECK_FALSE(recorder.append(RecordingId{"j8Z9O91ndcVs"}, segment));

    go_on.set_value();
    recorder.drain();
    CHECK(at.listener->written == 1);
    CHECK(at.listener->failure.empty());
}

TEST_CASE("a failed recording is closed when the disk takes it again, while others are recorded") {
    Fixture at;
    Segments segments;
    const auto first = std::make_shared<LiveSegment>(segments.next(2s));
    const auto second = std::make_shared<LiveSegment>(segments.next(10s));
    std::promise<catalog::RecordingStatus> before;
    std::promise<catalog::RecordingStatus> after;
    Recorder recorder{at.place()};
    recorder.begin(Fixture::spec(), at.listener);
    recorder.append(RecordingId{"j8Z9O91ndcVs"}, first);
    recorder.append(RecordingId{"j8Z9O91ndcVs"}, second);
    recorder.post([&] { at.store->failing = true; });
    recorder.end(RecordingId{"j8Z9O91ndcVs"});

    // The jobs stand for those of others: one comes before the ten seconds are over, one behind.
    recorder.post([&] {
        at.store->failing = false;
        at.clock.advance(9'999ms);
    });
    recorder.post([&] {
        before.set_value(at.row().status);
        at.clock.advance(1ms);
    });
    recorder.post([&] { after.set_value(at.row().status); });

    CHECK(before.get_future().get() == catalog::RecordingStatus::Started);
    CHECK(after.get_future().get() == catalog::RecordingStatus::EndedWithFailure);
}
