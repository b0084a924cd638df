// Puts every file of a folder into a bucket as recordings are put: the S3 client alone, some
// uploads at a time. usage: upload_files ENDPOINT BUCKET ACCESS_KEY_ID SECRET FOLDER PREFIX UPLOADS
// Prints the CPU seconds that it took.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "store/mapped_file.h"
#include "store/s3_store.h"

namespace {

double cpu_seconds() {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(use.ru_utime) + seconds(use.ru_stime);
}

}  // namespace

int main(int count, char** arguments) {
    using namespace oxbow;
    if (count != 8) {
        std::fputs("usage: upload_files ENDPOINT BUCKET KEY SECRET FOLDER PREFIX UPLOADS\n",
                   stderr);
        return 2;
    }
    const std::vector<std::string> given{arguments + 1, arguments + count};
    const SystemClock clock;
    store::S3Store bucket{{.endpoint = given[0],
                           .bucket = given[1],
                           .credentials = {.configured = store::S3Credentials{given[2], given[3]}}},
                          clock};
    std::vector<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator{given[4]})
        files.push_back(file.path());
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> failed = false;
    const auto work = [&] {
        for (std::size_t i = next++; i < files.size() && !failed; i = next++) {
            const auto mapped = store::MappedFile::open(files[i]);
            const auto put =
                mapped ? bucket.put(given[5] + files[i].filename().string(), mapped->bytes())
                       : Result<store::ObjectInfo>{std::unexpected(mapped.error())};
            if (put) continue;
            std::fprintf(stderr, "%s\n", put.error().what.c_str());
            failed = true;
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < std::atoi(given[6].c_str()); ++i) threads.emplace_back(work);
    }
    std::printf("%.3f\n", cpu_seconds());
    return failed ? 1 : 0;
}
