// A statement's tokens with what each stands in: which clause of which SELECT.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "query/pgcatalog/lexer.h"

namespace millrace::query::pgcatalog {

enum class Clause : uint8_t { kNone, kSelectList, kFrom, kOther };

// Of one token.
struct Place {
  Clause clause = Clause::kNone;
  bool table = false;  // a relation, or a function in the place of one, may begin here
  int parent = -1;     // the ( or [ that it stands in
};

// [begin, end) of the tokens of one column of a SELECT list.
struct SelectItem {
  size_t begin;
  size_t end;
};

class Statement {
 public:
  static Result<Statement> Parse(std::string_view sql);

  std::string_view sql() const { return sql_; }
  size_t size() const { return tokens_.size(); }  // with the one at the end
  // Behind the end there is the end.
  Token& at(size_t i) { return tokens_[std::min(i, tokens_.size() - 1)]; }
  const Token& at(size_t i) const { return tokens_[std::min(i, tokens_.size() - 1)]; }
  const Place& place(size_t i) const { return places_[std::min(i, places_.size() - 1)]; }
  const std::vector<SelectItem>& items() const { return items_; }
  const std::vector<Token>& tokens() const { return tokens_; }

  // Where the operand that ends before token `end` begins: a literal, a name, a call, a parenthesis, with
  // subscripts and casts.
  size_t OperandBefore(size_t end) const;
  // Behind the operand that begins at token `begin`.
  size_t OperandAfter(size_t begin) const;
  // Behind the type's name that begins at token `begin`: "pg_catalog.int4", "double precision",
  // "numeric(10,2)[]".
  size_t TypeAfter(size_t begin) const;

 private:
  void FindPlaces();

  std::string_view sql_;
  std::vector<Token> tokens_;
  std::vector<Place> places_;
  std::vector<SelectItem> items_;
};

// A word of SQL's grammar that neither is nor ends an operand.
bool IsConnective(const Token& token);

}  // namespace millrace::query::pgcatalog
