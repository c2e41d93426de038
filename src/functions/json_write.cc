#include "functions/json_write.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/json_text.h"
#include "data/datetime.h"
#include "data/decimal.h"
#include "data/text.h"
#include "functions/json_document.h"

namespace millrace::functions {

using data::Column;
using data::ColumnView;
using data::DataType;
using data::ListEntry;
using data::PhysicalType;
using data::StringRef;
using data::TypeKind;

namespace {

constexpr int64_t kMicrosOfDay = 86'400'000'000;

void AppendIsoTime(int64_t micros_of_day, bool always_seconds, std::string* out) {
  const int64_t seconds = micros_of_day / 1'000'000;
  const int64_t fraction = micros_of_day % 1'000'000;
  fmt::format_to(std::back_inserter(*out), "{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (!always_seconds && seconds % 60 == 0 && fraction == 0) return;
  fmt::format_to(std::back_inserter(*out), ":{:02}", seconds % 60);
  if (fraction == 0) return;
  if (fraction % 1000 == 0) {
    fmt::format_to(std::back_inserter(*out), ".{:03}", fraction / 1000);
  } else {
    fmt::format_to(std::back_inserter(*out), ".{:06}", fraction);
  }
}

Status AppendFloating(double value, bool single, std::string* out) {
  if (!std::isfinite(value)) {
    return Fail(ErrorCode::kNumericOutOfRange, "NaN and Infinity have no JSON form",
                "replace them first, for example with NULL");
  }
  std::string text;
  if (single) {
    data::AppendFloat(static_cast<float>(value), &text);
  } else {
    data::AppendDouble(value, &text);
  }
  AppendBigDecimal(text, /*strip_zeros=*/false, out);
  return Ok();
}

struct Member {
  std::string name;
  const Column* column;
  size_t row;
};

Status AppendObject(std::vector<Member> members, std::string* out) {
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.name < b.name; });
  out->push_back('{');
  bool first = true;
  for (const Member& member : members) {
    if (!first) out->push_back(',');
    first = false;
    AppendJsonString(member.name, out);
    out->push_back(':');
    MR_TRY(AppendJsonValue(*member.column, member.row, out));
  }
  out->push_back('}');
  return Ok();
}

}  // namespace

bool HasJsonForm(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kMultiset:
      return false;
    case TypeKind::kMap:
      return type.key_type().IsCharacter() && HasJsonForm(type.value_type());
    case TypeKind::kArray:
      return HasJsonForm(type.element());
    case TypeKind::kRow:
      return std::all_of(type.fields().begin(), type.fields().end(),
                         [](const data::RowField& field) { return HasJsonForm(field.type); });
    default:
      return true;
  }
}

Status AppendJsonValue(const Column& column, size_t row, std::string* out) {
  if (column.IsNull(row)) {
    out->append("null");
    return Ok();
  }
  const DataType& type = column.type();
  const auto integer = [&]() -> int64_t {
    switch (column.physical()) {
      case PhysicalType::kInt8:
        return ColumnView<int8_t>(column)[row];
      case PhysicalType::kInt16:
        return ColumnView<int16_t>(column)[row];
      case PhysicalType::kInt32:
        return ColumnView<int32_t>(column)[row];
      default:
        return ColumnView<int64_t>(column)[row];
    }
  };
  switch (type.kind()) {
    case TypeKind::kBoolean:
      out->append(ColumnView<uint8_t>(column)[row] != 0 ? "true" : "false");
      return Ok();
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      fmt::format_to(std::back_inserter(*out), "{}", integer());
      return Ok();
    case TypeKind::kDecimal: {
      const data::Int128 unscaled =
          column.physical() == PhysicalType::kInt128 ? ColumnView<data::Int128>(column)[row] : integer();
      AppendBigDecimal(data::DecimalToString(unscaled, type.scale()), /*strip_zeros=*/true, out);
      return Ok();
    }
    case TypeKind::kFloat:
      return AppendFloating(static_cast<double>(ColumnView<float>(column)[row]), /*single=*/true, out);
    case TypeKind::kDouble:
      return AppendFloating(ColumnView<double>(column)[row], /*single=*/false, out);
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      AppendJsonString(ColumnView<StringRef>(column)[row].view(), out);
      return Ok();
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      out->push_back('"');
      AppendBase64(ColumnView<StringRef>(column)[row].view(), out);
      out->push_back('"');
      return Ok();
    case TypeKind::kDate:
      out->push_back('"');
      data::AppendDate(integer(), out);
      out->push_back('"');
      return Ok();
    case TypeKind::kTime:
      out->push_back('"');
      AppendIsoTime(integer(), /*always_seconds=*/true, out);
      out->push_back('"');
      return Ok();
    case TypeKind::kTimestamp:
      out->push_back('"');
      AppendIsoTimestamp(integer(), /*always_seconds=*/false, out);
      out->push_back('"');
      return Ok();
    case TypeKind::kTimestampLtz:
      out->push_back('"');
      AppendIsoTimestamp(integer(), /*always_seconds=*/true, out);
      out->append("Z\"");
      return Ok();
    case TypeKind::kArray: {
      const ListEntry entry = ColumnView<ListEntry>(column)[row];
      out->push_back('[');
      for (uint64_t i = 0; i < entry.length; ++i) {
        if (i > 0) out->push_back(',');
        MR_TRY(AppendJsonValue(column.child(0), entry.offset + i, out));
      }
      out->push_back(']');
      return Ok();
    }
    case TypeKind::kMap: {
      const ListEntry entry = ColumnView<ListEntry>(column)[row];
      std::vector<Member> members;
      const ColumnView<StringRef> keys(column.child(0));
      for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
        members.push_back({std::string(keys[i].view()), &column.child(1), i});
      }
      return AppendObject(std::move(members), out);
    }
    case TypeKind::kRow: {
      std::vector<Member> members;
      for (size_t i = 0; i < type.fields().size(); ++i) {
        members.push_back({type.fields()[i].name, &column.child(i), row});
      }
      return AppendObject(std::move(members), out);
    }
    default:
      return Fail(ErrorCode::kNotSupported, fmt::format("{} has no JSON form", type.ToString()));
  }
}

void AppendIsoTimestamp(int64_t micros, bool always_seconds, std::string* out) {
  data::AppendDate(data::FloorDiv(micros, kMicrosOfDay), out);
  out->push_back('T');
  AppendIsoTime(data::FloorMod(micros, kMicrosOfDay), always_seconds, out);
}

void AppendBase64(std::string_view bytes, std::string* out) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out->reserve(out->size() + (bytes.size() + 2) / 3 * 4);
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) out->push_back(kAlphabet[(group >> shift) & 63]);
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return;
  const uint32_t group = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0);
  out->push_back(kAlphabet[group >> 18]);
  out->push_back(kAlphabet[(group >> 12) & 63]);
  out->push_back(left == 2 ? kAlphabet[(group >> 6) & 63] : '=');
  out->push_back('=');
}

}  // namespace millrace::functions
