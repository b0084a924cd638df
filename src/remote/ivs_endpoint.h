#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "store/s3_settings.h"

namespace oxbow::remote {

struct IvsClientSettings {
    std::string endpoint;  // "https://ivs.us-east-1.amazonaws.com", no slash at the end
    std::string region;
    store::S3CredentialSource credentials{};  // found as those of a bucket are
    std::filesystem::path ca_file{};          // empty: whom the system trusts
};

/// The endpoint of Amazon IVS in a region.
std::string amazon_ivs_endpoint(std::string_view region);

}  // namespace oxbow::remote
