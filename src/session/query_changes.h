// QueryChanges: SELECT ... EMIT CHANGES: the changes of a query that runs for as long as they are read.
//
// A job of its own hands its changes to a bounded queue; a reader that falls behind gets an error and the job
// ends. Rows are those of SubscriptionStream; mr_epoch is the epoch that the change is part of.
#pragma once

#include <memory>

#include "dataflow/warehouse.h"
#include "session/result_stream.h"

namespace millrace::session {

class QueryChanges final : public ResultStream {
 public:
  // Starts the job. The warehouse must outlive the stream.
  static Result<std::unique_ptr<ResultStream>> Start(dataflow::Warehouse* warehouse,
                                                     dataflow::Warehouse::Request request);
  ~QueryChanges() override;
  const data::Schema& schema() const override { return schema_; }
  Result<Step> Next(const std::function<void()>& wake) override;

 private:
  class Queue;
  QueryChanges(dataflow::Warehouse* warehouse, data::Schema schema, std::shared_ptr<Queue> queue)
      : warehouse_(*warehouse), schema_(std::move(schema)), queue_(std::move(queue)) {}

  dataflow::Warehouse& warehouse_;
  const data::Schema schema_;
  const std::shared_ptr<Queue> queue_;
  std::shared_ptr<dataflow::Job> job_;
};

}  // namespace millrace::session
