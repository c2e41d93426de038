// Any bytes as the file of a segment; as the body of a batch whose checksums are right, which no flipped bit
// gives; as an index and as the file of a topic.
#include <algorithm>
#include <string>

#include "base/crc32c.h"
#include "env/simulated_env.h"
#include "log/compression.h"
#include "log/log.h"
#include "log/record_ends.h"
#include "log/recovery.h"
#include "log/segment_index.h"
#include "log/topic_file.h"

namespace {

using namespace millrace;
using namespace millrace::log;

constexpr const char* kFolder = "/log/topic-0000000001";

// A log with one topic, of whose segment the bytes are.
void OpenAndRead(const std::string& segment) {
  env::SimulatedEnv world;
  static_cast<void>(world.files.MakeDirs(PartitionFolder(kFolder, 0)));
  const TopicFile topic = {1, "t", 0, {}};
  static_cast<void>(world.files.WriteAll(std::string(kFolder) + "/topic", EncodeTopicFile(topic)));
  static_cast<void>(world.files.WriteAll(SegmentPath(PartitionFolder(kFolder, 0), 0), segment));
  telemetry::MetricsRegistry metrics;
  auto log = Log::Open(world.env, {.folder = "/log", .metrics = &metrics, .on_failure = nullptr});
  if (!log) return;
  static_cast<void>((*log)->Verify());
}

std::string Segment(const std::string& batch) {
  const auto header = EncodeSegmentHeader({.salt = 1});
  return std::string(header.data(), header.size()) + batch;
}

// The first bytes say what the header says, the rest is the body.
std::string BatchOf(std::string_view input) {
  BatchHeader header;
  const auto take = [&](size_t bytes) {
    uint32_t value = 0;
    for (; bytes > 0 && !input.empty(); --bytes, input.remove_prefix(1)) {
      value = value << 8 | static_cast<unsigned char>(input.front());
    }
    return value;
  };
  header.codec = static_cast<Codec>(take(1) % 3);
  header.layout = static_cast<Layout>(take(1) % 3);
  header.id_bytes = static_cast<uint8_t>(take(1));
  header.participants = static_cast<uint16_t>(take(1) % 4);
  header.ends_bytes = take(2);
  header.record_count = take(3);
  header.payload_bytes = header.codec == Codec::kNone ? 0 : take(2);
  header.transaction = take(1);
  const size_t front = header.participants * 8 + header.id_bytes + header.ends_bytes;
  if (header.codec == Codec::kNone && input.size() >= front) {
    header.payload_bytes = static_cast<uint32_t>(input.size() - front);
  }
  header.body_bytes = static_cast<uint32_t>(input.size());
  header.body_crc = Crc32c(input);
  header.salt = 1;
  header.position = kSegmentHeaderBytes;
  const auto bytes = EncodeBatchHeader(header);
  return std::string(bytes.data(), bytes.size()) + std::string(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      OpenAndRead(std::string(input));
      break;
    case 1: {
      const std::string batch = BatchOf(input);
      OpenAndRead(Segment(batch + batch));
      const auto header = DecodeBatchHeader(batch, 1, kSegmentHeaderBytes);
      if (!header) break;
      const BatchBody body = SplitBody(*header, std::string_view(batch).substr(kBatchHeaderBytes));
      static_cast<void>(ReadRecordEnds(body.ends, header->record_count, header->payload_bytes));
      static_cast<void>(body.ReadParticipants());
      if (header->codec == Codec::kNone) break;
      std::string out(header->payload_bytes, '\0');
      static_cast<void>(Decompress(header->codec, body.payload, out.data(), out.size()));
      break;
    }
    case 2: {
      std::string index(input);
      if (index.size() >= 4) {
        const uint32_t crc = Crc32c(index.data(), index.size() - 4);
        for (size_t i = 0; i < 4; ++i) index[index.size() - 4 + i] = static_cast<char>(crc >> (8 * i));
      }
      static_cast<void>(SegmentIndex::Decode(index, 1, 64));
      break;
    }
    default: {
      std::string topic(input);
      if (topic.size() >= 12) {
        const uint32_t crc = Crc32c(std::string_view(topic).substr(12));
        for (size_t i = 0; i < 4; ++i) topic[8 + i] = static_cast<char>(crc >> (8 * i));
      }
      static_cast<void>(DecodeTopicFile(topic));
    }
  }
  return 0;
}
