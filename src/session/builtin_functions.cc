#include "session/builtin_functions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "functions/registry.h"
#include "query/pgcatalog/pg_types.h"

namespace millrace::session {
namespace {

namespace pg = query::pgcatalog;
using data::DataType;

constexpr uint32_t kAnyOid = 2276, kAnyArrayOid = 2277, kJsonOid = 114, kRecordOid = 2249;

// What a signature says that an argument is, and values' types to try it with: the result's type is known if
// it is the same with all of them.
struct ArgumentClass {
  std::string_view name;
  uint32_t oid;
  std::vector<DataType> samples;
};

const std::vector<ArgumentClass>& Classes() {
  static const auto& classes = *new std::vector<ArgumentClass>{
      {"ANY", kAnyOid, {DataType::Int(), DataType::String(), DataType::Double()}},
      {"BOOLEAN", 16, {DataType::Boolean()}},
      {"INTEGER", 20, {DataType::Int(), DataType::BigInt()}},
      {"NUMERIC", 1700, {DataType::Int(), DataType::Double(), DataType::Decimal(10, 2)}},
      {"INT", 23, {DataType::Int()}},
      {"BIGINT", 20, {DataType::BigInt()}},
      {"DOUBLE", 701, {DataType::Double()}},
      {"STRING", 25, {DataType::String()}},
      {"BYTES", 17, {DataType::Bytes()}},
      {"DATE", 1082, {DataType::Date()}},
      {"TIME", 1083, {DataType::Time()}},
      {"TIMESTAMP", 1114, {DataType::Timestamp()}},
      {"TIMESTAMP_LTZ", 1184, {DataType::TimestampLtz()}},
      {"INTERVAL", 1186, {DataType::IntervalDayTime()}},
      {"ARRAY", kAnyArrayOid, {DataType::Array(DataType::Int()), DataType::Array(DataType::String())}},
      {"MAP", kJsonOid, {DataType::Map(DataType::String(), DataType::Int())}},
      {"ROW", kRecordOid, {}},
      // Signatures of aggregates have names only.
      {"value", kAnyOid, {DataType::Int(), DataType::String(), DataType::Double()}},
      {"integer", 20, {DataType::Int(), DataType::BigInt()}},
      {"number", 1700, {DataType::Int(), DataType::Double(), DataType::Decimal(10, 2)}},
      {"condition", 16, {DataType::Boolean()}},
      {"string", 25, {DataType::String()}},
      {"separator", 25, {DataType::String()}},
      {"percentage", 701, {DataType::Double()}},
      {"frequency", 20, {DataType::BigInt()}},
  };
  return classes;
}

const ArgumentClass& ClassNamed(std::string_view name) {
  const auto found = std::ranges::find(Classes(), name, &ArgumentClass::name);
  return found == Classes().end() ? Classes().front() : *found;
}

struct Argument {
  std::string name;
  uint32_t oid = kAnyOid;
  std::vector<DataType> samples;
  bool optional = false;
  bool repeats = false;
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "text STRING", "text STRING|BYTES...", "ANY", "value".
Argument ParseArgument(std::string_view text, bool optional) {
  Argument argument;
  argument.optional = optional;
  if (text.ends_with("...")) {
    argument.repeats = true;
    text.remove_suffix(3);
  }
  const size_t space = text.rfind(' ');
  const std::string_view types = text.substr(space + 1);  // all of it: npos + 1 is 0
  const bool has_type =
      space != std::string_view::npos || (!types.empty() && types[0] >= 'A' && types[0] <= 'Z');
  argument.name = space != std::string_view::npos ? text.substr(0, space) : has_type ? "" : types;
  const ArgumentClass& first = ClassNamed(types.substr(0, types.find('|')));
  argument.oid = first.oid;
  for (std::string_view rest = types; !rest.empty();) {
    const size_t bar = rest.find('|');
    const ArgumentClass& one = ClassNamed(rest.substr(0, bar));
    if (one.oid != argument.oid) argument.oid = kAnyOid;
    argument.samples.insert(argument.samples.end(), one.samples.begin(), one.samples.end());
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 1);
  }
  return argument;
}

bool IsCall(std::string_view name, std::string_view signature) {
  return signature.starts_with(name) && signature.substr(name.size()).starts_with('(');
}

// Of "NAME(a INT [, b INT])"; of several forms, " | " between them, the last; nothing for what only the
// grammar takes: "CAST(value AS type)", "CEIL(time TO unit)".
std::optional<std::vector<Argument>> ParseSignature(std::string_view name, std::string_view signature) {
  if (const size_t bar = signature.rfind(" | "); bar != std::string_view::npos) {
    signature = signature.substr(bar + 3);
  }
  if (!IsCall(name, signature) || signature.find(')') != signature.size() - 1) return std::nullopt;
  for (const std::string_view word : {" AS ", " FROM ", " TO ", " IN ", " PLACING ", "{", "]*"}) {
    if (signature.find(word) != std::string_view::npos) return std::nullopt;
  }
  std::string inner(signature.substr(name.size() + 1, signature.size() - name.size() - 2));
  constexpr std::string_view kDistinct = "[DISTINCT] ";
  if (inner.starts_with(kDistinct)) inner.erase(0, kDistinct.size());
  std::vector<Argument> arguments;
  bool optional = false;
  std::string token;
  const auto finish = [&] {
    if (const std::string_view text = Trim(token); text == "..." && !arguments.empty()) {
      arguments.back().repeats = true;  // "[, value]..."
    } else if (!text.empty()) {
      arguments.push_back(ParseArgument(text, optional));
    }
    token.clear();
  };
  for (const char c : inner) {
    if (c == ',' || c == '[' || c == ']') {
      finish();
      if (c == '[') optional = true;
    } else {
      token.push_back(c);
    }
  }
  finish();
  return arguments;
}

// As pg_get_function_arguments writes it.
std::string ShownArguments(const std::vector<Argument>& arguments) {
  std::string shown;
  for (const Argument& argument : arguments) {
    if (!shown.empty()) shown += ", ";
    if (argument.repeats) shown += "VARIADIC ";
    if (!argument.name.empty()) shown += argument.name + " ";
    shown += pg::FormatType(argument.oid);
    if (argument.optional && !argument.repeats) shown += " DEFAULT NULL";
  }
  return shown;
}

// The type of a call's result with the n-th sample of each required argument.
using TypeOfCall = std::optional<DataType> (*)(const std::string& name, const std::vector<DataType>& types);

std::optional<DataType> TypeOfScalar(const std::string& name, const std::vector<DataType>& types) {
  std::vector<functions::ExprPtr> literals;
  for (const DataType& type : types) {
    literals.push_back(std::make_shared<functions::Literal>(type, data::Value::Null()));
  }
  const auto bound = functions::Registry::Get().BindScalar(name, std::move(literals), {});
  if (!bound.has_value()) return std::nullopt;
  return (*bound)->type();
}

std::optional<DataType> TypeOfAggregate(const std::string& name, const std::vector<DataType>& types) {
  functions::AggregateRequest request;
  request.arg_types = types;
  request.literal_args.resize(types.size());
  const auto bound = functions::Registry::Get().BindAggregate(name, request);
  if (!bound.has_value()) return std::nullopt;
  return (*bound)->result_type();
}

uint32_t ResultOf(const std::string& name, const std::vector<Argument>& arguments, TypeOfCall type_of) {
  constexpr size_t kTries = 3;
  std::optional<uint32_t> result;
  for (size_t n = 0; n < kTries; ++n) {
    std::vector<DataType> types;
    for (const Argument& argument : arguments) {
      if (argument.optional) break;
      if (argument.samples.empty()) return kAnyOid;
      types.push_back(argument.samples[n % argument.samples.size()]);
    }
    const std::optional<DataType> type = type_of(name, types);
    if (!type.has_value() || type->kind() == data::TypeKind::kNull) return kAnyOid;
    const uint32_t oid = pg::PgTypeOf(*type).oid;
    if (result.has_value() && *result != oid) return kAnyOid;
    result = oid;
  }
  return result.value_or(kAnyOid);
}

bool IsName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

template <typename Function>
void AddFunctions(const std::vector<Function>& functions, TypeOfCall type_of, bool aggregate,
                  std::vector<pg::FunctionInfo>* all) {
  for (const Function& function : functions) {
    if (!IsName(function.name) || !IsCall(function.name, function.signature)) continue;  // an operator
    pg::FunctionInfo info;
    info.name = Lower(function.name);
    info.aggregate = aggregate;
    info.schema = catalog::kSystemSchema;
    info.result_type = kAnyOid;
    if (const auto arguments = ParseSignature(function.name, function.signature); arguments.has_value()) {
      for (const Argument& argument : *arguments) info.argument_types.push_back(argument.oid);
      info.variadic = !arguments->empty() && arguments->back().repeats;
      info.arguments = ShownArguments(*arguments);
      info.result_type = ResultOf(function.name, *arguments, type_of);
    } else {
      info.argument_types = {kAnyOid};
      info.variadic = true;
    }
    all->push_back(std::move(info));
  }
}

}  // namespace

const std::vector<pg::FunctionInfo>& BuiltinFunctions() {
  static const auto& all = *[] {
    auto* functions = new std::vector<pg::FunctionInfo>();
    AddFunctions(functions::Registry::Get().scalars(), TypeOfScalar, false, functions);
    AddFunctions(functions::Registry::Get().aggregates(), TypeOfAggregate, true, functions);
    return functions;
  }();
  return all;
}

}  // namespace millrace::session
