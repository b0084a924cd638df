#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// An FLV file as it goes over an RTMP connection, for the load tools.

namespace load {

[[noreturn]] inline void die(const std::string& why) {
    std::fprintf(stderr, "rtmp_load: %s\n", why.c_str());
    std::exit(1);
}

/// The body of a message as it goes over the wire: chunks behind the first, with their headers.
struct Tag {
    std::uint8_t type;        // 8 audio, 9 video, 18 data
    std::uint32_t timestamp;  // milliseconds from the file's first tag
    std::uint32_t length;     // of the message
    std::string wire;
    bool once;  // sequence headers and metadata: not again when the file begins anew
};

struct Film {
    std::vector<Tag> tags;
    std::uint32_t duration = 0;  // milliseconds, the last frame included
};

inline std::uint8_t chunk_stream_of(std::uint8_t type) {
    return type == 8 ? 4 : 6;
}

inline std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

inline void append_number(std::string& out, std::uint32_t value, std::size_t count) {
    for (std::size_t i = count; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

inline std::string in_chunks(std::string_view body, std::uint8_t chunk_stream,
                             std::size_t chunk_bytes) {
    std::string out{body.substr(0, chunk_bytes)};
    for (std::size_t at = chunk_bytes; at < body.size(); at += chunk_bytes) {
        out.push_back(static_cast<char>(0xc0 | chunk_stream));
        out += body.substr(at, chunk_bytes);
    }
    return out;
}

// Source: FLV 10.1 Annex E.4.1.
inline Film read_film(const char* path, std::size_t chunk_bytes) {
    std::ifstream in{path, std::ios::binary};
    const std::string file{std::istreambuf_iterator<char>{in}, {}};
    if (file.size() < 13 || file.substr(0, 3) != "FLV") die(std::string{path} + " is no FLV file");
    Film film;
    for (std::size_t at = 13; at + 11 <= file.size();) {
        const auto type = static_cast<std::uint8_t>(file[at]);
        const std::uint32_t length = number_at(file, at + 1, 3);
        const std::uint32_t time = number_at(file, at + 4, 3) | number_at(file, at + 7, 1) << 24;
        if (at + 11 + length > file.size()) break;
        const std::string_view body = std::string_view{file}.substr(at + 11, length);
        const bool media = type != 18 && length > 1;
        const bool frame = media && body[1] == 1;
        const bool last = media && body[1] == 2;  // end of sequence: there is none
        if (!last) {
            film.tags.push_back(
                {type, time, length, in_chunks(body, chunk_stream_of(type), chunk_bytes), !frame});
        }
        at += 11 + length + 4;
    }
    if (film.tags.empty()) die(std::string{path} + " holds no tag");
    const std::uint32_t first = film.tags.front().timestamp;
    std::uint32_t before = 0;
    std::uint32_t last = 0;
    for (Tag& tag : film.tags) {
        tag.timestamp -= first;
        if (tag.type == 9 && !tag.once) before = std::exchange(last, tag.timestamp);
    }
    film.duration = 2 * last - before;
    // Sound that outlasts the pictures would come late when the film begins anew.
    std::erase_if(film.tags, [&](const Tag& tag) { return tag.timestamp >= film.duration; });
    return film;
}

}  // namespace load
