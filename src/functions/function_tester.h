// For tests of functions: calls by name over literals, answers as text.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "data/text.h"
#include "functions/registry.h"

namespace millrace::functions::testing {

using data::DataType;
using data::Value;

// The value that `text` denotes as `type`.
inline ExprPtr Of(const DataType& type, std::string_view text, std::string_view zone = "UTC") {
  auto column = data::Column::Make(type, 1);
  const Status status = data::AppendParsed(text, type, **data::TimeZone::Find(zone), column.get());
  EXPECT_TRUE(status.has_value()) << status.error().message();
  return MakeLiteral(type.NotNull(), column->GetValue(0));
}

inline ExprPtr Int(int64_t value) {
  return MakeLiteral(DataType::Int().NotNull(), Value::Int(value));
}
inline ExprPtr Long(int64_t value) {
  return MakeLiteral(DataType::BigInt().NotNull(), Value::Int(value));
}
inline ExprPtr Double(double value) {
  return MakeLiteral(DataType::Double().NotNull(), Value::Double(value));
}
inline ExprPtr Text(std::string_view value) {
  return MakeLiteral(DataType::String().NotNull(), Value::String(std::string(value)));
}
inline ExprPtr Bool(bool value) {
  return MakeLiteral(DataType::Boolean().NotNull(), Value::Bool(value));
}
inline ExprPtr Dec(int precision, int scale, std::string_view text) {
  return Of(DataType::Decimal(precision, scale), text);
}
inline ExprPtr Date(std::string_view text) {
  return Of(DataType::Date(), text);
}
inline ExprPtr Time(std::string_view text) {
  return Of(DataType::Time(), text);
}
inline ExprPtr Timestamp(std::string_view text, int precision = 3) {
  return Of(DataType::Timestamp(precision), text);
}
inline ExprPtr Months(int64_t months) {
  return MakeLiteral(DataType::IntervalYearMonth().NotNull(), Value::Int(months));
}
inline ExprPtr Micros(int64_t micros) {
  return MakeLiteral(DataType::IntervalDayTime().NotNull(), Value::Int(micros));
}
inline ExprPtr Null() {
  return MakeLiteral(DataType::Null(), Value::Null());
}
inline ExprPtr NullOf(const DataType& type) {
  return MakeLiteral(type, Value::Null());
}

struct Session {
  const data::TimeZone* zone = &data::TimeZone::Utc();
  int64_t now_micros = 0;
};

inline BindContext Binding(const Session& session) {
  BindContext context;
  context.zone = session.zone;
  return context;
}

// "42", or the message of the row's error.
inline std::string Shown(const ExprPtr& expr, const Session& session = {}) {
  data::Batch batch;
  batch.rows = 1;
  EvalContext context;
  context.zone = session.zone;
  context.now_micros = session.now_micros;
  const data::ColumnPtr column = expr->Evaluate(batch, context);
  if (!context.row_errors.empty()) {
    EXPECT_TRUE(column->IsNull(0));
    return context.row_errors[0].error.message();
  }
  return data::ToText(*column, 0, {.zone = session.zone});
}

// The call with its arguments as columns of three rows, the first of them NULL: what rows 1 and 2 answer.
inline std::string ShownOverColumns(std::string_view name, const std::vector<ExprPtr>& args,
                                    const Session& session) {
  data::Batch batch;
  batch.rows = 3;
  std::vector<ExprPtr> columns;
  for (const ExprPtr& arg : args) {
    const auto& literal = static_cast<const Literal&>(*arg);
    auto column = data::Column::Make(arg->type().WithNullable(true), 3);
    column->AppendNull();
    column->AppendValue(literal.value());
    column->AppendValue(literal.value());
    columns.push_back(MakeColumn(static_cast<int>(batch.columns.size()), column->type()));
    batch.columns.push_back(std::move(column));
  }
  const auto call = Registry::Get().BindScalar(name, columns, Binding(session));
  if (!call) return call.error().message();
  EvalContext context;
  context.zone = session.zone;
  context.now_micros = session.now_micros;
  const data::ColumnPtr result = (*call)->Evaluate(batch, context);
  EXPECT_EQ(result->size(), 3u) << name;
  std::string failures[3];
  for (const auto& failure : context.row_errors) failures[failure.row] = failure.error.message();
  EXPECT_EQ(failures[0], "") << name << " fails under NULL";
  const auto shown = [&](size_t row) {
    return failures[row].empty() ? data::ToText(*result, row, {.zone = session.zone}) : failures[row];
  };
  EXPECT_EQ(shown(1), shown(2)) << name;
  return shown(1);
}

// Binds and evaluates a call over literals: as constants, and where possible over columns too; both must
// agree.
inline std::string Result(std::string_view name, const std::vector<ExprPtr>& args,
                          const Session& session = {}, bool over_columns = true) {
  const auto call = Registry::Get().BindScalar(name, args, Binding(session));
  if (!call) return call.error().message();
  const std::string constant = Shown(*call, session);
  if (over_columns && !args.empty()) {
    EXPECT_EQ(ShownOverColumns(name, args, session), constant) << name << " over columns";
  }
  return constant;
}

// The type of a call, e.g. "DECIMAL(20, 0) NOT NULL".
inline std::string TypeOf(std::string_view name, const std::vector<ExprPtr>& args) {
  const auto call = Registry::Get().BindScalar(name, args, BindContext{});
  return call ? (*call)->type().ToString() : call.error().message();
}

inline std::string Cast(const ExprPtr& expr, const DataType& type, bool is_try = false,
                        const Session& session = {}) {
  const auto call = MakeCast(expr, type, is_try, Binding(session));
  return call ? Shown(*call, session) : call.error().message();
}

}  // namespace millrace::functions::testing
