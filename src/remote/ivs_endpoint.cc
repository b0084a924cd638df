#include "remote/ivs_endpoint.h"

#include <fmt/format.h>

namespace oxbow::remote {

std::string amazon_ivs_endpoint(std::string_view region) {
    return fmt::format("https://ivs.{}.amazonaws.com", region);
}

}  // namespace oxbow::remote
