// AAC. Input: 2 bytes of frame size for the ADTS header, then an AudioSpecificConfig.

#include "media/aac.h"
#include "base/ensure.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "media/bit_reader.h"

namespace oxbow::fuzz {
namespace {

/// The header read with other eyes. Source: ISO/IEC 13818-7 §6.2.
void check_adts(const AudioParameters& audio, std::size_t frame_bytes) {
    const auto header = aac::adts_header(audio, frame_bytes);
    BitReader in{header};
    ENSURE(in.bits(12) == 0xfff);
    in.skip(4);  // MPEG-4, layer, no CRC
    ENSURE(in.bits(2) + 1 == audio.object_type);
    ENSURE(in.bits(4) == audio.frequency_index);
    in.skip(1);
    ENSURE(in.bits(3) == audio.channel_configuration);
    in.skip(4);
    ENSURE(in.bits(13) == frame_bytes + aac::kAdtsHeaderBytes);
}

}  // namespace

void check(BytesView bytes) {
    Input input{bytes};
    const std::size_t frame_bytes = input.number(2) % (aac::kFrameBytesMax + 1);
    const auto audio = aac::read_audio_specific_config(input.rest());
    if (!audio) {
        ENSURE(!audio.error().what.empty());
        return;
    }
    ENSURE(audio->object_type == 2);
    ENSURE(audio->sample_rate >= 7'350 && audio->sample_rate <= 96'000);
    ENSURE(audio->channels >= 1 && audio->channels <= 8);
    ENSURE(codec_string(*audio) == "mp4a.40.2");
    check_adts(*audio, frame_bytes);
}

}  // namespace oxbow::fuzz
