#include "store/s3_answers.h"

#include <charconv>
#include <functional>
#include <memory>

#include <expat.h>
#include <fmt/format.h>

#include "base/times.h"

namespace oxbow::store {
namespace {

/// Calls `leaf` with the path and the text of every element, when it ends.
class XmlReader {
public:
    using Leaf = std::function<void(std::string_view path, std::string_view text)>;

    static Result<void> read(std::string_view xml, Leaf leaf) {
        XmlReader reader{std::move(leaf)};
        const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser{
            XML_ParserCreate(nullptr), &XML_ParserFree};
        reader.parser_ = parser.get();
        XML_SetUserData(parser.get(), &reader);
        XML_SetElementHandler(parser.get(), &on_start, &on_end);
        XML_SetCharacterDataHandler(parser.get(), &on_text);
        // No answer of a bucket has one, and its entities could grow without end.
        XML_SetStartDoctypeDeclHandler(parser.get(), &on_doctype);
        const XML_Status status =
            XML_Parse(parser.get(), xml.data(), static_cast<int>(xml.size()), XML_TRUE);
        if (status == XML_STATUS_OK) return {};
        return fail(ErrorCode::Malformed,
                    fmt::format("the bucket's server answers with XML that cannot be read: {}",
                                XML_ErrorString(XML_GetErrorCode(parser.get()))));
    }

private:
    explicit XmlReader(Leaf leaf) : leaf_(std::move(leaf)) {}

    void stop() { XML_StopParser(parser_, XML_FALSE); }

    static void on_start(void* user, const XML_Char* name, const XML_Char**) {
        auto& self = *static_cast<XmlReader*>(user);
        self.ends_.push_back(self.path_.size());
        if (self.ends_.size() > kS3DepthMax || std::string_view{name}.size() > kS3TextBytesMax)
            return self.stop();
        self.path_ += '/';
        self.path_ += name;
        self.text_.clear();
    }
    static void on_end(void* user, const XML_Char*) {
        auto& self = *static_cast<XmlReader*>(user);
        self.leaf_(self.path_, self.text_);
        self.path_.resize(self.ends_.back());
        self.ends_.pop_back();
        self.text_.clear();
    }
    static void on_text(void* user, const XML_Char* text, int length) {
        auto& self = *static_cast<XmlReader*>(user);
        const auto count = static_cast<std::size_t>(length);
        if (count > kS3TextBytesMax - self.text_.size()) return self.stop();
        self.text_.append(text, count);
    }
    static void on_doctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        static_cast<XmlReader*>(user)->stop();
    }

    Leaf leaf_;
    XML_Parser parser_ = nullptr;
    std::string path_;
    std::vector<std::size_t> ends_;  // how long the path was before each open element
    std::string text_;
};

std::string without_quotes(std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
        etag = etag.substr(1, etag.size() - 2);
    return std::string{etag};
}

}  // namespace

Result<S3Page> read_s3_page(std::string_view xml) {
    S3Page page;
    ObjectInfo object;
    bool is_page = false;
    bool truncated = false;
    std::string wrong;
    const auto take = [&](std::string_view path, std::string_view text) {
        constexpr std::string_view kRoot = "/ListBucketResult";
        if (!path.starts_with(kRoot)) return;
        is_page = true;
        path.remove_prefix(kRoot.size());
        if (path == "/Contents/Key") {
            object.key = text;
        } else if (path == "/Contents/ETag") {
            object.etag = without_quotes(text);
        } else if (path == "/Contents/Size") {
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), object.size);
            if (error != std::errc{} || end != text.data() + text.size()) wrong = "Size";
        } else if (path == "/Contents/LastModified") {
            const auto time = parse_rfc3339(text);
            if (time) object.last_modified = *time;
            if (!time) wrong = "LastModified";
        } else if (path == "/Contents") {
            if (object.key.empty()) wrong = "Key";
            page.objects.push_back(std::exchange(object, {}));
        } else if (path == "/CommonPrefixes/Prefix") {
            page.folders.emplace_back(text);
        } else if (path == "/IsTruncated") {
            truncated = text == "true";
        } else if (path == "/NextContinuationToken") {
            page.next = text;
        }
    };
    if (auto read = XmlReader::read(xml, take); !read) return std::unexpected(read.error());
    if (truncated && page.next.empty()) wrong = "NextContinuationToken";
    if (!truncated) page.next.clear();
    if (!is_page || !wrong.empty()) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("the bucket's server lists objects in a form that cannot be read{}{}",
                        wrong.empty() ? "" : ": ", wrong));
    }
    return page;
}

S3Problem read_s3_problem(std::string_view xml) {
    S3Problem problem;
    const auto read = XmlReader::read(xml, [&](std::string_view path, std::string_view text) {
        if (path == "/Error/Code") problem.code = text;
        if (path == "/Error/Message") problem.message = text;
    });
    return read ? problem : S3Problem{};
}

}  // namespace oxbow::store
