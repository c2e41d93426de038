// Speed of scalar expressions: rows a second of filter and project kernels, on batches of 2,048 rows.
#include <benchmark/benchmark.h>

#include <random>

#include "data/batch.h"
#include "functions/registry.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::DataType;
using data::Value;

constexpr size_t kRows = limits::kBatchRows;

enum ColumnIndex { kA, kB, kDoubleX, kText, kTime, kPrice, kNumberText, kNullableA };

const std::vector<DataType>& Types() {
  static const std::vector<DataType> types = {
      DataType::BigInt(),     DataType::BigInt(),       DataType::Double(), DataType::String(),
      DataType::Timestamp(3), DataType::Decimal(10, 2), DataType::String(), DataType::BigInt()};
  return types;
}

data::Batch MakeBatch() {
  std::mt19937_64 random(7);
  data::Batch batch;
  batch.rows = kRows;
  std::vector<data::MutableColumnPtr> columns;
  for (const DataType& type : Types()) columns.push_back(Column::Make(type, kRows));
  const char* const words[] = {"pv", "buy", "cart", "fav", "a page with a longer name"};
  for (size_t i = 0; i < kRows; ++i) {
    columns[kA]->Append<int64_t>(static_cast<int64_t>(random() % 1'000'000));
    columns[kB]->Append<int64_t>(static_cast<int64_t>(random() % 1'000) + 1);
    columns[kDoubleX]->Append<double>(static_cast<double>(random() % 1'000) / 8);
    columns[kText]->AppendString(words[random() % 5]);
    columns[kTime]->Append<int64_t>(1'511'658'000'000'000 +
                                    static_cast<int64_t>(random() % 86'400'000) * 1000);
    columns[kPrice]->Append<int64_t>(static_cast<int64_t>(random() % 1'000'000));
    columns[kNumberText]->AppendString(std::to_string(random() % 1'000'000));
    if (i % 10 == 0) {
      columns[kNullableA]->AppendNull();
    } else {
      columns[kNullableA]->Append<int64_t>(static_cast<int64_t>(random() % 1'000));
    }
  }
  for (auto& column : columns) batch.columns.push_back(std::move(column));
  return batch;
}

ExprPtr Col(ColumnIndex i) {
  return MakeColumn(i, Types()[i]);
}
ExprPtr Long(int64_t v) {
  return MakeLiteral(DataType::BigInt().NotNull(), Value::Int(v));
}
ExprPtr Text(std::string v) {
  return MakeLiteral(DataType::String().NotNull(), Value::String(std::move(v)));
}
ExprPtr Fn(std::string_view name, std::vector<ExprPtr> args) {
  return Registry::Get().BindScalar(name, std::move(args), BindContext{}).value();
}

void Run(benchmark::State& state, const ExprPtr& expr) {
  const data::Batch batch = MakeBatch();
  EvalContext context;
  for (auto _ : state) {
    context.row_errors.clear();
    benchmark::DoNotOptimize(expr->Evaluate(batch, context));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRows));
}

#define MR_BENCH(name, expression)     \
  void name(benchmark::State& state) { \
    Run(state, expression);            \
  }                                    \
  BENCHMARK(name)

MR_BENCH(AddBigInt, Fn("+", {Col(kA), Col(kB)}));
MR_BENCH(AddBigIntConstant, Fn("+", {Col(kA), Long(7)}));
MR_BENCH(AddBigIntNulls, Fn("+", {Col(kA), Col(kNullableA)}));
MR_BENCH(MultiplyBigInt, Fn("*", {Col(kA), Col(kB)}));
MR_BENCH(DivideBigInt, Fn("/", {Col(kA), Col(kB)}));
MR_BENCH(AddDouble, Fn("+", {Col(kDoubleX), Col(kDoubleX)}));
MR_BENCH(MultiplyDecimal,
         Fn("*", {Col(kPrice), MakeLiteral(DataType::Decimal(3, 2).NotNull(), Value::Decimal(85))}));
MR_BENCH(LessBigInt, Fn("<", {Col(kA), Long(500'000)}));
MR_BENCH(EqualText, Fn("=", {Col(kText), Text("buy")}));
MR_BENCH(Conjunction, Fn("AND", {Fn("=", {Col(kText), Text("pv")}), Fn(">", {Col(kB), Long(10)})}));
MR_BENCH(InFiveTexts, Fn("IN", {Col(kText), Text("pv"), Text("buy"), Text("x"), Text("y"), Text("z")}));
MR_BENCH(CaseOfTwo, Fn("CASE", {Fn("<", {Col(kA), Long(500'000)}), Col(kB), Long(0)}));
MR_BENCH(CastTextToBigInt, MakeCast(Col(kNumberText), DataType::BigInt(), false, BindContext{}).value());
MR_BENCH(CastBigIntToText, MakeCast(Col(kA), DataType::String(), false, BindContext{}).value());
MR_BENCH(CastTimestampToText, MakeCast(Col(kTime), DataType::String(), false, BindContext{}).value());
MR_BENCH(ExtractHour, Fn("HOUR", {Col(kTime)}));
MR_BENCH(FloorToMinute, Fn("FLOOR", {Text("MINUTE"), Col(kTime)}));
MR_BENCH(DateFormat, Fn("DATE_FORMAT", {Col(kTime), Text("yyyy-MM-dd HH:mm")}));

}  // namespace
}  // namespace millrace::functions
