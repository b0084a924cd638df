#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "store/object_store.h"

namespace oxbow::store {

/// A bucket that asks another: who derives overrides what is to be otherwise.
class ForwardingStore : public ObjectStore {
public:
    explicit ForwardingStore(ObjectStore& real) : real_(real) {}

    Result<ObjectInfo> put(std::string_view key, BytesView bytes) override {
        return real_.put(key, bytes);
    }
    Result<ObjectInfo> adopt(const std::filesystem::path& file, std::string_view key) override {
        return real_.adopt(file, key);
    }
    Result<std::string> get(std::string_view key, std::size_t bytes_max) override {
        return real_.get(key, bytes_max);
    }
    Result<Bytes> get_range(std::string_view key, ByteRange range) override {
        return real_.get_range(key, range);
    }
    Result<ObjectInfo> head(std::string_view key) override { return real_.head(key); }
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) override {
        return real_.list(prefix);
    }
    Result<std::vector<std::string>> folders(std::string_view prefix) override {
        return real_.folders(prefix);
    }
    Result<void> remove(std::string_view key) override { return real_.remove(key); }
    Result<OpenedObject> open(std::string_view key) const override { return real_.open(key); }
    Result<void> sync() override { return real_.sync(); }
    bool shares_file_system(const std::filesystem::path& path) const override {
        return real_.shares_file_system(path);
    }
    void set_observer(Observer observer) override { real_.set_observer(std::move(observer)); }

protected:
    ObjectStore& real_;
};

}  // namespace oxbow::store
