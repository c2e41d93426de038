#include "log/topic_file.h"

#include <fmt/core.h>

#include "base/crc32c.h"
#include "env/fault_points.h"
#include "log/batch_format.h"
#include "log/byte_order.h"

namespace millrace::log {

namespace {

constexpr std::string_view kMagic = "MRLOGTOP";
constexpr size_t kCrcEnd = 12;
constexpr size_t kFixedBytes = kCrcEnd + 2 + 2 + 4 + 4 + 6 * 8 + 2;

}  // namespace

std::string EncodeTopicFile(const TopicFile& topic) {
  const TopicSettings& settings = topic.settings;
  std::string bytes(kFixedBytes + topic.name.size(), '\0');
  FieldWriter fields(bytes.data() + kCrcEnd);
  fields.Put(kFormatVersion);
  fields.Put(static_cast<uint16_t>(topic.name.size()));
  fields.Put(topic.number);
  fields.Put(static_cast<uint32_t>(settings.partitions));
  fields.Put(topic.created_micros);
  fields.Put(settings.segment_bytes);
  fields.Put(settings.segment_age_micros);
  fields.Put(settings.retention_age_micros);
  fields.Put(settings.retention_bytes);
  fields.Put(settings.sync_interval_micros);
  fields.Put(static_cast<uint8_t>(settings.sync));
  fields.Put(static_cast<uint8_t>(settings.codec));
  fields.PutBytes(topic.name);
  FieldWriter front(bytes.data());
  front.PutBytes(kMagic);
  front.Put(Crc32c(std::string_view(bytes).substr(kCrcEnd)));
  return bytes;
}

Result<TopicFile> DecodeTopicFile(std::string_view bytes) {
  const auto fail = [](std::string_view what) {
    return Fail(ErrorCode::kDataCorrupted, fmt::format("this is no file of a topic: {}", what));
  };
  if (bytes.size() < kFixedBytes || !bytes.starts_with(kMagic)) return fail("it does not begin like one");
  FieldReader fields(bytes.substr(kMagic.size()));
  if (fields.Take<uint32_t>() != Crc32c(bytes.substr(kCrcEnd))) return fail("its checksum is wrong");
  if (fields.Take<uint16_t>() != kFormatVersion) return fail("a later version has written it");
  TopicFile topic;
  TopicSettings& settings = topic.settings;
  const auto name_bytes = fields.Take<uint16_t>();
  topic.number = fields.Take<uint32_t>();
  settings.partitions = static_cast<int>(fields.Take<uint32_t>());
  topic.created_micros = fields.Take<int64_t>();
  settings.segment_bytes = fields.Take<uint64_t>();
  settings.segment_age_micros = fields.Take<int64_t>();
  settings.retention_age_micros = fields.Take<int64_t>();
  settings.retention_bytes = fields.Take<uint64_t>();
  settings.sync_interval_micros = fields.Take<int64_t>();
  settings.sync = static_cast<SyncMode>(fields.Take<uint8_t>());
  settings.codec = static_cast<Codec>(fields.Take<uint8_t>());
  topic.name = fields.TakeBytes(name_bytes);
  if (fields.failed() || !fields.rest().empty()) return fail("its length is wrong");
  if (settings.sync > SyncMode::kInterval || settings.codec > Codec::kZstd || !CheckSettings(settings) ||
      !CheckTopicName(topic.name)) {
    return fail("its settings are out of bounds");
  }
  return topic;
}

Result<TopicFile> ReadTopicFile(const env::Env& env, const std::string& folder) {
  const std::string path = env::JoinPath(folder, "topic");
  const auto bytes = env.files->ReadAll(path);
  // A folder of a topic has had its file from the beginning.
  if (!bytes && bytes.error().code() == ErrorCode::kNoSuchFile) {
    return Fail(ErrorCode::kDataCorrupted, fmt::format("the file '{}' is missing", path),
                "restore it from a copy, or remove the folder to lose the topic");
  }
  if (!bytes) return std::unexpected(bytes.error());
  auto topic = DecodeTopicFile(*bytes);
  if (!topic) return std::unexpected(topic.error().Within(fmt::format("'{}'", path)));
  return topic;
}

Status WriteTopicFile(const env::Env& env, Health& health, const std::string& folder,
                      const TopicFile& topic) {
  const std::string path = env::JoinPath(folder, "topic");
  const std::string next_path = env::JoinPath(folder, "topic.new");
  MR_TRY(env.faults->Reach("log.topic.write"));
  MR_ASSIGN(const std::unique_ptr<env::WritableFile> file,
            env.files->OpenWrite(next_path, env::WriteMode::kTruncate));
  MR_TRY(file->Write(EncodeTopicFile(topic)));
  MR_TRY(file->Flush());
  const auto fatal = [&health](Status status) {
    if (!status) health.Fail(status.error());
    return status;
  };
  MR_TRY(fatal(file->Sync()));
  MR_TRY(file->Close());
  MR_TRY(env.faults->Reach("log.topic.written"));
  MR_TRY(env.files->Rename(next_path, path));
  MR_TRY(fatal(env.files->SyncDir(folder)));
  return env.faults->Reach("log.topic.synced");
}

}  // namespace millrace::log
