// A disk that can be told to fail, for tests of the real program: loaded by LD_PRELOAD, it stands
// between the program and every system call that changes files below OXBOW_DISK_ROOT.
//
//   OXBOW_DISK_DIE_AT=N    the process is killed at the N-th such call (from 1), ...
//   OXBOW_DISK_DIE=before  ... before it, after it, or, of a write, when half of it is done
//                 after
//                 torn
//   OXBOW_DISK_LOG=FILE    every call, with its bytes, in order: power_loss.py reads it
//   OXBOW_DISK_BOOT=FILE   what is read as the boot id of the machine: another one stands for a
//                          power loss
//   OXBOW_DISK_CONTROL=F   a file of two 32-bit numbers that may change at any time: milliseconds
//                          by which each write is late; not 0: no write finds room (ENOSPC)
//
// The program itself has no hook, so what is tested is what people run, and the hot path pays
// nothing.

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace {

enum Op : std::uint8_t { Create = 1, MakeFolder, Write, Truncate, Rename, Remove, Sync, SyncAll };

/// One call in the log, in the machine's byte order; `name_bytes` and `data_bytes` follow.
struct Record {
    std::uint8_t op;
    std::uint8_t unused[7]{};
    std::uint64_t number;     // of the call in this process; of a sync, of the last before it began
    std::uint64_t inode = 0;  // the file, or the folder in which a name changes
    std::uint64_t other = 0;  // what was made; the folder renamed to
    std::uint64_t offset = 0;  // of a write; the size of a truncate
    std::uint32_t name_bytes = 0;
    std::uint32_t data_bytes = 0;
};

template <typename Call>
Call* real(const char* name) {
    return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

struct Faults {
    std::string root;
    std::uint64_t die_at = 0;
    std::string die;
    int log = -1;
    const volatile std::uint32_t* control = nullptr;
    std::mutex mutex;
    std::uint64_t calls = 0;

    Faults() {
        if (const char* text = std::getenv("OXBOW_DISK_ROOT")) root = text;
        if (const char* text = std::getenv("OXBOW_DISK_DIE_AT"))
            die_at = std::strtoull(text, nullptr, 10);
        if (const char* text = std::getenv("OXBOW_DISK_DIE")) die = text;
        if (const char* text = std::getenv("OXBOW_DISK_LOG"))
            log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, text,
                                             O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
        if (const char* text = std::getenv("OXBOW_DISK_CONTROL")) {
            const int fd =
                static_cast<int>(::syscall(SYS_openat, AT_FDCWD, text, O_RDONLY | O_CLOEXEC, 0));
            void* const map = ::mmap(nullptr, 8, PROT_READ, MAP_SHARED, fd, 0);
            if (map != MAP_FAILED) control = static_cast<const std::uint32_t*>(map);
        }
    }

    bool is_ours(const std::string& path) const {
        return !root.empty() && path.starts_with(root) && !path.ends_with("-shm");
    }

    void write_log(Record record, const std::string& name, const iovec* data = nullptr,
                   int count = 0) {
        if (log < 0) return;
        iovec parts[2 + 64];
        record.name_bytes = static_cast<std::uint32_t>(name.size());
        parts[0] = {&record, sizeof record};
        parts[1] = {const_cast<char*>(name.data()), name.size()};
        for (int i = 0; i < count && i < 64; ++i) {
            parts[2 + i] = data[i];
            record.data_bytes += static_cast<std::uint32_t>(data[i].iov_len);
        }
        ::syscall(SYS_writev, log, parts, 2 + count);
    }
};

Faults& faults() {
    static Faults* const made = new Faults;  // outlives everything
    return *made;
}

void die_now() {
    ::kill(::getpid(), SIGKILL);
    while (true) ::pause();
}

std::string path_of(int fd) {
    char link[64];
    char path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const auto size = ::syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path);
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string{};
}

/// `name` below an open folder, as a whole path.
std::string path_at(int folder, const char* name) {
    if (name[0] == '/') return name;
    if (folder != AT_FDCWD) return path_of(folder) + "/" + name;
    char here[4096];
    return std::string(::getcwd(here, sizeof here) ? here : "") + "/" + name;
}

std::uint64_t inode_of(int fd) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}
std::uint64_t inode_of(const std::string& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}
std::uint64_t folder_inode(const std::string& path) {
    return inode_of(path.substr(0, path.rfind('/')));
}
std::string name_in(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// One call that changes the disk: counts it, and dies around it when its turn has come.
template <typename Do>
auto change(Do&& call) {
    Faults& state = faults();
    const std::lock_guard lock{state.mutex};
    const bool last = ++state.calls == state.die_at;
    if (last && state.die == "before") die_now();
    const auto done = call(state.calls, last && state.die == "torn");
    const int error = errno;
    if (last) die_now();
    errno = error;
    return done;
}

/// The disk is slow, or full. Out: false: it takes nothing.
bool takes_writes() {
    const auto* const control = faults().control;
    if (control == nullptr) return true;
    if (const std::uint32_t late = control[0]; late > 0) {
        timespec time{late / 1000, static_cast<long>(late % 1000) * 1'000'000};
        ::nanosleep(&time, nullptr);
    }
    return control[1] == 0;
}

ssize_t write_at(int fd, const iovec* parts, int count, off_t offset, bool at_end) {
    if (!takes_writes()) {
        errno = ENOSPC;
        return -1;
    }
    return change([&](std::uint64_t number, bool torn) -> ssize_t {
        iovec half{parts[0].iov_base, parts[0].iov_len / 2};
        const iovec* const given = torn ? &half : parts;
        const int given_count = torn ? 1 : count;
        if (at_end) {
            const bool appends = (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
            offset = ::lseek(fd, 0, appends ? SEEK_END : SEEK_CUR);
        }
        const ssize_t done = at_end ? ::syscall(SYS_writev, fd, given, given_count)
                                    : ::syscall(SYS_pwritev, fd, given, given_count, offset, 0);
        if (done > 0) {
            Record record{.op = Write, .number = number, .inode = inode_of(fd)};
            record.offset = static_cast<std::uint64_t>(offset);
            // Whole writes only: a test's files are smaller than what one call takes.
            faults().write_log(record, "", given, given_count);
        }
        return done;
    });
}

int open_at(int folder, const char* name, int flags, mode_t mode) {
    const auto call = [&] {
        return static_cast<int>(::syscall(SYS_openat, folder, name, flags, mode));
    };
    if ((flags & (O_CREAT | O_TRUNC)) == 0 || faults().root.empty()) return call();
    const std::string path = path_at(folder, name);
    if (!faults().is_ours(path)) return call();
    const bool there = inode_of(path) != 0;
    if (there && (flags & O_TRUNC) == 0) return call();
    return change([&](std::uint64_t number, bool) {
        const int fd = call();
        if (fd >= 0 && !there) {
            faults().write_log({.op = Create,
                                .number = number,
                                .inode = folder_inode(path),
                                .other = inode_of(fd)},
                               name_in(path));
        } else if (fd >= 0) {
            faults().write_log({.op = Truncate, .number = number, .inode = inode_of(fd)}, "");
        }
        return fd;
    });
}

int rename_at(int from_folder, const char* from, int to_folder, const char* to) {
    const std::string old_path = path_at(from_folder, from);
    const std::string new_path = path_at(to_folder, to);
    const auto call = [&] {
        return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, 0));
    };
    if (!faults().is_ours(new_path)) return call();
    return change([&](std::uint64_t number, bool) {
        const int done = call();
        if (done == 0) {
            faults().write_log({.op = Rename,
                                .number = number,
                                .inode = folder_inode(old_path),
                                .other = folder_inode(new_path)},
                               name_in(old_path) + "/" + name_in(new_path));
        }
        return done;
    });
}

int remove_at(int folder, const char* name, int flags) {
    const std::string path = path_at(folder, name);
    const auto call = [&] {
        return static_cast<int>(::syscall(SYS_unlinkat, folder, name, flags));
    };
    if (!faults().is_ours(path)) return call();
    return change([&](std::uint64_t number, bool) {
        const std::uint64_t inode = folder_inode(path);
        const int done = call();
        if (done == 0)
            faults().write_log({.op = Remove, .number = number, .inode = inode}, name_in(path));
        return done;
    });
}

int make_folder_at(int folder, const char* name, mode_t mode) {
    const std::string path = path_at(folder, name);
    const auto call = [&] { return static_cast<int>(::syscall(SYS_mkdirat, folder, name, mode)); };
    if (!faults().is_ours(path) || inode_of(path) != 0) return call();
    return change([&](std::uint64_t number, bool) {
        const int done = call();
        if (done == 0) {
            faults().write_log({.op = MakeFolder,
                                .number = number,
                                .inode = folder_inode(path),
                                .other = inode_of(path)},
                               name_in(path));
        }
        return done;
    });
}

int sync_file(int fd, long which, Op op) {
    if (faults().root.empty() || !faults().is_ours(path_of(fd)))
        return static_cast<int>(::syscall(which, fd));
    std::uint64_t before = 0;
    change([&](std::uint64_t number, bool) {
        before = number;
        return 0;
    });
    takes_writes();  // late, too
    const int done = static_cast<int>(::syscall(which, fd));
    if (done == 0) {
        const std::lock_guard lock{faults().mutex};
        faults().write_log({.op = op, .number = before, .inode = inode_of(fd)}, "");
    }
    return done;
}

bool is_ours(int fd) {
    return !faults().root.empty() && faults().is_ours(path_of(fd));
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int folder, const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_at(folder, path, flags, mode);
}
int openat64(int folder, const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_at(folder, path, flags | O_LARGEFILE, mode);
}

ssize_t write(int fd, const void* data, size_t size) {
    if (!is_ours(fd)) return ::syscall(SYS_write, fd, data, size);
    const iovec part{const_cast<void*>(data), size};
    return write_at(fd, &part, 1, 0, true);
}
ssize_t writev(int fd, const iovec* parts, int count) {
    if (!is_ours(fd)) return ::syscall(SYS_writev, fd, parts, count);
    return write_at(fd, parts, count, 0, true);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
    if (!is_ours(fd)) return ::syscall(SYS_pwrite64, fd, data, size, offset);
    const iovec part{const_cast<void*>(data), size};
    return write_at(fd, &part, 1, offset, false);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
    return pwrite(fd, data, size, offset);
}
ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
    if (!is_ours(fd)) return ::syscall(SYS_pwritev, fd, parts, count, offset, 0);
    return write_at(fd, parts, count, offset, false);
}
ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
    return pwritev(fd, parts, count, offset);
}
int ftruncate(int fd, off_t size) {
    if (!is_ours(fd)) return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
    return change([&](std::uint64_t number, bool) {
        const int done = static_cast<int>(::syscall(SYS_ftruncate, fd, size));
        Record record{.op = Truncate, .number = number, .inode = inode_of(fd)};
        record.offset = static_cast<std::uint64_t>(size);
        if (done == 0) faults().write_log(record, "");
        return done;
    });
}
int ftruncate64(int fd, off64_t size) {
    return ftruncate(fd, size);
}

int rename(const char* from, const char* to) {
    return rename_at(AT_FDCWD, from, AT_FDCWD, to);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
    return rename_at(from_folder, from, to_folder, to);
}
int unlink(const char* path) {
    return remove_at(AT_FDCWD, path, 0);
}
int rmdir(const char* path) {
    return remove_at(AT_FDCWD, path, AT_REMOVEDIR);
}
int unlinkat(int folder, const char* path, int flags) {
    return remove_at(folder, path, flags);
}
int mkdir(const char* path, mode_t mode) {
    return make_folder_at(AT_FDCWD, path, mode);
}
int mkdirat(int folder, const char* path, mode_t mode) {
    return make_folder_at(folder, path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
    const char* const boot = std::getenv("OXBOW_DISK_BOOT");
    const bool is_boot =
        boot != nullptr && std::strcmp(path, "/proc/sys/kernel/random/boot_id") == 0;
    static auto* const next = real<FILE*(const char*, const char*)>("fopen64");
    return next(is_boot ? boot : path, mode);
}
FILE* fopen(const char* path, const char* mode) {
    return fopen64(path, mode);
}

int fsync(int fd) {
    return sync_file(fd, SYS_fsync, Sync);
}
int fdatasync(int fd) {
    return sync_file(fd, SYS_fdatasync, Sync);
}
int syncfs(int fd) {
    return sync_file(fd, SYS_syncfs, SyncAll);
}
}
