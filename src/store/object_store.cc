#include "store/object_store.h"

#include <algorithm>

namespace oxbow::store {

Result<std::vector<std::string>> ObjectStore::folders(std::string_view prefix) {
    const auto objects = list(prefix);
    if (!objects) return std::unexpected(objects.error());
    std::vector<std::string> out;
    for (const ObjectInfo& object : *objects) {
        const std::size_t slash = object.key.find('/', prefix.size());
        if (slash == std::string::npos) continue;
        std::string folder = object.key.substr(0, slash + 1);
        if (out.empty() || out.back() != folder) out.push_back(std::move(folder));
    }
    std::ranges::sort(out);  // '/' is not the least of characters
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

}  // namespace oxbow::store
