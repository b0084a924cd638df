#include "record/take_up.h"

#include <fstream>

#include "base/crc32c.h"
#include "record/test_recording.h"

using namespace oxbow;
using namespace oxbow::record;

namespace {

const RecordingId kRecording{"j8Z9O91ndcVs"};
constexpr std::string_view kBoot = "-";  // equals no other: as behind a power loss

/// What the next process finds: two segments written, one of them in an open chunk.
struct CutOff : Fixture {
    CutOff() {
        Recording cut_off{place(), spec(), listener};
        REQUIRE(cut_off.append(segments.next(2s)));
        REQUIRE(cut_off.append(segments.next(3s)));
    }
    std::vector<TakenUp> take_up(const std::string& boot = boot_of_machine()) {
        return take_up_recordings(place(), "next", boot).value();
    }
    std::filesystem::path spool() const { return folder / "spool/j8Z9O91ndcVs"; }
    void append_to(const char* file, std::string_view text) {
        std::ofstream{spool() / file, std::ios::app} << text;
    }
    std::string byte_range() { return object("media/hls/720p30/byte-range-variant.m3u8"); }

    Segments segments;
};

}  // namespace

TEST_CASE("what an earlier process left open goes on behind the last whole segment") {
    CutOff at;
    at.append_to("1.ts", "half a segment");
    at.append_to("journal", "0badc0de segment 2 1 0 1880 188");

    auto taken = at.take_up();
    REQUIRE(taken.size() == 1);
    CHECK(at.byte_range().ends_with("\n1.ts\n"));
    CHECK(at.object("media/hls/720p30/1.ts").size() == kSegmentBytes);
    CHECK(at.row().status == catalog::RecordingStatus::Started);
    CHECK(at.row().segment_epochs == "0:mp3k9a,2:next");
    CHECK(taken[0].wall_end == kStart + 5s);

    Recording recording{at.place(), std::move(taken[0]), at.listener};
    REQUIRE(recording.stream_joined(StreamId{"st-2"}));
    REQUIRE(recording.append(at.segments.next(2s, true)));
    REQUIRE(recording.end());

    CHECK(at.row().status == catalog::RecordingStatus::Ended);
    CHECK(at.row().streams == std::vector<StreamId>{StreamId{"st-1"}, StreamId{"st-2"}});
    CHECK(at.row().duration == 7s);
    CHECK(at.byte_range().find("\n1.ts\n#EXT-X-DISCONTINUITY\n") != std::string::npos);
    CHECK(at.byte_range().ends_with("\n2.ts\n#EXT-X-ENDLIST\n"));
    CHECK(at.object("events/recording-ended.json").find("\"ServerInterrupted\"") !=
          std::string::npos);
    CHECK_FALSE(std::filesystem::exists(at.spool()));
}

TEST_CASE("a recording is cut off again and again, and names tell the processes apart") {
    CutOff at;
    {
        auto taken = at.take_up();
        Recording again{at.place(), std::move(taken.at(0)), at.listener};
        REQUIRE(again.append(at.segments.next(2s, true)));
    }

    auto taken = take_up_recordings(at.place(), "third", boot_of_machine()).value();

    CHECK(taken.at(0).names.text() == "0:mp3k9a,2:next,3:third");
    CHECK(taken[0].next_number == 3);
    CHECK(taken[0].chunks.size() == 3);
}

TEST_CASE("a recording that goes on tells of a disk that takes nothing as any other") {
    CutOff at;
    auto taken = at.take_up();
    Recording recording{at.place(), std::move(taken.at(0)), at.listener};
    at.store->failing = true;
    REQUIRE(recording.append(at.segments.next(10s, true)));

    REQUIRE(recording.append(at.segments.next(2s)));

    CHECK(at.listener->lost == 1);
    CHECK(at.listener->interruptions.size() == 1);
}

TEST_CASE("a cut-off recording to which nobody comes back is ended in order") {
    CutOff at;
    auto taken = at.take_up();

    Recording recording{at.place(), std::move(taken.at(0)), at.listener};
    REQUIRE(recording.end());

    CHECK(at.row().status == catalog::RecordingStatus::Ended);
    CHECK(at.row().status_message == "ServerInterrupted");
    CHECK(at.row().duration == 5s);
}

TEST_CASE("one that was being ended is ended, and nothing is left of its journal") {
    CutOff at;
    at.append_to("journal", journal_end({catalog::RecordingStatus::Ended, kStart + 6s, ""}));

    CHECK(at.take_up().empty());

    CHECK(at.row().status == catalog::RecordingStatus::Ended);
    CHECK(at.row().ended_at == kStart + 6s);
    CHECK(at.byte_range().ends_with("\n1.ts\n#EXT-X-ENDLIST\n"));
    CHECK(at.object("events/recording-ended.json").find("RECORDING_ENDED\"") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(at.spool()));
}

TEST_CASE("behind a power loss a segment that did not reach the disk is cut off, by its checksum") {
    CutOff at;
    {
        std::fstream file{at.spool() / "1.ts", std::ios::in | std::ios::out};
        file.seekp(100);
        file.put('\0');
    }

    const auto taken = at.take_up(std::string{kBoot});

    REQUIRE(taken.size() == 1);
    CHECK(taken[0].chunks.size() == 1);
    CHECK(taken[0].next_number == 1);
    CHECK(taken[0].next_chunk == 1 + kChunksUnsyncedMax);
    CHECK(at.byte_range().find("1.ts") == std::string::npos);
    CHECK(Journal::read(at.spool()).value().segments.size() == 1);
}

TEST_CASE("behind a power loss chunks that no journal knows are removed") {
    CutOff at;
    REQUIRE(at.store->put(fmt::format("{}/media/hls/720p30/2.ts", kPrefix), as_bytes("torn")));

    CHECK(at.take_up(std::string{kBoot}).size() == 1);

    CHECK_FALSE(at.store->head(fmt::format("{}/media/hls/720p30/2.ts", kPrefix)));
    CHECK(at.store->head(fmt::format("{}/media/hls/720p30/1.ts", kPrefix)));
}

TEST_CASE("what a power loss took of playlists, metadata and the row is made again") {
    CutOff at;
    const std::string started = at.object("events/recording-started.json");
    const std::string master = at.object("media/hls/master.m3u8");
    REQUIRE(at.catalog->remove_recording(kRecording));
    for (const char* name : {"media/hls/master.m3u8", "events/recording-started.json"})
        REQUIRE(at.store->put(fmt::format("{}/{}", kPrefix, name), {}));

    CHECK(at.take_up(std::string{kBoot}).size() == 1);

    // Segments from now on have the epoch of this process in their names.
    const std::string epochs = "\"segment_epochs\":\"0:mp3k9a";
    std::string expected = started;
    expected.insert(expected.find(epochs) + epochs.size(), ",2:next");
    CHECK(at.object("events/recording-started.json") == expected);
    CHECK(at.object("media/hls/master.m3u8") == master);
    CHECK(at.row().streams == std::vector<StreamId>{StreamId{"st-1"}});
}

TEST_CASE("a recording of which nothing was written is taken back") {
    Fixture at;
    const auto spool = at.folder / "spool/j8Z9O91ndcVs";
    REQUIRE(Journal::create(spool, {.recording = kRecording,
                                    .channel = ChannelId{"AsXego4U6tnj"},
                                    .account = "000000000000",
                                    .region = "us-east-1",
                                    .started_at = kStart}));

    CHECK(take_up_recordings(at.place(), "next", "boot").value().empty());

    CHECK(at.store->list(kPrefix).value().empty());
    CHECK_FALSE(std::filesystem::exists(spool));
}

TEST_CASE("a cut-off recording that the disk does not take yet goes on behind the next start") {
    CutOff at;
    std::filesystem::create_directories(at.folder / "spool/nobodys");
    at.store->failing = true;

    CHECK(at.take_up().empty());
    CHECK(at.row().status == catalog::RecordingStatus::Started);
    CHECK_FALSE(std::filesystem::exists(at.folder / "spool/nobodys"));

    at.store->failing = false;
    CHECK(at.take_up().size() == 1);
    CHECK(at.row().duration == 5s);
}

TEST_CASE("a journal of version 1 is read: its recording is ended with what was written") {
    CutOff at;
    std::filesystem::remove(at.spool() / "journal");
    at.append_to("segments.m3u8", byte_range_header());
    at.append_to("segments.m3u8", byte_range_lines(0, {0, kSegmentBytes, 2s, kStart}, false));
    at.append_to("segments.m3u8", byte_range_lines(1, {0, kSegmentBytes, 3s, kStart + 2s}, false));
    at.append_to("segments.m3u8", "#EXT-X-PROGRAM-DATE");
    at.append_to("1.ts", "half a segment");

    CHECK(at.take_up().empty());

    CHECK(at.row().status == catalog::RecordingStatus::EndedWithFailure);
    CHECK(at.row().duration == 5s);
    CHECK(at.row().ended_at == kStart + 5s);
    CHECK(at.object("media/hls/720p30/1.ts").size() == kSegmentBytes);
    CHECK(at.byte_range().ends_with("\n1.ts\n#EXT-X-ENDLIST\n"));
    CHECK_FALSE(std::filesystem::exists(at.spool()));
}

TEST_CASE("a cut-off recording without its journal is ended with what the bucket lists") {
    CutOff at;
    std::filesystem::remove_all(at.folder / "spool");

    CHECK(at.take_up().empty());

    CHECK(at.row().duration == 2s);
    CHECK(at.object("media/hls/720p30/playlist.m3u8").ends_with("\n0.ts\n#EXT-X-ENDLIST\n"));
}

TEST_CASE("one whose objects are gone, too, is ended all the same, so that it can be deleted") {
    CutOff at;
    std::filesystem::remove_all(at.folder / "bucket/ivs");
    std::filesystem::remove_all(at.folder / "spool");

    CHECK(at.take_up().empty());

    CHECK(at.row().status == catalog::RecordingStatus::EndedWithFailure);
}
