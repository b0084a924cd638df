#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "base/ids.h"
#include "base/times.h"
#include "catalog/catalog.h"

namespace oxbow::remote {

/// The channels whose time has come, the longest overdue first, `limit` at most: where there are
/// more than can be looked at, each waits longer and none for ever. In: when each is to be looked
/// at; one that is not there is overdue.
std::vector<ChannelId> due_channels(const catalog::Directory& directory,
                                    const std::map<ChannelId, SteadyTime>& look_at, SteadyTime now,
                                    std::size_t limit);

}  // namespace oxbow::remote
