// A journal read back. Input: its records without their checksums, which are put before them here;
// the same bytes are also read as they are.

#include <string>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/ensure.h"
#include "fuzz/target.h"
#include "record/journal.h"

namespace oxbow::fuzz {
namespace {

std::string with_checksums(std::string_view records) {
    std::string out;
    while (!records.empty()) {
        const std::size_t end = std::min(records.find('\n'), records.size());
        const std::string_view record = records.substr(0, end);
        records.remove_prefix(std::min(end + 1, records.size()));
        out += fmt::format("{:08x} {}\n", crc32c(as_bytes(record)), record);
    }
    return out;
}

void check_read(std::string_view text) {
    const auto read = record::read_journal(text);
    if (!read) {
        ENSURE(!read.error().what.empty());
        return;
    }
    ENSURE(read->whole_bytes <= text.size() && read->synced <= read->segments.size());
    // What is whole reads as the same again.
    const auto again = record::read_journal(text.substr(0, read->whole_bytes));
    ENSURE(again && again->segments.size() == read->segments.size() && again->head == read->head);
    for (std::size_t i = 0; i < read->segments.size(); ++i)
        ENSURE(read->names.of(i).number == read->segments[i].number);
}

}  // namespace

void check(BytesView input) {
    check_read(as_text(input));
    check_read(with_checksums(as_text(input)));
}

}  // namespace oxbow::fuzz
