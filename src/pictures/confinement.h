#pragma once

#include <chrono>
#include <cstddef>

namespace oxbow::pictures {

struct ConfinementLimits {
    std::chrono::seconds cpu{2};
    std::size_t memory_bytes = 256 * 1024 * 1024;  // above what the process has at this moment
};

/// Gives up all rights of this process for good, but to compute, to allocate memory within the
/// limits, and to end: it can open, read, write and send nothing, start nothing, signal nobody, and
/// make no memory executable. Every other call of the system fails with EPERM.
///
/// Out: false where the system does not allow that: then nothing hostile may be looked at.
/// Source: seccomp(2), prctl(2), getrlimit(2).
[[nodiscard]] bool confine_to_computing(ConfinementLimits limits);

/// What the helper itself does without from the beginning: it gets no new rights, leaves no core
/// file, runs behind everything else, and ends with who started it. Out: false: refused.
[[nodiscard]] bool lower_rights_and_priority();

}  // namespace oxbow::pictures
