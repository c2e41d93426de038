#include "session/subscription_stream.h"

namespace millrace::session {

data::Schema SubscriptionStream::SchemaOf(const data::Schema& table) {
  data::Schema schema;
  schema.Add("mr_epoch", data::DataType::BigInt().NotNull());
  schema.Add("mr_op", data::DataType::String().NotNull());
  for (const data::Field& field : table) schema.Add(field.name, field.type.WithNullable(true));
  return schema;
}

SubscriptionStream::SubscriptionStream(std::unique_ptr<dataflow::Subscription> subscription, bool progress)
    : subscription_(std::move(subscription)),
      progress_(progress),
      schema_(SchemaOf(subscription_->schema())) {}

data::Batch SubscriptionStream::ProgressRow(int64_t epoch) const {
  data::Batch batch;
  batch.rows = 1;
  for (size_t i = 0; i < schema_.size(); ++i) {
    auto column = data::Column::Make(schema_[i].type, 1);
    if (i == 0) {
      column->Append<int64_t>(epoch);
    } else if (i == 1) {
      column->AppendString("P");
    } else {
      column->AppendNull();
    }
    batch.columns.push_back(std::move(column));
  }
  return batch;
}

data::Batch SubscriptionStream::ChangeRows(const data::Batch& changes, int64_t epoch) {
  data::Batch batch;
  batch.rows = changes.rows;
  auto epochs = data::Column::Make(data::DataType::BigInt().NotNull(), changes.rows);
  auto ops = data::Column::Make(data::DataType::String().NotNull(), changes.rows);
  for (size_t row = 0; row < changes.rows; ++row) {
    epochs->Append<int64_t>(epoch);
    ops->AppendString(data::RowKindName(changes.kind(row)));
  }
  batch.columns.push_back(std::move(epochs));
  batch.columns.push_back(std::move(ops));
  for (const data::ColumnPtr& column : changes.columns) batch.columns.push_back(column);
  return batch;
}

Result<ResultStream::Step> SubscriptionStream::Next(const std::function<void()>& wake) {
  using Kind = dataflow::Subscription::Event::Kind;
  while (true) {
    std::optional<dataflow::Subscription::Event> event = subscription_->TryNext(wake);
    if (!event.has_value()) return Step{Step::Kind::kLater};
    switch (event->kind) {
      case Kind::kEnd:
        return Step{};
      case Kind::kLagged:
        return Fail(
            ErrorCode::kConfigurationLimitExceeded, event->reason,
            "read faster, or subscribe again: a new subscription begins with the rows as they are then");
      case Kind::kEpoch:
        if (!progress_) continue;
        return Step{Step::Kind::kBatch, ProgressRow(event->epoch)};
      case Kind::kSnapshot:
      case Kind::kChanges:
        break;
    }
    if (event->batch.rows == 0) continue;
    return Step{Step::Kind::kBatch, ChangeRows(event->batch, event->epoch)};
  }
}

}  // namespace millrace::session
