#include "log/recovery.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "log/batch_stream.h"

namespace millrace::log {

namespace {

// Of "<20 digits>.log"; nothing for any other name.
std::optional<uint64_t> BaseOffsetOf(std::string_view name) {
  constexpr size_t kDigits = 20;
  if (name.size() != kDigits + 4 || !name.ends_with(".log")) return std::nullopt;
  uint64_t offset = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, offset);
  return error == std::errc() && end == name.data() + kDigits ? std::optional(offset) : std::nullopt;
}

Result<std::vector<uint64_t>> ListSegments(const env::Env& env, const std::string& folder) {
  std::vector<uint64_t> bases;
  MR_ASSIGN(const std::vector<env::DirEntry> entries, env.files->List(folder));
  for (const env::DirEntry& entry : entries) {
    const std::optional<uint64_t> base = BaseOffsetOf(entry.name);
    if (base && !entry.is_directory) bases.push_back(*base);
  }
  // Without one it is not known which offsets have been given out.
  if (bases.empty()) {
    return Fail(ErrorCode::kDataCorrupted, fmt::format("the partition '{}' has no segment", folder),
                "restore the folder from a copy, or remove the topic's folder to lose all of it");
  }
  return bases;
}

// The index that lies beside the segment, if it is of this segment and leads up to the next.
std::optional<SegmentIndex> ReadIndex(const env::Env& env, const std::string& folder, uint64_t base,
                                      uint64_t next, uint64_t salt, uint64_t bytes) {
  const auto text = env.files->ReadAll(IndexPath(folder, base));
  if (!text) return std::nullopt;
  std::optional<SegmentIndex> index = SegmentIndex::Decode(*text, salt, bytes);
  if (index && (index->base_offset() != base || index->end_offset() != next)) index.reset();
  return index;
}

// A segment that is followed by one that begins at `next`. Its header may be the only trace of transactions
// whose segments retention has removed, if the next one has none yet.
Result<Segment> FindSealed(const env::Env& env, const std::string& folder, uint64_t base, uint64_t next,
                           uint64_t* last_transaction) {
  Segment segment;
  segment.path = SegmentPath(folder, base);
  MR_ASSIGN(const std::unique_ptr<env::ReadableFile> file, env.files->OpenRead(segment.path));
  MR_ASSIGN(const env::FileInfo info, file->Stat());
  segment.bytes = info.size;
  bool is_intact = false;
  MR_ASSIGN(const std::optional<SegmentHeader> header, ReadSegmentHeader(*file, info.size, &is_intact));
  if (header) {
    segment.salt = header->salt;
    *last_transaction = std::max(*last_transaction, header->last_transaction);
    std::optional<SegmentIndex> index = ReadIndex(env, folder, base, next, header->salt, info.size);
    if (index) {
      segment.index = std::move(*index);
      return segment;
    }
  }
  MR_ASSIGN(const std::optional<SegmentScan> scan, ScanSegment(*file, base, next));
  segment.index = scan->index;
  segment.damage = scan->damage;
  if (segment.damage.empty()) {
    // Derived: next time it saves the reading.
    const std::string path = IndexPath(folder, base);
    if (!env.files->WriteAll(path, segment.index.Encode(segment.salt, segment.bytes))) {
      static_cast<void>(env.files->Remove(path));
    }
  }
  return segment;
}

Status FindLast(const env::Env& env, const std::string& folder, uint64_t base, FoundPartition* found) {
  Segment segment;
  segment.path = SegmentPath(folder, base);
  MR_ASSIGN(const std::unique_ptr<env::ReadableFile> file, env.files->OpenRead(segment.path));
  MR_ASSIGN(const std::optional<SegmentScan> scan, ScanSegment(*file, base, std::nullopt));
  found->end_offset = base;
  found->last_header.base_offset = base;
  if (!scan) {
    found->is_last_torn = true;
    return Ok();
  }
  segment.salt = scan->header.salt;
  segment.index = scan->index;
  segment.bytes = scan->end_position;
  segment.damage = scan->damage;
  found->last_header = scan->header;
  found->is_last_closed = !scan->damage.empty();
  found->needs_mark = !scan->index.IsEmpty() && !scan->ends_with_mark;
  found->unproven_position = scan->unproven_position;
  found->unproven_offset = scan->unproven_offset;
  found->end_offset = scan->end_offset;
  found->last_part = scan->last_part;
  found->segments.push_back(std::move(segment));
  return Ok();
}

}  // namespace

Result<FoundPartition> FindPartition(const env::Env& env, const std::string& folder) {
  FoundPartition found;
  MR_ASSIGN(const std::vector<uint64_t> bases, ListSegments(env, folder));
  for (size_t i = 0; i + 1 < bases.size(); ++i) {
    MR_ASSIGN(Segment segment, FindSealed(env, folder, bases[i], bases[i + 1], &found.last_transaction));
    found.segments.push_back(std::move(segment));
  }
  MR_TRY(FindLast(env, folder, bases.back(), &found));
  found.last_append_micros = found.last_header.last_append_micros;
  found.last_transaction = std::max(found.last_transaction, found.last_header.last_transaction);
  for (Segment& segment : found.segments) {
    if (!segment.index.IsEmpty()) {
      found.last_append_micros = std::max(found.last_append_micros, segment.index.last_micros());
    }
    found.last_transaction = std::max(found.last_transaction, segment.index.last_transaction());
    const std::vector<BatchIdNote>& ids = segment.index.ids();
    found.ids.insert(found.ids.end(), ids.begin(), ids.end());
    // The last one's are still to be written into its index.
    if (&segment != &found.segments.back() || found.is_last_torn) segment.index.ForgetIds();
  }
  return found;
}

std::string PartitionFolder(const std::string& topic_folder, size_t partition) {
  return env::JoinPath(topic_folder, fmt::format("{:05}", partition));
}

Result<FoundTopic> FindTopicIn(const env::Env& env, const std::string& folder) {
  FoundTopic found;
  found.folder = folder;
  MR_ASSIGN(found.file, ReadTopicFile(env, folder));
  for (size_t i = 0; i < static_cast<size_t>(found.file.settings.partitions); ++i) {
    MR_ASSIGN(FoundPartition partition, FindPartition(env, PartitionFolder(folder, i)));
    found.partitions.push_back(std::move(partition));
  }
  return found;
}

namespace {

// The greatest transaction of which each partition has a trace; topics that are gone have none.
using Traces = std::map<Participant, uint64_t>;

Traces TracesOf(const std::vector<FoundTopic>& topics) {
  Traces traces;
  for (const FoundTopic& topic : topics) {
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      traces[{topic.file.number, static_cast<uint32_t>(i)}] = topic.partitions[i].last_transaction;
    }
  }
  return traces;
}

bool HasHappened(const LastPart& part, const Traces& traces) {
  return std::ranges::all_of(part.participants, [&](const Participant& participant) {
    const auto trace = traces.find(participant);
    return trace == traces.end() || trace->second >= part.transaction;
  });
}

}  // namespace

Status CutUndecided(const env::Env& env, Health& health, std::vector<FoundTopic>* topics) {
  const Traces traces = TracesOf(*topics);
  for (FoundTopic& topic : *topics) {
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      FoundPartition& found = topic.partitions[i];
      if (!found.last_part || HasHappened(*found.last_part, traces)) continue;
      const std::string folder = PartitionFolder(topic.folder, i);
      MR_ASSIGN(const std::unique_ptr<SegmentWriter> file,
                SegmentWriter::Continue(env, health, folder, found.last_header, found.last_part->position));
      MR_ASSIGN(found, FindPartition(env, folder));
    }
  }
  return Ok();
}

namespace {

// The end of the last segment has nothing behind it that says that it is durable. The system shows it, but
// may have failed to write it, or said so to a process that is gone, and then a sync now would be no proof.
// So it is written anew: as the beginning of the next segment, before which the last one then ends.
Result<WriterStart> CopyUnproven(const env::Env& env, Health& health, const std::string& folder,
                                 Participant identity, FoundPartition* found) {
  const Segment& last = found->segments.back();
  const SegmentHeader header = NewSegmentHeader(env, identity, found->unproven_offset,
                                                found->last_transaction, found->last_append_micros);
  MR_ASSIGN(const std::unique_ptr<env::ReadableFile> file, env.files->OpenRead(last.path));
  BatchStream stream(*file, last.salt);
  Segment copy{.path = SegmentPath(folder, header.base_offset),
               .salt = header.salt,
               .index = SegmentIndex(header.base_offset),
               .bytes = 0,
               .damage = {}};
  WriterStart start;
  MR_ASSIGN(start.file, SegmentWriter::CreateFrom(env, health, folder, header, stream,
                                                  found->unproven_position, last.bytes, &copy.index));
  copy.bytes = start.file->position();
  start.needs_mark = true;
  start.first_micros = copy.index.first_micros();
  if (last.path == copy.path) {
    copy.damage = last.damage;
    found->segments.pop_back();
  } else {
    found->segments.back().index.ForgetIds();
  }
  found->segments.push_back(std::move(copy));
  return start;
}

Result<WriterStart> ContinueLast(const env::Env& env, Health& health, const std::string& folder,
                                 const FoundPartition& found) {
  const Segment& last = found.segments.back();
  WriterStart start;
  MR_ASSIGN(start.file, SegmentWriter::Continue(env, health, folder, found.last_header, last.bytes));
  start.needs_mark = found.needs_mark;
  if (!last.index.IsEmpty()) start.first_micros = last.index.first_micros();
  return start;
}

Result<WriterStart> AddNew(const env::Env& env, Health& health, const std::string& folder,
                           Participant identity, FoundPartition* found) {
  const SegmentHeader header =
      NewSegmentHeader(env, identity, found->end_offset, found->last_transaction, found->last_append_micros);
  WriterStart start;
  MR_ASSIGN(start.file, SegmentWriter::Create(env, health, folder, header));
  if (!found->segments.empty()) found->segments.back().index.ForgetIds();
  found->segments.push_back(Segment{.path = start.file->path(),
                                    .salt = header.salt,
                                    .index = SegmentIndex(header.base_offset),
                                    .bytes = start.file->position(),
                                    .damage = {}});
  return start;
}

// What a crash has left of the making of a segment. If it cannot be removed it does no harm.
void RemoveUnfinished(const env::Env& env, const std::string& folder) {
  const auto entries = env.files->List(folder);
  if (!entries) return;
  for (const env::DirEntry& entry : *entries) {
    if (!entry.name.ends_with(kUnfinishedSuffix)) continue;
    static_cast<void>(env.files->Remove(env::JoinPath(folder, entry.name)));
  }
}

}  // namespace

Result<WriterStart> ContinuePartition(const env::Env& env, Health& health, const std::string& folder,
                                      Participant identity, FoundPartition* found) {
  // The names of segments may not have been made durable by the process before.
  if (Status synced = env.files->SyncDir(folder); !synced) {
    health.Fail(synced.error());
    return std::unexpected(synced.error());
  }
  RemoveUnfinished(env, folder);
  const auto go_on = [&]() -> Result<WriterStart> {
    if (found->is_last_torn) return AddNew(env, health, folder, identity, found);
    if (found->unproven_position < found->segments.back().bytes) {
      return CopyUnproven(env, health, folder, identity, found);
    }
    if (found->is_last_closed) return AddNew(env, health, folder, identity, found);
    return ContinueLast(env, health, folder, *found);
  };
  MR_ASSIGN(WriterStart start, go_on());
  start.next_offset = found->end_offset;
  start.last_append_micros = found->last_append_micros;
  start.last_transaction = found->last_transaction;
  return start;
}

}  // namespace millrace::log
