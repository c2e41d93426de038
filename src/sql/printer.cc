#include "sql/printer.h"

#include <algorithm>

#include "sql/keywords.h"
#include "sql/printer_internal.h"

namespace millrace::sql {
namespace {

bool IsPlain(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || name[0] == '$') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
  });
}

std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) out += c;
  }
  out += quote;
  return out;
}

}  // namespace

std::string PrintName(std::string_view name) {
  return IsPlain(name) && !IsReserved(FindWord(name)) ? std::string(name) : Quoted(name, '`');
}

std::string PrintString(std::string_view text) {
  return Quoted(text, '\'');
}

std::string_view UnitText(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kYear:
      return "YEAR";
    case TimeUnit::kQuarter:
      return "QUARTER";
    case TimeUnit::kMonth:
      return "MONTH";
    case TimeUnit::kWeek:
      return "WEEK";
    case TimeUnit::kDay:
      return "DAY";
    case TimeUnit::kHour:
      return "HOUR";
    case TimeUnit::kMinute:
      return "MINUTE";
    case TimeUnit::kSecond:
      return "SECOND";
    case TimeUnit::kMillisecond:
      return "MILLISECOND";
    case TimeUnit::kMicrosecond:
      return "MICROSECOND";
    case TimeUnit::kNanosecond:
      return "NANOSECOND";
    case TimeUnit::kEpoch:
      return "EPOCH";
    case TimeUnit::kDow:
      return "DOW";
    case TimeUnit::kIsodow:
      return "ISODOW";
    case TimeUnit::kDoy:
      return "DOY";
    case TimeUnit::kIsoyear:
      return "ISOYEAR";
    case TimeUnit::kDecade:
      return "DECADE";
    case TimeUnit::kCentury:
      return "CENTURY";
    case TimeUnit::kMillennium:
      return "MILLENNIUM";
  }
  MR_UNREACHABLE();
}

std::string Print(const Statement& statement) {
  Printer printer;
  printer.Write(statement);
  return printer.Take();
}

std::string Print(const Query& query) {
  Printer printer;
  printer.Write(query);
  return printer.Take();
}

std::string Print(const Expr& expr) {
  Printer printer;
  printer.Write(expr);
  return printer.Take();
}

std::string Print(const TypeSpec& type) {
  Printer printer;
  printer.Write(type);
  return printer.Take();
}

// ---------------------------------------------------------------- names and types

void Printer::String(std::string_view text) {
  out_ += PrintString(text);
}

// A name that was in back-quotes and is a word of the grammar stays there: bare it might be read as the word.
void Printer::WriteName(const Name& name) {
  const bool is_word = name.quoted && FindWord(name.text) != Word::kNone;
  out_ += is_word ? Quoted(name.text, '`') : PrintName(name.text);
}

void Printer::WriteFunctionName(const QualifiedName& name) {
  if (name.parts.size() == 1 && !name.parts[0].quoted && IsPlain(name.parts[0].text))
    return Text(name.parts[0].text);
  WriteName(name);
}

void Printer::WriteName(const QualifiedName& name) {
  WriteDotted(name.parts);
}

void Printer::WriteDotted(const std::vector<Name>& parts) {
  Separated(parts, ".", [this](const Name& part) { WriteName(part); });
}

void Printer::WriteNames(const std::vector<Name>& names) {
  Text("(");
  Separated(names, ", ", [this](const Name& name) { WriteName(name); });
  Text(")");
}

void Printer::Write(const TypeSpec& type) {
  const auto length = [&](std::string_view name) {
    Text(name);
    if (!type.precision) return;
    Text("(");
    Number(*type.precision);
    if (type.scale) {
      Text(", ");
      Number(*type.scale);
    }
    Text(")");
  };
  switch (type.kind) {
    case TypeKind::kBoolean:
      Text("BOOLEAN");
      break;
    case TypeKind::kTinyInt:
      Text("TINYINT");
      break;
    case TypeKind::kSmallInt:
      Text("SMALLINT");
      break;
    case TypeKind::kInt:
      Text("INT");
      break;
    case TypeKind::kBigInt:
      Text("BIGINT");
      break;
    case TypeKind::kFloat:
      Text("FLOAT");
      break;
    case TypeKind::kDouble:
      Text("DOUBLE");
      break;
    case TypeKind::kDecimal:
      length("DECIMAL");
      break;
    case TypeKind::kChar:
      length("CHAR");
      break;
    case TypeKind::kVarchar:
      length(type.precision ? "VARCHAR" : "STRING");
      break;
    case TypeKind::kBinary:
      length("BINARY");
      break;
    case TypeKind::kVarbinary:
      length(type.precision ? "VARBINARY" : "BYTES");
      break;
    case TypeKind::kDate:
      Text("DATE");
      break;
    case TypeKind::kTime:
      length("TIME");
      break;
    case TypeKind::kTimestamp:
      length("TIMESTAMP");
      break;
    case TypeKind::kTimestampLtz:
      length("TIMESTAMP_LTZ");
      break;
    case TypeKind::kTimestampTz:
      length("TIMESTAMP");
      Text(" WITH TIME ZONE");
      break;
    case TypeKind::kInterval:
      Text("INTERVAL ");
      Text(UnitText(type.interval_from));
      if (type.precision) {
        Text("(");
        Number(*type.precision);
        Text(")");
      }
      if (type.interval_to) {
        Text(" TO ");
        Text(UnitText(*type.interval_to));
        if (type.scale) {
          Text("(");
          Number(*type.scale);
          Text(")");
        }
      }
      break;
    case TypeKind::kArray:
    case TypeKind::kMultiset:
    case TypeKind::kMap:
      Text(type.kind == TypeKind::kArray ? "ARRAY<" : type.kind == TypeKind::kMap ? "MAP<" : "MULTISET<");
      Separated(type.children, ", ", [this](const TypeSpec& child) { Write(child); });
      Text(">");
      break;
    case TypeKind::kRow: {
      Text("ROW<");
      size_t i = 0;
      Separated(type.children, ", ", [&](const TypeSpec& child) {
        WriteName(type.field_names[i]);
        Text(" ");
        Write(child);
        if (type.field_comments[i]) {
          Text(" ");
          String(*type.field_comments[i]);
        }
        ++i;
      });
      Text(">");
      break;
    }
    case TypeKind::kNull:
      Text("NULL");
      break;
    case TypeKind::kVariant:
      Text("VARIANT");
      break;
    case TypeKind::kRaw:
      Text("RAW(");
      String(type.raw_class);
      Text(", ");
      String(type.raw_snapshot);
      Text(")");
      break;
  }
  if (type.not_null) Text(" NOT NULL");
}

}  // namespace millrace::sql
