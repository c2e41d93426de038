// CopyInRows: the rows of COPY table FROM STDIN, kept until they are complete, or until COMMIT.
//
// Outside of a transaction they go into the table as one unit at the end. Of more than PendingWrites keeps,
// what there is goes in when it is full, as a unit each time: such a COPY is not all or nothing.
#pragma once

#include <memory>
#include <vector>

#include "session/pending_writes.h"
#include "session/result_stream.h"

namespace millrace::session {

class CopyInRows final : public CopyIn {
 public:
  // `columns`: the places of those the client sends among the columns of the table, the others come NULL.
  CopyInRows(PendingWrites* writes, std::shared_ptr<dataflow::Ingest> ingest, std::vector<int> columns,
             bool in_transaction);
  ~CopyInRows() override;
  const data::Schema& schema() const override { return schema_; }
  Result<bool> TryPush(data::Batch* batch, const std::function<void()>& wake) override;
  Result<int64_t> Finish() override;
  int64_t rows_taken() const override { return rows_taken_; }

 private:
  PendingWrites& writes_;
  std::shared_ptr<dataflow::Ingest> ingest_;
  std::vector<int> columns_;
  const bool in_transaction_;
  data::Schema schema_;
  int64_t rows_ = 0;
  int64_t rows_taken_ = 0;
};

}  // namespace millrace::session
