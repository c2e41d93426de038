// SIMILAR TO: the SQL standard's regular expressions.
#pragma once

#include <string_view>

#include "functions/regex.h"

namespace millrace::functions {

// A regular expression that matches whole texts. '_' is any character and '%' any text; the rest is as in
// regular expressions, a full stop included, as Flink reads it. `escape` is empty or one character.
Result<RegexPtr> CompileSimilar(std::string_view pattern, std::string_view escape);

}  // namespace millrace::functions
