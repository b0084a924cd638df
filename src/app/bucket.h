#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "app/settings.h"
#include "base/result.h"
#include "base/times.h"
#include "store/object_store.h"
#include "store/upload_spool.h"

namespace oxbow::store {
class ObjectCache;
class S3Store;
}  // namespace oxbow::store

namespace oxbow::app {

/// The bucket that the settings name, and what stands before it: for one of an S3 server a spool
/// in DATA/uploads and a cache in DATA/cache.
class Bucket {
public:
    /// `clock` outlives it. A server that does not answer is no error: what is recorded waits.
    ///
    /// Errors: Unavailable  a folder cannot be made; Malformed  as s3_settings; NotFound  no
    /// credentials.
    static Result<std::unique_ptr<Bucket>> open(const Settings& settings, const Clock& clock);
    ~Bucket();

    store::ObjectStore& store() { return *store_; }
    const std::string& name() const { return name_; }

    /// Uploads from here on, and looks what the server can do, for the log.
    void start();
    /// From `patience` on no request waits for the server any more: who is to be ended meanwhile
    /// may be waiting for one that says nothing.
    void give_up_in(std::chrono::milliseconds patience);
    /// Ends requests of viewers to the server, and uploads once nothing waits or `patience` is
    /// over.
    void stop(std::chrono::milliseconds patience);

    /// nullopt: a folder.
    std::optional<store::UploadBacklog> backlog() const;
    std::uint64_t cached_bytes() const;

    /// Lets go of what is kept on the disk of objects that others deleted.
    void forget(std::string_view prefix);

    /// "/data/bucket", "bucket recordings of https://s3.eu-west-1.amazonaws.com"
    std::string description() const;

private:
    Bucket();
    Result<void> open_s3(const Settings& settings, const Clock& clock);

    std::string name_;
    std::string description_;
    std::unique_ptr<store::S3Store> s3_;
    std::unique_ptr<store::ObjectCache> cache_;
    std::unique_ptr<store::ObjectStore> store_;
    store::UploadSpool* spool_ = nullptr;  // store_, of an S3 server
    std::thread look_;
    std::jthread giving_up_;
};

/// Tries what recording and playing need: writes, reads, lists and deletes an object.
///
/// Errors: as the store's; says what was tried.
Result<void> try_bucket(store::ObjectStore& store);

/// The same with the bucket itself, without spool and cache, for 'oxbow check-config'. Out: what
/// was found, for a person.
Result<std::string> try_bucket(const Settings& settings);

}  // namespace oxbow::app
