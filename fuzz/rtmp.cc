// A connection behind its handshake: chunks, commands, media. Input: what the client sends.

#include "fuzz/rtmp_transcript.h"
#include "fuzz/target.h"
#include "ingest/handshake.h"

namespace oxbow::fuzz {

void check(BytesView input) {
    Bytes connection(1 + 2 * ingest::Handshake::kBlockBytes, 0);
    connection[0] = 3;
    append(connection, input);
    check_rtmp_connection(connection);
}

}  // namespace oxbow::fuzz
