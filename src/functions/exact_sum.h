// Sums that take values away again without a trace: exact ones of integers and decimals, and of floats
// in twice the precision of a double with the non-finite values counted apart.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "data/type.h"
#include "functions/state_bytes.h"
#include "functions/wide_int.h"

namespace millrace::functions {

// a + b = sum + error, exactly (Knuth's two-sum).
inline void TwoSum(double a, double b, double* sum, double* error) {
  *sum = a + b;
  const double b_part = *sum - a;
  *error = (a - (*sum - b_part)) + (b - b_part);
}

// A sum of doubles as an unevaluated sum of two, which carries about 106 bits.
struct DoubleDouble {
  double high = 0;
  double low = 0;

  void Add(double value) {
    double error;
    TwoSum(high, value, &high, &error);
    low += error;
    const double sum = high + low;
    low -= sum - high;
    high = sum;
  }
  void Add(const DoubleDouble& other) {
    double error;
    TwoSum(high, other.high, &high, &error);
    low += error + other.low;
    const double sum = high + low;
    low -= sum - high;
    high = sum;
  }
  DoubleDouble Negated() const { return {-high, -low}; }
  double value() const { return high + low; }
};

inline DoubleDouble Product(double a, double b) {
  const double high = a * b;
  return {high, std::fma(a, b, -high)};
}
inline DoubleDouble Product(const DoubleDouble& a, const DoubleDouble& b) {
  DoubleDouble result = Product(a.high, b.high);
  result.Add(a.high * b.low);
  result.Add(a.low * b.high);
  return result;
}
inline DoubleDouble Quotient(const DoubleDouble& a, double b) {
  const double high = a.high / b;
  DoubleDouble rest = a;
  rest.Add(Product(high, b).Negated());
  DoubleDouble result{high, 0};
  result.Add(rest.value() / b);
  return result;
}

// How many of each non-finite value a multiset holds, and what their sum with finite ones is.
struct NonFiniteCounts {
  int64_t nans = 0;
  int64_t plus = 0;
  int64_t minus = 0;

  void Add(double value, int64_t sign) {
    if (std::isnan(value)) {
      nans += sign;
    } else {
      (value > 0 ? plus : minus) += sign;
    }
  }
  void Add(const NonFiniteCounts& other) {
    nans += other.nans;
    plus += other.plus;
    minus += other.minus;
  }
  bool IsPossible() const { return IsRowCount(nans) && IsRowCount(plus) && IsRowCount(minus); }
  bool any() const { return nans != 0 || plus != 0 || minus != 0; }
  double Sum(double finite) const {
    if (nans != 0 || (plus != 0 && minus != 0)) return std::numeric_limits<double>::quiet_NaN();
    if (plus != 0) return std::numeric_limits<double>::infinity();
    if (minus != 0) return -std::numeric_limits<double>::infinity();
    return finite;
  }
};

}  // namespace millrace::functions
