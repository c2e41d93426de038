// CopyInRows: the rows of COPY table FROM STDIN, pushed as they come or kept until COMMIT.
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
  const data::Schema& schema() const override { return schema_; }
  Result<bool> TryPush(data::Batch* batch, const std::function<void()>& wake) override;
  Result<int64_t> Finish() override;

 private:
  PendingWrites& writes_;
  std::shared_ptr<dataflow::Ingest> ingest_;
  std::vector<int> columns_;
  const bool in_transaction_;
  data::Schema schema_;
  int64_t rows_ = 0;
};

}  // namespace millrace::session
