// Defining functions: a signature says what the arguments are, how they are coerced, and how the
// documentation and error messages show them, all from one line of text.
//
//   "SUBSTRING(text STRING, start INT [, length INT])"
//
// An argument is a name and a type; what stands in brackets may be left out; "..." after the last one lets
// it repeat (no times at all when it is in brackets). Types: ANY, BOOLEAN, INTEGER (any integer type),
// NUMERIC (any number), INT, BIGINT, DOUBLE (numbers are cast to it), STRING, BYTES, DATE, TIME, TIMESTAMP
// (without zone), TIMESTAMP_LTZ, INTERVAL, ARRAY, MAP, ROW; alternatives are written STRING|BYTES, the first
// being what an untyped NULL becomes. An argument of another type is refused with all signatures named.
//
// Used only while the registry is filled.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/kernel.h"
#include "functions/registry.h"

namespace millrace::functions {

// The arguments of one call, already checked against the signature and coerced.
struct BoundArgs {
  std::string_view name;
  std::vector<ExprPtr> args;
  const BindContext& context;

  size_t size() const { return args.size(); }
  const data::DataType& type(size_t i) const { return args[i]->type(); }
  bool IsLiteral(size_t i) const { return args[i]->kind() == ExprKind::kLiteral; }
  // The value of a literal argument; NULL when it is none.
  data::Value LiteralValue(size_t i) const;
  bool AnyNullable() const;
  // `type`, NOT NULL exactly when all arguments are.
  data::DataType Nullable(const data::DataType& type) const { return type.WithNullable(AnyNullable()); }

  // The call, with these arguments.
  ExprPtr Call(const data::DataType& type, Kernel kernel, bool deterministic = true) const;
};

using Maker = std::function<Result<ExprPtr>(BoundArgs)>;

// What is said of a function.
struct FunctionDoc {
  std::string_view category;
  std::string_view signature;  // checked, and shown unless `shown` is given
  std::string_view summary;
  std::string_view shown = {};  // how it is written where the grammar differs: "a + b"
};

// Adds the function whose name is what stands before the signature's parenthesis.
void Define(Registry& registry, const FunctionDoc& doc, Maker make);

// A function whose result type is fixed; `kernel` is called with arguments of the signature's types.
void DefineKernel(Registry& registry, const FunctionDoc& doc, const data::DataType& type, Kernel kernel);

// As RowKernel; the result is nullable when `f` may answer nullopt.
template <typename R, typename... A, typename F>
void DefineRow(Registry& registry, const FunctionDoc& doc, const data::DataType& type, F f) {
  constexpr bool kNullable = internal::Unwrapped<std::invoke_result_t<const F&, A...>>::kOptional;
  Define(registry, doc, [type, kernel = RowKernel<R, A...>(type, f)](BoundArgs bound) -> Result<ExprPtr> {
    return bound.Call(kNullable ? type : bound.Nullable(type), kernel);
  });
}

// As StringKernel, giving STRING.
template <typename... A, typename F>
void DefineString(Registry& registry, const FunctionDoc& doc, F f) {
  constexpr bool kNullable = std::is_same_v<std::invoke_result_t<const F&, A..., std::string*>, bool>;
  const data::DataType type = data::DataType::String();
  Define(registry, doc, [type, kernel = StringKernel<A...>(type, f)](BoundArgs bound) -> Result<ExprPtr> {
    return bound.Call(kNullable ? type : bound.Nullable(type), kernel);
  });
}

// As ViewKernel, giving STRING.
template <typename... A, typename F>
void DefineView(Registry& registry, const FunctionDoc& doc, F f) {
  constexpr bool kNullable = internal::Unwrapped<std::invoke_result_t<const F&, A...>>::kOptional;
  const data::DataType type = data::DataType::String();
  Define(registry, doc, [type, kernel = ViewKernel<A...>(type, f)](BoundArgs bound) -> Result<ExprPtr> {
    return bound.Call(kNullable ? type : bound.Nullable(type), kernel);
  });
}

// The error of a call that no form fits: "function F(INT, STRING) does not exist", with a hint naming
// `signature`.
Error BadArguments(std::string_view name, const std::vector<ExprPtr>& args, std::string_view signature);

}  // namespace millrace::functions
