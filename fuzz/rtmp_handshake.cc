// A connection from its first byte on. Input: what the client sends.

#include "fuzz/rtmp_transcript.h"
#include "fuzz/target.h"

namespace oxbow::fuzz {

void check(BytesView input) {
    check_rtmp_connection(input);
}

}  // namespace oxbow::fuzz
