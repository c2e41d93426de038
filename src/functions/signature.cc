#include "functions/signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace millrace::functions {

using data::DataType;
using data::TypeKind;

data::Value BoundArgs::LiteralValue(size_t i) const {
  return IsLiteral(i) ? static_cast<const Literal&>(*args[i]).value() : data::Value::Null();
}

bool BoundArgs::AnyNullable() const {
  return std::any_of(args.begin(), args.end(), [](const ExprPtr& arg) { return arg->type().nullable(); });
}

ExprPtr BoundArgs::Call(const DataType& type, Kernel kernel, bool deterministic) const {
  return std::make_shared<functions::Call>(std::string(name), type, args, std::move(kernel), deterministic);
}

namespace {

enum class ArgClass : uint8_t {
  kAny,
  kBoolean,
  kInteger,
  kNumeric,
  kInt,
  kBigInt,
  kDouble,
  kString,
  kBytes,
  kDate,
  kTime,
  kTimestamp,
  kTimestampLtz,
  kInterval,
  kArray,
  kMap,
  kRow,
};

constexpr std::array<std::pair<std::string_view, ArgClass>, 17> kClassNames = {{
    {"ANY", ArgClass::kAny},
    {"BOOLEAN", ArgClass::kBoolean},
    {"INTEGER", ArgClass::kInteger},
    {"NUMERIC", ArgClass::kNumeric},
    {"INT", ArgClass::kInt},
    {"BIGINT", ArgClass::kBigInt},
    {"DOUBLE", ArgClass::kDouble},
    {"STRING", ArgClass::kString},
    {"BYTES", ArgClass::kBytes},
    {"DATE", ArgClass::kDate},
    {"TIME", ArgClass::kTime},
    {"TIMESTAMP", ArgClass::kTimestamp},
    {"TIMESTAMP_LTZ", ArgClass::kTimestampLtz},
    {"INTERVAL", ArgClass::kInterval},
    {"ARRAY", ArgClass::kArray},
    {"MAP", ArgClass::kMap},
    {"ROW", ArgClass::kRow},
}};

struct Signature {
  std::string name;
  std::vector<std::vector<ArgClass>> args;  // the alternatives of each
  size_t required = 0;
  bool repeats = false;  // the last one
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

ArgClass ClassNamed(std::string_view name, std::string_view signature) {
  for (const auto& [text, value] : kClassNames) {
    if (text == name) return value;
  }
  CheckFailed(__FILE__, __LINE__, "a signature uses known types", std::string(signature));
}

Signature ParseSignature(std::string_view text) {
  Signature signature;
  const size_t open = text.find('(');
  MR_CHECK(open != std::string_view::npos && text.back() == ')');
  signature.name = text.substr(0, open);
  std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  bool optional = false;
  std::string token;
  const auto finish = [&] {
    std::string_view arg = Trim(token);
    if (arg.empty()) return;
    if (arg.ends_with("...")) {
      signature.repeats = true;
      arg.remove_suffix(3);
    }
    arg = arg.substr(arg.rfind(' ') + 1);  // without a name: npos + 1 is 0
    std::vector<ArgClass> classes;
    while (true) {
      const size_t bar = arg.find('|');
      classes.push_back(ClassNamed(arg.substr(0, bar), text));
      if (bar == std::string_view::npos) break;
      arg.remove_prefix(bar + 1);
    }
    signature.args.push_back(std::move(classes));
    token.clear();
  };
  for (const char c : inner) {
    if (c == ',') {
      finish();
      if (!optional) signature.required = signature.args.size();
    } else if (c == '[') {
      finish();
      if (!optional) signature.required = signature.args.size();
      optional = true;
    } else if (c != ']') {
      token.push_back(c);
    }
  }
  finish();
  if (!optional) signature.required = signature.args.size();
  return signature;
}

bool Matches(ArgClass wanted, const DataType& type) {
  switch (wanted) {
    case ArgClass::kAny:
      return true;
    case ArgClass::kBoolean:
      return type.kind() == TypeKind::kBoolean;
    case ArgClass::kInteger:
    case ArgClass::kInt:
    case ArgClass::kBigInt:
      return type.IsInteger();
    case ArgClass::kNumeric:
    case ArgClass::kDouble:
      return type.IsNumeric();
    case ArgClass::kString:
      return type.IsCharacter();
    case ArgClass::kBytes:
      return type.IsBinary();
    case ArgClass::kDate:
      return type.kind() == TypeKind::kDate;
    case ArgClass::kTime:
      return type.kind() == TypeKind::kTime;
    case ArgClass::kTimestamp:
      return type.kind() == TypeKind::kTimestamp;
    case ArgClass::kTimestampLtz:
      return type.kind() == TypeKind::kTimestampLtz;
    case ArgClass::kInterval:
      return type.IsInterval();
    case ArgClass::kArray:
      return type.kind() == TypeKind::kArray;
    case ArgClass::kMap:
      return type.kind() == TypeKind::kMap;
    case ArgClass::kRow:
      return type.kind() == TypeKind::kRow;
  }
  MR_UNREACHABLE();
}

// What values of the class are turned into; the NULL type where they stay as they are.
DataType CastTarget(ArgClass wanted) {
  switch (wanted) {
    case ArgClass::kInt:
      return DataType::Int();
    case ArgClass::kBigInt:
      return DataType::BigInt();
    case ArgClass::kDouble:
      return DataType::Double();
    default:
      return DataType::Null();
  }
}

// What an untyped NULL becomes; the NULL type where it cannot be told.
DataType NullTarget(ArgClass wanted) {
  switch (wanted) {
    case ArgClass::kBoolean:
      return DataType::Boolean();
    case ArgClass::kInteger:
    case ArgClass::kNumeric:
      return DataType::Int();
    case ArgClass::kString:
      return DataType::String();
    case ArgClass::kBytes:
      return DataType::Bytes();
    case ArgClass::kDate:
      return DataType::Date();
    case ArgClass::kTime:
      return DataType::Time();
    case ArgClass::kTimestamp:
      return DataType::Timestamp();
    case ArgClass::kTimestampLtz:
      return DataType::TimestampLtz();
    case ArgClass::kInterval:
      return DataType::IntervalDayTime();
    default:
      return CastTarget(wanted);
  }
}

// False: the argument is not of this signature.
Result<bool> CoerceArgument(const std::vector<ArgClass>& classes, const BindContext& context, ExprPtr* arg) {
  DataType target;
  if ((*arg)->type().kind() == TypeKind::kNull) {
    if (classes[0] == ArgClass::kAny) return true;
    target = NullTarget(classes[0]);
    if (target.kind() == TypeKind::kNull) return false;
  } else {
    const auto wanted =
        std::find_if(classes.begin(), classes.end(), [&](ArgClass c) { return Matches(c, (*arg)->type()); });
    if (wanted == classes.end()) return false;
    target = CastTarget(*wanted);
    if (target.kind() == TypeKind::kNull) return true;
  }
  if ((*arg)->type().kind() == target.kind()) return true;
  MR_ASSIGN(*arg, MakeCast(*arg, target, /*is_try=*/false, context));
  return true;
}

}  // namespace

Error BadArguments(std::string_view name, const std::vector<ExprPtr>& args, std::string_view signature) {
  std::string types;
  for (const ExprPtr& arg : args) {
    if (!types.empty()) types += ", ";
    types += arg->type().WithNullable(true).ToString();
  }
  return Error(ErrorCode::kUndefinedFunction, fmt::format("function {}({}) does not exist", name, types),
               fmt::format("{} does", signature));
}

void Define(Registry& registry, const FunctionDoc& doc, Maker make) {
  Signature signature = ParseSignature(doc.signature);
  const std::string shown(doc.shown.empty() ? doc.signature : doc.shown);
  ScalarFunction function;
  function.name = signature.name;
  function.category = doc.category;
  function.signature = shown;
  function.summary = doc.summary;
  function.bind = [signature = std::move(signature), shown, make = std::move(make)](
                      std::string_view name, std::vector<ExprPtr> args,
                      const BindContext& context) -> Result<ExprPtr> {
    const size_t most = signature.repeats ? args.size() : signature.args.size();
    if (args.size() < signature.required || args.size() > most) {
      return std::unexpected(BadArguments(name, args, shown));
    }
    std::vector<ExprPtr> coerced = args;
    for (size_t i = 0; i < coerced.size(); ++i) {
      const auto& classes = signature.args[std::min(i, signature.args.size() - 1)];
      MR_ASSIGN(const bool fits, CoerceArgument(classes, context, &coerced[i]));
      if (!fits) return std::unexpected(BadArguments(name, args, shown));
    }
    return make(BoundArgs{name, std::move(coerced), context});
  };
  registry.Add(std::move(function));
}

void DefineKernel(Registry& registry, const FunctionDoc& doc, const DataType& type, Kernel kernel) {
  Define(registry, doc, [type, kernel = std::move(kernel)](BoundArgs bound) -> Result<ExprPtr> {
    return bound.Call(bound.Nullable(type), kernel);
  });
}

}  // namespace millrace::functions
