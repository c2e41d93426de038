// PostgreSQL 15's key words, in order: "word:category ...", where the category is U unreserved, C column
// name, T type or function name, R reserved.
#pragma once

#include <string_view>

namespace millrace::query::pgcatalog {

std::string_view KeywordText();

}  // namespace millrace::query::pgcatalog
