#include "server/pgwire/number_text.h"

#include <cmath>

namespace millrace::server::pgwire {

namespace {

constexpr uint64_t kTenTo19 = 10'000'000'000'000'000'000ull;

// Digits "d.ddd" times 10^exponent, as the C library writes scientific notation, laid out as PostgreSQL does.
template <typename T>
void AppendFloating(T value, int exponent_end, OutputBuffer* out) {
  if (std::isnan(value)) return out->Bytes("NaN");
  if (std::isinf(value)) return out->Bytes(value < 0 ? "-Infinity" : "Infinity");
  if (value == 0) return out->Bytes(std::signbit(value) ? "-0" : "0");
  char text[40];
  const char* end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  const std::string_view all(text, static_cast<size_t>(end - text));
  const size_t e = all.find('e');
  int exponent = 0;
  std::from_chars(all.data() + e + (all[e + 1] == '+' ? 2 : 1), end, exponent);
  if (exponent < -4 || exponent >= exponent_end)
    return out->Bytes(all);  // two exponent digits at least: alike
  std::string_view mantissa = all.substr(0, e);
  if (mantissa[0] == '-') {
    out->Byte('-');
    mantissa.remove_prefix(1);
  }
  char digits[32];
  size_t count = 0;
  for (const char c : mantissa) {
    if (c != '.') digits[count++] = c;
  }
  if (exponent < 0) {
    out->Bytes(std::string_view("0.0000").substr(0, static_cast<size_t>(1 - exponent)));
    return out->Bytes({digits, count});
  }
  const auto integral = static_cast<size_t>(exponent) + 1;
  for (size_t i = 0; i < integral; ++i) out->Byte(i < count ? digits[i] : '0');
  if (count > integral) {
    out->Byte('.');
    out->Bytes({digits + integral, count - integral});
  }
}

}  // namespace

void AppendDouble(double value, OutputBuffer* out) {
  AppendFloating(value, 15, out);
}

void AppendFloat(float value, OutputBuffer* out) {
  AppendFloating(value, 6, out);
}

size_t WriteDigits(unsigned __int128 magnitude, char* place) {
  char* const begin = place;
  const auto write = [&](uint64_t part) { place = std::to_chars(place, place + 20, part).ptr; };
  if (magnitude < kTenTo19) {
    write(static_cast<uint64_t>(magnitude));
    return static_cast<size_t>(place - begin);
  }
  const unsigned __int128 high = magnitude / kTenTo19;
  place += WriteDigits(high, place);
  char low[20];
  const auto count = static_cast<size_t>(
      std::to_chars(low, low + sizeof(low), static_cast<uint64_t>(magnitude % kTenTo19)).ptr - low);
  std::memset(place, '0', 19 - count);
  std::memcpy(place + 19 - count, low, count);
  return static_cast<size_t>(place + 19 - begin);
}

void AppendDecimal(data::Int128 unscaled, int scale, OutputBuffer* out) {
  char digits[64];
  const auto bits = static_cast<unsigned __int128>(unscaled);
  const size_t count = WriteDigits(unscaled < 0 ? 0 - bits : bits, digits);
  const auto fraction = static_cast<size_t>(scale);
  if (unscaled < 0) out->Byte('-');
  if (fraction == 0) return out->Bytes({digits, count});
  if (count > fraction) {
    out->Bytes({digits, count - fraction});
    out->Byte('.');
    return out->Bytes({digits + count - fraction, fraction});
  }
  out->Bytes("0.");
  for (size_t i = count; i < fraction; ++i) out->Byte('0');
  out->Bytes({digits, count});
}

}  // namespace millrace::server::pgwire
