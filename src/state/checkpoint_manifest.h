// CheckpointManifest: what the commit store says of the newest checkpoint: its number, the files that it is
// made of, the chapters that are dropped. docs/formats/checkpoint.md has its bytes. A plain value.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "state/checkpoint_file.h"

namespace millrace::state {

// Under which keys of the commit store it and the metadata of its callers are.
inline constexpr std::string_view kManifestKey = "checkpoint/manifest";
inline constexpr std::string_view kMetadataPrefix = "meta/";

struct ManifestFile {
  CheckpointFileHead head;
  uint64_t bytes = 0;
  uint64_t garbage = 0;  // bytes of it that are known to be no longer in force
};

struct CheckpointManifest {
  uint64_t number = 0;
  uint64_t next_file = 1;           // above the numbers of all files that were ever committed
  std::vector<ManifestFile> files;  // oldest layer first; their checkpoints ascend
  // What files of layers before this checkpoint hold of the chapter is void.
  std::map<std::string, uint64_t, std::less<>> dropped;
};

std::string EncodeManifest(const CheckpointManifest& manifest);
// kDataCorrupted, or kNotSupported for a version that is not known.
Result<CheckpointManifest> DecodeManifest(std::string_view bytes);

}  // namespace millrace::state
