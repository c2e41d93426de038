#include "flink_cases/flink_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/column.h"
#include "data/datetime.h"
#include "data/text.h"

namespace millrace::flink_cases {
namespace {

using data::DataType;
using data::TypeKind;
using data::Value;

class JavaType {
 public:
  explicit JavaType(std::string_view text) : text_(text) {}

  std::string Parse() {
    std::string type = Type();
    return failed_ || at_ != text_.size() ? std::string() : type;
  }

 private:
  bool Take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string Word() {
    const size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  // The arguments up to the closing parenthesis, each as a type or as it stands.
  std::vector<std::string> Arguments() {
    std::vector<std::string> arguments;
    if (!Take("(")) {
      failed_ = true;
      return arguments;
    }
    while (!failed_ && !Take(")")) {
      while (Take(" ") || Take(",")) {
      }
      arguments.push_back(Type());
    }
    return arguments;
  }

  std::string Row() {
    std::string fields;
    if (!Take("(")) failed_ = true;
    int position = 0;
    while (!failed_ && !Take(")")) {
      while (Take(" ") || Take(",")) {
      }
      std::string name = fmt::format("f{}", position++);
      std::string type;
      (void)(Take("DataTypes."));
      if (Take("FIELD(")) {
        const size_t comma = text_.find(',', at_);
        if (comma == std::string_view::npos) break;
        name = std::string(text_.substr(at_, comma - at_));
        at_ = comma;
        while (Take(" ") || Take(",")) {
        }
        type = Type();
        if (!Take(")")) failed_ = true;
      } else {
        type = Type();
      }
      fields += fmt::format("{}`{}` {}", fields.empty() ? "" : ", ", name, type);
    }
    return "ROW<" + fields + ">";
  }

  std::string Type() {
    if (at_ >= text_.size()) failed_ = true;
    if (failed_) return "";
    (void)(Take("DataTypes."));
    if (Take("of(")) {
      const size_t end = text_.rfind(')');
      std::string type(text_.substr(at_, end - at_));
      at_ = end + 1;
      return type;
    }
    const std::string word = Word();
    std::string type;
    if (word == "ROW") {
      type = Row();
    } else if (at_ < text_.size() && text_[at_] == '(') {
      const std::vector<std::string> arguments = Arguments();
      std::string joined;
      for (const auto& argument : arguments) joined += (joined.empty() ? "" : ", ") + argument;
      if (word == "ARRAY" || word == "MAP" || word == "MULTISET") {
        type = word + "<" + joined + ">";
      } else if (word == "INTERVAL") {
        type = word + " " + joined;
      } else {
        type = joined.empty() ? word : word + "(" + joined + ")";
      }
    } else {
      type = word;
      failed_ |= std::any_of(word.begin(), word.end(),
                             [](unsigned char c) { return std::isdigit(c) == 0; });  // a variable of the test
    }
    if (type.empty()) failed_ = true;
    while (Take(".notNull()") || Take(".nullable()")) {
    }
    return type;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool failed_ = false;
};

// A tagged value: {"dec": "1.5"}. Empty name: none.
std::pair<std::string_view, const Json*> Tagged(const Json& json) {
  if (!json.is_object() || json.fields.empty()) return {"", nullptr};
  if (json.Has("row")) return {"row", &json["row"]};
  return {json.fields[0].name, &json.fields[0].value};
}

std::string PlainDecimal(const std::string& text) {
  const size_t exponent_at = text.find_first_of("eE");
  if (exponent_at == std::string::npos) return text;
  int exponent = std::stoi(text.substr(exponent_at + 1));
  std::string digits = text.substr(0, exponent_at);
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  size_t point = digits.find('.');
  if (point == std::string::npos)
    point = digits.size();
  else
    digits.erase(point, 1);
  auto place = static_cast<int64_t>(point) + exponent;
  if (place <= 0) {
    digits.insert(0, static_cast<size_t>(1 - place), '0');
    place = 1;
  }
  if (place > static_cast<int64_t>(digits.size()))
    digits.append(static_cast<size_t>(place) - digits.size(), '0');
  if (place < static_cast<int64_t>(digits.size())) digits.insert(static_cast<size_t>(place), ".");
  return (negative ? "-" : "") + digits;
}

std::string Bytes(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string InferScalar(const Json& json, int* whole, int* fraction) {
  switch (json.kind) {
    case Json::Kind::kNull:
      return "";
    case Json::Kind::kBool:
      return "BOOLEAN";
    case Json::Kind::kInt:
      return json.integer > INT32_MAX || json.integer < INT32_MIN ? "BIGINT" : "INT";
    case Json::Kind::kDouble:
      return "DOUBLE";
    case Json::Kind::kString:
      return "STRING";
    default:
      break;
  }
  const auto [tag, value] = Tagged(json);
  if (tag == "dec") {
    std::string text = PlainDecimal(value->text);
    if (text.starts_with('-')) text.erase(0, 1);
    const size_t point = std::min(text.find('.'), text.size());
    *whole = std::max(*whole, static_cast<int>(point));
    *fraction = std::max(*fraction, point == text.size() ? 0 : static_cast<int>(text.size() - point - 1));
    return "DECIMAL";
  }
  if (tag == "LocalDate") return "DATE";
  if (tag == "LocalTime") return value->text.find('.') == std::string::npos ? "TIME" : "TIME(3)";
  if (tag == "LocalDateTime") return "TIMESTAMP(3)";
  if (tag == "Instant") return "TIMESTAMP_LTZ(3)";
  if (tag == "hex") return "BYTES";
  if (tag == "Duration") return "INTERVAL DAY(9) TO SECOND(3)";
  if (tag == "Period") return "INTERVAL MONTH";
  return std::string(tag);
}

}  // namespace

std::string SqlTypeOf(std::string_view java) {
  return JavaType(java).Parse();
}

std::string InferSqlType(const std::vector<const Json*>& values) {
  std::string result;
  int whole = 1;
  int fraction = 0;
  std::vector<const Json*> parts;  // elements of lists
  std::vector<std::vector<const Json*>> fields;
  std::vector<const Json*> map_keys;
  std::vector<const Json*> map_values;
  bool tuple = false;
  for (const Json* value : values) {
    if (value->is_null()) continue;
    std::string type = value->is_list() ? "list" : InferScalar(*value, &whole, &fraction);
    if (type == "list") {
      for (const Json& item : value->items) parts.push_back(&item);
    } else if (type == "row" || type == "tuple") {
      tuple |= type == "tuple";
      const Json& row = (*value)[type];
      fields.resize(std::max(fields.size(), row.items.size()));
      for (size_t i = 0; i < row.items.size(); ++i) fields[i].push_back(&row.items[i]);
      type = "row";
    } else if (type == "map") {
      for (const Json& entry : (*value)["map"].items) {
        map_keys.push_back(&entry.items[0]);
        map_values.push_back(&entry.items[1]);
      }
    }
    if (result.empty() || (result == "INT" && (type == "BIGINT" || type == "DOUBLE"))) {
      result = type;
    } else if (result != type && !((type == "INT" && (result == "BIGINT" || result == "DOUBLE")))) {
      return "";
    }
  }
  if (result.empty()) return "STRING";
  if (result == "DECIMAL") return fmt::format("DECIMAL({}, {})", std::min(38, whole + fraction), fraction);
  if (result == "list") {
    const std::string element = InferSqlType(parts);
    return element.empty() ? "" : "ARRAY<" + element + ">";
  }
  if (result == "map") {
    const std::string key = InferSqlType(map_keys);
    const std::string value = InferSqlType(map_values);
    return key.empty() || value.empty() ? "" : "MAP<" + key + ", " + value + ">";
  }
  if (result == "row") {
    std::string text;
    for (size_t i = 0; i < fields.size(); ++i) {
      const std::string type = InferSqlType(fields[i]);
      if (type.empty()) return "";
      text += fmt::format("{}{}{} {}", text.empty() ? "" : ", ", tuple ? "_" : "f", tuple ? i + 1 : i, type);
    }
    return "ROW<" + text + ">";
  }
  return result;
}

std::string ShortText(const Json& json) {
  return JavaText(json, DataType::String());
}

Result<Value> ValueOf(const Json& json, const DataType& type) {
  if (json.is_null()) return Value::Null();
  const auto [tag, tagged] = Tagged(json);
  const Json& inner = tagged != nullptr ? *tagged : json;
  const auto wrong = [&] {
    return Fail(ErrorCode::kInvalidText, fmt::format("{} is no {}", ShortText(json), type.ToString()));
  };
  switch (type.kind()) {
    case TypeKind::kArray:
    case TypeKind::kRow: {
      Value::List list;
      // A row may stand as an object of its fields.
      if (type.kind() == TypeKind::kRow && json.is_object() && tag != "row" && tag != "tuple") {
        for (const data::RowField& field : type.fields()) {
          MR_ASSIGN(Value value, ValueOf(json[field.name], field.type));
          list.push_back(std::move(value));
        }
        return Value::MakeList(std::move(list));
      }
      if (!inner.is_list()) return wrong();
      for (size_t i = 0; i < inner.items.size(); ++i) {
        if (type.kind() == TypeKind::kRow && i >= type.fields().size()) return wrong();
        MR_ASSIGN(Value value, ValueOf(inner.items[i], type.kind() == TypeKind::kRow ? type.fields()[i].type
                                                                                     : type.element()));
        list.push_back(std::move(value));
      }
      return Value::MakeList(std::move(list));
    }
    case TypeKind::kMap: {
      Value::List list;
      const auto add = [&](const Json& key, const Json& value) -> Status {
        MR_ASSIGN(Value k, ValueOf(key, type.key_type()));
        MR_ASSIGN(Value v, ValueOf(value, type.value_type()));
        list.push_back(Value::MakeList({std::move(k), std::move(v)}));
        return {};
      };
      if (tag == "map") {
        for (const Json& entry : inner.items) MR_TRY(add(entry.items[0], entry.items[1]));
      } else if (json.is_object()) {
        for (const auto& [name, value] : json.fields) {
          Json key;
          key.kind = Json::Kind::kString;
          key.text = name;
          MR_TRY(add(key, value));
        }
      } else {
        return wrong();
      }
      return Value::MakeList(std::move(list));
    }
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      if (inner.kind == Json::Kind::kInt) return Value::Double(static_cast<double>(inner.integer));
      if (inner.kind == Json::Kind::kDouble) return Value::Double(inner.number);
      break;
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      if (tag == "hex") return Value::String(Bytes(inner.text));
      if (json.is_list()) {  // of bytes
        std::string bytes;
        for (const Json& item : json.items) bytes += static_cast<char>(item.integer);
        return Value::String(std::move(bytes));
      }
      return Value::String(inner.text);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (inner.kind == Json::Kind::kInt) return Value::Int(inner.integer * 1000);
      break;
    case TypeKind::kIntervalDayTime: {
      if (inner.kind == Json::Kind::kInt) return Value::Int(inner.integer * 1000);
      double seconds = 0;
      char unit = 0;
      if (sscanf(inner.text.c_str(), "PT%lf%c", &seconds, &unit) != 2) return wrong();
      const double factor = unit == 'H' ? 3600 : unit == 'M' ? 60 : 1;
      return Value::Int(static_cast<int64_t>(seconds * factor * 1e6));
    }
    case TypeKind::kIntervalYearMonth: {
      if (inner.kind == Json::Kind::kInt) return Value::Int(inner.integer);
      int amount = 0;
      char unit = 0;
      if (sscanf(inner.text.c_str(), "P%d%c", &amount, &unit) != 2) return wrong();
      return Value::Int(unit == 'Y' ? amount * 12 : amount);
    }
    default:
      break;
  }
  std::string text;
  if (inner.kind == Json::Kind::kString) text = tag == "dec" ? PlainDecimal(inner.text) : inner.text;
  if (inner.kind == Json::Kind::kInt) text = std::to_string(inner.integer);
  if (inner.kind == Json::Kind::kBool) text = inner.boolean ? "true" : "false";
  if (inner.kind == Json::Kind::kDouble) data::AppendDouble(inner.number, &text);
  if (type.IsCharacter()) return Value::String(text);
  if (type.IsTimestamp()) {
    std::replace(text.begin(), text.end(), 'T', ' ');
    if (text.ends_with('Z')) text.pop_back();
    // Nine digits are more than we keep.
    const size_t point = text.find('.');
    if (point != std::string::npos) text.resize(std::min(text.size(), point + 7));
    if (std::count(text.begin(), text.end(), ':') == 1) text += ":00";
  }
  if (type.kind() == TypeKind::kTime) {
    const size_t point = text.find('.');
    if (point != std::string::npos) text.resize(std::min(text.size(), point + 7));
    if (std::count(text.begin(), text.end(), ':') == 1) text += ":00";
  }
  data::Column column(type, 1);
  MR_TRY(data::AppendParsed(text, type, data::TimeZone::Utc(), &column));
  return column.GetValue(0);
}

namespace {

// Java's LocalTime and LocalDateTime leave out seconds of zero and show 3, 6 or 9 digits of the fraction.
std::string JavaTime(std::string text) {
  const bool utc = text.ends_with('Z');
  if (utc) text.pop_back();
  const size_t point = text.find('.');
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  if (point != std::string::npos) text.resize(point);
  while (fraction.ends_with('0')) fraction.pop_back();
  while (fraction.size() % 3 != 0) fraction += '0';
  if (std::count(text.begin(), text.end(), ':') == 1) text += ":00";
  if (!fraction.empty()) return text + "." + fraction + (utc ? "Z" : "");
  if (!utc && text.ends_with(":00")) text.resize(text.size() - 3);
  return text + (utc ? "Z" : "");
}

const DataType& PartType(const DataType& type, size_t i) {
  static const DataType kUnknown = DataType::Double();
  if (type.kind() == TypeKind::kRow) return i < type.fields().size() ? type.fields()[i].type : kUnknown;
  if (type.kind() == TypeKind::kArray || type.kind() == TypeKind::kMultiset) return type.element();
  if (type.kind() == TypeKind::kMap) return i == 0 ? type.key_type() : type.value_type();
  return kUnknown;
}

}  // namespace

std::string JavaText(const Json& json, const DataType& type) {
  std::string text;
  switch (json.kind) {
    case Json::Kind::kNull:
      return "null";
    case Json::Kind::kBool:
      return json.boolean ? "true" : "false";
    case Json::Kind::kInt:
      if (type.kind() == TypeKind::kDouble || type.kind() == TypeKind::kFloat) {
        data::AppendDouble(static_cast<double>(json.integer), &text);
        return text;
      }
      return std::to_string(json.integer);
    case Json::Kind::kDouble:
      if (type.kind() == TypeKind::kFloat) {
        data::AppendFloat(static_cast<float>(json.number), &text);
      } else {
        data::AppendDouble(json.number, &text);
      }
      return text;
    case Json::Kind::kString:
      return json.text;
    case Json::Kind::kList:
      for (const Json& item : json.items) {
        text += (&item == json.items.data() ? "" : ", ") + JavaText(item, PartType(type, 0));
      }
      return "[" + text + "]";
    case Json::Kind::kObject:
      break;
  }
  const auto [tag, value] = Tagged(json);
  if (tag == "dec") return PlainDecimal(value->text);
  if (tag == "LocalTime" || tag == "LocalDateTime" || tag == "Instant") return JavaTime(value->text);
  if (tag == "hex") {
    for (const char c : Bytes(value->text)) {
      text += (text.empty() ? "" : ", ") + std::to_string(static_cast<int>(static_cast<signed char>(c)));
    }
    return "[" + text + "]";
  }
  if (tag == "row" || tag == "tuple") {
    for (size_t i = 0; i < value->items.size(); ++i) {
      text += (i == 0 ? "" : ", ") + JavaText(value->items[i], PartType(type, i));
    }
    return "+I[" + text + "]";
  }
  if (tag == "map") {
    for (const Json& entry : value->items) {
      text += (text.empty() ? "" : ", ") + JavaText(entry.items[0], PartType(type, 0)) + "=" +
              JavaText(entry.items[1], PartType(type, 1));
    }
    return "{" + text + "}";
  }
  return value == nullptr ? "{}" : value->text;
}

}  // namespace millrace::flink_cases
