#include "functions/pattern_argument.h"

#include <fmt/format.h>

namespace millrace::functions {

std::optional<std::string> ConstantText(BoundArgs* bound, size_t i) {
  if (!bound->IsLiteral(i)) {
    ExprPtr folded = FoldConstants(bound->args[i], *bound->context.zone);
    if (folded->kind() != ExprKind::kLiteral) return std::nullopt;
    bound->args[i] = std::move(folded);
  }
  const data::Value value = bound->LiteralValue(i);
  if (value.is_null()) return std::nullopt;
  return value.as_string();
}

Result<PatternArgument> PatternArgument::Bind(BoundArgs* bound, size_t i, Invalid invalid) {
  PatternArgument argument;
  const std::optional<std::string> pattern = ConstantText(bound, i);
  if (!pattern) return argument;
  argument.is_constant_ = true;
  Result<RegexPtr> regex = Regex::Compile(*pattern);
  if (regex) {
    argument.constant_ = *std::move(regex);
  } else if (invalid == Invalid::kError) {
    return std::unexpected(regex.error().Within(bound->name));
  }
  return argument;
}

const Regex* PatternArgument::FromData(std::string_view text) {
  const Result<RegexPtr> regex = Regex::Cached(text);
  // The thread's cache keeps it.
  return regex ? regex->get() : nullptr;
}

}  // namespace millrace::functions
