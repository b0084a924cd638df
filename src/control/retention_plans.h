#pragma once

#include <vector>

#include "base/result.h"
#include "catalog/retention.h"

namespace oxbow::control {

/// What retention would delete now.
struct RetentionPlan {
    bool configured = false;  // false: nothing is ever deleted by it
    bool dry_run = false;     // nothing is deleted, whatever is planned
    std::vector<catalog::Removal> removals;
};

/// Declared here, answered by who deletes. Thread-safe; may block.
class RetentionPlans {
public:
    virtual ~RetentionPlans() = default;
    /// Errors: Unavailable  the database or the disk cannot be asked.
    virtual Result<RetentionPlan> plan() const = 0;
};

}  // namespace oxbow::control
