#include <cstddef>
#include <cstdint>

#include "base/log.h"
#include "fuzz/target.h"

// The two functions that libFuzzer looks for.

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    oxbow::log::set_level(oxbow::log::Level::Error);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    oxbow::fuzz::check({data, size});
    return 0;
}
