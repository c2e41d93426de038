// Operators by themselves, on one core: rows a second from prepared batches to an output that drops them.
#include <benchmark/benchmark.h>

#include <random>

#include "functions/registry.h"
#include "operators/specs.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::Column;
using data::ColumnPtr;
using data::DataType;
using Source = WindowOutputColumn::Source;

constexpr int64_t kSecond = data::kMicrosPerSecond;
constexpr size_t kBatches = 1000;
constexpr int64_t kKeys = 100'000;

class NoOutput final : public Output {
 public:
  Status OnBatch(Batch batch) override {
    rows += batch.rows;
    return {};
  }
  Status OnWatermark(int64_t) override { return {}; }
  size_t rows = 0;
};

class NoSideOutput final : public SideOutput {
 public:
  void Late(const std::string&, const Batch&, size_t, const LateRow&) override {}
  void Failed(const std::string&, const Batch&, size_t, const Error&) override {}
};

NoOutput no_output;
NoSideOutput no_side_output;

OperatorContext Context() {
  OperatorContext context;
  context.output = &no_output;
  context.side_output = &no_side_output;
  return context;
}

// Key BIGINT of kKeys values, value BIGINT, rowtime TIMESTAMP over 40 s with a disorder of half a second,
// condition BOOLEAN, name STRING of kKeys values; with row watermarks a second behind.
struct Input {
  std::vector<DataType> types = {DataType::BigInt(), DataType::BigInt(), DataType::Timestamp(3),
                                 DataType::Boolean(), DataType::String()};
  std::vector<Batch> batches;
  std::vector<int64_t> watermarks;  // after each batch

  Input() {
    std::mt19937_64 random(1);
    const int64_t rows = kBatches * limits::kBatchRows;
    int64_t row = 0;
    int64_t watermark = data::kMinWatermark;
    for (size_t b = 0; b < kBatches; ++b) {
      auto key = Column::Make(types[0]);
      auto value = Column::Make(types[1]);
      auto time = Column::Make(types[2]);
      auto condition = Column::Make(types[3]);
      auto name = Column::Make(types[4]);
      auto before = std::make_shared<std::vector<int64_t>>();
      for (size_t i = 0; i < limits::kBatchRows; ++i, ++row) {
        const auto k = static_cast<int64_t>(random() % kKeys);
        const int64_t t = row * 40 * kSecond / rows - static_cast<int64_t>(random() % (kSecond / 2));
        key->Append<int64_t>(k);
        value->Append<int64_t>(static_cast<int64_t>(random() % 1000));
        time->Append<int64_t>(t);
        condition->Append<uint8_t>(random() % 2);
        name->AppendString("customer-" + std::to_string(k));
        before->push_back(watermark);
        watermark = std::max(watermark, t - kSecond);
      }
      Batch batch;
      batch.rows = limits::kBatchRows;
      batch.columns = {key, value, time, condition, name};
      batch.watermarks = before;
      batches.push_back(std::move(batch));
      watermarks.push_back(watermark);
    }
  }
};

const Input& TheInput() {
  static const Input input;
  return input;
}

AggregateCall Call(const std::string& name, std::vector<int> args) {
  functions::AggregateRequest request;
  for (const int arg : args) {
    request.arg_types.push_back(TheInput().types[arg]);
    request.literal_args.emplace_back();
  }
  return {.name = name,
          .function = functions::Registry::Get().BindAggregate(name, request).value(),
          .args = args,
          .filter = -1};
}

template <typename Make>
void Run(benchmark::State& state, Make&& make) {
  const Input& input = TheInput();
  size_t out_rows = 0;
  for (auto _ : state) {
    no_output.rows = 0;
    std::unique_ptr<Operator> op = make();
    for (size_t b = 0; b < input.batches.size(); ++b) {
      if (!op->OnBatch(0, input.batches[b]) || !op->OnWatermark(input.watermarks[b])) std::abort();
    }
    if (!op->OnWatermark(data::kMaxWatermark)) std::abort();
    out_rows = no_output.rows;
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatches * limits::kBatchRows));
  state.counters["rows_out"] = static_cast<double>(out_rows);
}

std::shared_ptr<WindowAggregateSpec> WindowSpecOf(WindowSpec window, int key,
                                                  std::vector<AggregateCall> calls) {
  auto spec = std::make_shared<WindowAggregateSpec>();
  spec->input_types = TheInput().types;
  spec->keys = {key};
  spec->window = window;
  spec->rowtime_column = 2;
  spec->aggregates = std::move(calls);
  spec->output = {{Source::kKey, 0, spec->input_types[key]},
                  {Source::kAggregate, 0, DataType::BigInt()},
                  {Source::kWindowStart, 0, DataType::Timestamp(3)},
                  {Source::kWindowEnd, 0, DataType::Timestamp(3)}};
  return spec;
}

void BM_TumbleCount(benchmark::State& state) {
  const auto spec =
      WindowSpecOf({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond}, 0, {Call("COUNT", {})});
  Run(state, [&] { return MakeWindowAggregate(spec, Context()); });
}
BENCHMARK(BM_TumbleCount)->Unit(benchmark::kMillisecond);

void BM_TumbleCountByString(benchmark::State& state) {
  const auto spec =
      WindowSpecOf({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond}, 4, {Call("COUNT", {})});
  Run(state, [&] { return MakeWindowAggregate(spec, Context()); });
}
BENCHMARK(BM_TumbleCountByString)->Unit(benchmark::kMillisecond);

void BM_TumbleCountSumMax(benchmark::State& state) {
  const auto spec = WindowSpecOf({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond}, 0,
                                 {Call("COUNT", {}), Call("SUM", {1}), Call("MAX", {1})});
  Run(state, [&] { return MakeWindowAggregate(spec, Context()); });
}
BENCHMARK(BM_TumbleCountSumMax)->Unit(benchmark::kMillisecond);

void BM_HopCount(benchmark::State& state) {
  const auto spec =
      WindowSpecOf({.kind = WindowKind::kHop, .size_micros = 20 * kSecond, .slide_micros = 5 * kSecond}, 0,
                   {Call("COUNT", {})});
  Run(state, [&] { return MakeWindowAggregate(spec, Context()); });
}
BENCHMARK(BM_HopCount)->Unit(benchmark::kMillisecond);

void BM_CumulateCount(benchmark::State& state) {
  const auto spec =
      WindowSpecOf({.kind = WindowKind::kCumulate, .size_micros = 20 * kSecond, .slide_micros = 5 * kSecond},
                   0, {Call("COUNT", {})});
  Run(state, [&] { return MakeWindowAggregate(spec, Context()); });
}
BENCHMARK(BM_CumulateCount)->Unit(benchmark::kMillisecond);

void BM_SessionCount(benchmark::State& state) {
  const auto spec =
      WindowSpecOf({.kind = WindowKind::kSession, .size_micros = 2 * kSecond}, 0, {Call("COUNT", {})});
  Run(state, [&] { return MakeWindowAggregate(spec, Context()); });
}
BENCHMARK(BM_SessionCount)->Unit(benchmark::kMillisecond);

void BM_GroupCount(benchmark::State& state) {
  auto spec = std::make_shared<GroupAggregateSpec>();
  spec->input_types = TheInput().types;
  spec->keys = {0};
  spec->aggregates = {Call("COUNT", {})};
  Run(state, [&] { return MakeGroupAggregate(spec, Context()); });
}
BENCHMARK(BM_GroupCount)->Unit(benchmark::kMillisecond);

// The cost of durability. Arguments: keys; 0 without, 1 with what changes noted, 2 with a Save every two
// million rows besides (about once a second).
void BM_GroupDurable(benchmark::State& state) {
  auto spec = std::make_shared<GroupAggregateSpec>();
  spec->input_types = TheInput().types;
  spec->keys = {0};
  spec->aggregates = {Call("COUNT", {}), Call("SUM", {1})};
  std::mt19937_64 random(7);
  std::vector<Batch> batches;
  for (const Batch& batch : TheInput().batches) {
    auto key = Column::Make(DataType::BigInt());
    for (size_t i = 0; i < batch.rows; ++i) {
      key->Append(static_cast<int64_t>(random() % static_cast<uint64_t>(state.range(0))));
    }
    batches.push_back(batch);
    batches.back().columns[0] = key;
  }
  OperatorContext context = Context();
  context.is_durable = state.range(1) > 0;
  context.spread_columns = {0};
  const auto op = MakeGroupAggregate(spec, context);
  const auto run = [&] {
    size_t saved = 0;
    for (size_t b = 0; b < batches.size(); ++b) {
      if (!op->OnBatch(0, batches[b])) std::abort();
      if (state.range(1) != 2 || (b + 1) % 1000 != 0) continue;
      state::StateWriter writer;
      op->Save(writer);
      saved += writer.size();
    }
    return saved;
  };
  for (int i = 0; i < 6; ++i) run();  // most keys are there
  size_t saved = 0;
  for (auto _ : state) saved = run();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatches * limits::kBatchRows));
  state.counters["saved_bytes"] = static_cast<double>(saved);
}
BENCHMARK(BM_GroupDurable)->ArgsProduct({{100'000, 10'000'000}, {0, 1, 2}})->Unit(benchmark::kMillisecond);

void BM_SelectDistinct(benchmark::State& state) {
  auto spec = std::make_shared<GroupAggregateSpec>();
  spec->input_types = TheInput().types;
  spec->keys = {0};
  Run(state, [&] { return MakeGroupAggregate(spec, Context()); });
}
BENCHMARK(BM_SelectDistinct)->Unit(benchmark::kMillisecond);

// Top 3 by value of each of 100 k keys.
void BM_TopN(benchmark::State& state) {
  auto spec = std::make_shared<RankSpec>();
  spec->input_types = TheInput().types;
  spec->partition_keys = {0};
  spec->order = {{.column = 1, .ascending = false}};
  spec->end = 3;
  Run(state, [&] { return MakeRank(spec, Context()); });
}
BENCHMARK(BM_TopN)->Unit(benchmark::kMillisecond);

// The 100 greatest of all.
void BM_TopNGlobal(benchmark::State& state) {
  auto spec = std::make_shared<RankSpec>();
  spec->input_types = TheInput().types;
  spec->order = {{.column = 1, .ascending = false}, {.column = 0}};
  spec->end = 100;
  Run(state, [&] { return MakeRank(spec, Context()); });
}
BENCHMARK(BM_TopNGlobal)->Unit(benchmark::kMillisecond);

void BM_DeduplicateFirst(benchmark::State& state) {
  auto spec = std::make_shared<DeduplicateSpec>();
  spec->input_types = TheInput().types;
  spec->keys = {0};
  Run(state, [&] { return MakeDeduplicate(spec, Context()); });
}
BENCHMARK(BM_DeduplicateFirst)->Unit(benchmark::kMillisecond);

void BM_DeduplicateLastRowtime(benchmark::State& state) {
  auto spec = std::make_shared<DeduplicateSpec>();
  spec->input_types = TheInput().types;
  spec->keys = {0};
  spec->rowtime_column = 2;
  spec->keep_last = true;
  Run(state, [&] { return MakeDeduplicate(spec, Context()); });
}
BENCHMARK(BM_DeduplicateLastRowtime)->Unit(benchmark::kMillisecond);

// Half the rows, three of five columns.
void BM_CalcFilterProject(benchmark::State& state) {
  auto spec = std::make_shared<CalcSpec>();
  const auto& types = TheInput().types;
  spec->filter = functions::MakeColumn(3, types[3]);
  for (const int i : {0, 1, 2}) spec->projections.push_back(functions::MakeColumn(i, types[i]));
  Run(state, [&] { return MakeCalc(spec, Context()); });
}
BENCHMARK(BM_CalcFilterProject)->Unit(benchmark::kMillisecond);

void BM_WatermarkAssigner(benchmark::State& state) {
  auto spec = std::make_shared<WatermarkAssignerSpec>();
  spec->rowtime_column = 2;
  spec->watermark = functions::MakeColumn(2, TheInput().types[2]);
  Run(state, [&] { return MakeWatermarkAssigner(spec, Context()); });
}
BENCHMARK(BM_WatermarkAssigner)->Unit(benchmark::kMillisecond);

void BM_WindowAssignTumble(benchmark::State& state) {
  auto spec = std::make_shared<WindowAssignSpec>();
  spec->input_types = TheInput().types;
  spec->rowtime_column = 2;
  spec->window = {.kind = WindowKind::kTumble, .size_micros = 10 * kSecond};
  Run(state, [&] { return MakeWindowAssign(spec, Context()); });
}
BENCHMARK(BM_WindowAssignTumble)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::operators
