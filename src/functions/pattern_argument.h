// Arguments that are compiled once when they are constant: patterns, JSON paths, formats.
#pragma once

#include <optional>
#include <string>

#include "functions/regex.h"
#include "functions/signature.h"

namespace millrace::functions {

// The text of argument i when it is a constant and not NULL; the argument is folded to a literal then.
std::optional<std::string> ConstantText(BoundArgs* bound, size_t i);

// The pattern of a call, from the call or from the row.
class PatternArgument {
 public:
  // What an invalid constant pattern is.
  enum class Invalid { kError, kNull };

  static Result<PatternArgument> Bind(BoundArgs* bound, size_t i, Invalid invalid);

  // The pattern of a row; nullptr when it is invalid. Valid until the thread asks for another one.
  const Regex* For(std::string_view text) const {
    if (is_constant_) return constant_.get();
    return FromData(text);
  }

 private:
  static const Regex* FromData(std::string_view text);

  bool is_constant_ = false;
  RegexPtr constant_;
};

}  // namespace millrace::functions
