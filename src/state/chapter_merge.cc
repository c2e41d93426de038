#include "state/chapter_merge.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace millrace::state {

// The records of one run of one file, in order.
class ChapterMerge::Run {
 public:
  Run(std::shared_ptr<const CheckpointFile> file, std::string_view chapter, size_t layer, size_t number,
      std::vector<BlockEntry> blocks)
      : file_(std::move(file)),
        chapter_(chapter),
        layer_(layer),
        number_(number),
        blocks_(std::move(blocks)) {}

  // To the next record, or the end.
  Status Advance() {
    const uint64_t place_before = place_;
    const bool has_place = has_record_ && record_.tag != StateTag::kDrop;
    // The space of the record before lies in the block; only within it can the two be compared.
    const std::string_view space_before = record_.space;
    while (true) {
      MR_ASSIGN(has_record_, cursor_.Next(&record_));
      if (has_record_) break;
      if (next_block_ == blocks_.size()) return Ok();
      MR_TRY(file_->ReadBlock(chapter_, blocks_[next_block_++], &raw_));
      cursor_ = StateCursor(raw_);
      is_new_block_ = true;
    }
    if (record_.tag == StateTag::kShared) return Disordered();
    place_ = record_.tag == StateTag::kDrop ? 0 : PlaceOf(record_.hash);
    if (!is_new_block_ && has_place && record_.space == space_before && place_ < place_before) {
      return Disordered();
    }
    is_new_block_ = false;
    return Ok();
  }

  bool has_record() const { return has_record_; }
  const StateRecord& record() const { return record_; }
  uint64_t place() const { return place_; }
  size_t layer() const { return layer_; }
  size_t number() const { return number_; }
  bool is_put() const { return record_.tag == StateTag::kPut; }

 private:
  Status Disordered() const {
    return Fail(
        ErrorCode::kDataCorrupted,
        fmt::format("'{}' is damaged: records of chapter '{}' are out of order", file_->path(), chapter_),
        "the data folder has to be restored from a copy");
  }

  const std::shared_ptr<const CheckpointFile> file_;
  const std::string chapter_;
  const size_t layer_;
  const size_t number_;
  const std::vector<BlockEntry> blocks_;
  size_t next_block_ = 0;
  std::string raw_;
  StateCursor cursor_{{}};
  StateRecord record_{};
  uint64_t place_ = 0;
  bool has_record_ = false;
  bool is_new_block_ = false;
};

ChapterMerge::ChapterMerge(std::span<const std::shared_ptr<const CheckpointFile>> files, std::string chapter,
                           const ChapterMergeOptions& options)
    : chapter_(std::move(chapter)), options_(options) {
  for (size_t layer = 0; layer < files.size(); ++layer) {
    const ChapterIndex* index = files[layer]->index().Find(chapter_);
    if (index == nullptr) continue;
    for (auto block = index->blocks.begin(); block != index->blocks.end();) {
      const auto end =
          std::find_if(block + 1, index->blocks.end(), [](const auto& b) { return b.starts_run; });
      std::vector<BlockEntry> wanted;
      std::copy_if(block, end, std::back_inserter(wanted), [&](const BlockEntry& entry) {
        return entry.has_drops ||
               (entry.place_min <= options_.place_max && entry.place_max >= options_.place_min);
      });
      if (!wanted.empty()) {
        runs_.push_back(
            std::make_unique<Run>(files[layer], chapter_, layer, runs_.size(), std::move(wanted)));
      }
      block = end;
    }
  }
}

ChapterMerge::~ChapterMerge() = default;

// Whether `a` comes behind `b`: of records of one key the one that counts comes first.
bool ChapterMerge::IsAfter(size_t a, size_t b) const {
  const Run& x = *runs_[a];
  const Run& y = *runs_[b];
  if (x.place() != y.place()) return x.place() > y.place();
  const int order = x.record().key.compare(y.record().key);
  if (order != 0) return order > 0;
  if (x.layer() != y.layer()) return x.layer() < y.layer();
  if (x.is_put() != y.is_put()) return y.is_put();
  return x.number() < y.number();
}

Status ChapterMerge::Start() {
  if (started_) return Ok();
  started_ = true;
  for (const auto& run : runs_) MR_TRY(run->Advance());
  return Ok();
}

Status ChapterMerge::TakeDrops(Run& run) {
  while (run.has_record() && run.record().tag == StateTag::kDrop && run.record().space == space_) {
    drops_.push_back({run.layer(), run.record().shard, run.record().shards});
    MR_TRY(run.Advance());
  }
  return Ok();
}

// Enters the next space; false if there is none.
Result<bool> ChapterMerge::NextSpace(RecordBlock* block) {
  const Run* first = nullptr;
  for (const auto& run : runs_) {
    if (run->has_record() && (first == nullptr || run->record().space < first->record().space))
      first = run.get();
  }
  if (first == nullptr) return false;
  space_.assign(first->record().space);
  in_space_ = true;
  drops_.clear();
  heap_.clear();
  for (size_t i = 0; i < runs_.size(); ++i) {
    Run& run = *runs_[i];
    if (!run.has_record() || run.record().space != space_) continue;
    MR_TRY(TakeDrops(run));
    if (run.has_record() && run.record().space == space_) heap_.push_back(i);
  }
  std::ranges::make_heap(heap_, [this](size_t a, size_t b) { return IsAfter(a, b); });
  if (options_.is_oldest) return true;
  std::vector<std::pair<uint32_t, uint32_t>> written;
  for (const Drop& drop : drops_) {
    const std::pair<uint32_t, uint32_t> shards(drop.shard, drop.shards);
    if (std::ranges::find(written, shards) != written.end()) continue;
    written.push_back(shards);
    block->Drop(space_, drop.shard, drop.shards);
  }
  return true;
}

bool ChapterMerge::IsDropped(const Run& run) const {
  return std::ranges::any_of(drops_, [&](const Drop& drop) {
    return drop.layer > run.layer() && ShardOf(run.record().hash, drop.shards) == drop.shard;
  });
}

void ChapterMerge::Write(const Run& run, RecordBlock* block) {
  const StateRecord& record = run.record();
  if (record.tag == StateTag::kPut) {
    block->Put(space_, run.place(), record.key, record.value);
  } else if (!options_.is_oldest) {
    block->Remove(space_, run.place(), record.key);
  }
}

// The run whose record is the first of the heap goes on to its next one.
Status ChapterMerge::AdvanceTop() {
  const auto is_after = [this](size_t a, size_t b) { return IsAfter(a, b); };
  std::ranges::pop_heap(heap_, is_after);
  Run& run = *runs_[heap_.back()];
  heap_.pop_back();
  const size_t number = run.number();
  MR_TRY(run.Advance());
  if (run.has_record() && run.record().space == space_) {
    heap_.push_back(number);
    std::ranges::push_heap(heap_, is_after);
  }
  return Ok();
}

// Writes the record that counts of the first key, if any does, and goes past all of that key.
Status ChapterMerge::MergeKey(RecordBlock* block) {
  const auto is_after = [this](size_t a, size_t b) { return IsAfter(a, b); };
  std::ranges::pop_heap(heap_, is_after);
  const size_t winner = heap_.back();
  heap_.pop_back();
  Run& run = *runs_[winner];
  while (!heap_.empty() && runs_[heap_.front()]->place() == run.place() &&
         runs_[heap_.front()]->record().key == run.record().key) {
    MR_TRY(AdvanceTop());
  }
  // What drops the record that counts drops the older ones too.
  if (drops_.empty() || !IsDropped(run)) Write(run, block);
  MR_TRY(run.Advance());
  if (run.has_record() && run.record().space == space_) {
    heap_.push_back(winner);
    std::ranges::push_heap(heap_, is_after);
  }
  return Ok();
}

Result<bool> ChapterMerge::Next(RecordBlock* block) {
  block->Clear();
  MR_TRY(Start());
  while (block->size() < options_.block_bytes) {
    if (!in_space_) {
      MR_ASSIGN(const bool has_space, NextSpace(block));
      if (!has_space) break;
    }
    if (heap_.empty()) {
      in_space_ = false;
      continue;
    }
    MR_TRY(MergeKey(block));
  }
  return !block->is_empty();
}

}  // namespace millrace::state
