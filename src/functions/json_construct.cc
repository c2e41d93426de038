// JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON, JSON_QUOTE, JSON_UNQUOTE.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/json_text.h"
#include "functions/builtin.h"
#include "functions/json_document.h"
#include "functions/json_write.h"
#include "functions/row_writer.h"
#include "functions/signature.h"
#include "functions/utf8.h"

namespace millrace::functions {

using data::ColumnPtr;
using data::DataType;
using data::StringRef;

namespace {

// Whether the argument's text is JSON already and goes in as it is.
bool IsJsonCall(const Expression& expr) {
  if (expr.kind() != ExprKind::kCall) return false;
  const auto* call = dynamic_cast<const functions::Call*>(&expr);
  return call != nullptr &&
         (call->name() == "JSON_OBJECT" || call->name() == "JSON_ARRAY" || call->name() == "JSON");
}

// One value of an object or array that is built.
struct Part {
  std::string prefix;  // "key": of an object's member
  size_t arg;
  bool raw;
};

Status CheckJsonForm(const BoundArgs& bound, size_t arg) {
  if (HasJsonForm(bound.type(arg))) return Ok();
  return Fail(
      ErrorCode::kDatatypeMismatch,
      fmt::format("{}: {} has no JSON form", bound.name, bound.type(arg).WithNullable(true).ToString()),
      "CAST it AS STRING");
}

Kernel ConstructKernel(const DataType& type, std::vector<Part> parts, bool keep_nulls, char open,
                       char close) {
  return [type, parts = std::move(parts), keep_nulls, open, close](
             const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) -> ColumnPtr {
    auto result = MakeResult(type, rows);
    RowWriter out(result.get(), &context);
    std::string& text = out.scratch();
    for (size_t row = 0; row < rows; ++row) {
      out.Start(row);
      text.assign(1, open);
      Status status = Ok();
      for (const Part& part : parts) {
        const data::Column& column = *args[part.arg];
        const bool is_null = column.IsNull(row);
        if (is_null && !keep_nulls) continue;
        if (text.size() > 1) text.push_back(',');
        text.append(part.prefix);
        if (part.raw && !is_null) {
          text.append(data::ColumnView<StringRef>(column)[row].view());
        } else {
          status = AppendJsonValue(column, row, &text);
          if (!status) break;
        }
      }
      text.push_back(close);
      if (status) {
        out.SetText(text);
      } else {
        out.Fail(status.error());
      }
    }
    return result;
  };
}

// The first argument: what becomes of NULL values.
Result<bool> KeepsNulls(const BoundArgs& bound) {
  const data::Value word = bound.LiteralValue(0);
  if (bound.type(0).IsCharacter() && !word.is_null()) {
    if (word.as_string() == "NULL") return true;
    if (word.as_string() == "ABSENT") return false;
  }
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("{} does not know what to do with NULL values", bound.name),
              "write NULL ON NULL or ABSENT ON NULL");
}

// ('NULL' | 'ABSENT', key, value, ...).
Result<ExprPtr> BindJsonObject(BoundArgs bound) {
  MR_ASSIGN(const bool keep_nulls, KeepsNulls(bound));
  if (bound.size() % 2 == 0) {
    return Fail(ErrorCode::kInvalidParameter, "JSON_OBJECT has a key without a value",
                "write JSON_OBJECT(KEY 'name' VALUE value, ...)");
  }
  std::vector<std::pair<std::string, size_t>> members;
  for (size_t i = 1; i < bound.size(); i += 2) {
    const data::Value key = bound.LiteralValue(i);
    if (!bound.type(i).IsCharacter() || key.is_null()) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("a key of JSON_OBJECT is a constant text, not {}", bound.args[i]->ToString()),
                  "MAP[key, value] with JSON_STRING takes keys from the data");
    }
    MR_TRY(CheckJsonForm(bound, i + 1));
    members.emplace_back(key.as_string(), i + 1);
  }
  std::sort(members.begin(), members.end());
  std::vector<Part> parts;
  for (size_t i = 0; i < members.size(); ++i) {
    // The last of equal keys stays.
    if (i + 1 < members.size() && members[i].first == members[i + 1].first) continue;
    Part part{{}, members[i].second, IsJsonCall(*bound.args[members[i].second])};
    AppendJsonString(members[i].first, &part.prefix);
    part.prefix.push_back(':');
    parts.push_back(std::move(part));
  }
  const DataType type = DataType::String().NotNull();
  return bound.Call(type, ConstructKernel(type, std::move(parts), keep_nulls, '{', '}'));
}

// ('NULL' | 'ABSENT', value, ...).
Result<ExprPtr> BindJsonArray(BoundArgs bound) {
  MR_ASSIGN(const bool keep_nulls, KeepsNulls(bound));
  std::vector<Part> parts;
  for (size_t i = 1; i < bound.size(); ++i) {
    MR_TRY(CheckJsonForm(bound, i));
    parts.push_back({{}, i, IsJsonCall(*bound.args[i])});
  }
  const DataType type = DataType::String().NotNull();
  return bound.Call(type, ConstructKernel(type, std::move(parts), keep_nulls, '[', ']'));
}

Result<ExprPtr> BindJsonString(BoundArgs bound) {
  MR_TRY(CheckJsonForm(bound, 0));
  const DataType type = bound.Nullable(DataType::String());
  return bound.Call(type, WriterKernel<1, Cell>(type, [](const Cell& value, RowWriter& out) {
                      out.scratch().clear();
                      const Status status = AppendJsonValue(*value.column, value.row, &out.scratch());
                      if (!status) return out.Fail(status.error());
                      out.SetText(out.scratch());
                    }));
}

// A text that is JSON, in its plain form; NULL when it is blank.
Result<ExprPtr> BindJson(BoundArgs bound) {
  const DataType type = DataType::String();
  return bound.Call(
      type, WriterKernel<1, std::string_view>(type, [](std::string_view text, RowWriter& out) {
        if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return out.SetNull();
        JsonDocument& document = JsonDocument::ThisThread();
        if (!document.Parse(text)) {
          return out.Fail(Error(ErrorCode::kInvalidText, fmt::format("JSON: {}", document.problem())));
        }
        out.scratch().clear();
        document.AppendJson(JsonDocument::kRoot, &out.scratch());
        out.SetText(out.scratch());
      }));
}

// Also what is beyond ASCII is escaped.
void JsonQuote(std::string_view text, std::string* out) {
  const auto unit = [&](char32_t value) {
    fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<uint32_t>(value));
  };
  out->push_back('"');
  for (size_t at = 0; at < text.size();) {
    const char32_t c = utf8::Next(text, &at);
    if (c == '"' || c == '\\' || c == '/') {
      out->push_back('\\');
      out->push_back(static_cast<char>(c));
    } else if (c == '\b') {
      out->append("\\b");
    } else if (c == '\f') {
      out->append("\\f");
    } else if (c == '\n') {
      out->append("\\n");
    } else if (c == '\r') {
      out->append("\\r");
    } else if (c == '\t') {
      out->append("\\t");
    } else if (c >= 0x10000) {
      unit(0xD800 + ((c - 0x10000) >> 10));
      unit(0xDC00 + ((c - 0x10000) & 0x3FF));
    } else if (c > 127) {
      unit(c);
    } else {
      out->push_back(static_cast<char>(c));
    }
  }
  out->push_back('"');
}

// What stands between a text's first and last quote, with its escapes resolved. A text that is not quoted or
// does not start with a JSON value stays as it is, and so does one with a wrong escape.
void JsonUnquote(std::string_view text, std::string* out) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"' ||
      !JsonDocument::ThisThread().ParsePrefix(text)) {
    out->append(text);
    return;
  }
  // Quotes inside are text: make one string of it all.
  std::string quoted = "\"";
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) {
      quoted.append(text.substr(i, 2));
      ++i;
    } else if (text[i] == '"') {
      quoted.append("\\\"");
    } else if (static_cast<unsigned char>(text[i]) < 0x20) {
      fmt::format_to(std::back_inserter(quoted), "\\u{:04x}", static_cast<unsigned>(text[i]));
    } else {
      quoted.push_back(text[i]);
    }
  }
  quoted.push_back('"');
  JsonDocument& document = JsonDocument::ThisThread();
  if (document.Parse(quoted)) {
    document.AppendString(JsonDocument::kRoot, out);
  } else {
    out->append(text);
  }
}

}  // namespace

void RegisterJsonConstruct(Registry& registry) {
  Define(registry,
         {"json", "JSON_OBJECT(STRING [, ANY...])", "A JSON object of constant keys and values",
          "JSON_OBJECT([[KEY] key VALUE value]* [{NULL | ABSENT} ON NULL])"},
         BindJsonObject);
  Define(registry,
         {"json", "JSON_ARRAY(STRING [, ANY...])", "A JSON array of values",
          "JSON_ARRAY([value]* [{NULL | ABSENT} ON NULL])"},
         BindJsonArray);
  Define(registry, {"json", "JSON_STRING(value ANY)", "The value as JSON"}, BindJsonString);
  Define(
      registry,
      {"json", "JSON(text STRING)", "The text as JSON, which goes into JSON_OBJECT and JSON_ARRAY as it is"},
      BindJson);
  DefineString<std::string_view>(
      registry, {"json", "JSON_QUOTE(text STRING)", "The text as a JSON string, with quotes"}, JsonQuote);
  DefineString<std::string_view>(
      registry, {"json", "JSON_UNQUOTE(text STRING)", "The text of a JSON string, without quotes"},
      JsonUnquote);
}

}  // namespace millrace::functions
