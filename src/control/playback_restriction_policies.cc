#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/random.h"
#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"
#include "ivs/ids.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kPoliciesPerPage = 100;
constexpr std::int64_t kPoliciesPerPageUnasked = 1;  // as IVS
constexpr std::size_t kCountriesMax = 200;
constexpr std::size_t kOriginsMax = 5;
constexpr std::size_t kOriginMax = 128;  // characters

Outcome<catalog::PlaybackRestrictionPolicy> policy_of(const Rooms& rooms, const std::string& arn) {
    const auto directory = rooms.catalog.directory();
    const auto found = directory->playback_restriction_policies.find(arn);
    if (found != directory->playback_restriction_policies.end()) return found->second;
    return refuse(not_found(fmt::format("There is no playback restriction policy {}.", arn)));
}

/// The members that creating and updating share; what is absent stays as it is.
void read_policy(Arguments& arguments, catalog::PlaybackRestrictionPolicy& policy) {
    const auto countries = arguments.text_list("allowedCountries", kCountriesMax, 2, 2);
    if (countries && !countries->empty()) {
        arguments.wrong("allowedCountries",
                        "must be empty, which allows all: Oxbow cannot tell where a viewer is");
    }
    policy.allowed_origins = arguments.text_list("allowedOrigins", kOriginsMax, 0, kOriginMax)
                                 .value_or(policy.allowed_origins);
    policy.strict_origin_enforcement =
        arguments.flag("enableStrictOriginEnforcement", policy.strict_origin_enforcement);
    policy.name = arguments.resource_name("name").value_or(policy.name);
}

boost::json::object answer_of(const catalog::PlaybackRestrictionPolicy& policy) {
    return {{"playbackRestrictionPolicy", playback_restriction_policy_json(policy)}};
}

}  // namespace

Answer create_playback_restriction_policy(const Rooms& rooms, Arguments& arguments) {
    catalog::PlaybackRestrictionPolicy policy;
    policy.arn = ivs::playback_restriction_policy_arn(rooms.settings.region, rooms.settings.account,
                                                      random_alphanumeric(12));
    read_policy(arguments, policy);
    policy.tags = arguments.tags("tags");
    if (arguments.error()) return refuse(*arguments.error());
    const auto within = within_quota(
        rooms.catalog.directory()->playback_restriction_policies.size(),
        rooms.settings.quotas.playback_restriction_policies, "playback restriction policies");
    if (!within) return refuse(within.error());

    const auto added = rooms.catalog.add_playback_restriction_policy(policy);
    if (!added) return refuse(added.error());
    return answer_of(policy);
}

Answer get_playback_restriction_policy(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "playback-restriction-policy");
    if (arguments.error()) return refuse(*arguments.error());
    const auto policy = policy_of(rooms, arn);
    if (!policy) return refuse(policy.error());
    return answer_of(*policy);
}

Answer list_playback_restriction_policies(const Rooms& rooms, Arguments& arguments) {
    const catalog::Page page = requested_page(arguments, kPoliciesPerPage, kPoliciesPerPageUnasked);
    if (arguments.error()) return refuse(*arguments.error());
    const auto directory = rooms.catalog.directory();
    return page_json("playbackRestrictionPolicies",
                     named_page(directory->playback_restriction_policies, page,
                                playback_restriction_policy_json),
                     page);
}

Answer update_playback_restriction_policy(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "playback-restriction-policy");
    const auto known = policy_of(rooms, arn);
    catalog::PlaybackRestrictionPolicy policy =
        known ? *known : catalog::PlaybackRestrictionPolicy{};
    read_policy(arguments, policy);
    if (arguments.error()) return refuse(*arguments.error());
    if (!known) return refuse(known.error());
    const auto updated = rooms.catalog.update_playback_restriction_policy(policy);
    if (!updated) return refuse(updated.error());
    return answer_of(policy);
}

Answer delete_playback_restriction_policy(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "playback-restriction-policy");
    if (arguments.error()) return refuse(*arguments.error());
    if (const auto policy = policy_of(rooms, arn); !policy) return refuse(policy.error());
    const auto removed = rooms.catalog.remove_playback_restriction_policy(arn);
    if (!removed) return refuse(removed.error());
    return std::nullopt;
}

}  // namespace oxbow::control
