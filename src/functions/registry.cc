#include "functions/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "functions/builtin.h"

namespace millrace::functions {

namespace {

std::string UpperCase(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// Edits (insert, delete, replace, swap neighbours) between two names.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::unexpected<Error> UnknownFunction(const Registry& registry, std::string_view name) {
  const std::string upper = UpperCase(name);
  std::string nearest;
  size_t nearest_distance = std::max<size_t>(upper.size() / 3, 1) + 1;
  const auto consider = [&](const std::string& candidate) {
    const size_t distance = EditDistance(upper, candidate);
    if (distance < nearest_distance) {
      nearest_distance = distance;
      nearest = candidate;
    }
  };
  for (const ScalarFunction& function : registry.scalars()) consider(function.name);
  for (const AggregateFunction& function : registry.aggregates()) consider(function.name);
  return Fail(ErrorCode::kUndefinedFunction, fmt::format("no function '{}'", upper),
              nearest.empty() ? "SHOW FUNCTIONS lists them all" : fmt::format("did you mean '{}'?", nearest));
}

}  // namespace

const Registry& Registry::Get() {
  static const Registry& registry = []() -> const Registry& {
    auto* filled = new Registry;  // lives as long as the process
#define MR_CALL_FAMILY(Name) Register##Name(*filled);
    MR_FUNCTION_FAMILIES(MR_CALL_FAMILY)
#undef MR_CALL_FAMILY
    return *filled;
  }();
  return registry;
}

const ScalarFunction* Registry::FindScalar(std::string_view name) const {
  const auto found = scalar_index_.find(UpperCase(name));
  return found == scalar_index_.end() ? nullptr : &scalars_[found->second];
}

const AggregateFunction* Registry::FindAggregate(std::string_view name) const {
  const auto found = aggregate_index_.find(UpperCase(name));
  return found == aggregate_index_.end() ? nullptr : &aggregates_[found->second];
}

Result<ExprPtr> Registry::BindScalar(std::string_view name, std::vector<ExprPtr> args,
                                     const BindContext& context) const {
  const ScalarFunction* function = FindScalar(name);
  if (function == nullptr) return UnknownFunction(*this, name);
  return function->bind(function->name, std::move(args), context);
}

Result<AggregatePtr> Registry::BindAggregate(std::string_view name, const AggregateRequest& request) const {
  const AggregateFunction* function = FindAggregate(name);
  if (function == nullptr) return UnknownFunction(*this, name);
  return function->bind(function->name, request);
}

void Registry::Add(ScalarFunction function) {
  const bool added = scalar_index_.emplace(function.name, scalars_.size()).second;
  if (!added) CheckFailed(__FILE__, __LINE__, "a function is defined once", function.name);
  scalars_.push_back(std::move(function));
}

void Registry::Add(AggregateFunction function) {
  const bool added = aggregate_index_.emplace(function.name, aggregates_.size()).second;
  if (!added) CheckFailed(__FILE__, __LINE__, "a function is defined once", function.name);
  aggregates_.push_back(std::move(function));
}

void Registry::AddAlias(std::string_view alias, std::string_view name) {
  if (const ScalarFunction* scalar = FindScalar(name)) {
    ScalarFunction copy = *scalar;
    copy.name = alias;
    if (copy.signature.starts_with(scalar->name)) copy.signature.replace(0, scalar->name.size(), alias);
    Add(std::move(copy));
    return;
  }
  const AggregateFunction* aggregate = FindAggregate(name);
  if (aggregate == nullptr) CheckFailed(__FILE__, __LINE__, "an alias names a function", std::string(name));
  AggregateFunction copy = *aggregate;
  copy.name = alias;
  if (copy.signature.starts_with(aggregate->name)) copy.signature.replace(0, aggregate->name.size(), alias);
  Add(std::move(copy));
}

}  // namespace millrace::functions
