// The CommitStore of a warehouse on a machine: LMDB, a B+ tree of copied-on-write pages whose root changes
// by one synced write. Its files are `commit.lmdb` and `commit.lmdb-lock` in the folder that is given.
//
// LMDB reaches its files by itself, past env::Files. It keeps no checksums, so each value carries the CRC32C
// of its key and itself: a damaged entry is an error, never a wrong value. Damage to the inner pages of the
// tree LMDB finds itself, as far as it does.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/limits.h"
#include "env/env.h"
#include "state/commit_store.h"

namespace millrace::state {

struct LmdbCommitOptions {
  // Address space of the map: what it begins with, doubled when it is full, and the most. The file on the
  // disk is as long as it has to be.
  size_t map_bytes = limits::kCommitMapBytes;
  size_t map_bytes_max = limits::kCommitMapBytesMax;
};

// Opens the store, and makes it if it is not there. The folder exists. `env` is that of the machine; its
// fault points outlive the store.
Result<std::unique_ptr<CommitStore>> OpenLmdbCommitStore(const env::Env& env, const std::string& folder,
                                                         LmdbCommitOptions options = {});

}  // namespace millrace::state
