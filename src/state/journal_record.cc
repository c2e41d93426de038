#include "state/journal_record.h"

#include <fmt/core.h>

#include "base/byte_coding.h"
#include "base/crc32c.h"

namespace millrace::state {
namespace {

constexpr std::string_view kMagic = "MRCJ";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeadBytes = 4 + 4 + 8 + 4;
constexpr char kMark = '\xC7';
constexpr size_t kRecordHeadBytes = 1 + 4 + 4 + 8;  // mark, checksum, size, sequence
constexpr uint32_t kDeleted = 0xFFFFFFFFu;

void AppendChange(std::string_view key, const std::string* value, std::string* payload) {
  AppendFixed(static_cast<uint32_t>(key.size()), payload);
  AppendFixed(value != nullptr ? static_cast<uint32_t>(value->size()) : kDeleted, payload);
  payload->append(key);
  if (value != nullptr) payload->append(*value);
}

// The next place at or behind `at` where a whole record begins.
std::optional<size_t> FindRecord(std::string_view bytes, size_t at) {
  for (; at < bytes.size(); ++at) {
    at = bytes.find(kMark, at);
    if (at == std::string_view::npos) break;
    if (ParseJournalRecord(bytes.substr(at))) return at;
  }
  return std::nullopt;
}

}  // namespace

std::string JournalHead(uint64_t first) {
  std::string head(kMagic);
  AppendFixed(kVersion, &head);
  AppendFixed(first, &head);
  AppendFixed(Crc32c(head), &head);
  return head;
}

void AppendJournalRecord(uint64_t sequence, std::string_view payload, std::string* bytes) {
  std::string checked;
  checked.reserve(12 + payload.size());
  AppendFixed(static_cast<uint32_t>(payload.size()), &checked);
  AppendFixed(sequence, &checked);
  checked.append(payload);
  bytes->push_back(kMark);
  AppendFixed(Crc32c(checked), bytes);
  bytes->append(checked);
}

std::optional<JournalRecord> ParseJournalRecord(std::string_view bytes) {
  if (bytes.size() < kRecordHeadBytes || bytes[0] != kMark) return std::nullopt;
  const size_t size = LoadFixed<uint32_t>(bytes, 5);
  if (size > bytes.size() - kRecordHeadBytes) return std::nullopt;
  const std::string_view checked = bytes.substr(5, kRecordHeadBytes - 5 + size);
  if (Crc32c(checked) != LoadFixed<uint32_t>(bytes, 1)) return std::nullopt;
  return JournalRecord{LoadFixed<uint64_t>(bytes, 9), bytes.substr(kRecordHeadBytes, size),
                       kRecordHeadBytes + size};
}

std::string EncodeChanges(const CommitBatch& batch) {
  std::string payload;
  for (const CommitBatch::Change& change : batch.changes()) {
    AppendChange(change.key, change.value ? &*change.value : nullptr, &payload);
  }
  return payload;
}

std::string EncodeEntries(const CommitEntries& entries) {
  std::string payload;
  for (const auto& [key, value] : entries) AppendChange(key, &value, &payload);
  return payload;
}

bool ApplyChanges(std::string_view payload, CommitEntries* entries) {
  while (!payload.empty()) {
    if (payload.size() < 8) return false;
    const size_t key_bytes = LoadFixed<uint32_t>(payload, 0);
    const uint32_t value_bytes = LoadFixed<uint32_t>(payload, 4);
    const bool is_deleted = value_bytes == kDeleted;
    payload.remove_prefix(8);
    if (payload.size() < key_bytes) return false;
    const std::string_view key = payload.substr(0, key_bytes);
    payload.remove_prefix(key_bytes);
    if (is_deleted) {
      const auto found = entries->find(key);
      if (found != entries->end()) entries->erase(found);
      continue;
    }
    if (payload.size() < value_bytes) return false;
    entries->insert_or_assign(std::string(key), std::string(payload.substr(0, value_bytes)));
    payload.remove_prefix(value_bytes);
  }
  return true;
}

Result<JournalContents> ReadJournal(std::string_view bytes, const std::string& path) {
  const auto damaged = [&](size_t offset, std::string_view what) {
    return Fail(ErrorCode::kDataCorrupted, fmt::format("'{}' is damaged at byte {}: {}", path, offset, what),
                "the data folder has to be restored from a copy");
  };
  if (bytes.size() < kHeadBytes ||
      Crc32c(bytes.substr(0, kHeadBytes - 4)) != LoadFixed<uint32_t>(bytes, 16) ||
      !bytes.starts_with(kMagic)) {
    return damaged(0, "it does not begin as a commit journal");
  }
  if (const auto version = LoadFixed<uint32_t>(bytes, 4); version != kVersion) {
    return Fail(ErrorCode::kNotSupported, fmt::format("'{}' is of version {}", path, version),
                fmt::format("this program reads version {}", kVersion));
  }
  JournalContents contents;
  contents.sequence = LoadFixed<uint64_t>(bytes, 8) - 1;
  contents.good_bytes = kHeadBytes;
  int copies = 2;  // seen of the last record
  for (std::optional<size_t> at = kHeadBytes; (at = FindRecord(bytes, *at)); at = contents.good_bytes) {
    const JournalRecord record = *ParseJournalRecord(bytes.substr(*at));
    if (*at != contents.good_bytes) contents.is_damaged = true;
    if (record.sequence == contents.sequence) {
      ++copies;
    } else if (record.sequence == contents.sequence + 1) {
      if (copies < 2) contents.is_damaged = true;
      copies = 1;
      contents.sequence = record.sequence;
      if (!ApplyChanges(record.payload, &contents.entries))
        return damaged(*at, "a record breaks the grammar");
    } else {
      return damaged(contents.good_bytes, fmt::format("transaction {} is not there, although {} is",
                                                      contents.sequence + 1, record.sequence));
    }
    contents.good_bytes = *at + record.bytes;
  }
  if (contents.good_bytes != bytes.size() || copies < 2) contents.is_damaged = true;
  return contents;
}

}  // namespace millrace::state
