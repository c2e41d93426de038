// Operators that restore what damage has left of their own state: an error, or an operator that runs on.
//
// The first byte says which operator; each three bytes that follow change a byte of what it has saved (place,
// value), or cut it there (value 0 at an odd place).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "data/batch_builder.h"
#include "functions/registry.h"
#include "operators/specs.h"

namespace {

using namespace millrace;
using namespace millrace::operators;
using data::DataType;

constexpr int64_t kSecond = data::kMicrosPerSecond;

struct Ignored final : Output, SideOutput {
  Status OnBatch(data::Batch) override { return {}; }
  Status OnWatermark(int64_t) override { return {}; }
  void Late(const std::string&, const data::Batch&, size_t, const LateRow&) override {}
  void Failed(const std::string&, const data::Batch&, size_t, const Error&) override {}
};
Ignored ignored;

std::vector<DataType> Types() {
  return {DataType::String(), DataType::BigInt(), DataType::Timestamp(3)};
}

// Forty rows of two keys, over twenty seconds.
data::Batch Rows() {
  data::BatchBuilder builder(Types());
  for (int64_t i = 0; i < 40; ++i) {
    builder.column(0).AppendString(i % 3 == 0 ? "key" : "a key of more than twelve bytes");
    builder.column(1).Append<int64_t>(i * 7 % 40);
    builder.column(2).Append<int64_t>((i % 20) * kSecond);
    builder.FinishRow(data::RowKind::kInsert);
  }
  return builder.Build();
}

AggregateCall Call(const std::string& name, std::vector<int> args, bool distinct) {
  functions::AggregateRequest request;
  for (const int arg : args) {
    request.arg_types.push_back(Types()[static_cast<size_t>(arg)]);
    request.literal_args.emplace_back();
  }
  request.distinct = distinct;
  request.with_retractions = true;
  return {name, functions::Registry::Get().BindAggregate(name, request).value(), std::move(args), -1};
}

std::vector<AggregateCall> Calls() {
  return {Call("COUNT", {1}, true),   Call("SUM", {1}, true),        Call("MIN", {0}, false),
          Call("LISTAGG", {0}, true), Call("ARRAY_AGG", {1}, false), Call("COLLECT", {1}, false)};
}

std::unique_ptr<Operator> Make(unsigned which) {
  OperatorContext context;
  context.output = &ignored;
  context.side_output = &ignored;
  context.is_durable = true;
  context.state_ttl_micros = which % 2 == 0 ? 0 : 3600 * kSecond;
  context.early_fire = which % 2 == 0;
  switch (which / 2 % 6) {
    case 0: {
      auto spec = std::make_shared<GroupAggregateSpec>();
      spec->input_types = Types();
      spec->keys = {0};
      spec->aggregates = Calls();
      spec->input_retracts = true;
      return MakeGroupAggregate(spec, context);
    }
    case 1: {
      auto spec = std::make_shared<RankSpec>();
      spec->input_types = Types();
      spec->partition_keys = {0};
      spec->order = {{.column = 1}};
      spec->end = 5;
      spec->input_retracts = which % 3 == 0;
      return MakeRank(spec, context);
    }
    case 2: {
      auto spec = std::make_shared<DeduplicateSpec>();
      spec->input_types = Types();
      spec->keys = {0, 1};
      spec->keep_last = true;
      spec->rowtime_column = 2;
      return MakeDeduplicate(spec, context);
    }
    case 3: {
      auto spec = std::make_shared<TemporalSortSpec>();
      spec->input_types = Types();
      spec->rowtime_column = 2;
      return MakeTemporalSort(spec, context);
    }
    default: {
      constexpr WindowKind kKinds[] = {WindowKind::kTumble, WindowKind::kHop, WindowKind::kCumulate,
                                       WindowKind::kSession};
      auto spec = std::make_shared<WindowAggregateSpec>();
      spec->input_types = Types();
      spec->keys = {0};
      spec->rowtime_column = 2;
      spec->aggregates = Calls();
      spec->input_retracts = true;
      spec->window = {
          .kind = kKinds[which / 16 % 4], .size_micros = 10 * kSecond, .slide_micros = 5 * kSecond};
      using Source = WindowOutputColumn::Source;
      spec->output = {{Source::kKey, 0, DataType::String()}};
      for (size_t i = 0; i < spec->aggregates.size(); ++i) {
        spec->output.push_back(
            {Source::kAggregate, static_cast<int>(i), spec->aggregates[i].function->result_type()});
      }
      spec->output.push_back({Source::kWindowEnd, 0, DataType::Timestamp(3)});
      return MakeWindowAggregate(spec, context);
    }
  }
}

std::string SavedBy(unsigned which) {
  const auto op = Make(which);
  if (!op->OnBatch(0, Rows()) || !op->OnEpoch(kSecond)) std::abort();
  state::StateWriter writer;
  op->Save(writer);
  return std::string(writer.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const unsigned which = data[0];
  std::string bytes = SavedBy(which);
  for (size_t i = 1; i + 3 <= size && !bytes.empty(); i += 3) {
    const size_t place = (data[i] * size_t{256} + data[i + 1]) % bytes.size();
    if (data[i + 2] == 0 && place % 2 == 1) {
      bytes.resize(place);
    } else {
      bytes[place] = static_cast<char>(data[i + 2]);
    }
  }
  std::vector<state::StateBuffer> buffers(1);
  buffers[0].Append(bytes);
  state::StateLayers layers;
  layers.Add(std::move(buffers));
  state::StateReader reader(&layers);
  const auto op = Make(which);
  if (!op->Restore(reader)) return 0;
  if (!op->OnBatch(0, Rows()) || !op->OnEpoch(2 * kSecond)) std::abort();
  state::StateWriter writer;
  op->Save(writer);
  if (!op->OnWatermark(data::kMaxWatermark)) std::abort();
  return 0;
}
