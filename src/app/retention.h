#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "catalog/retention.h"

namespace oxbow::app {

/// The room that is kept free on the disk of the bucket; neither set: none.
struct KeepFree {
    std::uint64_t bytes = 0;
    int percent = 0;  // of the file system
};

/// What of the recordings is kept. By default all is.
struct RetentionSettings {
    std::vector<catalog::RetentionRule> rules;  // recording.retention
    KeepFree keep_free;
    std::chrono::seconds keep_served{600};
    std::chrono::seconds every{60};
    bool dry_run = false;

    bool deletes() const { return !rules.empty() || keep_free.bytes > 0 || keep_free.percent > 0; }
};

}  // namespace oxbow::app
