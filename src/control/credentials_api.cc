#include <boost/json/array.hpp>

#include "control/operations.h"

namespace oxbow::control {

Answer create_credential(const Rooms& rooms, Arguments&) {
    const auto made = rooms.credentials.create();
    if (!made) return refuse(made.error());
    return boost::json::object{
        {"credential", boost::json::object{{"accessKeyId", made->access_key_id},
                                           {"secretAccessKey", made->secret},
                                           {"profile", made->profile}}}};
}

Answer list_credentials(const Rooms& rooms, Arguments&) {
    boost::json::array items;
    for (const Credential& credential : rooms.credentials.list()) {
        // A secret is shown once, to who made it.
        items.push_back(boost::json::object{{"accessKeyId", credential.access_key_id},
                                            {"profile", credential.profile}});
    }
    return boost::json::object{{"credentials", std::move(items)}};
}

Answer delete_credential(const Rooms& rooms, Arguments& arguments) {
    const std::string id = arguments.text("accessKeyId");
    if (arguments.error()) return refuse(*arguments.error());
    const auto removed = rooms.credentials.remove(id);
    if (!removed) return refuse(removed.error());
    return std::nullopt;
}

}  // namespace oxbow::control
