#pragma once

#include <chrono>
#include <cstddef>

#include "base/times.h"

namespace oxbow::record {

/// A chunk closes at the first live segment end at or after this (the first chunk with its first
/// segment that is no lead).
inline constexpr MediaTime kChunkTarget = std::chrono::seconds{10};

/// Live segments waiting for the disk, all channels together. What is above it is not recorded:
/// live never waits for a disk.
inline constexpr std::size_t kQueuedBytesMax = 256 * 1024 * 1024;

/// How often the playlists of an open recording are put to the bucket: with every chunk at first,
/// then rarely, so that rewriting them stays below a tenth of the media's bytes. Viewers read them
/// from memory.
inline constexpr std::chrono::minutes kPutEveryChunkFor{30};
inline constexpr std::chrono::minutes kPutAtMostEvery{1};
inline constexpr std::chrono::hours kPutRarelyAfter{12};
inline constexpr std::chrono::minutes kPutRarelyEvery{5};
/// A stream of few bits has as many entries as another: its playlists wait until that many times
/// their bytes have been recorded, but no longer than until the next of the times above. Smaller
/// ones do not wait.
inline constexpr std::uint64_t kMediaPerPlaylistByte = 20;
inline constexpr std::size_t kPlaylistsSmall = 16 * 1024;

/// How often closing a failed recording is tried again.
inline constexpr std::chrono::seconds kCloseFailedEvery{10};

/// After this a recording is complete and the next segment begins a new one.
inline constexpr std::chrono::hours kRecordingMax{48};

/// How often what was written is made durable: with a power loss this much more may be lost.
inline constexpr std::chrono::milliseconds kCommitEvery{1'000};

/// Chunks that may be objects before they are durable. One more waits for the disk; and behind a
/// power loss this many numbers of chunks are left out, so that no object ever has two contents.
inline constexpr std::size_t kChunksUnsyncedMax = 8;

/// Interruptions of one recording, by a disk or by the end of a process. Behind one more it ends
/// with a failure, and another recording begins.
inline constexpr std::size_t kInterruptionsMax = 200;

/// How long a recording that was cut off waits for its publisher at least, from the next start on.
inline constexpr std::chrono::seconds kTakenUpWaitMin{30};

/// Streams that one recording may merge.
inline constexpr std::size_t kMergedStreamsMax = 20;

/// Live segments whose key frames wait to be made thumbnails, all channels together; above it
/// thumbnails are dropped.
inline constexpr std::size_t kThumbnailBytesMax = 64 * 1024 * 1024;

/// How often at most thumbnails that were lost are told.
inline constexpr std::chrono::minutes kLostThumbnailsEvery{1};

/// After this without a picture to make the decoder's process is let go.
inline constexpr std::chrono::seconds kThumbnailIdleMax{150};

}  // namespace oxbow::record
