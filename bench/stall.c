// Preloaded into a program, it makes every write to a file under OXBOW_STALL_FOLDER take
// OXBOW_STALL_MS longer, and every wait for the disk: a disk that stalls, as long as the file
// OXBOW_STALL_WHILE exists. Sockets, pipes and the standard outputs are left alone. Compiled by stalled_disk.py.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int is_on_the_disk(int fd) {
    const char* folder = getenv("OXBOW_STALL_FOLDER");
    if (fd <= STDERR_FILENO || folder == NULL) return 0;
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = '\0';
    return strncmp(path, folder, strlen(folder)) == 0;
}

static void stall(int fd) {
    if (!is_on_the_disk(fd) || access(getenv("OXBOW_STALL_WHILE"), F_OK) != 0) return;
    const long milliseconds = atol(getenv("OXBOW_STALL_MS"));
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

#define STALLED(type, name, declared, passed)                      \
    type name declared {                                           \
        static type(*next) declared;                               \
        if (next == NULL) next = (type(*) declared)dlsym(RTLD_NEXT, #name); \
        stall(fd);                                                 \
        return next passed;                                        \
    }

STALLED(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size))
STALLED(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at), (fd, data, size, at))
STALLED(ssize_t, pwrite64, (int fd, const void* data, size_t size, off_t at), (fd, data, size, at))
STALLED(ssize_t, writev, (int fd, const struct iovec* data, int count), (fd, data, count))
STALLED(ssize_t, pwritev, (int fd, const struct iovec* data, int count, off_t at), (fd, data, count, at))
STALLED(int, fsync, (int fd), (fd))
STALLED(int, fdatasync, (int fd), (fd))
