#include "catalog/json_columns.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace oxbow::catalog {

namespace json = boost::json;

std::string tags_column(const Tags& tags) {
    json::object out;
    for (const auto& [key, value] : tags) out[key] = value;
    return json::serialize(out);
}

std::string texts_column(const std::vector<std::string>& texts) {
    json::array out;
    for (const auto& text : texts) out.emplace_back(text);
    return json::serialize(out);
}

std::string streams_column(const std::vector<StreamId>& streams) {
    json::array out;
    for (const auto& stream : streams) out.emplace_back(stream.str());
    return json::serialize(out);
}

Tags read_tags(const std::string& column) {
    Tags out;
    const json::value value = json::parse(column);
    for (const auto& tag : value.as_object()) {
        out.emplace(tag.key(), std::string(tag.value().as_string()));
    }
    return out;
}

std::vector<std::string> read_texts(const std::string& column) {
    std::vector<std::string> out;
    const json::value value = json::parse(column);
    for (const auto& text : value.as_array()) out.emplace_back(text.as_string());
    return out;
}

std::vector<StreamId> read_streams(const std::string& column) {
    std::vector<StreamId> out;
    const json::value value = json::parse(column);
    for (const auto& stream : value.as_array()) out.emplace_back(std::string(stream.as_string()));
    return out;
}

}  // namespace oxbow::catalog
