#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "flink_cases/case_session.h"
#include "flink_cases/cases.h"
#include "flink_cases/flink_types.h"

namespace millrace::flink_cases {
namespace {

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string Trimmed(const std::string& text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return "";
  return text.substr(start, text.find_last_not_of(" \t\r\n;") - start + 1);
}

// Cases whose entry in the file is not what Flink runs.
struct Unusable {
  std::string_view test;
  std::string_view reason;
};
constexpr Unusable kUnusable[] = {
    {"testUvWithRetraction", "the file holds the rows of another test"},
    {"testPrecisionForSumAggregationOnDecimal", "the file lacks the columns of T and holds its query twice"},
    {"testPrecisionForAvgAggregationOnDecimal", "the file lacks the columns of T and holds its query twice"},
    {"testAggAndLeftJoinWithTryResolveMode", "the file lacks the table src"},
};

// CREATE TABLE without its WITH clause, cut into columns; the options say what it accepts.
struct TableText {
  std::string columns;
  std::string changelog_mode = "I";
};

TableText CutTable(const std::string& ddl) {
  TableText table;
  const size_t open = ddl.find('(');
  size_t with = Upper(ddl).rfind("WITH");
  const size_t close = ddl.rfind(')', with);
  table.columns = ddl.substr(open + 1, close - open - 1);
  const size_t mode = ddl.find("'changelog-mode'", with);
  if (mode != std::string::npos) {
    const size_t start = ddl.find('\'', mode + 16) + 1;
    const std::string text = ddl.substr(start, ddl.find('\'', start) - start);
    if (text != "I") table.changelog_mode = text.find("UB") == std::string::npos ? "I,UA,D" : "I,UB,UA,D";
  }
  return table;
}

Json& Field(Json& object, std::string_view name) {
  static Json none;
  for (auto& [key, value] : object.fields) {
    if (key == name) return value;
  }
  return none;
}

struct Fields {
  std::string columns;
  std::vector<Json> rows;
};

// A stream with field names: types are those of the values; `x.rowtime` and `x.proctime` are time attributes.
Result<Fields> StreamFields(const Json& table, std::string_view test) {
  Fields result;
  result.rows = table["rows"].items;
  size_t width = 0;
  for (const Json& row : result.rows) width = std::max(width, row["row"].items.size());
  // A row of one value that is a row stands for that row.
  for (Json& row : result.rows) {
    std::vector<Json>& values = Field(row, "row").items;
    if (values.size() == 1 && values[0].Has("row")) values = std::vector<Json>(values[0]["row"].items);
  }
  std::vector<std::string> names;
  for (const Json& field : table["fields"].items) names.push_back(field.text);
  for (size_t i = names.size(); table["fields"].is_null() && i < width; ++i) {
    names.push_back(std::string(1, static_cast<char>('a' + i)));
  }
  std::string watermark;
  size_t at = 0;
  for (const std::string& name : names) {
    const std::string comma = result.columns.empty() ? "" : ", ";
    if (name.ends_with(".proctime")) {
      result.columns += fmt::format("{}`{}` AS PROCTIME()", comma, name.substr(0, name.find('.')));
      continue;
    }
    if (name.find(".rowtime") != std::string::npos) {
      const std::string column = name.substr(0, name.find('.'));
      result.columns += fmt::format("{}`{}` TIMESTAMP(3)", comma, column);
      const bool by_hand = std::any_of(result.rows.begin(), result.rows.end(),
                                       [](const Json& row) { return row.Has("watermark"); });
      watermark = fmt::format(", WATERMARK FOR `{}` AS `{}` - INTERVAL '{}' SECOND", column, column,
                              by_hand ? "86400" : "0.010");
      if (at < width) {
        ++at;
        continue;
      }
      // Not among the values: the stream's own timestamp, or the column that the extractor takes.
      const size_t source = name.ends_with("()") ? 1 : 0;
      for (Json& row : result.rows) {
        if (row.Has("watermark")) continue;
        Json& values = Field(row, "row");
        values.items.push_back(row.Has("ts") ? row["ts"] : values.items[source]);
      }
      continue;
    }
    std::vector<const Json*> values;
    for (const Json& row : result.rows) {
      if (row.Has("watermark")) continue;
      if (at >= row["row"].items.size()) {
        return Fail(ErrorCode::kInvalidText,
                    fmt::format("the rows of {} have no value for {}", table["name"].text, name));
      }
      values.push_back(&row["row"].items[at]);
    }
    ++at;
    // Two tests declare the decimals of their rows.
    const bool declared = test == "testDecimalSum" || test == "testMinMaxWithDecimal";
    const std::string type = declared ? "DECIMAL(7, 2)" : InferSqlType(values);
    if (type.empty()) return Fail(ErrorCode::kInvalidText, fmt::format("the type of {} is not known", name));
    result.columns += fmt::format("{}`{}` {}", comma, name, type);
  }
  if (at < width) return Fail(ErrorCode::kInvalidText, "rows have more values than fields");
  result.columns += watermark;
  return result;
}

// The table that INSERT names, or empty; `*query` is what follows, without ON CONFLICT.
std::string InsertTarget(const std::string& sql, std::string* query) {
  const std::string upper = Upper(sql);
  *query = sql;
  if (!upper.starts_with("INSERT INTO ")) return "";
  const size_t end = sql.find_first_of(" \n(", 12);
  std::string rest = sql.substr(end);
  const size_t conflict = Upper(rest).rfind("ON CONFLICT");
  if (conflict != std::string::npos) rest.resize(conflict);
  *query = Trimmed(rest);
  return sql.substr(12, end - 12);
}

// "+I[a, b]" and "+I(a,b)" and "a,b" as "a,b".
std::string PlainRow(std::string text) {
  if (text.size() > 3 && (text[0] == '+' || text[0] == '-') && (text[2] == '[' || text[2] == '(')) {
    text = text.substr(3, text.size() - 4);
  }
  // Rows within rows, as a list of their values.
  for (size_t at = text.find("+I["); at != std::string::npos; at = text.find("+I[", at)) {
    const size_t close = text.find(']', at);
    text.erase(close, 1);
    text.erase(at, 3);
  }
  for (size_t at = text.find(", "); at != std::string::npos; at = text.find(", ", at)) text.erase(at + 1, 1);
  return text;
}

std::string Joined(const std::vector<std::string>& rows) {
  std::string text;
  for (const auto& row : rows) text += "\n      " + row;
  return text.empty() ? "\n      (nothing)" : text;
}

struct Setup {
  Status status;
  bool lacks_data = false;
};

Setup MakeTables(CaseSession& session, const Json& test, const std::string& target) {
  for (const Json& table : test["tables"].items) {
    const std::string& name = table["name"].text;
    if (table.Has("view_sql")) {
      if (Status s = session.Execute("CREATE VIEW " + name + " AS " + table["view_sql"].text); !s.has_value())
        return {s};
      continue;
    }
    if (table.Has("ddl")) {
      const std::string ddl = Trimmed(table["ddl"].text);
      const std::string upper = Upper(ddl);
      Status made;
      if (upper.find("VIEW") < upper.find('(')) {
        made = session.Execute(ddl);
      } else if (!table.Has("rows") && name == target) {
        made = session.CreateSink(name, CutTable(ddl).columns);
      } else {
        const TableText text = CutTable(ddl);
        made = session.CreateFeed(name, text.columns, text.changelog_mode);
        if (made.has_value()) {
          if (Status s = session.Push(name, table["rows"].items); !s.has_value()) return {s, true};
        }
      }
      if (!made.has_value()) return {made};
      continue;
    }
    const auto fields = StreamFields(table, test["test"].text);
    if (!fields.has_value()) return {std::unexpected(fields.error()), true};
    const bool changes = std::any_of(fields->rows.begin(), fields->rows.end(), [](const Json& row) {
      return row.Has("kind") && row["kind"].text != "+I";
    });
    if (Status s = session.CreateFeed(name, fields->columns, changes ? "I,UB,UA,D" : "I"); !s.has_value())
      return {s};
    if (Status s = session.Push(name, fields->rows); !s.has_value()) return {s, true};
  }
  return {};
}

// A sink for a query: columns c0, c1, ... of the query's types.
Status InsertQuery(CaseSession& session, const std::string& query) {
  MR_TRY(session.Execute("CREATE VIEW case_query AS " + query));
  MR_ASSIGN(const data::Schema schema, session.SchemaOf("case_query"));
  std::string columns;
  for (size_t i = 0; i < schema.size(); ++i) {
    columns += fmt::format("{}c{} {}", i > 0 ? ", " : "", i, schema[i].type.WithNullable(true).ToString());
  }
  MR_TRY(session.CreateSink("case_sink", columns));
  return session.Execute("INSERT INTO case_sink SELECT * FROM case_query");
}

}  // namespace

Outcome RunQueryCase(const RunContext& context, const Json& test) {
  const std::string& name = test["test"].text;
  for (const auto& [unusable, reason] : kUnusable) {
    if (name == unusable) return Outcome::Skipped(std::string(reason));
  }
  // The one test that sets a zone in code.
  CaseSession session(context,
                      name == "testWindowAggregateOnTimestampLtzWatermark" ? "Asia/Shanghai" : "UTC");
  if (const Status started = session.Start(); !started.has_value())
    return Outcome::Failed(started.error().ToString());
  const std::string sql = Trimmed(test["sql"].items[0].text);
  std::string query;
  std::string sink = InsertTarget(sql, &query);
  const auto& tables = test["tables"].items;
  if (std::none_of(tables.begin(), tables.end(),
                   [&](const Json& table) { return table["name"].text == sink; })) {
    sink.clear();  // its definition is not in the case
  }
  if (const Setup made = MakeTables(session, test, sink); !made.status.has_value()) {
    return made.lacks_data ? Outcome::Skipped(made.status.error().message())
                           : Outcome::Refused(made.status.error());
  }
  const Status inserted = sink.empty() ? InsertQuery(session, query)
                                       : session.Execute(fmt::format("INSERT INTO {} {}", sink, query));
  if (!inserted.has_value()) {
    if (inserted.error().code() == ErrorCode::kUndefinedTable)
      return Outcome::Skipped(inserted.error().message());
    return Outcome::Refused(inserted.error());
  }
  if (sink.empty()) sink = "case_sink";
  session.FinishFeeds();
  if (const Status settled = session.Settle(); !settled.has_value())
    return Outcome::Failed(settled.error().ToString());

  std::vector<std::string> expected;
  for (const Json& row : test["expected"].fields[0].value.items) expected.push_back(PlainRow(row.text));
  std::sort(expected.begin(), expected.end());
  const auto changes = session.ChangesOf(sink);
  auto actual = FinalState(*changes);
  if (!actual.has_value()) return Outcome::Failed(actual.error().message());
  for (std::string& row : *actual) row = PlainRow(row);
  std::sort(actual->begin(), actual->end());
  if (*actual != expected) {
    return Outcome::Failed(fmt::format("expected:{}\n    but got:{}\n    {}", Joined(expected),
                                       Joined(*actual), session.DeadLetters()));
  }
  return Outcome::Passed();
}

}  // namespace millrace::flink_cases
