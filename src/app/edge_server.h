#pragma once

#include <iosfwd>
#include <memory>

#include "app/settings.h"
#include "base/result.h"

namespace oxbow::app {

/// The program in the roles edge and functions: apart from the live service and the recorder, of
/// which it knows by a bucket and an IVS endpoint.
///
/// Thread safety: made, run and destroyed by one thread.
class EdgeServer {
public:
    /// Opens the data directory, the bucket and every listener. A bucket or an endpoint that is
    /// away is no error: it is asked again. Errors: one sentence; nothing is running then.
    static Result<std::unique_ptr<EdgeServer>> start(Settings settings, std::ostream& out);
    ~EdgeServer();

    /// Serves until SIGTERM or SIGINT.
    void run();

private:
    class Impl;
    explicit EdgeServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::app
