#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace oxbow {

/// A name that cannot be mistaken for another kind of name: swapping a ChannelId and a RecordingId
/// does not compile. It holds text that was checked where it entered the program.
template <typename Tag>
class Id {
public:
    Id() = default;
    explicit Id(std::string text) : text_(std::move(text)) {}

    std::string_view view() const { return text_; }
    const std::string& str() const { return text_; }
    bool empty() const { return text_.empty(); }

    friend auto operator<=>(const Id&, const Id&) = default;
    friend bool operator==(const Id&, const Id&) = default;

private:
    std::string text_;
};

using ChannelId = Id<struct ChannelIdTag>;      // "AsXego4U6tnj", the last part of the channel ARN
using RecordingId = Id<struct RecordingIdTag>;  // "j8Z9O91ndcVs"; not the stream id
using StreamId = Id<struct StreamIdTag>;        // "st-1FQzeLONMT9XTKI43leLSo1", one per broadcast
using StreamKeyValue =
    Id<struct StreamKeyValueTag>;  // "sk_us-east-1_AsXego4U6tnj_567890abcdef"; a secret

}  // namespace oxbow

template <typename Tag>
struct std::hash<oxbow::Id<Tag>> {
    std::size_t operator()(const oxbow::Id<Tag>& id) const noexcept {
        return std::hash<std::string_view>{}(id.view());
    }
};
