// What an S3 server answers: pages of a list, refusals. And a shared credentials file. Input: such
// a text.

#include "store/s3_answers.h"
#include "base/ensure.h"
#include "fuzz/target.h"
#include "store/s3_settings.h"

namespace oxbow::fuzz {

void check(BytesView input) {
    const std::string_view text = as_text(input);
    if (const auto page = store::read_s3_page(text)) {
        for (const store::ObjectInfo& object : page->objects) {
            ENSURE(!object.key.empty() && object.key.size() <= store::kS3TextBytesMax);
            ENSURE(object.etag.size() <= store::kS3TextBytesMax);
        }
        ENSURE(page->next.size() <= store::kS3TextBytesMax);
    } else {
        ENSURE(!page.error().what.empty());
    }
    const store::S3Problem problem = store::read_s3_problem(text);
    ENSURE(problem.code.size() <= store::kS3TextBytesMax);
    const auto credentials = store::read_credentials(text, "default");
    ENSURE(!credentials || !credentials->secret_access_key.empty());
}

}  // namespace oxbow::fuzz
