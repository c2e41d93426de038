#include "functions/builtin.h"

#include <fmt/format.h>

#include "functions/aggregate_base.h"

namespace millrace::functions {

std::string CallText(std::string_view name, const AggregateRequest& request) {
  std::string text(name);
  text += request.distinct ? "(DISTINCT " : "(";
  for (size_t i = 0; i < request.arg_types.size(); ++i) {
    if (i > 0) text += ", ";
    text += request.arg_types[i].WithNullable(true).ToString();
  }
  text += ")";
  return text;
}

std::unexpected<Error> BadArguments(std::string_view name, const AggregateRequest& request,
                                    std::string_view expected) {
  return Fail(ErrorCode::kDatatypeMismatch,
              fmt::format("cannot apply {}: {} takes {}", CallText(name, request), name, expected));
}

AggregateBinder IgnoringDistinct(AggregateBinder plain) {
  return [plain = std::move(plain)](std::string_view name, const AggregateRequest& request) {
    AggregateRequest without = request;
    without.distinct = false;
    return plain(name, without);
  };
}

void RegisterAggregates(Registry& registry) {
  RegisterCountAggregates(registry);
  RegisterSumAggregates(registry);
  RegisterExtremeAggregates(registry);
  RegisterVarianceAggregates(registry);
  RegisterOrderAggregates(registry);
  RegisterListAggregates(registry);
  RegisterApproximationAggregates(registry);
  RegisterPercentileAggregates(registry);
  RegisterBitAggregates(registry);
  RegisterRegressionAggregates(registry);
  RegisterJsonAggregates(registry);
}

}  // namespace millrace::functions
