#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <soci/soci.h>

#include "base/result.h"
#include "base/shared_slot.h"
#include "catalog/catalog.h"
#include "catalog/database_files.h"

namespace oxbow::catalog {

/// The open database, used by one thread at a time, and the snapshot that follows its changes.
class Catalog::Impl {
public:
    Impl(DatabaseFiles files, std::unique_ptr<soci::session> session, Directory directory)
        : files_(std::move(files)),
          session_(std::move(session)),
          directory_(std::make_shared<const Directory>(std::move(directory))) {}

    std::shared_ptr<const Directory> directory() const { return directory_.load(); }

    /// For a start that fails: removes what opening the database made.
    void take_back() {
        const std::scoped_lock lock{database_mutex_};
        if (files_.made()) session_.reset();
        files_.take_back();
    }

    /// Runs `work(session)`, which gives a Result, with the database to itself; what SOCI throws
    /// becomes Unavailable.
    template <typename Work>
    auto read(Work work) -> std::invoke_result_t<Work, soci::session&> {
        const std::scoped_lock lock{database_mutex_};
        try {
            return work(*session_);
        } catch (const std::exception&) {
            return std::unexpected(current_error("the database"));
        }
    }

    /// Runs `work(session)` in one transaction, which an error undoes. `subject` stands in the
    /// sentence of a Conflict: "channel 'AsXego4U6tnj'".
    template <typename Work>
    Result<void> change(std::string_view subject, Work work) {
        return change(subject, std::move(work), [](Directory&) {}, Snapshot::Keep);
    }

    /// As above; then shows `update(directory)` in the snapshot.
    template <typename Work, typename Update>
    Result<void> change(std::string_view subject, Work work, Update update) {
        return change(subject, std::move(work), std::move(update), Snapshot::Replace);
    }

private:
    enum class Snapshot { Keep, Replace };

    template <typename Work, typename Update>
    Result<void> change(std::string_view subject, Work work, Update update, Snapshot snapshot) {
        const std::scoped_lock lock{database_mutex_};
        try {
            soci::transaction transaction{*session_};
            if (Result<void> done = work(*session_); !done) return done;
            transaction.commit();
        } catch (const std::exception&) {
            return std::unexpected(current_error(subject));
        }
        if (snapshot == Snapshot::Replace) {
            auto next = std::make_shared<Directory>(*directory());
            update(*next);
            directory_.store(std::move(next));
        }
        return {};
    }

    /// The exception being handled as an Error.
    static Error current_error(std::string_view subject);

    DatabaseFiles files_;
    std::mutex database_mutex_;
    std::unique_ptr<soci::session> session_;
    SharedSlot<const Directory> directory_;
};

/// All rows of a prepared query: fetch<Channel>((session.prepare << "SELECT ...", soci::use(id)))
template <typename Row>
std::vector<Row> fetch(const soci::details::prepare_temp_type& query) {
    const soci::rowset<Row> rows{query};
    return std::vector<Row>(rows.begin(), rows.end());
}

/// A channel's stream key in the three maps that lead to it.
void show_stream_key(Directory& directory, const StreamKey& key);
void hide_stream_key(Directory& directory, const ChannelId& channel);

/// Runs a prepared statement that must touch a row. Errors: NotFound  "there is no <subject>".
Result<void> touch(const soci::details::prepare_temp_type& prepared, std::string_view subject);

}  // namespace oxbow::catalog
