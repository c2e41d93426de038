#include "session/pending_writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "data/batch_builder.h"

namespace millrace::session {
namespace {

// How many small pieces wait before they are merged.
constexpr size_t kSmallPiecesMax = 256;

// Single rows weigh more than their values: what a batch itself takes counts.
size_t BytesOf(const data::Batch& batch) {
  size_t bytes = sizeof(data::Batch);
  for (const data::ColumnPtr& column : batch.columns) bytes += sizeof(data::Column) + column->MemoryBytes();
  return bytes;
}

}  // namespace

bool PendingWrites::HasRoomFor(const data::Batch& batch) const {
  return bytes_ + BytesOf(batch) <= bytes_max_;
}

PendingWrites::Table& PendingWrites::TableOf(const std::shared_ptr<dataflow::Ingest>& ingest) {
  const auto found = std::find_if(tables_.begin(), tables_.end(),
                                  [&](const Table& table) { return table.ingest == ingest; });
  if (found != tables_.end()) return *found;
  return tables_.emplace_back(Table{ingest, {}, 0});
}

Status PendingWrites::Keep(const std::shared_ptr<dataflow::Ingest>& ingest, data::Batch batch) {
  MR_TRY(ingest->Check(batch));
  if (!HasRoomFor(batch)) {
    return Fail(ErrorCode::kProgramLimitExceeded,
                fmt::format("a transaction keeps at most {} MB of rows until COMMIT", bytes_max_ >> 20),
                "write so many rows in several transactions, or by a COPY outside of one");
  }
  Table& table = TableOf(ingest);
  const bool is_small = batch.rows <= limits::kIngestMergeRows;
  const size_t bytes = BytesOf(batch);
  bytes_ += bytes;
  table.pieces.push_back({std::move(batch), bytes, mark_});
  table.small_pieces = is_small ? table.small_pieces + 1 : 0;
  if (table.small_pieces == kSmallPiecesMax) MergeSmallPieces(&table);
  return {};
}

// Rows that came one by one become batches, unless a savepoint lies between them.
void PendingWrites::MergeSmallPieces(Table* table) {
  std::vector<Piece> small(std::make_move_iterator(table->pieces.end() - table->small_pieces),
                           std::make_move_iterator(table->pieces.end()));
  table->pieces.resize(table->pieces.size() - table->small_pieces);
  table->small_pieces = 0;
  data::BatchBuilder builder(table->ingest->schema());
  for (size_t i = 0; i < small.size(); ++i) {
    const data::Batch& batch = small[i].batch;
    bytes_ -= small[i].bytes;
    for (size_t row = 0; row < batch.rows; ++row) builder.AppendRow(batch, row, batch.kind(row));
    const bool is_last = i + 1 == small.size() || small[i + 1].mark != small[i].mark ||
                         builder.rows() + small[i + 1].batch.rows > limits::kBatchRows;
    if (!is_last) continue;
    data::Batch merged = builder.Build();
    const size_t bytes = BytesOf(merged);
    bytes_ += bytes;
    table->pieces.push_back({std::move(merged), bytes, small[i].mark});
  }
}

Result<bool> PendingWrites::TryPush(const std::function<void()>& wake) {
  if (pushing_ == nullptr) {
    if (tables_.empty()) return true;
    pushing_ = std::make_unique<dataflow::PushGroup>();
    for (Table& table : tables_) {
      std::vector<data::Batch> batches;
      batches.reserve(table.pieces.size());
      for (Piece& piece : table.pieces) batches.push_back(std::move(piece.batch));
      pushing_->Add(std::move(table.ingest), std::move(batches));
    }
    tables_.clear();
  }
  const Result<bool> pushed = pushing_->TryPush(wake);
  if (!pushed.has_value() || *pushed) Rollback();
  return pushed;
}

Status PendingWrites::PushAll() {
  while (true) {
    if (pushing_ == nullptr || !pushing_->is_given()) MR_TRY(interruptible_.Check());
    MR_ASSIGN(const bool is_taken, TryPush(interruptible_.Waker()));
    if (is_taken) return {};
    if (pushing_->is_given()) {
      interruptible_.WaitForWaker();
    } else {
      MR_TRY(interruptible_.Wait());
    }
  }
}

Result<PendingWrites::Taken> PendingWrites::Commit() {
  if (tables_.empty() && pushing_ == nullptr) return Taken::kVisible;
  const Status taken = PushAll();
  Rollback();
  MR_TRY(taken);
  return AwaitVisible().has_value() ? Taken::kVisible : Taken::kUnseen;
}

Status PendingWrites::AwaitVisible() const {
  auto is_visible = std::make_shared<std::atomic<bool>>(false);
  warehouse_.WhenVisible([is_visible, wake = interruptible_.Waker()] {
    is_visible->store(true);
    wake();
  });
  while (!is_visible->load()) MR_TRY(interruptible_.Wait());
  return {};
}

void PendingWrites::Rollback() {
  tables_.clear();
  pushing_ = nullptr;
  bytes_ = 0;
  mark_ = 0;
}

void PendingWrites::RollbackTo(size_t mark) {
  for (Table& table : tables_) {
    while (!table.pieces.empty() && table.pieces.back().mark >= mark) {
      bytes_ -= table.pieces.back().bytes;
      table.pieces.pop_back();
      table.small_pieces -= table.small_pieces > 0 ? 1 : 0;
    }
  }
  std::erase_if(tables_, [](const Table& table) { return table.pieces.empty(); });
}

}  // namespace millrace::session
