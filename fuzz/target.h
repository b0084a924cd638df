#pragma once

#include "base/bytes.h"

namespace oxbow::fuzz {

/// What a target is: it looks at one input, and aborts (ENSURE) where something is not as it must
/// be. The same input gives the same answer, always.
void check(BytesView input);

}  // namespace oxbow::fuzz
