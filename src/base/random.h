#pragma once

#include <cstddef>
#include <string>

namespace oxbow {

// "j8Z9O91ndcVs": characters of [A-Za-z0-9], from the system's cryptographic source
std::string random_alphanumeric(std::size_t length);

}  // namespace oxbow
