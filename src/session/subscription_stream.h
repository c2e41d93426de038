// SubscriptionStream: the changes of a table as rows (mr_epoch, mr_op, columns of the table).
//
// mr_op is +I, -U, +U or -D; with progress, a row with mr_op 'P' and NULLs ends each epoch. The snapshot's
// rows come first, as +I.
#pragma once

#include <memory>

#include "dataflow/subscription.h"
#include "session/result_stream.h"

namespace millrace::session {

class SubscriptionStream final : public ResultStream {
 public:
  SubscriptionStream(std::unique_ptr<dataflow::Subscription> subscription, bool progress);
  const data::Schema& schema() const override { return schema_; }
  Result<Step> Next(const std::function<void()>& wake) override;

  // Of the rows of a subscription to a table with these columns.
  static data::Schema SchemaOf(const data::Schema& table);
  // Changes as such rows.
  static data::Batch ChangeRows(const data::Batch& changes, int64_t epoch);

 private:
  data::Batch ProgressRow(int64_t epoch) const;

  std::unique_ptr<dataflow::Subscription> subscription_;
  const bool progress_;
  data::Schema schema_;
};

}  // namespace millrace::session
