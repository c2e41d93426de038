#include "operators/session_assign.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "operators/row_emitter.h"
#include "operators/session_aggregate.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::ColumnPtr;
using data::MutableColumnPtr;

data::DataType RowsType(const std::vector<data::DataType>& types) {
  std::vector<data::RowField> fields;
  for (size_t i = 0; i < types.size(); ++i) fields.push_back({"f" + std::to_string(i), types[i]});
  return data::DataType::Array(data::DataType::Row(std::move(fields)));
}

// Collects whole rows: a session without aggregation is the aggregation of its rows into a list.
class CollectRows final : public functions::Aggregate {
 public:
  explicit CollectRows(const std::vector<data::DataType>& types) : result_type_(RowsType(types)) {}

  const data::DataType& result_type() const override { return result_type_; }
  size_t state_bytes() const override { return sizeof(Rows*); }
  bool owns_memory() const override { return true; }
  size_t MemoryBytes(const std::byte* state) const override {
    size_t bytes = RowsOf(state).capacity() * sizeof(Row);
    for (const Row& row : RowsOf(state)) bytes += row.bytes.capacity();
    return bytes;
  }
  void Init(std::byte* state) const override { *reinterpret_cast<Rows**>(state) = new Rows; }
  void Destroy(std::byte* state) const override { delete *reinterpret_cast<Rows**>(state); }

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args, std::span<const int8_t>,
              functions::EvalContext& context) const override {
    for (size_t i = 0; i < states.size(); ++i) {
      Row& row = RowsOf(states[i]).emplace_back();
      row.sequence = context.sequence + static_cast<int64_t>(i);
      data::EncodeKey(args, i, &row.bytes);
    }
  }

  void Merge(std::span<std::byte* const> into, std::span<std::byte* const> from) const override {
    for (size_t i = 0; i < into.size(); ++i) {
      const Rows& rows = RowsOf(from[i]);
      RowsOf(into[i]).insert(RowsOf(into[i]).end(), rows.begin(), rows.end());
    }
  }

  void Finalize(std::span<std::byte* const> states, data::Column* result,
                functions::EvalContext&) const override {
    for (std::byte* state : states) {
      Rows rows = RowsOf(state);
      std::ranges::sort(rows, {}, &Row::sequence);
      data::Column& elements = result->mutable_child(0);
      const data::ListEntry entry{elements.size(), rows.size()};
      std::vector<MutableColumnPtr> fields;
      for (const auto& field : elements.type().fields()) fields.push_back(data::Column::Make(field.type, 0));
      for (const Row& row : rows) data::DecodeKey(row.bytes, fields);
      elements.Resize(entry.offset + entry.length);
      for (size_t field = 0; field < fields.size(); ++field) {
        data::Column& target = elements.mutable_child(field);
        target.Resize(entry.offset);
        for (size_t i = 0; i < rows.size(); ++i) target.AppendRow(*fields[field], i);
      }
      result->Append(entry);
    }
  }

  void Save(const std::byte* state, std::string* out) const override {
    const auto put = [&](uint64_t value) { out->append(reinterpret_cast<const char*>(&value), 8); };
    put(RowsOf(state).size());
    for (const Row& row : RowsOf(state)) {
      put(static_cast<uint64_t>(row.sequence));
      put(row.bytes.size());
      out->append(row.bytes);
    }
  }
  Status Load(std::string_view* in, std::byte* state) const override {
    bool is_cut = false;
    const auto get = [&]() -> uint64_t {
      uint64_t value = 0;
      is_cut = is_cut || in->size() < 8;
      if (is_cut) return 0;
      std::memcpy(&value, in->data(), 8);
      in->remove_prefix(8);
      return value;
    };
    for (uint64_t left = get(); left > 0 && !is_cut; --left) {
      Row& row = RowsOf(state).emplace_back();
      row.sequence = static_cast<int64_t>(get());
      const uint64_t size = get();
      is_cut = is_cut || in->size() < size;
      if (is_cut) break;
      row.bytes = in->substr(0, size);
      in->remove_prefix(size);
    }
    if (is_cut) return Fail(ErrorCode::kInternal, "the saved rows of a session are cut short");
    return {};
  }

 private:
  struct Row {
    int64_t sequence;
    std::string bytes;
  };
  using Rows = std::vector<Row>;
  static Rows& RowsOf(const std::byte* state) { return **reinterpret_cast<Rows* const*>(state); }

  data::DataType result_type_;
};

// Turns [rows, window_start, window_end, window_time] into the rows with their window.
class Flattened final : public Output {
 public:
  explicit Flattened(Output* output) : output_(output) {}

  Status OnBatch(Batch batch) override {
    const data::Column& lists = *batch.columns[0];
    std::vector<ColumnPtr> columns(lists.child(0).children().begin(), lists.child(0).children().end());
    std::vector<uint32_t> element_rows;
    std::vector<uint32_t> window_rows;
    for (size_t row = 0; row < batch.rows; ++row) {
      const data::ListEntry entry = lists.values<data::ListEntry>()[row];
      for (uint64_t i = 0; i < entry.length; ++i) {
        element_rows.push_back(static_cast<uint32_t>(entry.offset + i));
        window_rows.push_back(static_cast<uint32_t>(row));
      }
    }
    for (size_t offset = 0; offset < element_rows.size(); offset += limits::kBatchRows) {
      Batch result;
      result.rows = std::min(limits::kBatchRows, element_rows.size() - offset);
      for (const auto& column : columns) {
        result.columns.push_back(
            data::Gather(column, std::span<const uint32_t>(element_rows).subspan(offset, result.rows)));
      }
      for (size_t i = 1; i < batch.columns.size(); ++i) {
        result.columns.push_back(data::Gather(
            batch.columns[i], std::span<const uint32_t>(window_rows).subspan(offset, result.rows)));
      }
      MR_TRY(output_->OnBatch(std::move(result)));
    }
    return {};
  }
  Status OnWatermark(int64_t watermark) override { return output_->OnWatermark(watermark); }

 private:
  Output* output_;
};

class SessionAssign final : public Operator {
 public:
  SessionAssign(const WindowAssignSpec& spec, OperatorContext context)
      : Operator(std::move(context)), flattened_(context_.output) {
    auto sessions = std::make_shared<WindowAggregateSpec>();
    sessions->input_types = spec.input_types;
    sessions->keys = spec.partition_keys;
    sessions->window = spec.window;
    sessions->rowtime_column = spec.rowtime_column;
    const data::DataType& rowtime_type = spec.input_types[spec.rowtime_column];
    sessions->is_ltz = rowtime_type.kind() == data::TypeKind::kTimestampLtz;
    AggregateCall collect{
        .name = "rows", .function = std::make_shared<CollectRows>(spec.input_types), .args = {}};
    for (size_t i = 0; i < spec.input_types.size(); ++i) collect.args.push_back(static_cast<int>(i));
    sessions->aggregates.push_back(std::move(collect));
    using Source = WindowOutputColumn::Source;
    const data::DataType bound_type = data::DataType::Timestamp(3).NotNull();
    sessions->output = {{Source::kAggregate, 0, sessions->aggregates[0].function->result_type()},
                        {Source::kWindowStart, 0, bound_type},
                        {Source::kWindowEnd, 0, bound_type},
                        {Source::kWindowTime, 0, rowtime_type.NotNull()}};
    OperatorContext inner = context_;
    inner.output = &flattened_;
    inner.early_fire = false;
    sessions_ = MakeSessionAggregate(std::move(sessions), std::move(inner));
  }

  Status OnBatch(int input, Batch batch) override { return sessions_->OnBatch(input, std::move(batch)); }
  Status OnWatermark(int64_t watermark) override { return sessions_->OnWatermark(watermark); }
  void Save(state::StateWriter& writer) override { sessions_->Save(writer); }
  Status Restore(state::StateReader& reader) override { return sessions_->Restore(reader); }
  size_t StateBytes() const override { return sessions_->StateBytes(); }
  size_t StateEntries() const override { return sessions_->StateEntries(); }

 private:
  Flattened flattened_;
  std::unique_ptr<Operator> sessions_;
};

}  // namespace

std::unique_ptr<Operator> MakeSessionAssign(std::shared_ptr<const WindowAssignSpec> spec,
                                            OperatorContext context) {
  return std::make_unique<SessionAssign>(*spec, std::move(context));
}

}  // namespace millrace::operators
