#include "record/journal.h"

#include <doctest/doctest.h>

#include <filesystem>

#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>

#include "base/random.h"

using namespace oxbow;
using namespace oxbow::record;
using namespace std::chrono_literals;

namespace {

const JournalHead kHead{.recording = RecordingId{"j8Z9O91ndcVs"},
                        .channel = ChannelId{"AsXego4U6tnj"},
                        .account = "000000000000",
                        .region = "us-east-1",
                        .started_at = WallTime{1'700'000'000'000ms}};
const Variant kVariant{.group_id = "720p30",
                       .name = "720p",
                       .bandwidth = 3'140'000,
                       .codecs = "avc1.64001F,mp4a.40.2",
                       .width = 1280,
                       .height = 720,
                       .frame_rate = 30'000.0 / 1'001};

JournalSegment segment(std::uint64_t number, std::uint64_t chunk, std::uint64_t offset) {
    return {.number = number,
            .chunk = chunk,
            .entry = {offset, 188, 2s, kHead.started_at},
            .start = MediaTime{static_cast<std::int64_t>(number) * 180'000},
            .checksum = 0x0badc0de};
}

std::string begun() {
    return journal_head(kHead) + journal_process("mp3k9a", "boot-1") +
           journal_stream(StreamId{"st-1"}) + journal_rendition(kVariant);
}

}  // namespace

TEST_CASE("a journal is text, a checksum before each record") {
    CHECK(journal_head(kHead) ==
          "0a56d4f2 journal 2\n"
          "df86a2bf recording j8Z9O91ndcVs AsXego4U6tnj 000000000000 us-east-1 1700000000000\n");
    CHECK(journal_segment(segment(57, 6, 188)).substr(9) ==
          "segment 57 6 0 188 188 2000 1700000000000 10260000 0badc0de\n");
}

TEST_CASE("what is written is read back") {
    JournalSegment torn_chunk = segment(5, 1, 0);
    torn_chunk.discontinuity = true;
    const auto read = read_journal(begun() + journal_segment(segment(0, 0, 0)) +
                                   journal_segment(segment(1, 0, 188)) + journal_synced(2) +
                                   journal_interrupted("DiskInterrupted") +
                                   journal_segment(torn_chunk) + journal_away(kHead.started_at));

    REQUIRE(read);
    CHECK(read->head == kHead);
    CHECK(read->streams == std::vector<StreamId>{StreamId{"st-1"}});
    CHECK(read->variant->codecs == kVariant.codecs);
    CHECK(read->variant->frame_rate == kVariant.frame_rate);
    CHECK(read->segments.size() == 3);
    CHECK(read->segments[2].discontinuity);
    CHECK(read->segments[2].checksum == 0x0badc0de);
    CHECK(read->names.text() == "0:mp3k9a,2+3:mp3k9a");
    CHECK(read->boot == "boot-1");
    CHECK(read->synced == 2);
    CHECK(read->interrupted == "DiskInterrupted");
    CHECK(read->away_until == kHead.started_at);
    CHECK_FALSE(read->end);
}

TEST_CASE("what the rewind playlist declares is read back, and cannot change") {
    JournalHead head = kHead;
    head.live_target_seconds = 2;
    const std::string records = journal_head(head) + journal_process("mp3k9a", "boot-1") +
                                journal_rendition(kVariant) + journal_segment(segment(0, 0, 0));

    CHECK(read_journal(records)->head == head);
    const std::string target = journal_head(head).substr(journal_head(kHead).size());
    CHECK(target.substr(9) == "target 2\n");
    CHECK(read_journal(records + target).error().code == ErrorCode::Malformed);
}

TEST_CASE("which thumbnails a recording has is read back") {
    const ThumbnailSettings wanted{
        .interval = 5s, .resolution = "HD", .sequential = false, .latest = true};
    const std::string record = journal_thumbnails(wanted);

    const auto read = read_journal(begun() + record).value().thumbnails.value();

    CHECK(record.substr(9) == "thumbnails 5 HD 0 1\n");
    CHECK(read.interval == 5s);
    CHECK(read.resolution == "HD");
    CHECK_FALSE(read.sequential);
    CHECK(read.latest);
    CHECK_FALSE(read_journal(begun()).value().thumbnails);
    CHECK(read_journal(begun() + journal_thumbnails({.interval = 0s})).error().code ==
          ErrorCode::Malformed);
}

TEST_CASE("a publisher that came back is not away") {
    const auto read =
        read_journal(begun() + journal_segment(segment(0, 0, 0)) + journal_away(kHead.started_at) +
                     journal_stream(StreamId{"st-2"}));

    CHECK_FALSE(read.value().away_until);
}

TEST_CASE("wherever a journal is torn, all whole records before are read, and no other") {
    const std::string whole = begun() + journal_segment(segment(0, 0, 0));
    const std::string all = whole + journal_segment(segment(1, 0, 188));
    std::size_t read_two = 0;

    for (std::size_t size = whole.size(); size <= all.size(); ++size) {
        const auto read = read_journal(std::string_view{all}.substr(0, size)).value();
        CHECK(read.whole_bytes == (size == all.size() ? all.size() : whole.size()));
        read_two += read.segments.size() == 2 ? 1 : 0;
    }

    CHECK(read_two == 1);
}

TEST_CASE("behind a record with another checksum nothing is read") {
    const std::string whole = begun() + journal_segment(segment(0, 0, 0));
    std::string flipped = journal_segment(segment(1, 0, 188));
    flipped[20] ^= 1;

    const auto read =
        read_journal(whole + flipped + journal_segment(segment(2, 0, 2 * 188))).value();

    CHECK(read.segments.size() == 1);
    CHECK(read.whole_bytes == whole.size());
    CHECK(read_journal(whole + std::string(4'096, '\0')).value().whole_bytes == whole.size());
}

TEST_CASE("a record with the right checksum that is none is malformed") {
    CHECK(read_journal("").error().code == ErrorCode::Malformed);
    CHECK(read_journal(journal_process("a", "b")).error().code == ErrorCode::Malformed);
    CHECK(read_journal(begun() + journal_segment(segment(0, 0, 188))).error().code ==
          ErrorCode::Malformed);
    CHECK(read_journal(begun() + journal_synced(1)).error().code == ErrorCode::Malformed);
    CHECK(read_journal(begun() + journal_segment(segment(1, 0, 0)) +
                       journal_segment(segment(1, 0, 188)))
              .error()
              .code == ErrorCode::Malformed);
}

TEST_CASE(
    "what the disk does not take whole is cut back, and the next record stands in its place") {
    const auto folder = std::filesystem::temp_directory_path() /
                        fmt::format("oxbow-journal-{}", random_alphanumeric(8));
    {
        auto journal = std::move(*Journal::create(folder, kHead));
        const auto size = std::filesystem::file_size(folder / "journal");
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit narrow{size + 20, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &narrow);
        const auto refused = journal.append(journal_process("mp3k9a", "boot"));
        ::setrlimit(RLIMIT_FSIZE, &before);

        CHECK(refused.error().code == ErrorCode::Unavailable);
        CHECK(std::filesystem::file_size(folder / "journal") == size);
        CHECK(journal.append(journal_process("mp3k9a", "boot")));
        CHECK(Journal::read(folder).value().epoch == "mp3k9a");
    }
    std::filesystem::remove_all(folder);
}
