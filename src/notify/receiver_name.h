#pragma once

#include <string>
#include <string_view>

namespace oxbow::notify {

// http://ops.example.org/hooks      (of "http://user:word@ops.example.org/hooks?token=x")
//
// A receiver's URL without what may be a secret: its name in the log, in lists and in the database.
std::string receiver_name(std::string_view url);

}  // namespace oxbow::notify
