#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/random.h"
#include "control/operations.h"
#include "control/paging.h"
#include "control/public_key.h"
#include "control/shapes.h"
#include "ivs/ids.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kKeyPairsPerPage = 100;

Outcome<catalog::PlaybackKeyPair> key_pair_of(const Rooms& rooms, const std::string& arn) {
    const auto directory = rooms.catalog.directory();
    const auto found = directory->playback_key_pairs.find(arn);
    if (found != directory->playback_key_pairs.end()) return found->second;
    return refuse(not_found(fmt::format("There is no playback key pair {}.", arn)));
}

}  // namespace

Answer import_playback_key_pair(const Rooms& rooms, Arguments& arguments) {
    catalog::PlaybackKeyPair pair;
    pair.arn = ivs::playback_key_arn(rooms.settings.region, rooms.settings.account,
                                     random_alphanumeric(12));
    pair.name = arguments.resource_name("name").value_or("");
    pair.public_key = arguments.text("publicKeyMaterial");
    pair.tags = arguments.tags("tags");
    const auto fingerprint = fingerprint_of_public_key(pair.public_key);
    if (!fingerprint) arguments.wrong("publicKeyMaterial", fingerprint.error().what);
    if (arguments.error()) return refuse(*arguments.error());
    pair.fingerprint = *fingerprint;
    const auto within =
        within_quota(rooms.catalog.directory()->playback_key_pairs.size(),
                     rooms.settings.quotas.playback_key_pairs, "playback key pairs");
    if (!within) return refuse(within.error());

    const auto added = rooms.catalog.add_playback_key_pair(pair);
    if (!added) return refuse(added.error());
    return boost::json::object{{"keyPair", playback_key_pair_json(pair)}};
}

Answer get_playback_key_pair(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "playback-key");
    if (arguments.error()) return refuse(*arguments.error());
    const auto pair = key_pair_of(rooms, arn);
    if (!pair) return refuse(pair.error());
    return boost::json::object{{"keyPair", playback_key_pair_json(*pair)}};
}

Answer list_playback_key_pairs(const Rooms& rooms, Arguments& arguments) {
    const catalog::Page page = requested_page(arguments, kKeyPairsPerPage);
    if (arguments.error()) return refuse(*arguments.error());
    const auto directory = rooms.catalog.directory();
    return page_json(
        "keyPairs", named_page(directory->playback_key_pairs, page, playback_key_pair_summary_json),
        page);
}

Answer delete_playback_key_pair(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "playback-key");
    if (arguments.error()) return refuse(*arguments.error());
    if (const auto pair = key_pair_of(rooms, arn); !pair) return refuse(pair.error());
    const auto removed = rooms.catalog.remove_playback_key_pair(arn);
    if (!removed) return refuse(removed.error());
    return boost::json::object{};  // 200, as the model has it, not 204
}

}  // namespace oxbow::control
