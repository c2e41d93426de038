#include "functions/printf_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "data/decimal.h"
#include "data/text.h"
#include "functions/json_write.h"
#include "functions/utf8.h"

namespace millrace::functions {

using data::ColumnView;
using data::DataType;
using data::TypeKind;

namespace {

constexpr size_t kWidthMax = 1000;

int64_t IntegerAt(const Cell& value) {
  switch (value.column->physical()) {
    case data::PhysicalType::kInt8:
      return ColumnView<int8_t>(*value.column)[value.row];
    case data::PhysicalType::kInt16:
      return ColumnView<int16_t>(*value.column)[value.row];
    case data::PhysicalType::kInt32:
      return ColumnView<int32_t>(*value.column)[value.row];
    default:
      return ColumnView<int64_t>(*value.column)[value.row];
  }
}

std::unexpected<Error> WrongType(char conversion, const DataType& type) {
  return Fail(ErrorCode::kDatatypeMismatch,
              fmt::format("PRINTF: %{} does not format {}", conversion, type.WithNullable(true).ToString()),
              "%d takes integers, %f decimals and doubles, %s any value");
}

std::string TextAt(const Cell& value) {
  const DataType& type = value.column->type();
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return ColumnView<uint8_t>(*value.column)[value.row] != 0 ? "true" : "false";
    case TypeKind::kTime:
    case TypeKind::kIntervalDayTime:
      return fmt::format("{}", IntegerAt(value) / 1000);
    case TypeKind::kDate:
    case TypeKind::kIntervalYearMonth:
      return fmt::format("{}", IntegerAt(value));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      std::string text;
      AppendIsoTimestamp(IntegerAt(value), /*always_seconds=*/false, &text);
      return text;
    }
    default:
      return data::ToText(*value.column, value.row);
  }
}

// An exact decimal: 0.d1d2d3... * 10^point.
struct Digits {
  bool negative = false;
  std::string digits;
  int64_t point = 0;

  static Digits Parse(std::string_view number) {
    Digits parsed;
    size_t at = 0;
    if (number[0] == '-' || number[0] == '+') {
      parsed.negative = number[0] == '-';
      at = 1;
    }
    bool fraction = false;
    for (; at < number.size() && (number[at] | 0x20) != 'e'; ++at) {
      if (number[at] == '.') {
        fraction = true;
      } else if (number[at] == '0' && parsed.digits.empty()) {
        if (fraction) --parsed.point;
      } else {
        parsed.digits.push_back(number[at]);
        if (!fraction) ++parsed.point;
      }
    }
    if (at < number.size()) parsed.point += std::stoll(std::string(number.substr(at + 1)));
    if (parsed.digits.empty()) parsed.point = 0;
    return parsed;
  }

  // Keeps `count` digits (none when negative), rounding half up.
  void Round(int64_t count) {
    if (count < 0) {
      digits.clear();
      return;
    }
    if (static_cast<size_t>(count) >= digits.size()) return;
    const bool up = digits[static_cast<size_t>(count)] >= '5';
    digits.resize(static_cast<size_t>(count));
    if (!up) return;
    for (size_t i = digits.size(); i > 0; --i) {
      if (digits[i - 1] != '9') {
        ++digits[i - 1];
        return;
      }
      digits[i - 1] = '0';
    }
    digits.insert(digits.begin(), '1');
    ++point;
  }

  char At(int64_t i) const {
    return i >= 0 && static_cast<size_t>(i) < digits.size() ? digits[static_cast<size_t>(i)] : '0';
  }
};

void GroupThousands(std::string* number) {
  const size_t dot = std::min(number->find('.'), number->size());
  for (size_t at = dot; at > 3;) {
    at -= 3;
    number->insert(at, 1, ',');
  }
}

}  // namespace

Result<PrintfFormat> PrintfFormat::Parse(std::string_view format) {
  PrintfFormat parsed;
  size_t next = 0;
  size_t last = 0;
  bool any = false;
  Piece piece;
  for (size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      piece.literal.push_back(format[at++]);
      continue;
    }
    const size_t start = at++;
    const auto wrong = [&] {
      return Fail(
          ErrorCode::kInvalidParameter,
          fmt::format("PRINTF: '{}' in '{}' is no conversion", format.substr(start, at - start + 1), format),
          "they are %[index$][flags][width][.precision] and one of s, S, b, B, d, x, X, o, c, f, e, E, %, n");
    };
    const auto number = [&](size_t* value) {
      const size_t first = at;
      *value = 0;
      while (at < format.size() && std::isdigit(static_cast<unsigned char>(format[at])) != 0 &&
             *value <= kWidthMax) {
        *value = *value * 10 + static_cast<size_t>(format[at++] - '0');
      }
      return at > first;
    };
    size_t explicit_index = 0;
    bool previous = false;
    if (at < format.size() && format[at] == '<') {
      previous = true;
      ++at;
    } else {
      const size_t mark = at;
      size_t value = 0;
      if (number(&value) && at < format.size() && format[at] == '$' && value > 0) {
        explicit_index = value;
        ++at;
      } else {
        at = mark;
      }
    }
    while (at < format.size() && std::string_view("-#+ 0,(").find(format[at]) != std::string_view::npos) {
      if (piece.Has(format[at])) return wrong();
      piece.flags.push_back(format[at++]);
    }
    number(&piece.width);
    if (piece.width > kWidthMax) return wrong();
    if (at < format.size() && format[at] == '.') {
      ++at;
      size_t precision = 0;
      if (!number(&precision) || precision > kWidthMax) return wrong();
      piece.precision = static_cast<int>(precision);
    }
    if (at >= format.size()) return wrong();
    const char conversion = format[at];
    if (conversion == '%' || conversion == 'n') {
      piece.literal.push_back(conversion == '%' ? '%' : '\n');
      piece = Piece{std::move(piece.literal), 0, 0, {}, 0, -1};
      ++at;
      continue;
    }
    if (std::string_view("sSbBdxXocfeE").find(conversion) == std::string_view::npos) return wrong();
    const bool integral = std::string_view("dxXoc").find(conversion) != std::string_view::npos;
    if (integral && piece.precision >= 0) return wrong();
    if ((piece.Has('-') || piece.Has('0')) && piece.width == 0) return wrong();
    if (piece.Has('-') && piece.Has('0')) return wrong();
    ++at;
    piece.conversion = conversion;
    if (previous) {
      if (!any) return wrong();
      piece.value = last;
    } else {
      piece.value = explicit_index > 0 ? explicit_index - 1 : next++;
    }
    last = piece.value;
    any = true;
    parsed.pieces_.push_back(std::move(piece));
    piece = Piece();
  }
  if (!piece.literal.empty()) parsed.pieces_.push_back(std::move(piece));
  return parsed;
}

Status PrintfFormat::Append(std::span<const Cell> values, std::string* out) const {
  for (const Piece& piece : pieces_) {
    out->append(piece.literal);
    if (piece.conversion == 0) continue;
    if (piece.value >= values.size()) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("PRINTF: the format asks for value {}, but there are {}", piece.value + 1,
                              values.size()));
    }
    MR_TRY(AppendPiece(piece, values[piece.value], out));
  }
  return Ok();
}

Status PrintfFormat::AppendPiece(const Piece& piece, const Cell& value, std::string* out) {
  std::string text;
  const bool is_null = value.is_null();
  switch (piece.conversion) {
    case 'b':
    case 'B':
      text = is_null ? "false" : value.column->type().kind() == TypeKind::kBoolean ? TextAt(value) : "true";
      break;
    case 's':
    case 'S':
      text = is_null ? "null" : TextAt(value);
      break;
    case 'f':
    case 'e':
    case 'E':
      if (is_null) {
        text = "null";
      } else {
        MR_TRY(FormatFloat(piece, value, &text));
      }
      break;
    default:
      if (is_null) {
        text = "null";
      } else {
        MR_TRY(FormatInteger(piece, value, &text));
      }
  }
  const bool numeric = std::string_view("dxXofeE").find(piece.conversion) != std::string_view::npos;
  if (piece.precision >= 0 && !numeric) text = utf8::Substring(text, 0, static_cast<size_t>(piece.precision));
  if (std::isupper(static_cast<unsigned char>(piece.conversion)) != 0) {
    std::string upper;
    utf8::AppendUpper(text, &upper);
    text = std::move(upper);
  }
  const size_t length = utf8::Length(text);
  const size_t fill = piece.width > length ? piece.width - length : 0;
  if (piece.Has('-')) {
    out->append(text).append(fill, ' ');
  } else if (piece.Has('0') && numeric && !is_null) {
    const size_t sign = text.find_first_of("0123456789IN");  // zeros go after the sign
    out->append(text, 0, sign).append(fill, '0').append(text, sign, std::string::npos);
  } else {
    out->append(fill, ' ').append(text);
  }
  return Ok();
}

Status PrintfFormat::FormatInteger(const Piece& piece, const Cell& value, std::string* text) {
  const DataType& type = value.column->type();
  if (!type.IsInteger()) return WrongType(piece.conversion, type);
  const int64_t number = IntegerAt(value);
  if (piece.conversion == 'c') {
    if (number < 0 || number > 0x10FFFF) {
      return Fail(ErrorCode::kNumericOutOfRange,
                  fmt::format("PRINTF: {} is the number of no character", number));
    }
    utf8::Append(static_cast<char32_t>(number), text);
    return Ok();
  }
  if (piece.conversion != 'd') {
    const size_t bits = data::PhysicalSize(value.column->physical()) * 8;
    const auto pattern =
        static_cast<uint64_t>(number) & (bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1);
    const bool octal = piece.conversion == 'o';
    *text = octal ? fmt::format("{}{:o}", piece.Has('#') ? "0" : "", pattern)
                  : fmt::format("{}{:x}", piece.Has('#') ? "0x" : "", pattern);
    return Ok();
  }
  *text = fmt::format(
      "{}", number < 0 ? uint64_t{0} - static_cast<uint64_t>(number) : static_cast<uint64_t>(number));
  if (piece.Has(',')) GroupThousands(text);
  if (number < 0) {
    *text = piece.Has('(') ? "(" + *text + ")" : "-" + *text;
  } else if (piece.Has('+') || piece.Has(' ')) {
    text->insert(0, 1, piece.Has('+') ? '+' : ' ');
  }
  return Ok();
}

Status PrintfFormat::FormatFloat(const Piece& piece, const Cell& value, std::string* text) {
  const DataType& type = value.column->type();
  if (!type.IsApproximate() && type.kind() != TypeKind::kDecimal) return WrongType(piece.conversion, type);
  const std::string number = data::ToText(*value.column, value.row);
  if (number == "NaN" || number.ends_with("Infinity")) {
    *text = number;
    return Ok();
  }
  Digits digits = Digits::Parse(number);
  const int precision = piece.precision < 0 ? 6 : piece.precision;
  if (piece.conversion == 'f') {
    digits.Round(digits.point + precision);
    if (digits.point <= 0) {
      text->push_back('0');
    } else {
      for (int64_t i = 0; i < digits.point; ++i) text->push_back(digits.At(i));
    }
    if (piece.Has(',')) GroupThousands(text);
    if (precision > 0) text->push_back('.');
    for (int64_t i = 0; i < precision; ++i) text->push_back(digits.At(digits.point + i));
  } else {
    digits.Round(precision + 1);
    const int64_t exponent = digits.digits.empty() ? 0 : digits.point - 1;
    text->push_back(digits.At(0));
    if (precision > 0) text->push_back('.');
    for (int64_t i = 1; i <= precision; ++i) text->push_back(digits.At(i));
    *text += fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (digits.negative) {
    *text = piece.Has('(') ? "(" + *text + ")" : "-" + *text;
  } else if (piece.Has('+') || piece.Has(' ')) {
    text->insert(0, 1, piece.Has('+') ? '+' : ' ');
  }
  return Ok();
}

}  // namespace millrace::functions
