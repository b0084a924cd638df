#pragma once

#include <set>
#include <string>

#include "record/recording.h"

namespace oxbow::record {

/// Ends every recording of the catalogue that is open and has no journal, but not those in
/// `passed_over`: with what version 1 logged of it, or else with what the bucket lists.
///
/// Out: the ids of those that the disk does not take now: they are as they were.
Result<std::set<std::string>> end_unfinished_recordings(const RecordingPlace& place,
                                                        const std::set<std::string>& passed_over);

}  // namespace oxbow::record
