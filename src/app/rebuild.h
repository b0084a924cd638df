#pragma once

#include <iosfwd>

#include "app/cli.h"

namespace oxbow::app {

/// Makes the catalogue's recordings again from the bucket, with the server stopped: the database
/// has one owner. Gives the exit code; what was left out is told, each in one sentence, to `err`.
int rebuild_catalog(const CatalogRebuildCommand& command, std::ostream& out, std::ostream& err);

}  // namespace oxbow::app
