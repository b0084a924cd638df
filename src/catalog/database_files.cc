#include "catalog/database_files.h"

#include <string>
#include <system_error>

#include "catalog/private_file.h"

namespace oxbow::catalog {
namespace {

/// Stream keys stand in the database as they are. SQLite gives the files that it makes beside a
/// database the database's own rights; those that an earlier process left are narrowed here.
Result<void> keep_private(const std::filesystem::path& file) {
    if (auto made = make_private_file(file); !made) return made;
    for (const char* suffix : {"-wal", "-shm"}) {
        if (auto kept = keep_from_others(file.string() + suffix); !kept) return kept;
    }
    return {};
}

}  // namespace

Result<DatabaseFiles> DatabaseFiles::take(const std::filesystem::path& file) {
    auto lock = ProcessLock::take(file);
    if (!lock) return std::unexpected(lock.error());
    std::error_code unknown;
    const bool made = !std::filesystem::exists(file, unknown) && !unknown;
    DatabaseFiles files{file, *std::move(lock), made};
    if (auto kept = keep_private(file); !kept) {
        files.take_back();
        return std::unexpected(kept.error());
    }
    return files;
}

void DatabaseFiles::take_back() {
    if (made_) {
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
            std::error_code ignored;
            std::filesystem::remove(file_.string() + suffix, ignored);
        }
    }
    made_ = false;
    lock_.take_back();
}

}  // namespace oxbow::catalog
