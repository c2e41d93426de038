// Where a text occurs in another: POSITION, LOCATE, INSTR, STARTSWITH, ENDSWITH.
#include "functions/builtin.h"
#include "functions/signature.h"
#include "functions/utf8.h"

namespace millrace::functions {

using data::DataType;

namespace {

// The place, from 1, of the first occurrence at or after place `from`; 0: none. An empty text is at 1.
int32_t Locate(std::string_view part, std::string_view whole, int32_t from) {
  if (part.empty()) return 1;
  const size_t skip = from > 1 ? utf8::ByteOffset(whole, static_cast<size_t>(from - 1)) : 0;
  const size_t found = whole.find(part, skip);
  return found == std::string_view::npos ? 0 : static_cast<int32_t>(utf8::Length(whole.substr(0, found))) + 1;
}

// The n-th occurrence from place `from` on, or before it when `from` is negative (counted from the end).
Result<int32_t> Instr(std::string_view whole, std::string_view part, int32_t from, int32_t nth) {
  if (nth <= 0) {
    return Fail(ErrorCode::kInvalidParameter, "INSTR: the number of the occurrence counts from 1");
  }
  if (from == 0) return 0;
  if (part.empty()) return 1;
  if (from > 0) {
    size_t at = utf8::ByteOffset(whole, static_cast<size_t>(from - 1));
    for (;; at += utf8::LeadBytes(whole.substr(at))) {
      at = whole.find(part, at);
      if (at == std::string_view::npos) return 0;
      if (--nth == 0) return static_cast<int32_t>(utf8::Length(whole.substr(0, at))) + 1;
    }
  }
  // The occurrence ends at or before the |from|-th character from the end.
  size_t end = whole.size();
  for (int64_t skip = -static_cast<int64_t>(from) - 1; skip > 0 && end > 0; --skip) {
    end -= utf8::TrailBytes(whole.substr(0, end));
  }
  while (end >= part.size()) {
    const size_t at = whole.rfind(part, end - part.size());
    if (at == std::string_view::npos) return 0;
    if (--nth == 0) return static_cast<int32_t>(utf8::Length(whole.substr(0, at))) + 1;
    end = at + part.size();
    end -= utf8::TrailBytes(whole.substr(0, end));
  }
  return 0;
}

// (part, whole [, from]).
Result<ExprPtr> BindLocate(BoundArgs bound) {
  const DataType type = bound.Nullable(DataType::Int());
  if (bound.size() == 2) {
    return bound.Call(type, RowKernel<int32_t, std::string_view, std::string_view>(
                                type, [](std::string_view part, std::string_view whole) {
                                  return Locate(part, whole, 1);
                                }));
  }
  return bound.Call(type, RowKernel<int32_t, std::string_view, std::string_view, int32_t>(type, Locate));
}

Result<ExprPtr> BindInstr(BoundArgs bound) {
  const DataType type = bound.Nullable(DataType::Int());
  while (bound.size() < 4) {
    bound.args.push_back(MakeLiteral(DataType::Int().NotNull(), data::Value::Int(1)));
  }
  return bound.Call(type,
                    RowKernel<int32_t, std::string_view, std::string_view, int32_t, int32_t>(type, Instr));
}

void DefineEndTest(Registry& registry, std::string_view signature, std::string_view summary,
                   bool (*test)(std::string_view, std::string_view)) {
  Define(registry, {"string", signature, summary}, [test, signature](BoundArgs bound) -> Result<ExprPtr> {
    if (bound.type(0).IsBinary() != bound.type(1).IsBinary()) {
      return std::unexpected(BadArguments(bound.name, bound.args, signature));
    }
    const DataType type = bound.Nullable(DataType::Boolean());
    return bound.Call(type, RowKernel<bool, std::string_view, std::string_view>(type, test));
  });
}

}  // namespace

void RegisterStringSearch(Registry& registry) {
  Define(registry,
         {"string", "POSITION(part STRING, whole STRING [, from INT])",
          "Where the part first occurs, from 1; 0: nowhere", "POSITION(part IN whole)"},
         BindLocate);
  Define(registry,
         {"string", "LOCATE(part STRING, whole STRING [, from INT])",
          "Where the part first occurs at or after a place, from 1; 0: nowhere"},
         BindLocate);
  Define(registry,
         {"string", "INSTR(whole STRING, part STRING [, from INT, nth INT])",
          "Where the part occurs for the n-th time, searched backwards when `from` is negative"},
         BindInstr);
  DefineEndTest(registry, "STARTSWITH(text STRING|BYTES, start STRING|BYTES)",
                "Whether the text begins with the other",
                [](std::string_view text, std::string_view start) { return text.starts_with(start); });
  DefineEndTest(registry, "ENDSWITH(text STRING|BYTES, end STRING|BYTES)",
                "Whether the text ends with the other",
                [](std::string_view text, std::string_view end) { return text.ends_with(end); });
}

}  // namespace millrace::functions
