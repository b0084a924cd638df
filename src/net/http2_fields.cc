#include "net/http2_fields.h"

#include <algorithm>
#include <functional>

#include "net/http_grammar.h"

namespace oxbow::net {
namespace {

bool is_for_one_connection(std::string_view name) {
    return name == "connection" || name == "keep-alive" || name == "transfer-encoding" ||
           name == "upgrade";
}

}  // namespace

void Http2Fields::assign(std::string_view lines) {
    fields_.clear();
    text_ = lines;
    const std::span<char> text{text_};
    for (std::size_t begin = 0; begin < text.size();) {
        const std::string_view rest = std::string_view{text_}.substr(begin);
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        begin += line.size() + 2;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const auto name = text.subspan(static_cast<std::size_t>(line.data() - text_.data()), colon);
        std::ranges::transform(name, name.begin(), lower);
        if (is_for_one_connection(line.substr(0, colon))) continue;
        fields_.push_back(
            {.name = line.substr(0, colon), .value = trimmed(line.substr(colon + 1))});
    }
}

std::shared_ptr<const Http2Fields> Http2HeaderBlocks::of(
    const std::shared_ptr<const std::string>& block) {
    if (!block) return nullptr;
    // Blocks lie apart by more than the low bits of their addresses tell.
    const auto address = reinterpret_cast<std::uintptr_t>(block.get());
    Kept& kept = kept_[(address >> 4 ^ address >> 10) % kBlocksMax];
    if (kept.block == block) return kept.fields;
    auto fields = std::make_shared<Http2Fields>();
    fields->assign(*block);
    kept = {block, std::move(fields)};
    return kept.fields;
}

}  // namespace oxbow::net
