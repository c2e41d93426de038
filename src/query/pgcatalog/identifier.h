// Names as PostgreSQL writes and reads them in SQL.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::query::pgcatalog {

// A key word of PostgreSQL; category U, C, T or R (see keyword_text.h).
struct Keyword {
  std::string_view word;
  char category;
};
const std::vector<Keyword>& Keywords();

// In double quotes when it would not be read as the same name without.
std::string QuoteName(std::string_view name);

// The parts of "a.\"B.c\".d": quotes undone, unquoted parts in lower case. Empty when it is malformed.
std::vector<std::string> SplitQualifiedName(std::string_view text);

}  // namespace millrace::query::pgcatalog
