// Random scalar expressions, written for both sides at once.
#pragma once

#include <string>
#include <vector>

#include "property/relation.h"

namespace millrace::property {

struct Expression {
  std::string flink;
  std::string duck;
  data::DataType type;

  static Expression Same(std::string text, data::DataType type) { return {text, std::move(text), type}; }
};

class ExpressionMaker {
 public:
  ExpressionMaker(Random& random, const std::vector<Column>& columns) : random_(random), columns_(columns) {}

  // Of any type, at most `depth` calls deep.
  Expression Any(int depth);
  Expression OfKind(data::TypeKind kind, int depth);
  Expression Condition(int depth);

 private:
  Expression ColumnOrLiteral(data::TypeKind kind);
  Expression Literal(const data::DataType& type);
  Expression Integer(int depth);
  Expression Decimal(int depth);
  Expression Text(int depth);
  Expression Number(int depth);
  Expression Date(int depth);
  Expression Timestamp(int depth);
  Expression Comparison(int depth);
  Expression Case(data::TypeKind kind, int depth);

  Random& random_;
  const std::vector<Column>& columns_;
};

}  // namespace millrace::property
