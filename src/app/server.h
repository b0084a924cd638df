#pragma once

#include <iosfwd>
#include <memory>

#include "app/settings.h"
#include "base/result.h"

namespace oxbow::app {

/// The whole program behind `oxbow serve`, every room wired, in one process.
///
/// Thread safety: made, run and destroyed by one thread.
class Server {
public:
    /// Opens the data directory, the database and every listener, and takes up what an earlier
    /// process left; tells the operator on `out` where to go. Errors: one sentence; nothing is
    /// running then.
    static Result<std::unique_ptr<Server>> start(Settings settings, std::ostream& out);
    ~Server();

    /// Serves until SIGTERM or SIGINT, then ends every recording properly.
    void run();

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::app
