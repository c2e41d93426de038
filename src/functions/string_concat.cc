// ||, CONCAT and CONCAT_WS.
#include "functions/string_concat.h"

#include <fmt/format.h>

#include <cstring>

#include "base/limits.h"
#include "functions/builtin.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::StringRef;

namespace {

using Texts = data::ColumnView<StringRef>;

std::vector<Texts> Views(const std::vector<ColumnPtr>& args) {
  std::vector<Texts> views;
  views.reserve(args.size());
  for (const ColumnPtr& arg : args) views.emplace_back(*arg);
  return views;
}

// A text of `size` bytes that `fill` writes.
template <typename F>
StringRef Assemble(Column* column, size_t size, F fill) {
  if (size <= StringRef::kInlineBytes) {
    char bytes[StringRef::kInlineBytes];
    fill(bytes);
    return StringRef(std::string_view(bytes, size));
  }
  char* bytes = column->heap().Allocate(size);
  fill(bytes);
  return StringRef(std::string_view(bytes, size));
}

char* Put(char* out, const StringRef& text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

Error TooLong() {
  return Error(ErrorCode::kResourceExhausted,
               fmt::format("the joined text is longer than {} bytes", limits::kRecordBytesMax));
}

// The first argument between those others that are not NULL.
Kernel ConcatWithSeparatorKernel(DataType type) {
  return [type = std::move(type)](const std::vector<ColumnPtr>& args, size_t rows,
                                  EvalContext& context) -> ColumnPtr {
    if (args[0]->is_constant() && args[0]->IsNull(0)) return Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    auto* out = result->mutable_values<StringRef>();
    result->AndValidity(*args[0]);
    const std::vector<Texts> views = Views(args);
    for (size_t row = 0; row < rows; ++row) {
      if (args[0]->IsNull(row)) continue;
      const StringRef& separator = views[0][row];
      size_t size = 0;
      size_t parts = 0;
      for (size_t i = 1; i < views.size(); ++i) {
        if (views[i].IsNull(row)) continue;
        size += views[i][row].size() + (parts > 0 ? separator.size() : 0);
        ++parts;
      }
      if (size > limits::kRecordBytesMax) {
        context.Fail(row, TooLong());
        result->SetNull(row);
        continue;
      }
      out[row] = Assemble(result.get(), size, [&](char* place) {
        bool first = true;
        for (size_t i = 1; i < views.size(); ++i) {
          if (views[i].IsNull(row)) continue;
          if (!first) place = Put(place, separator);
          first = false;
          place = Put(place, views[i][row]);
        }
      });
    }
    return result;
  };
}

// Texts or bytes, not both: what they make together.
Result<DataType> JoinedType(const BoundArgs& bound) {
  for (size_t i = 1; i < bound.size(); ++i) {
    if (bound.type(i).IsBinary() != bound.type(0).IsBinary()) {
      return Fail(ErrorCode::kDatatypeMismatch, fmt::format("{} of texts and bytes", bound.name),
                  "DECODE(bytes, 'UTF-8') makes a text of bytes");
    }
  }
  return bound.Nullable(bound.type(0).IsBinary() ? DataType::Bytes() : DataType::String());
}

}  // namespace

Kernel ConcatKernel(DataType type) {
  return [type = std::move(type)](const std::vector<ColumnPtr>& args, size_t rows,
                                  EvalContext& context) -> ColumnPtr {
    if (AnyConstantNull(args)) return Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    auto* out = result->mutable_values<StringRef>();
    CombineNulls(args, result.get());
    const bool has_nulls = result->has_nulls();
    const std::vector<Texts> views = Views(args);
    for (size_t row = 0; row < rows; ++row) {
      if (has_nulls && result->IsNull(row)) continue;
      size_t size = 0;
      for (const Texts& view : views) size += view[row].size();
      if (size > limits::kRecordBytesMax) {
        context.Fail(row, TooLong());
        result->SetNull(row);
        continue;
      }
      out[row] = Assemble(result.get(), size, [&](char* place) {
        for (const Texts& view : views) place = Put(place, view[row]);
      });
    }
    return result;
  };
}

void RegisterStringConcat(Registry& registry) {
  const auto concat = [](BoundArgs bound) -> Result<ExprPtr> {
    MR_ASSIGN(const DataType type, JoinedType(bound));
    return bound.Call(type, ConcatKernel(type));
  };
  Define(registry, {"string", "||(a STRING|BYTES, b STRING|BYTES)", "One text after the other", "a || b"},
         concat);
  Define(registry, {"string", "CONCAT(text STRING|BYTES...)", "All texts joined; NULL when one is NULL"},
         concat);
  Define(registry,
         {"string", "CONCAT_WS(separator STRING [, text STRING...])",
          "The texts that are not NULL, with the separator between them"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           const DataType type = DataType::String().WithNullable(bound.type(0).nullable());
           return bound.Call(type, ConcatWithSeparatorKernel(type));
         });
}

}  // namespace millrace::functions
