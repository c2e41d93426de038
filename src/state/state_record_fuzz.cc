// Any bytes as saved state: records or an error. What one shard would be given is given to some shard of
// three (a key whose hash changes, as only damage makes it, to more than one).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "state/state_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::state;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The first byte says where the second layer begins.
  const size_t cut = bytes.empty() ? 0 : std::min<size_t>(static_cast<uint8_t>(bytes[0]), bytes.size() - 1);
  StateLayers layers;
  for (const std::string_view part :
       {bytes.substr(bytes.empty() ? 0 : 1, cut), bytes.substr(bytes.empty() ? 0 : 1 + cut)}) {
    std::vector<StateBuffer> buffers(1);
    buffers[0].Append(part);
    layers.Add(std::move(buffers));
  }
  size_t all = 0;
  size_t by_shard = 0;
  for (uint32_t shard = 0; shard <= 3; ++shard) {
    layers.Rewind();
    StateReader reader(&layers, shard == 3 ? 0 : shard, shard == 3 ? 1 : 3);
    StateChunk chunk;
    while (true) {
      const auto more = reader.Next(&chunk);
      if (!more.has_value()) return 0;
      if (!*more) break;
      (shard == 3 ? all : by_shard) += chunk.size();
    }
    (void)reader.shared();
  }
  if (all > by_shard) std::abort();
  return 0;
}
