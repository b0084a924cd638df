#include "edge/open_objects.h"

#include <cerrno>
#include <optional>

#include <unistd.h>

namespace oxbow::edge {
namespace {

bool is_text(std::string_view key) {
    return key.ends_with(".m3u8") || key.ends_with(".json");
}

std::uint64_t text_bytes(const OpenObject& object) {
    return object.text ? object.text->size() : 0;
}

/// nullopt: the file cannot be read, or is shorter.
std::optional<std::string> read_whole(int fd, std::uint64_t size) {
    std::string out(size, '\0');
    std::size_t read = 0;
    while (read < out.size()) {
        const ssize_t count =
            ::pread(fd, out.data() + read, out.size() - read, static_cast<off_t>(read));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt;
        read += static_cast<std::size_t>(count);
    }
    return out;
}

}  // namespace

OpenObjects::Object OpenObjects::find(std::string_view key) {
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    if (found == by_key_.end() || clock_.steady() >= found->second->stale_at) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return found->second->object;
}

Result<OpenObjects::Object> OpenObjects::load(const std::string& key) {
    std::uint64_t changes = 0;
    {
        const std::lock_guard lock{mutex_};
        changes = changes_;
    }
    auto opened = store_.open(key);
    if (!opened) return std::unexpected(opened.error());
    Object object = held(key);
    if (!object || object->info.etag != opened->info.etag) {
        auto made = std::make_shared<OpenObject>();
        made->info = opened->info;
        made->text = is_text(key) ? read_text(*opened) : nullptr;
        if (!made->text) made->file = std::move(opened->file);
        object = std::move(made);
    }
    hold(key, object, changes);
    return object;
}

/// The object as it was held, fresh or not: when it is still that version it stays as it is.
OpenObjects::Object OpenObjects::held(const std::string& key) {
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : found->second->object;
}

std::shared_ptr<const TextVersion> OpenObjects::read_text(const store::OpenedObject& opened) const {
    if (opened.info.size > kTextBytesMax) return nullptr;
    auto text = read_whole(opened.file->fd(), opened.info.size);
    if (!text) return nullptr;
    std::vector<TextVersion::Piece> pieces;
    pieces.push_back(std::make_shared<const TextPiece>(std::move(*text)));
    auto version = std::make_shared<const TextVersion>(std::move(pieces), opened.info.etag);
    version->gzip();  // here, where it may take long
    return version;
}

/// In: how many changes there were when the object was opened: after another it may be an old one.
void OpenObjects::hold(const std::string& key, Object object, std::uint64_t changes) {
    const std::lock_guard lock{mutex_};
    if (changes != changes_) return;
    if (const auto found = by_key_.find(key); found != by_key_.end()) erase_locked(found->second);
    text_bytes_ += text_bytes(*object);
    newest_first_.push_front({key, std::move(object), clock_.steady() + kObjectFresh});
    by_key_.emplace(key, newest_first_.begin());
    while (newest_first_.size() > kObjectsMax || text_bytes_ > kTextsBytesMax) {
        erase_locked(std::prev(newest_first_.end()));
    }
}

void OpenObjects::erase_locked(Place place) {
    text_bytes_ -= text_bytes(*place->object);
    by_key_.erase(place->key);
    newest_first_.erase(place);
}

void OpenObjects::forget(std::string_view prefix) {
    const std::lock_guard lock{mutex_};
    ++changes_;
    auto found = by_key_.lower_bound(prefix);
    while (found != by_key_.end() && found->first.starts_with(prefix)) {
        const Place place = found->second;
        ++found;
        erase_locked(place);
    }
}

}  // namespace oxbow::edge
