// What the process that makes thumbnails says, and pages of the index. Input: a byte that says
// which, then it.

#include <algorithm>

#include "base/ensure.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "ivs/thumbnails.h"
#include "pictures/messages.h"

namespace oxbow::fuzz {
namespace {

void check_page(BytesView input) {
    const auto page = ivs::read_thumbnail_page(as_text(input));
    if (!page) {
        ENSURE(!page.error().what.empty());
        return;
    }
    ENSURE(page->thumbnails.size() <= ivs::kThumbnailsPerPageMax);
    ENSURE(std::ranges::is_sorted(page->thumbnails, {}, &ivs::Thumbnail::time));

    // What is read is read as the same again.
    const auto again = ivs::read_thumbnail_page(ivs::to_json(*page));
    ENSURE(again.has_value());
    ENSURE(*again == *page);
}

void check_messages(BytesView input) {
    if (const auto answer = pictures::read_answer(input)) {
        ENSURE(answer->jpeg_bytes <= pictures::kJpegBytesMax);
        ENSURE(std::ranges::equal(pictures::to_bytes(*answer), input));
    }
    if (const auto request = pictures::read_request(input)) {
        ENSURE(request->access_unit_bytes >= 1);
        ENSURE(request->access_unit_bytes <= pictures::kAccessUnitBytesMax);
        ENSURE(std::ranges::equal(pictures::to_bytes(*request), input));
    }
}

/// In: width and height in two bytes each, then the file.
void check_picture(Input input) {
    const pictures::PictureSize size{static_cast<int>(input.number(2)),
                                     static_cast<int>(input.number(2))};
    const BytesView jpeg = input.rest();
    if (!pictures::check_jpeg(jpeg, size)) return;
    // Nothing in front of the picture, and nothing behind it.
    ENSURE(jpeg[0] == 0xff && jpeg[1] == 0xd8);
    ENSURE(jpeg[jpeg.size() - 2] == 0xff && jpeg[jpeg.size() - 1] == 0xd9);
    ENSURE(!pictures::check_jpeg(jpeg.first(jpeg.size() - 1), size));
    ENSURE(!pictures::check_jpeg(jpeg, {size.width + 1, size.height}));
}

}  // namespace

void check(BytesView input) {
    Input parts{input};
    switch (parts.number(1)) {
        case 'm':
            return check_messages(parts.rest());
        case 'j':
            return check_picture(Input{parts.rest()});
        default:
            return check_page(parts.rest());
    }
}

}  // namespace oxbow::fuzz
