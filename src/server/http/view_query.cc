#include "server/http/view_query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "server/http/http_limits.h"

namespace millrace::server::http {
namespace {

struct Comparison {
  std::string_view name;
  std::string_view sql;
};
constexpr std::array<Comparison, 7> kComparisons = {
    {{"eq", "="}, {"ne", "<>"}, {"gt", ">"}, {"ge", ">="}, {"lt", "<"}, {"le", "<="}, {"like", "LIKE"}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kStates = {
    {{"null", "IS NULL"}, {"notnull", "IS NOT NULL"}, {"true", "IS TRUE"}, {"false", "IS FALSE"}}};

std::unexpected<Error> WrongParameter(std::string_view key, std::string_view value,
                                      std::string_view complaint, std::string hint = {}) {
  return Fail(ErrorCode::kInvalidParameter, fmt::format("{}={}: {}", key, value, complaint), std::move(hint));
}

Result<const data::Field*> FindColumn(const Relation& relation, std::string_view name) {
  const int column = relation.columns.Find(name);
  if (column >= 0) return &relation.columns[column];
  std::vector<std::string> names;
  for (const data::Field& field : relation.columns) names.push_back(field.name);
  std::string hint = DidYouMean(name, names);
  if (hint.empty()) hint = fmt::format("it has: {}", fmt::join(names, ", "));
  return Fail(ErrorCode::kUndefinedColumn,
              fmt::format("'{}.{}' has no column '{}'", relation.schema_name, relation.name, name),
              std::move(hint));
}

// The values of in.(a,b,"c,d"); a quote within quotes is doubled.
Result<std::vector<std::string>> SplitList(std::string_view key, std::string_view text) {
  if (!text.starts_with('(') || !text.ends_with(')') || text.size() < 3) {
    return WrongParameter(key, fmt::format("in.{}", text), "not a list", "write in.(1,2,3)");
  }
  text = text.substr(1, text.size() - 2);
  std::vector<std::string> values(1);
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && is_quoted && i + 1 < text.size() && text[i + 1] == '"') {
      values.back().push_back('"');
      ++i;
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == ',' && !is_quoted) {
      values.emplace_back();
    } else {
      values.back().push_back(c);
    }
  }
  if (is_quoted) return WrongParameter(key, fmt::format("in.({})", text), "a quote is not closed");
  return values;
}

class QueryBuilder {
 public:
  QueryBuilder(const Relation& relation, uint64_t default_rows) : relation_(relation), limit_(default_rows) {}

  Status Take(const std::string& key, const std::string& value) {
    if (key == "format") return {};
    if (key == "select") return Select(value);
    if (key == "order") return Order(value);
    if (key == "limit") return Number(key, value, &limit_);
    if (key == "offset") return Number(key, value, &offset_);
    return Filter(key, value);
  }

  SqlStatement Finish() {
    std::string columns = fmt::format("{}", fmt::join(selected_, ", "));
    if (selected_.empty()) {
      for (const data::Field& field : relation_.columns) {
        if (!columns.empty()) columns += ", ";
        columns += QuoteName(field.name);
      }
    }
    statement_.text = fmt::format("SELECT {} FROM {}.{}", columns, QuoteName(relation_.schema_name),
                                  QuoteName(relation_.name));
    if (!filters_.empty()) statement_.text += fmt::format(" WHERE {}", fmt::join(filters_, " AND "));
    if (!orders_.empty()) statement_.text += fmt::format(" ORDER BY {}", fmt::join(orders_, ", "));
    statement_.text += fmt::format(" LIMIT {}", limit_);
    if (offset_ > 0) statement_.text += fmt::format(" OFFSET {}", offset_);
    return std::move(statement_);
  }

 private:
  Status Select(std::string_view names) {
    for (;;) {
      const size_t comma = names.find(',');
      MR_ASSIGN(const data::Field* field, FindColumn(relation_, names.substr(0, comma)));
      selected_.push_back(QuoteName(field->name));
      if (comma == std::string_view::npos) return {};
      names.remove_prefix(comma + 1);
    }
  }

  // "amount.desc,city": a suffix counts only when the whole is no column.
  Status Order(std::string_view names) {
    for (;;) {
      const size_t comma = names.find(',');
      std::string_view name = names.substr(0, comma);
      std::string_view direction = "ASC";
      if (relation_.columns.Find(name) < 0) {
        if (name.ends_with(".desc")) direction = "DESC";
        if (name.ends_with(".desc") || name.ends_with(".asc")) name = name.substr(0, name.rfind('.'));
      }
      MR_ASSIGN(const data::Field* field, FindColumn(relation_, name));
      orders_.push_back(fmt::format("{} {}", QuoteName(field->name), direction));
      if (comma == std::string_view::npos) return {};
      names.remove_prefix(comma + 1);
    }
  }

  static Status Number(std::string_view key, std::string_view text, uint64_t* number) {
    int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) {
      return WrongParameter(key, text, "not a whole number from 0 on");
    }
    *number = static_cast<uint64_t>(value);
    return {};
  }

  Status Filter(const std::string& key, std::string_view value) {
    MR_ASSIGN(const data::Field* field, FindColumn(relation_, key));
    const size_t dot = value.find('.');
    const std::string_view word = value.substr(0, dot);
    const std::string_view rest = dot == std::string_view::npos ? std::string_view() : value.substr(dot + 1);
    if (dot != std::string_view::npos && word == "is") return FilterState(*field, key, rest);
    if (field->type.IsNested()) {
      return WrongParameter(key, value, fmt::format("{} is not filtered by value", field->type.ToString()),
                            "is.null and is.notnull work");
    }
    if (dot != std::string_view::npos && word == "in") return FilterList(*field, key, rest);
    for (const Comparison& comparison : kComparisons) {
      if (dot == std::string_view::npos || word != comparison.name) continue;
      if (word == "like" && !field->type.IsCharacter()) {
        return WrongParameter(key, value, fmt::format("like is for text, not {}", field->type.ToString()));
      }
      return Compare(*field, comparison.sql, rest);
    }
    return Compare(*field, "=", value);
  }

  Status Compare(const data::Field& field, std::string_view operation, std::string_view value) {
    filters_.push_back(fmt::format("{} {} {}", QuoteName(field.name), operation, Bind(field, value)));
    return {};
  }

  Status FilterList(const data::Field& field, std::string_view key, std::string_view list) {
    MR_ASSIGN(const std::vector<std::string> values, SplitList(key, list));
    if (values.size() > kQueryParametersMax) return WrongParameter(key, "in.(…)", "too many values");
    std::vector<std::string> bound;
    for (const std::string& value : values) bound.push_back(Bind(field, value));
    filters_.push_back(fmt::format("{} IN ({})", QuoteName(field.name), fmt::join(bound, ", ")));
    return {};
  }

  Status FilterState(const data::Field& field, std::string_view key, std::string_view state) {
    for (const auto& [name, sql] : kStates) {
      if (name != state) continue;
      const bool is_truth = state == "true" || state == "false";
      if (is_truth && field.type.kind() != data::TypeKind::kBoolean) {
        return WrongParameter(key, fmt::format("is.{}", state), "the column is not a boolean");
      }
      filters_.push_back(fmt::format("{} {}", QuoteName(field.name), sql));
      return {};
    }
    return WrongParameter(key, fmt::format("is.{}", state), "no such state",
                          "there are is.null, is.notnull, is.true and is.false");
  }

  // The parameter that stands for a value.
  std::string Bind(const data::Field& field, std::string_view value) {
    statement_.parameters.emplace_back(std::string(value));
    // A pattern or a value may be longer than CHAR(n) and VARCHAR(n) let through, and have more digits.
    statement_.types.push_back(field.type.IsCharacter() ? data::DataType::String()
                               : field.type.kind() == data::TypeKind::kDecimal
                                   ? data::DataType::AnyDecimal()
                                   : field.type.WithNullable(true));
    return fmt::format("${}", statement_.parameters.size());
  }

  const Relation& relation_;
  SqlStatement statement_;
  std::vector<std::string> selected_;
  std::vector<std::string> filters_;
  std::vector<std::string> orders_;
  uint64_t limit_;
  uint64_t offset_ = 0;
};

}  // namespace

std::string QuoteName(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) {
    if (c == '`') quoted.push_back('`');
    quoted.push_back(c);
  }
  quoted.push_back('`');
  return quoted;
}

Result<SqlStatement> MakeViewQuery(const Relation& relation, const Request& request, uint64_t default_rows) {
  QueryBuilder builder(relation, default_rows);
  for (const auto& [key, value] : request.query) MR_TRY(builder.Take(key, value));
  return builder.Finish();
}

}  // namespace millrace::server::http
