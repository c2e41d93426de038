// From plan nodes to operators: the one place that knows both vocabularies.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"
#include "plan/logical_plan.h"

namespace millrace::dataflow {

// The operator of a node that is neither a scan, values nor a sink. Several instances may be made of one
// node; they share its configuration.
class OperatorFactory {
 public:
  static Result<OperatorFactory> For(const plan::PlanNode& node);
  std::unique_ptr<operators::Operator> Make(operators::OperatorContext context) const {
    return make_(std::move(context));
  }

 private:
  using MakeFn = std::function<std::unique_ptr<operators::Operator>(operators::OperatorContext)>;
  explicit OperatorFactory(MakeFn make) : make_(std::move(make)) {}
  MakeFn make_;
};

// The rows of VALUES.
std::vector<data::Batch> BatchesOf(const plan::ValuesNode& values);

// What a keyed table without connector puts before itself: INSERTs by key become a full changelog.
std::unique_ptr<operators::Operator> MakeTableNormalize(const data::Schema& schema,
                                                        const std::vector<int>& key,
                                                        operators::OperatorContext context);

}  // namespace millrace::dataflow
