// Matching of one name of a path against one name of a glob pattern (Files::Glob). Pure functions.
#pragma once

#include <string_view>

namespace millrace::env {

// Whether `name`, which has no slash, matches `pattern`, which has none either: `*`, `?`, `[a-z]`,
// `[!a-z]` (also `[^a-z]`) and backslash. A leading dot is matched only by a dot. Names are UTF-8: `?`
// and a bracket match one code point. A `[` that is never closed stands for itself.
bool GlobMatchName(std::string_view pattern, std::string_view name);

// Whether a pattern has any character that is special.
bool IsGlobPattern(std::string_view pattern);

}  // namespace millrace::env
