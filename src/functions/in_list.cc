// IN and NOT IN over a list of values.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "functions/builtin.h"
#include "functions/comparison.h"
#include "functions/compose.h"
#include "functions/logic.h"
#include "functions/signature.h"
#include "functions/type_rules.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::Int128;
using data::StringRef;

namespace {

// From this many constants on they are looked up by hash instead of compared one by one.
constexpr size_t kHashedFrom = 4;

template <typename T>
uint64_t HashOf(const T& value) {
  if constexpr (std::is_same_v<T, StringRef>) {
    return HashBytes(value.view());
  } else {
    return HashMix(HashInt(static_cast<uint64_t>(value)),
                   static_cast<uint64_t>(static_cast<Int128>(value) >> 64) | 1);
  }
}

// An immutable set of constants; the column that they come from stays alive with it.
template <typename T>
class ConstantSet {
 public:
  explicit ConstantSet(ColumnPtr constants) : constants_(std::move(constants)) {
    const size_t count = constants_->size();
    slots_.resize(std::bit_ceil(count * 2 + 1));
    const T* values = constants_->values<T>();
    for (size_t i = 0; i < count; ++i) {
      size_t at = HashOf(values[i]) & (slots_.size() - 1);
      while (slots_[at].used && !(slots_[at].value == values[i])) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {values[i], true};
    }
  }

  bool Contains(const T& value) const {
    size_t at = HashOf(value) & (slots_.size() - 1);
    while (slots_[at].used) {
      if (slots_[at].value == value) return true;
      at = (at + 1) & (slots_.size() - 1);
    }
    return false;
  }

 private:
  struct Slot {
    T value{};
    bool used = false;
  };
  ColumnPtr constants_;
  std::vector<Slot> slots_;
};

template <typename T>
Kernel SetKernel(const DataType& type, ColumnPtr constants, bool has_null) {
  auto set = std::make_shared<const ConstantSet<T>>(std::move(constants));
  return [type, set, has_null](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    auto result = MakeResult(type, rows);
    auto* out = result->template mutable_values<uint8_t>();
    const data::ColumnView<T> view(*args[0]);
    for (size_t i = 0; i < rows; ++i) out[i] = set->Contains(view[i]) ? 1 : 0;
    result->AndValidity(*args[0]);
    if (has_null) {
      for (size_t i = 0; i < rows; ++i) {
        if (out[i] == 0) result->SetNull(i);  // it may be equal to the NULL
      }
    }
    return result;
  };
}

// The kernel for constants in hash form; nullptr when they do not lend themselves to it.
Result<Kernel> FindSetKernel(const BoundArgs& bound, ExprPtr* value) {
  if (bound.size() <= kHashedFrom) return nullptr;
  std::vector<DataType> types;
  for (size_t i = 0; i < bound.size(); ++i) {
    if (i > 0 && !bound.IsLiteral(i)) return nullptr;
    types.push_back(bound.type(i));
  }
  const auto common = CommonType(types);
  if (!common || common->IsNested() || common->IsApproximate() || common->kind() == data::TypeKind::kNull)
    return nullptr;
  const bool is_text = common->IsCharacter() || common->IsBinary();
  bool has_null = false;
  auto constants = Column::Make(common->WithNullable(true), bound.size());
  for (size_t i = 1; i < bound.size(); ++i) {
    ExprPtr constant = bound.args[i];
    if (!is_text) {
      MR_ASSIGN(constant, Coerce(constant, *common, bound.context));
    }
    if (constant->kind() != ExprKind::kLiteral) return nullptr;
    const data::Value& literal = static_cast<const Literal&>(*constant).value();
    if (literal.is_null()) {
      has_null = true;
    } else {
      constants->AppendValue(literal);
    }
  }
  *value = bound.args[0];
  if (!is_text) {
    MR_ASSIGN(*value, Coerce(*value, *common, bound.context));
  }
  const DataType type = DataType::Boolean().WithNullable(has_null || bound.type(0).nullable());
  switch (common->physical()) {
    case data::PhysicalType::kBool:
      return SetKernel<uint8_t>(type, std::move(constants), has_null);
    case data::PhysicalType::kInt8:
      return SetKernel<int8_t>(type, std::move(constants), has_null);
    case data::PhysicalType::kInt16:
      return SetKernel<int16_t>(type, std::move(constants), has_null);
    case data::PhysicalType::kInt32:
      return SetKernel<int32_t>(type, std::move(constants), has_null);
    case data::PhysicalType::kInt64:
      return SetKernel<int64_t>(type, std::move(constants), has_null);
    case data::PhysicalType::kInt128:
      return SetKernel<Int128>(type, std::move(constants), has_null);
    case data::PhysicalType::kString:
      return SetKernel<StringRef>(type, std::move(constants), has_null);
    default:
      return nullptr;
  }
}

Result<ExprPtr> BindIn(const BoundArgs& bound) {
  ExprPtr value;
  MR_ASSIGN(Kernel kernel, FindSetKernel(bound, &value));
  if (kernel != nullptr) {
    const bool nullable = value->type().nullable() ||
                          std::any_of(bound.args.begin() + 1, bound.args.end(), [](const ExprPtr& arg) {
                            return static_cast<const Literal&>(*arg).value().is_null();
                          });
    // The constants stay arguments, so that the call shows them and is told apart by them.
    std::vector<ExprPtr> args = bound.args;
    args[0] = std::move(value);
    return std::make_shared<Call>("IN", DataType::Boolean().WithNullable(nullable), std::move(args),
                                  std::move(kernel));
  }
  const auto columns = ArgumentColumns(bound.args);
  ExprPtr body;
  for (size_t i = 1; i < columns.size(); ++i) {
    MR_ASSIGN(ExprPtr equal, MakeComparison(Comparison::kEqual, columns[0], columns[i], bound.context));
    body = body == nullptr ? std::move(equal) : MakeOr(std::move(body), std::move(equal));
  }
  return Composed(bound, std::move(body));
}

}  // namespace

void RegisterInList(Registry& registry) {
  Define(registry,
         {"comparison", "IN(value ANY, candidates ANY...)", "Whether the value equals one of the list",
          "value IN (candidate [, candidate]*)"},
         [](BoundArgs bound) { return BindIn(bound); });
  Define(registry,
         {"comparison", "NOT IN(value ANY, candidates ANY...)", "Whether the value equals none of the list",
          "value NOT IN (candidate [, candidate]*)"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           bound.name = "IN";
           MR_ASSIGN(ExprPtr in, BindIn(bound));
           return MakeNot(std::move(in));
         });
}

}  // namespace millrace::functions
