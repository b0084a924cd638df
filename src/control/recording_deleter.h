#pragma once

#include "base/ids.h"
#include "base/result.h"

namespace oxbow::control {

/// Deletes a recording everywhere: its row, its objects, what viewers see of it. Declared here,
/// answered by who knows the bucket. Thread-safe; may block.
class RecordingDeleter {
public:
    virtual ~RecordingDeleter() = default;
    /// Errors: NotFound  no such recording.
    ///         Conflict  locked, or not ended yet.
    ///         Unavailable  the bucket or the database failed; asking again goes on with it.
    virtual Result<void> delete_recording(const RecordingId& recording) = 0;
};

}  // namespace oxbow::control
