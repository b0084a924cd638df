#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "net/http_stream.h"
#include "store/object_store.h"

namespace oxbow::edge {

/// Bytes [offset, offset + length) of an object that the bucket does not give as a file, because it
/// is large: fetched piece by piece as the viewer takes them, and kept nowhere. Ends early where
/// the object is gone.
///
/// In: `store` outlives it; `place`, taken for as long as it goes on.
std::shared_ptr<net::HttpStream> read_large_object(store::ObjectStore& store,
                                                   boost::asio::any_io_executor blocking,
                                                   std::string key, std::uint64_t offset,
                                                   std::uint64_t length,
                                                   std::shared_ptr<const void> place);

inline constexpr std::uint64_t kLargePieceBytes = 1024 * 1024;

}  // namespace oxbow::edge
