// Window table functions: TUMBLE, HOP, CUMULATE, SESSION.
#include <fmt/core.h>

#include <array>
#include <optional>
#include <span>
#include <utility>

#include "base/suggest.h"
#include "data/datetime.h"
#include "plan/bind_expression.h"
#include "plan/binder.h"
#include "plan/node_factory.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;

struct WindowFunction {
  std::string_view name;
  WindowKind kind;
  // Of the intervals after DATA and TIMECOL, in their order; OFFSET is the last where there is one.
  std::array<std::string_view, 3> intervals;
  size_t required;
  size_t count;
  std::string_view form;
};

constexpr WindowFunction kWindowFunctions[] = {
    {"TUMBLE",
     WindowKind::kTumble,
     {"SIZE", "OFFSET", ""},
     1,
     2,
     "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR [, offset])"},
    {"HOP",
     WindowKind::kHop,
     {"SLIDE", "SIZE", "OFFSET"},
     2,
     3,
     "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '1' HOUR [, offset])"},
    {"CUMULATE",
     WindowKind::kCumulate,
     {"STEP", "SIZE", "OFFSET"},
     2,
     3,
     "CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' DAY [, offset])"},
    {"SESSION",
     WindowKind::kSession,
     {"GAP", "", ""},
     1,
     1,
     "SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' MINUTE)"},
};

const WindowFunction* FindWindowFunction(std::string_view name) {
  for (const WindowFunction& function : kWindowFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

// The arguments in the order of the function; null for those left out.
struct WindowArguments {
  const sql::Expr* data = nullptr;
  const sql::Expr* time_column = nullptr;
  std::array<const sql::Expr*, 3> intervals = {};
};

Result<WindowArguments> OrderArguments(const sql::FunctionCallExpr& call, const WindowFunction& function) {
  WindowArguments arguments;
  const auto bad = [&](std::string message, SourceLocation location) {
    return Fail(ErrorCode::kSyntaxError, std::move(message), fmt::format("write {}", function.form),
                location);
  };
  size_t position = 0;
  bool named = false;
  for (const sql::ExprPtr& arg : call.args) {
    const sql::Expr* value = arg.get();
    size_t slot = position++;
    if (const auto* name = arg->AsIf<sql::NamedArgExpr>()) {
      named = true;
      value = name->value.get();
      std::string upper = name->name.text;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      std::vector<std::string_view> known = {"DATA", "TIMECOL"};
      for (size_t i = 0; i < function.count; ++i) known.push_back(function.intervals[i]);
      slot = static_cast<size_t>(std::find(known.begin(), known.end(), upper) - known.begin());
      if (slot == known.size()) {
        return Fail(ErrorCode::kUndefinedObject,
                    fmt::format("{} has no argument '{}'", function.name, name->name.text),
                    DidYouMean(upper, known), name->name.location);
      }
    } else if (named) {
      return bad("an argument without a name follows one with a name", arg->location);
    }
    if (slot >= 2 + function.count) {
      return bad(fmt::format("{} takes {} to {} arguments, not {}", function.name, 2 + function.required,
                             2 + function.count, call.args.size()),
                 arg->location);
    }
    const sql::Expr*& target = slot == 0   ? arguments.data
                               : slot == 1 ? arguments.time_column
                                           : arguments.intervals[slot - 2];
    if (target != nullptr)
      return bad(fmt::format("an argument of {} is given twice", function.name), arg->location);
    target = value;
  }
  if (arguments.data == nullptr) return bad(fmt::format("{} needs a table", function.name), call.location);
  if (arguments.time_column == nullptr) {
    return bad(fmt::format("{} needs DESCRIPTOR(<time column>)", function.name), call.location);
  }
  for (size_t i = 0; i < function.required; ++i) {
    if (arguments.intervals[i] == nullptr) {
      return bad(fmt::format("{} needs its {}", function.name, function.intervals[i]), call.location);
    }
  }
  return arguments;
}

std::string Seconds(int64_t micros) {
  std::string text;
  data::AppendIntervalMicros(micros, &text);
  return text;
}

}  // namespace

Result<int64_t> BindWindowInterval(const sql::Expr& expr, std::string_view function,
                                   std::string_view argument, const functions::BindContext& context) {
  ExpressionBinder binder(nullptr, context, fmt::format("the {} of {}", argument, function));
  MR_ASSIGN(ExprPtr bound, binder.Bind(expr));
  bound = functions::FoldConstants(bound, *context.zone);
  if (bound->kind() != functions::ExprKind::kLiteral ||
      bound->type().kind() != data::TypeKind::kIntervalDayTime) {
    return Fail(
        ErrorCode::kDatatypeMismatch,
        fmt::format("the {} of {} must be a constant interval of days to seconds", argument, function),
        "write e.g. INTERVAL '10' MINUTE", expr.location);
  }
  return static_cast<const functions::Literal&>(*bound).value().as_int();
}

Result<WindowSpec> MakeWindowSpec(std::string_view function, const Relation& input, int time_column,
                                  const std::vector<int64_t>& sizes, bool is_table_function,
                                  SourceLocation location) {
  const WindowFunction& window = *FindWindowFunction(function);
  const data::DataType& type = input.type(time_column);
  const std::string& name = input.names[static_cast<size_t>(time_column)];
  switch (input.time_attribute(time_column)) {
    case TimeAttribute::kRowtime:
      break;
    case TimeAttribute::kProctime:
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("{} over the processing time '{}' is not supported", function, name),
                  "use an event time: a column with WATERMARK FOR", location);
    case TimeAttribute::kNone:
      return Fail(
          ErrorCode::kWindowingError,
          fmt::format("{} needs an event time, but '{}' is an ordinary {}", function, name, type.ToString()),
          type.IsTimestamp()
              ? fmt::format("declare WATERMARK FOR {} in its table, and select it as it is on its way here",
                            name)
              : "name a TIMESTAMP column with WATERMARK FOR",
          location);
  }
  WindowSpec spec;
  spec.kind = window.kind;
  spec.time_column = time_column;
  spec.is_ltz = type.kind() == data::TypeKind::kTimestampLtz;
  const auto at = [&](std::string_view argument) -> int64_t {
    for (size_t i = 0; i < window.count && i < sizes.size(); ++i) {
      if (window.intervals[i] == argument) return sizes[i];
    }
    return 0;
  };
  spec.size_micros = window.kind == WindowKind::kSession ? at("GAP") : at("SIZE");
  spec.slide_micros = window.kind == WindowKind::kHop ? at("SLIDE") : at("STEP");
  spec.offset_micros = at("OFFSET");
  const auto bad = [&](std::string message, std::string hint = {}) {
    return Fail(ErrorCode::kWindowingError, std::move(message), std::move(hint), location);
  };
  for (size_t i = 0; i < window.count && i < sizes.size(); ++i) {
    if (window.intervals[i] == "OFFSET") continue;
    if (sizes[i] <= 0) {
      return bad(fmt::format("the {} of {} must be longer than nothing, not {}", window.intervals[i],
                             function, Seconds(sizes[i])));
    }
    if (sizes[i] % data::kMicrosPerMilli != 0) {
      return bad(fmt::format("the {} of {} must be whole milliseconds, not {}", window.intervals[i], function,
                             Seconds(sizes[i])));
    }
  }
  if (spec.kind == WindowKind::kCumulate && spec.size_micros % spec.slide_micros != 0) {
    return bad(fmt::format("the SIZE of CUMULATE must be a multiple of its STEP: {} is none of {}",
                           Seconds(spec.size_micros), Seconds(spec.slide_micros)),
               "the arguments are in the order STEP, SIZE");
  }
  if (spec.kind == WindowKind::kHop && spec.slide_micros > spec.size_micros) {
    return bad(fmt::format("the SLIDE of HOP must not be longer than its SIZE: {} is above {}",
                           Seconds(spec.slide_micros), Seconds(spec.size_micros)),
               "the arguments are in the order SLIDE, SIZE");
  }
  if (spec.kind == WindowKind::kHop && is_table_function && spec.size_micros % spec.slide_micros != 0) {
    return bad(fmt::format("the SIZE of HOP must be a multiple of its SLIDE: {} is none of {}",
                           Seconds(spec.size_micros), Seconds(spec.slide_micros)),
               "the arguments are in the order SLIDE, SIZE");
  }
  const int64_t offset = spec.offset_micros < 0 ? -spec.offset_micros : spec.offset_micros;
  if (spec.offset_micros % data::kMicrosPerMilli != 0) {
    return bad(fmt::format("the OFFSET of {} must be whole milliseconds, not {}", function,
                           Seconds(spec.offset_micros)));
  }
  const int64_t period = spec.kind == WindowKind::kHop ? spec.slide_micros : spec.size_micros;
  if (offset != 0 && offset >= period) {
    return bad(fmt::format("the OFFSET of {} must be shorter than its {}: {} is not below {}", function,
                           spec.kind == WindowKind::kHop ? "SLIDE" : "SIZE", Seconds(offset),
                           Seconds(period)));
  }
  return spec;
}

Result<Relation> QueryBinder::BindTableArgument(const sql::Expr& argument, std::string_view function) {
  if (const auto* subquery = argument.AsIf<sql::SubqueryExpr>()) {
    MR_TRY(CountTable(argument.location));
    return BindQuery(*subquery->query, QueryPlace::kSubquery);
  }
  const auto* table = argument.AsIf<sql::TableArgExpr>();
  if (table == nullptr) {
    return Fail(ErrorCode::kSyntaxError, fmt::format("the first argument of {} must be a table", function),
                "write TABLE t or (SELECT ...)", argument.location);
  }
  if (!table->order_by.empty()) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("ORDER BY in the table argument of {} is not supported", function),
                "rows are ordered by their event time", argument.location);
  }
  if (table->query != nullptr) {
    MR_TRY(CountTable(argument.location));
    return BindQuery(*table->query, QueryPlace::kSubquery);
  }
  sql::NamedTableRef named;
  named.name = table->table;
  named.location = argument.location;
  return BindNamed(named);
}

Result<Relation> QueryBinder::BindTableFunction(const sql::FunctionTableRef& table) {
  const sql::FunctionCallExpr& call = *table.call;
  const std::string name = UpperName(call);
  const WindowFunction* function = call.name.parts.size() == 1 ? FindWindowFunction(name) : nullptr;
  if (function == nullptr) {
    static constexpr std::string_view kNames[] = {"TUMBLE", "HOP", "CUMULATE", "SESSION", "UNNEST"};
    std::string hint = DidYouMean(name, std::span<const std::string_view>(kNames));
    if (hint.empty()) hint = "there are TUMBLE, HOP, CUMULATE and SESSION, and UNNEST";
    return Fail(ErrorCode::kUndefinedFunction, fmt::format("no table function '{}'", call.name.ToString()),
                std::move(hint), call.location);
  }
  if (table.lateral) {
    return Fail(ErrorCode::kNotSupported, fmt::format("{} cannot be LATERAL", name),
                fmt::format("write {}", function->form), table.location);
  }
  MR_ASSIGN(const WindowArguments arguments, OrderArguments(call, *function));
  MR_ASSIGN(Relation input, BindTableArgument(*arguments.data, name));
  const auto* descriptor = arguments.time_column->AsIf<sql::DescriptorExpr>();
  if (descriptor == nullptr || descriptor->columns.size() != 1) {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("the second argument of {} must be DESCRIPTOR(<time column>)", name),
                fmt::format("write {}", function->form), arguments.time_column->location);
  }
  MR_ASSIGN(const ResolvedColumn time, ResolveColumn(input, {descriptor->columns.front()}));
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < function->count; ++i) {
    if (arguments.intervals[i] == nullptr) break;
    MR_ASSIGN(const int64_t micros,
              BindWindowInterval(*arguments.intervals[i], name, function->intervals[i], bind_context_));
    sizes.push_back(micros);
  }
  MR_ASSIGN(WindowSpec spec, MakeWindowSpec(name, input, time.column, sizes, /*is_table_function=*/true,
                                            descriptor->columns.front().location));
  if (const auto* argument = arguments.data->AsIf<sql::TableArgExpr>();
      argument && !argument->partition_by.empty()) {
    if (spec.kind != WindowKind::kSession) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("PARTITION BY in the table argument of {} is not supported", name),
                  "partition in GROUP BY; only sessions are kept apart by key",
                  argument->partition_by.front()->location);
    }
    ExpressionBinder binder(&input, bind_context_, "PARTITION BY");
    for (const sql::ExprPtr& expr : argument->partition_by) {
      MR_ASSIGN(const ExprPtr key, binder.Bind(*expr));
      if (ColumnOf(*key) < 0) {
        return Fail(ErrorCode::kNotSupported, "PARTITION BY of a table argument takes columns only",
                    "compute the value in a subquery", expr->location);
      }
      spec.partition_keys.push_back(ColumnOf(*key));
    }
  }
  auto node = std::make_shared<WindowTvfNode>();
  node->window = std::move(spec);
  node->location = call.location;
  data::Schema schema = input.node->schema;
  const data::DataType time_type = input.type(time.column).NotNull();
  schema.Add("window_start", data::DataType::Timestamp(3).NotNull());
  schema.Add("window_end", data::DataType::Timestamp(3).NotNull());
  schema.Add("window_time", time_type);
  Relation result;
  result.names = input.names;
  result.names.insert(result.names.end(), {"window_start", "window_end", "window_time"});
  result.node = FinishNode(std::move(node), {std::move(input.node)}, std::move(schema));
  // The columns are known by the table's own name too, as in Flink.
  std::vector<std::string> qualifier;
  if (!input.tables.empty() && input.tables.size() == 1) qualifier = input.tables.front().qualifier;
  MR_TRY(AddTableName(result, table, std::move(qualifier)));
  return result;
}

}  // namespace millrace::plan
