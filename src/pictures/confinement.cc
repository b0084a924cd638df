#include "pictures/confinement.h"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace oxbow::pictures {
namespace {

// Sanitizers reserve terabytes of addresses, and report on standard error.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kForeignCalls = 0x4000'0000;  // numbers of the x32 calls begin here
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeignCalls = 0x4000'0000;
#else
#error "add the calls of this architecture to the filter"
#endif

constexpr int kNicest = 19;

/// All that allocators and the C library need to compute.
constexpr std::array kAllowed{
    __NR_brk,         __NR_munmap,      __NR_mremap,        __NR_madvise,
    __NR_futex,       __NR_sched_yield, __NR_clock_gettime, __NR_gettimeofday,
    __NR_getpid,      __NR_gettid,      __NR_rt_sigreturn,  __NR_rt_sigprocmask,
    __NR_exit,        __NR_exit_group,  __NR_getrandom,     __NR_restart_syscall,
    __NR_sigaltstack,  // AddressSanitizer at _exit
};
/// Allowed unless they would make memory executable.
constexpr std::array kMappings{__NR_mmap, __NR_mprotect};
constexpr std::uint32_t kProtectionArgument = 2;

constexpr sock_filter load(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
constexpr sock_filter answer(std::uint32_t value) {
    return BPF_STMT(BPF_RET | BPF_K, value);
}
/// Goes on with the next instruction when it is true, behind it when not.
constexpr sock_filter when_equal(std::uint32_t value) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
}

constexpr std::size_t kFilterLength = 6 + 2 * kAllowed.size() + 4 * kMappings.size() + 1;

/// The program that the kernel asks before every call. Its jumps are all short and forward.
constexpr std::array<sock_filter, kFilterLength> make_filter() {
    constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | 1;  // EPERM
    std::array<sock_filter, kFilterLength> out{};
    std::size_t at = 0;
    out[at++] = load(offsetof(seccomp_data, arch));
    out[at++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
    out[at++] = answer(SECCOMP_RET_KILL_PROCESS);
    out[at++] = load(offsetof(seccomp_data, nr));
    out[at++] = BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kForeignCalls, 0, 1);
    out[at++] = answer(SECCOMP_RET_KILL_PROCESS);
    for (const int call : kAllowed) {
        out[at++] = when_equal(static_cast<std::uint32_t>(call));
        out[at++] = answer(SECCOMP_RET_ALLOW);
    }
    for (const int call : kMappings) {
        out[at++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 3);
        // The lower half of the argument, on machines whose numbers begin with it.
        out[at++] = load(offsetof(seccomp_data, args) + 8 * kProtectionArgument);
        out[at++] = BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0);
        out[at++] = answer(SECCOMP_RET_ALLOW);
    }
    out[at++] = answer(kRefused);
    return out;
}

bool limit(__rlimit_resource resource, rlim_t value) {
    const rlimit both{.rlim_cur = value, .rlim_max = value};
    return ::setrlimit(resource, &both) == 0;
}

/// The addresses that this process uses; 0 when that cannot be told.
std::size_t used_addresses() {
    std::size_t pages = 0;
    std::FILE* const file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
    std::fclose(file);
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

bool limit_resources(const ConfinementLimits& limits) {
    const std::size_t used = used_addresses();
    if (used == 0) return false;
    const bool memory = kSanitized || limit(RLIMIT_AS, used + limits.memory_bytes);
    return memory && limit(RLIMIT_CPU, static_cast<rlim_t>(limits.cpu.count())) &&
           limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0);
}

bool install_filter() {
    static constexpr auto kFilter = make_filter();
    auto filter = kFilter;
    const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                             .filter = filter.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

bool confine_to_computing(ConfinementLimits limits) {
    if (!limit_resources(limits)) return false;
    // Nothing that is open stays open; a sanitizer keeps its voice.
    const unsigned first = kSanitized ? 3 : 0;
    if (::close_range(first, ~0U, 0) != 0) return false;
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && install_filter();
}

bool lower_rights_and_priority() {
    // A batch process never takes the place of one that runs, and the nicest gets what is left.
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_BATCH, &none);  // where that is refused, nice is there still
    ::setpriority(PRIO_PROCESS, 0, kNicest);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0);
}

}  // namespace oxbow::pictures
