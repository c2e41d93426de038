#include "server/pgwire/numeric_binary.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "data/decimal.h"
#include "server/pgwire/number_text.h"
#include "server/pgwire/wire_reader.h"

namespace millrace::server::pgwire {

namespace {

constexpr int kGroupDigits = 4;
constexpr uint16_t kPositive = 0x0000;
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNotANumber = 0xC000;
constexpr uint16_t kInfinity = 0xD000;
constexpr uint16_t kNegativeInfinity = 0xF000;

// Groups further from the point are of no DECIMAL.
constexpr int kIntegralGroupsMax = 10;
constexpr int kFractionGroupsMax = 12;

std::unexpected<Error> OutOfRange() {
  return Fail(ErrorCode::kNumericOutOfRange, "numeric value out of range: DECIMAL has 38 digits at most");
}

int16_t GroupAt(const char* digits) {
  return static_cast<int16_t>((digits[0] - '0') * 1000 + (digits[1] - '0') * 100 + (digits[2] - '0') * 10 +
                              (digits[3] - '0'));
}

}  // namespace

void AppendNumeric(data::Int128 unscaled, int scale, OutputBuffer* out) {
  // Zeros on both sides, so that groups of four digits lie around the decimal point.
  char text[96];
  std::memset(text, '0', sizeof(text));
  char digits[64];
  const auto bits = static_cast<unsigned __int128>(unscaled);
  const size_t count = WriteDigits(unscaled < 0 ? 0 - bits : bits, digits);
  constexpr size_t kPoint = 40;  // where the fraction begins; a multiple of four
  std::memcpy(text + kPoint + scale - count, digits, count);

  const auto used_groups =
      static_cast<int>(kPoint / kGroupDigits) + (scale + kGroupDigits - 1) / kGroupDigits;
  int first = 0;
  int last = used_groups;
  while (first < last && GroupAt(text + first * kGroupDigits) == 0) ++first;
  while (last > first && GroupAt(text + (last - 1) * kGroupDigits) == 0) --last;
  const int groups = last - first;
  const int weight = groups == 0 ? 0 : static_cast<int>(kPoint / kGroupDigits) - 1 - first;
  out->Int16(static_cast<int16_t>(groups));
  out->Int16(static_cast<int16_t>(weight));
  out->Int16(static_cast<int16_t>(unscaled < 0 ? kNegative : kPositive));
  out->Int16(static_cast<int16_t>(scale));
  for (int i = first; i < last; ++i) out->Int16(GroupAt(text + i * kGroupDigits));
}

Result<std::string> NumericText(std::string_view bytes) {
  WireReader reader(bytes);
  const auto groups = static_cast<uint16_t>(reader.Int16());
  const int16_t weight = reader.Int16();
  const auto sign = static_cast<uint16_t>(reader.Int16());
  const auto shown_scale = static_cast<uint16_t>(reader.Int16());
  if (!reader.ok() || reader.rest().size() != size_t{groups} * 2) {
    return Fail(ErrorCode::kInvalidBinary, "binary numeric: its digits do not fill it");
  }
  if (sign == kNotANumber || sign == kInfinity || sign == kNegativeInfinity) return OutOfRange();
  if (sign != kPositive && sign != kNegative) {
    return Fail(ErrorCode::kInvalidBinary, fmt::format("binary numeric: sign 0x{:04X}", sign));
  }
  std::string text = sign == kNegative ? "-" : "";
  std::string fraction;
  for (int i = 0; i < groups; ++i) {
    const int group = reader.Int16();
    if (group < 0 || group > 9999) {
      return Fail(ErrorCode::kInvalidBinary,
                  fmt::format("binary numeric: digit {} is not in 0..9999", group));
    }
    const int power = weight - i;
    if (power >= kIntegralGroupsMax || power < -kFractionGroupsMax) {
      if (group != 0) return OutOfRange();
    } else if (power >= 0) {
      text += fmt::format("{:04}", group);
    } else {
      if (fraction.empty()) fraction.assign(static_cast<size_t>(-power - 1) * kGroupDigits, '0');
      fraction += fmt::format("{:04}", group);
    }
  }
  if (weight >= groups) {
    text.append(static_cast<size_t>(std::min<int>(weight - groups + 1, kIntegralGroupsMax)) * kGroupDigits,
                '0');
  }
  if (text.empty() || text == "-") text += '0';
  // Groups are filled up with zeros; the scale says how many belong to the value.
  while (fraction.size() > shown_scale && fraction.back() == '0') fraction.pop_back();
  constexpr size_t kScaleMax = 38;
  if (fraction.size() < shown_scale)
    fraction.resize(std::max(fraction.size(), std::min<size_t>(shown_scale, kScaleMax)), '0');
  if (!fraction.empty()) text += "." + fraction;
  return text;
}

Result<data::Int128> ReadNumeric(std::string_view bytes, int precision, int scale) {
  MR_ASSIGN(const std::string text, NumericText(bytes));
  const auto value = data::ParseDecimal(text, precision, scale);
  if (value) return *value;
  return Fail(ErrorCode::kNumericOutOfRange,
              fmt::format("numeric value does not fit DECIMAL({}, {})", precision, scale));
}

}  // namespace millrace::server::pgwire
