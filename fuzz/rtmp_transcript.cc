#include "fuzz/rtmp_transcript.h"

#include <cmath>

#include <fmt/format.h>

#include "base/ensure.h"
#include "fuzz/input.h"
#include "ingest/amf0.h"
#include "ingest/commands.h"
#include "ingest/handshake.h"

namespace oxbow::fuzz {
namespace {

using namespace ingest;

/// Whether a hint of the metadata is what everybody behind expects.
bool is_hint(double number) {
    return std::isfinite(number) && number >= 0;
}

/// What a client does with our replies.
void check_replies(const Bytes& replies) {
    BytesReader input{replies};
    if (!input.take(1 + 2 * Handshake::kBlockBytes)) return;
    ChunkReader reader{ChunkLimits{}};
    for (;;) {
        const auto message = reader.next(input);
        ENSURE(message.has_value());
        if (!*message) return;
        if ((*message)->type == MessageType::CommandAmf0)
            ENSURE(read_command(**message).has_value());
    }
}

}  // namespace

void RtmpTranscript::receive(BytesView bytes) {
    BytesReader input{bytes};
    while (!failed_) {
        const auto event = conversation_.next(input);
        append(replies_, conversation_.take_replies());
        failed_ = !event;
        if (!event) {
            ENSURE(!event.error().what.empty());
            events_ += fmt::format("error {}\n", event.error().what);
        } else if (*event) {
            note(**event);
        } else {
            ENSURE(input.remaining() == 0);
            return;
        }
    }
}

void RtmpTranscript::note(const PublisherEvent& event) {
    if (const auto* asked = std::get_if<PublishAsked>(&event)) {
        ENSURE(conversation_.step() == Conversation::Step::Asked);
        ENSURE(!asked->stream_key.empty());
        ENSURE(asked->stream_key.view().size() + asked->query.size() <= kStreamNameBytesMax);
        events_ += fmt::format("asked {} {}\n", asked->stream_key.view(), asked->query);
        if (asked->stream_key.view().starts_with('!')) {
            conversation_.refuse_publish({ErrorCode::NotFound, "there is no such key"});
        } else {
            conversation_.grant_publish();
        }
    } else if (const auto* metadata = std::get_if<StreamMetadata>(&event)) {
        ENSURE(is_hint(metadata->frame_rate) && is_hint(metadata->video_bits_per_second) &&
               is_hint(metadata->audio_bits_per_second));
        events_ += fmt::format("metadata {} {}\n", metadata->encoder, metadata->frame_rate);
    } else if (const auto* message = std::get_if<Message>(&event)) {
        ENSURE(conversation_.step() == Conversation::Step::Publishing);
        ENSURE(message->type == MessageType::Audio || message->type == MessageType::Video);
        events_ += fmt::format("media {} {} {}\n", static_cast<int>(message->type),
                               message->timestamp, as_text(message->payload));
    } else {
        events_ += "unpublished\n";
    }
}

void check_rtmp_connection(BytesView bytes) {
    RtmpTranscript whole;
    whole.receive(bytes);

    RtmpTranscript cut;
    Pieces pieces{bytes};
    while (!pieces.empty()) cut.receive(pieces.next());

    ENSURE(whole.events() == cut.events());
    ENSURE(whole.failed() == cut.failed());
    // Beyond a window, acknowledgements state how much had come when they were due.
    if (bytes.size() < Conversation::kWindowBytesMin) ENSURE(whole.replies() == cut.replies());
    check_replies(whole.replies());
}

}  // namespace oxbow::fuzz
