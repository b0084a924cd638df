#include "control/operations.h"

namespace oxbow::control {

Answer refuse_ads(const Rooms&, Arguments&) {
    return refuse(access_denied("Oxbow does not offer ads: no ad configurations, no ad breaks."));
}

}  // namespace oxbow::control
