#pragma once

#include <cstddef>
#include <string>

namespace oxbow {

// "j8Z9O91ndcVs": characters of [A-Za-z0-9], from the system's cryptographic source
std::string random_alphanumeric(std::size_t length);

// 0f8fad5b-d9cb-469f-a165-70867728950e      (RFC 9562 §5.4)
std::string random_uuid();

/// At least 0 and less than 1, from the same source.
double random_fraction();

}  // namespace oxbow
