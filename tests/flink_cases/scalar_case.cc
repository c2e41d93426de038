#include <fmt/format.h>

#include <cctype>

#include "flink_cases/case_session.h"
#include "flink_cases/cases.h"
#include "flink_cases/flink_types.h"

namespace millrace::flink_cases {
namespace {

// Types that the values in the case files do not tell: what the test classes of Flink declare.
struct KnownField {
  std::string_view suite;
  std::string_view field;
  std::string_view type;
};

constexpr KnownField kKnownFields[] = {
    {"ScalarFunctionsTest", "f19", "INTERVAL DAY(9) TO SECOND(3)"},
    {"ScalarFunctionsTest", "f20", "INTERVAL MONTH"},
    {"ScalarFunctionsTest", "f21", "BOOLEAN"},
    {"ScalarFunctionsTest", "f41", "DECIMAL(38, 19)"},
    {"ScalarFunctionsTest", "f2", "TINYINT"},
    {"ScalarFunctionsTest", "f3", "SMALLINT"},
    {"ScalarFunctionsTest", "f4", "BIGINT"},
    {"ScalarFunctionsTest", "f5", "FLOAT"},
    {"ScalarFunctionsTest", "f28", "FLOAT"},
    {"ScalarOperatorsTest", "f22", "TIMESTAMP(6)"},
    {"TemporalTypesTest", "f9", "INTERVAL MONTH"},
    {"TemporalTypesTest", "f10", "INTERVAL DAY(9) TO SECOND(3)"},
    {"ArrayTypeTest", "f0", "INT"},
    {"ArrayTypeTest", "f4", "ARRAY<ARRAY<INT>>"},
    {"DecimalTypeTest", "f0", "DECIMAL(30, 18)"},
    {"DecimalTypeTest", "f1", "DECIMAL(30, 0)"},
    {"DecimalTypeTest", "f7", "DECIMAL(7, 2)"},
    {"DecimalTypeTest", "f9", "DECIMAL(7, 2)"},
    {"DecimalTypeTest", "f11", "DECIMAL(2, 0)"},
    {"DecimalTypeTest", "f12", "DECIMAL(4, 2)"},
    {"DecimalTypeTest", "f15", "DECIMAL(38, 10)"},
    {"DecimalTypeTest", "f16", "DECIMAL(38, 28)"},
    {"DecimalTypeTest", "f17", "DECIMAL(38, 10)"},
    {"DecimalTypeTest", "f18", "DECIMAL(38, 28)"},
    {"DecimalTypeTest", "f24", "DECIMAL(30, 6)"},
    {"DecimalTypeTest", "f25", "DECIMAL(30, 10)"},
    {"DecimalTypeTest", "f26", "DECIMAL(30, 20)"},
    {"DecimalTypeTest", "f31", "DECIMAL(20, 2)"},
    {"DecimalTypeTest", "f32", "DECIMAL(2, 1)"},
    {"DecimalTypeTest", "f33", "DECIMAL(4, 3)"},
    {"DecimalTypeTest", "f34", "DECIMAL(20, 10)"},
    {"DecimalTypeTest", "f35", "DECIMAL(20, 16)"},
    {"DecimalTypeTest", "f36", "DECIMAL(10, 2)"},
    {"DecimalTypeTest", "f39", "DECIMAL(30, 0)"},
    {"DecimalTypeTest", "f40", "DECIMAL(30, 20)"},
    {"DecimalTypeTest", "f41", "DECIMAL(10, 2)"},
    {"DecimalTypeTest", "f42", "DECIMAL(10, 4)"},
    {"DecimalTypeTest", "f46", "DECIMAL(10, 4)"},
    {"DecimalTypeTest", "f47", "DECIMAL(10, 2)"},
    {"DecimalTypeTest", "f48", "DECIMAL(10, 2)"},
    {"DecimalTypeTest", "f50", "DECIMAL(10, 3)"},
    {"DecimalTypeTest", "f53", "DECIMAL(8, 4)"},
    {"DecimalTypeTest", "f54", "DECIMAL(10, 2)"},
    {"DecimalTypeTest", "f63", "DECIMAL(8, 2)"},
    {"DecimalTypeTest", "f64", "DECIMAL(8, 4)"},
};

std::string KnownType(const Json& test, const std::string& field) {
  for (const KnownField& known : kKnownFields) {
    if (test["suite"].text.ends_with(known.suite) && field == known.field) return std::string(known.type);
  }
  return "";
}

// The session zones that tests set in code.
std::string ZoneOf(const std::string& test) {
  if (test.ends_with("InTokyo")) return "Asia/Tokyo";
  if (test.ends_with("Shanghai")) return "Asia/Shanghai";
  if (test == "testDaylightSavingTimeZone") return "Europe/Berlin";
  return "UTC";
}

bool IsNamePart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool Mentions(const std::string& sql, const std::string& name) {
  for (size_t at = sql.find(name); at != std::string::npos; at = sql.find(name, at + 1)) {
    const bool starts = at == 0 || !IsNamePart(sql[at - 1]);
    const size_t end = at + name.size();
    if (starts && (end == sql.size() || !IsNamePart(sql[end]))) return true;
  }
  return false;
}

struct Input {
  std::string columns;
  Json row;
};

// The fields that the expression names, and `one`, so that there is a row.
Result<Input> FieldsOf(const Json& test, const std::string& sql) {
  Input input;
  input.columns = "`one` INT";
  Json one;
  one.kind = Json::Kind::kInt;
  Json values;
  values.kind = Json::Kind::kList;
  values.items.push_back(one);
  const auto add = [&](const std::string& name, const Json& value, std::string type) -> Status {
    if (!Mentions(sql, name)) return {};
    if (type.empty()) type = InferSqlType({&value});
    if (type.empty()) return Fail(ErrorCode::kInvalidText, fmt::format("the type of {} is not known", name));
    input.columns += fmt::format(", `{}` {}", name, type);
    values.items.push_back(value);
    return {};
  };
  const Json& types = test["field_types"];
  for (size_t i = 0; i < test["fields"].items.size(); ++i) {
    const std::string java = i < types.items.size() ? types.items[i].text : "";
    MR_TRY(add(fmt::format("f{}", i), test["fields"].items[i], SqlTypeOf(java)));
  }
  for (const auto& [name, value] : test["fields_used"].fields)
    MR_TRY(add(name, value, KnownType(test, name)));
  Json kind;
  kind.kind = Json::Kind::kString;
  kind.text = "+I";
  input.row.kind = Json::Kind::kObject;
  input.row.fields = {{"kind", kind}, {"row", values}};
  return input;
}

// The data types of Flink and ours, apart from nullability; empty when they agree or cannot be compared.
std::string TypeDifference(const Json& test, const data::DataType& type) {
  std::string expected = SqlTypeOf(test["result_type"].text);
  if (expected.empty() || expected.find('<') != std::string::npos || expected.starts_with("INTERVAL"))
    return "";
  if (expected == "TIMESTAMP" || expected == "TIMESTAMP_LTZ") expected += "(6)";
  if (expected == "TIME") expected += "(0)";
  const std::string actual = type.WithNullable(true).ToString();
  return actual == expected ? "" : fmt::format("the type is {}, expected {}", actual, expected);
}

}  // namespace

Outcome RunScalarCase(const RunContext& context, const Json& test) {
  const std::string& sql = test["sql_expr"].text;
  const bool error_expected = test["expect_error"].boolean;
  const bool as_text = test.Has("expected_text");

  if (sql.find("EncodingUtils") != std::string::npos)
    return Outcome::Skipped("the file holds Java in place of a literal");
  if (sql == "FALSE_AB") return Outcome::Skipped("the file lacks the names of the fields");
  const auto input = FieldsOf(test, sql);
  if (!input.has_value()) return Outcome::Skipped(input.error().message());
  CaseSession session(context, ZoneOf(test["test"].text));
  if (const Status started = session.Start(); !started.has_value())
    return Outcome::Failed(started.error().ToString());
  const auto refused = [&](const Error& error) {
    // "no function 'F'": not ours at all; "function F(INT) does not exist": ours, with other arguments.
    const bool unknown = error.message().starts_with("no function") ||
                         (error.code() == ErrorCode::kNotSupported &&
                          test["message_contains"].text.find("Unsupported") == std::string::npos);
    return error_expected && !unknown ? Outcome::Passed() : Outcome::Refused(error);
  };
  if (const Status made = session.CreateFeed("t", input->columns, "I"); !made.has_value()) {
    return refused(made.error());
  }
  const std::string expression = as_text ? "CAST(" + sql + " AS STRING)" : sql;
  if (const Status made = session.Execute("CREATE VIEW v AS SELECT " + expression + " AS r FROM t");
      !made.has_value()) {
    return refused(made.error());
  }
  const auto schema = session.SchemaOf("v");
  const data::DataType type = (*schema)[0].type;
  std::string columns;
  for (size_t i = 0; i < schema->size(); ++i) {
    columns += fmt::format("{}c{} {}", i > 0 ? ", " : "", i, (*schema)[i].type.WithNullable(true).ToString());
  }
  Status status = session.CreateSink("s", columns);
  if (status.has_value()) status = session.Execute("INSERT INTO s SELECT * FROM v");
  if (!status.has_value()) return refused(status.error());
  if (const Status pushed = session.Push("t", {input->row}); !pushed.has_value()) {
    return Outcome::Skipped(pushed.error().message());
  }
  session.FinishFeeds();
  if (const Status settled = session.Settle(); !settled.has_value())
    return Outcome::Failed(settled.error().ToString());
  const auto changes = session.ChangesOf("s");
  if (changes->empty()) {
    const std::string reason = session.DeadLetters();
    if (error_expected && !reason.empty()) return Outcome::Passed();
    return Outcome::Failed(fmt::format("no row came out: {}", reason));
  }
  const std::string& actual = changes->back().row;
  if (error_expected) return Outcome::Failed(fmt::format("Flink refuses it; we gave {}", actual));
  std::string expected = as_text ? test["expected_text"].text : JavaText(test["expected"], type);
  if (schema->size() > 1) expected = expected.substr(1, expected.size() - 2);  // a list, a value a column
  if (as_text && expected == "NULL" && actual == "null") expected = "null";
  if (actual != expected) return Outcome::Failed(fmt::format("{} instead of {}", actual, expected));
  if (const std::string difference = TypeDifference(test, type); schema->size() == 1 && !difference.empty()) {
    return Outcome::Failed(difference);
  }
  return Outcome::Passed();
}

}  // namespace millrace::flink_cases
