#include "operators/session_assign.h"

#include <algorithm>
#include <string>

#include "operators/row_emitter.h"
#include "operators/saved_state.h"
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
  explicit CollectRows(const std::vector<data::DataType>& types) : result_type_(RowsType(types)) {
    for (const data::DataType& type : types) columns_.push_back(data::Column::Make(type, 0));
  }

  const data::DataType& result_type() const override { return result_type_; }
  size_t state_bytes() const override { return sizeof(State*); }
  bool owns_memory() const override { return true; }
  size_t MemoryBytes(const std::byte* state) const override {
    size_t bytes = RowsOf(state).capacity() * sizeof(Row);
    for (const Row& row : RowsOf(state)) bytes += row.bytes.capacity();
    return bytes;
  }
  void Init(std::byte* state) const override { *reinterpret_cast<State**>(state) = new State; }
  void Destroy(std::byte* state) const override { delete *reinterpret_cast<State**>(state); }

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

  // A tracked session is saved by row: each under its number.
  void Save(const std::byte* state, std::string* out) const override {
    const State& session = StateOf(state);
    PutNumber(static_cast<uint64_t>(session.is_tracked ? 0 : session.rows.size()), out);
    if (session.is_tracked) return;
    for (const Row& row : session.rows) {
      PutNumber(row.sequence, out);
      PutSized(row.bytes, out);
    }
  }
  Status Load(std::string_view* in, std::byte* state) const override {
    uint64_t rows = 0;
    MR_TRY(TakeNumber(in, &rows));
    for (uint64_t i = 0; i < rows; ++i) {
      int64_t sequence = 0;
      std::string_view bytes;
      MR_TRY(TakeCount(in, &sequence));
      MR_TRY(TakeSized(in, &bytes));
      MR_TRY(AddRow(sequence, bytes, state));
    }
    return {};
  }

  bool has_elements() const override { return true; }
  void TrackElements(std::byte* state) const override { StateOf(state).is_tracked = true; }
  void TakeElements(std::byte* state, functions::ElementChanges* changes) const override {
    State& session = StateOf(state);
    std::string key;
    for (; session.saved < session.rows.size(); ++session.saved) {
      key.clear();
      PutNumber(session.rows[session.saved].sequence, &key);
      changes->Put(key, session.rows[session.saved].bytes);
    }
  }
  void DropElements(std::byte* state, functions::ElementChanges* changes) const override {
    const State& session = StateOf(state);
    std::string key;
    for (size_t i = 0; i < session.saved; ++i) {
      key.clear();
      PutNumber(session.rows[i].sequence, &key);
      changes->Remove(key);
    }
  }
  Status LoadElement(std::string_view key, std::string_view value, std::byte* state) const override {
    int64_t sequence = 0;
    MR_TRY(TakeCount(&key, &sequence));
    MR_TRY(ExpectEnd(key));
    MR_TRY(AddRow(sequence, value, state));
    StateOf(state).saved = StateOf(state).rows.size();
    return {};
  }

 private:
  struct Row {
    int64_t sequence;
    std::string bytes;
  };
  using Rows = std::vector<Row>;
  struct State {
    Rows rows;
    size_t saved = 0;  // the first so many
    bool is_tracked = false;
  };
  static State& StateOf(const std::byte* state) { return **reinterpret_cast<State* const*>(state); }
  static Rows& RowsOf(const std::byte* state) { return StateOf(state).rows; }

  Status AddRow(int64_t sequence, std::string_view bytes, std::byte* state) const {
    if (!data::IsEncodedKey(bytes, columns_)) return state::BadState("a row is not one of the input's types");
    RowsOf(state).push_back({sequence, std::string(bytes)});
    return {};
  }

  data::DataType result_type_;
  std::vector<MutableColumnPtr> columns_;  // empty, of the rows' types
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
