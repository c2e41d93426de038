// CORR, COVAR_POP, COVAR_SAMP and the REGR_ functions of standard SQL over pairs of numbers, DOUBLE, from
// sums in twice the precision of a double. Rows with a null in either argument do not count. The first
// argument is the dependent one (y), the second the independent one (x).
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "functions/aggregate_base.h"
#include "functions/exact_sum.h"
#include "functions/numeric_reader.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;

struct PairMoments {
  DoubleDouble y, x, yy, xx, xy;
  int64_t count = 0;
  int64_t non_finite = 0;
};

// Sums of products of the distances from the means.
struct Spreads {
  double count;
  double mean_y, mean_x;
  double yy, xx, xy;
};

double SpreadOf(DoubleDouble products, const DoubleDouble& a, const DoubleDouble& b, double count) {
  products.Add(Quotient(Product(a, b), count).Negated());
  return products.value();
}

// A statistic of at least one pair; nullopt is SQL null.
using Statistic = std::optional<double> (*)(const Spreads&);

class PairStatistic final : public PlainAggregateOf<PairStatistic, PairMoments> {
 public:
  // A null statistic means the number of pairs, as BIGINT.
  explicit PairStatistic(Statistic statistic)
      : PlainAggregateOf(statistic == nullptr ? DataType::BigInt().NotNull() : DataType::Double()),
        statistic_(statistic) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const std::vector<double> y = ReadDoubles(*args[0], states.size());
    const std::vector<double> x = ReadDoubles(*args[1], states.size());
    VisitRows(states.size(), args, signs,
              [&](size_t row, int64_t sign) { Add(At(states[row]), y[row], x[row], sign); });
  }
  bool IsPossible(const PairMoments& state) const {
    return IsRowCount(state.count) && IsRowCount(state.non_finite);
  }
  void MergeState(PairMoments& into, PairMoments& from) const {
    into.y.Add(from.y);
    into.x.Add(from.x);
    into.yy.Add(from.yy);
    into.xx.Add(from.xx);
    into.xy.Add(from.xy);
    into.count += from.count;
    into.non_finite += from.non_finite;
  }
  void FinalizeState(PairMoments& state, size_t, Column* result, EvalContext&) const {
    if (statistic_ == nullptr) {
      result->Append(state.count);
      return;
    }
    if (state.count < 1) {
      result->AppendNull();
      return;
    }
    if (state.non_finite != 0) {
      result->Append(std::numeric_limits<double>::quiet_NaN());
      return;
    }
    const auto count = static_cast<double>(state.count);
    Spreads spreads{count,
                    state.y.value() / count,
                    state.x.value() / count,
                    std::max(0.0, SpreadOf(state.yy, state.y, state.y, count)),
                    std::max(0.0, SpreadOf(state.xx, state.x, state.x, count)),
                    SpreadOf(state.xy, state.x, state.y, count)};
    const auto value = statistic_(spreads);
    if (value.has_value()) {
      result->Append(*value);
    } else {
      result->AppendNull();
    }
  }

 private:
  static void Add(PairMoments& state, double y, double x, int64_t sign) {
    state.count += sign;
    const double s = static_cast<double>(sign);
    if (!std::isfinite(y * y) || !std::isfinite(x * x)) {
      state.non_finite += sign;
      return;
    }
    state.y.Add(s * y);
    state.x.Add(s * x);
    state.yy.Add(Product(s * y, y));
    state.xx.Add(Product(s * x, x));
    state.xy.Add(Product(s * x, y));
  }

  Statistic statistic_;
};

AggregateBinder Binder(Statistic statistic) {
  return WithDistinct(
      [statistic](std::string_view name, const AggregateRequest& request) -> Result<AggregatePtr> {
        if (request.arg_types.size() != 2 || !request.arg_types[0].IsNumeric() ||
            !request.arg_types[1].IsNumeric()) {
          return BadArguments(name, request, "two numeric arguments");
        }
        return std::make_shared<PairStatistic>(statistic);
      });
}

std::optional<double> CovarPop(const Spreads& s) {
  return s.xy / s.count;
}
std::optional<double> CovarSamp(const Spreads& s) {
  if (s.count < 2) return std::nullopt;
  return s.xy / (s.count - 1);
}
std::optional<double> Corr(const Spreads& s) {
  if (s.xx == 0 || s.yy == 0) return std::nullopt;
  return s.xy / (std::sqrt(s.xx) * std::sqrt(s.yy));
}
std::optional<double> Slope(const Spreads& s) {
  if (s.xx == 0) return std::nullopt;
  return s.xy / s.xx;
}
std::optional<double> Intercept(const Spreads& s) {
  if (s.xx == 0) return std::nullopt;
  return s.mean_y - s.xy / s.xx * s.mean_x;
}
std::optional<double> RSquared(const Spreads& s) {
  if (s.xx == 0) return std::nullopt;
  if (s.yy == 0) return 1.0;
  return s.xy * s.xy / (s.xx * s.yy);
}

}  // namespace

void RegisterRegressionAggregates(Registry& registry) {
  auto add = [&registry](const char* name, const char* summary, Statistic statistic) {
    registry.Add(AggregateFunction{name, fmt::format("{}([DISTINCT] y, x)", name),
                                   fmt::format("{} (not portable to Flink)", summary), Binder(statistic)});
  };
  add("COVAR_POP", "Population covariance of pairs of numbers", CovarPop);
  add("COVAR_SAMP", "Sample covariance of pairs of numbers", CovarSamp);
  add("CORR", "Pearson's correlation of pairs of numbers", Corr);
  add("REGR_COUNT", "Number of pairs without a null", nullptr);
  add("REGR_AVGX", "Mean of x over the pairs", [](const Spreads& s) { return std::optional(s.mean_x); });
  add("REGR_AVGY", "Mean of y over the pairs", [](const Spreads& s) { return std::optional(s.mean_y); });
  add("REGR_SXX", "Sum of squares of x around its mean",
      [](const Spreads& s) { return std::optional(s.xx); });
  add("REGR_SYY", "Sum of squares of y around its mean",
      [](const Spreads& s) { return std::optional(s.yy); });
  add("REGR_SXY", "Sum of products around the means", [](const Spreads& s) { return std::optional(s.xy); });
  add("REGR_SLOPE", "Slope of the least-squares line", Slope);
  add("REGR_INTERCEPT", "Intercept of the least-squares line", Intercept);
  add("REGR_R2", "Square of the correlation", RSquared);
}

}  // namespace millrace::functions
