// What an IVS endpoint answers: a stream, a channel, a page of them, a refusal. Input: such a text.

#include "remote/ivs_answers.h"
#include "base/ensure.h"
#include "fuzz/target.h"

namespace oxbow::fuzz {

void check(BytesView input) {
    const std::string_view text = as_text(input);
    const auto stream = remote::read_stream(text);
    ENSURE(stream || !stream.error().what.empty());
    if (const auto channel = remote::read_channel(text)) {
        // Only who says so is everybody's.
        ENSURE(channel->authorized || text.contains("false"));
    } else {
        ENSURE(!channel.error().what.empty());
    }
    if (const auto channels = remote::read_channels(text)) {
        ENSURE(channels->by_arn.size() <= remote::kChannelsPerPage);
        for (const auto& [arn, channel] : channels->by_arn)
            ENSURE(channel.authorized || text.contains("false"));
    } else {
        ENSURE(!channels.error().what.empty());
    }
    ENSURE(!remote::error_type(text, "").contains(':'));
    ENSURE(!remote::error_type("", text).contains('#'));
}

}  // namespace oxbow::fuzz
