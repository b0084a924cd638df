#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/log.h"
#include "base/random.h"
#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"
#include "ivs/ids.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kConfigurationsPerPage = 100;
constexpr std::string_view kResolutions = "SD HD FULL_HD LOWEST_RESOLUTION";

bool is_bucket_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
}

std::string read_bucket_name(Arguments& arguments) {
    constexpr std::string_view kDestination = "destinationConfiguration";
    arguments.require(kDestination);
    Arguments destination = arguments.object(kDestination);
    destination.require("s3");
    Arguments s3 = destination.object("s3");
    std::string name = s3.text_of_length("bucketName", 3, 63);
    if (!std::ranges::all_of(name, is_bucket_character))
        s3.wrong("bucketName", "must have characters of a-z, 0-9, '-' and '.'");
    destination.adopt(s3, "s3");
    arguments.adopt(destination, kDestination);
    return name;
}

void read_thumbnails(Arguments& arguments, catalog::RecordingConfiguration& configuration) {
    constexpr std::string_view kThumbnails = "thumbnailConfiguration";
    Arguments thumbnails = arguments.object(kThumbnails);
    configuration.thumbnail_mode =
        thumbnails.choice("recordingMode", "DISABLED INTERVAL", "INTERVAL");
    configuration.thumbnail_interval =
        std::chrono::seconds{thumbnails.number("targetIntervalSeconds", 1, 60, 60)};
    configuration.thumbnail_resolution = thumbnails.choice("resolution", kResolutions, "");
    configuration.thumbnail_storage = thumbnails.choice_list("storage", "SEQUENTIAL LATEST")
                                          .value_or(std::vector<std::string>{"SEQUENTIAL"});
    arguments.adopt(thumbnails, kThumbnails);
}

void read_renditions(Arguments& arguments, catalog::RecordingConfiguration& configuration) {
    constexpr std::string_view kRenditions = "renditionConfiguration";
    Arguments given = arguments.object(kRenditions);
    configuration.rendition_selection =
        given.choice("renditionSelection", "ALL NONE CUSTOM", "ALL");
    const auto renditions = given.choice_list("renditions", kResolutions);
    configuration.renditions = renditions.value_or(std::vector<std::string>{});
    if (configuration.rendition_selection == "NONE") {
        given.wrong("renditionSelection",
                    "cannot be NONE: Oxbow records the stream itself, and no thumbnails alone");
    }
    const bool custom = configuration.rendition_selection == "CUSTOM";
    if (custom && configuration.renditions.empty()) given.wrong("renditions", "is required");
    if (!custom && !configuration.renditions.empty())
        given.wrong("renditions", "belongs to renditionSelection CUSTOM");
    arguments.adopt(given, kRenditions);
}

/// The configuration's state follows once it is known whether its bucket can be written.
void check_later(catalog::Catalog& catalog, RecordingBuckets& buckets, const std::string& arn,
                 const std::string& bucket) {
    buckets.check(bucket, [&catalog, arn, bucket](bool writable) {
        if (!writable) {
            log::warning(
                "[recording-configuration {}] CREATE_FAILED: no bucket '{}' that can be "
                "written",
                arn, bucket);
        }
        const auto set =
            catalog.set_recording_configuration_state(arn, writable ? "ACTIVE" : "CREATE_FAILED");
        // It may be deleted already.
        if (!set && set.error().code != ErrorCode::NotFound)
            log::error("[recording-configuration {}] {}", arn, set.error().what);
    });
}

}  // namespace

Answer create_recording_configuration(const Rooms& rooms, Arguments& arguments) {
    catalog::RecordingConfiguration made;
    made.arn = ivs::recording_configuration_arn(rooms.settings.region, rooms.settings.account,
                                                random_alphanumeric(12));
    made.state = "CREATING";
    made.name = arguments.resource_name("name").value_or("");
    made.bucket_name = read_bucket_name(arguments);
    made.reconnect_window =
        std::chrono::seconds{arguments.number("recordingReconnectWindowSeconds", 0, 300, 0)};
    read_thumbnails(arguments, made);
    read_renditions(arguments, made);
    made.tags = arguments.tags("tags");
    if (arguments.error()) return refuse(*arguments.error());
    const auto within =
        within_quota(rooms.catalog.directory()->recording_configurations.size(),
                     rooms.settings.quotas.recording_configurations, "recording configurations");
    if (!within) return refuse(within.error());

    const auto added = rooms.catalog.add_recording_configuration(made);
    if (!added) return refuse(added.error());
    check_later(rooms.catalog, rooms.buckets, made.arn, made.bucket_name);
    return boost::json::object{{"recordingConfiguration", recording_configuration_json(made)}};
}

void check_new_recording_configurations(catalog::Catalog& catalog, RecordingBuckets& buckets) {
    const auto directory = catalog.directory();
    for (const auto& [arn, configuration] : directory->recording_configurations) {
        if (configuration.state == "CREATING")
            check_later(catalog, buckets, arn, configuration.bucket_name);
    }
}

Answer get_recording_configuration(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "recording-configuration");
    if (arguments.error()) return refuse(*arguments.error());
    const auto directory = rooms.catalog.directory();
    const auto found = directory->recording_configurations.find(arn);
    if (found == directory->recording_configurations.end()) {
        return refuse(not_found(fmt::format("There is no recording configuration {}.", arn)));
    }
    return boost::json::object{
        {"recordingConfiguration", recording_configuration_json(found->second)}};
}

Answer list_recording_configurations(const Rooms& rooms, Arguments& arguments) {
    const catalog::Page page = requested_page(arguments, kConfigurationsPerPage);
    if (arguments.error()) return refuse(*arguments.error());
    const auto configurations = rooms.catalog.recording_configurations();
    if (!configurations) return refuse(configurations.error());

    boost::json::array items;
    for (const catalog::RecordingConfiguration& configuration : *configurations) {
        items.push_back(recording_configuration_summary_json(configuration));
    }
    return page_json("recordingConfigurations", cut_to(std::move(items), page), page);
}

Answer delete_recording_configuration(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "recording-configuration");
    if (arguments.error()) return refuse(*arguments.error());
    if (!rooms.catalog.directory()->recording_configurations.contains(arn)) {
        return refuse(not_found(fmt::format("There is no recording configuration {}.", arn)));
    }
    const auto removed = rooms.catalog.remove_recording_configuration(arn);
    if (!removed) return refuse(removed.error());
    return std::nullopt;
}

}  // namespace oxbow::control
