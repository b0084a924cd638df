#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace soci {
class session;
}

namespace oxbow::catalog {

/// The statements that lead from one version of the schema to the next.
using Migration = std::span<const std::string_view>;

/// All migrations: entry 0 makes version 1 of an empty database. One that was released never
/// changes.
std::span<const Migration> schema_migrations();

/// The version of an open database; 0: nothing in it.
/// Exceptions: soci::soci_error.
long long schema_version(soci::session& session);

/// Errors: Unsupported  the database is of a version above `newest`.
Result<void> check_schema_version(long long version, std::size_t newest);

/// Runs what is missing, each migration in one transaction with its new version number. A failed
/// one leaves the version before it. Exceptions: soci::soci_error.
void migrate(soci::session& session, std::span<const Migration> migrations);

}  // namespace oxbow::catalog
