#include "plan/field_access.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/column.h"

namespace millrace::plan {

namespace {

using data::Column;
using data::ColumnPtr;

ColumnPtr FieldColumn(const Column& row, size_t field) {
  const data::MutableColumnPtr& child = row.children()[field];
  if (!row.has_nulls()) return child;
  auto result = Column::Make(child->type(), child->size());
  if (child->physical() == data::PhysicalType::kRow) {
    for (size_t i = 0; i < child->children().size(); ++i) result->ReplaceChild(i, child->children()[i]);
    result->SetRowSize(child->size());
    result->AndValidity(*child);
  } else {
    result->CopyOwnPart(*child);
    for (size_t i = 0; i < child->children().size(); ++i) result->ReplaceChild(i, child->children()[i]);
  }
  result->AndValidity(row);
  return result;
}

// Written row.field, which a plain call is not.
class FieldAccess final : public functions::Call {
 public:
  FieldAccess(functions::ExprPtr row, int field)
      : Call("FIELD", TypeOf(*row, field), {row},
             [field](const std::vector<ColumnPtr>& args, size_t, functions::EvalContext&) {
               return FieldColumn(*args[0], static_cast<size_t>(field));
             }),
        field_(field) {}

  functions::ExprPtr WithArgs(std::vector<functions::ExprPtr> args) const override {
    return std::make_shared<FieldAccess>(std::move(args[0]), field_);
  }
  std::string ToString(const data::Schema* schema) const override {
    return args()[0]->ToString(schema) + "." + args()[0]->type().fields()[static_cast<size_t>(field_)].name;
  }

 private:
  static data::DataType TypeOf(const functions::Expression& row, int field) {
    const data::DataType& type = row.type().fields()[static_cast<size_t>(field)].type;
    return row.type().nullable() ? type.WithNullable(true) : type;
  }

  int field_;
};

}  // namespace

functions::ExprPtr MakeFieldAccess(functions::ExprPtr row, int field) {
  return std::make_shared<FieldAccess>(std::move(row), field);
}

}  // namespace millrace::plan
