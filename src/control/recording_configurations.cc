#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kConfigurationsPerPage = 100;

}  // namespace

Answer get_recording_configuration(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.text("arn");
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

}  // namespace oxbow::control
