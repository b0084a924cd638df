#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "store/object_store.h"

namespace oxbow::record {

/// What a bucket has recorded, by its own objects alone.
struct BucketRecordings {
    std::vector<catalog::Recording> recordings;
    struct LeftOut {
        std::string prefix;
        std::string why;
    };
    std::vector<LeftOut> left_out;
};

/// Reads every recording below ivs/v1/: those that Oxbow wrote and those that Amazon IVS did, with
/// prefixes padded or not, renditions in any order, and playlists as their metadata names them. Of
/// several renditions the row has the one with the most lines.
///
/// A recording without an end is under way or was cut off. One of ours is given as such, for the
/// next start to end it; one of Amazon's is left out, for who writes it is not known.
///
/// Out:    by prefix; no lock, and no configuration: a bucket does not say them.
/// Errors: as the store's. What cannot be understood of a recording leaves it out.
/// Source: Amazon IVS user guide, "Auto-Record to Amazon S3"; docs of real recordings in README.md.
Result<BucketRecordings> recordings_in_bucket(store::ObjectStore& store);

/// Whose recordings without an end are read.
enum class Unended {
    Ours,      // alone: of Amazon's nobody knows who writes them
    Anybodys,  // by who follows the bucket while others write
};

/// One of them. In: its prefix, without '/' at its end.
///
/// Errors: Unavailable, as the store's; every other code  why it cannot be understood.
Result<catalog::Recording> recording_in_bucket(store::ObjectStore& store, const std::string& prefix,
                                               Unended unended);

}  // namespace oxbow::record
