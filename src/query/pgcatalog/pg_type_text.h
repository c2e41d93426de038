// PostgreSQL 15's builtin types, written down as text: facts that clients rely on.
#pragma once

#include <string_view>

namespace millrace::query::pgcatalog {

// A line a type, in order of oid: oid name length by_value type category preferred element array alignment
// storage collation, and the oids of its input, output, receive and send functions (0: none).
std::string_view BuiltinTypeText();

// "oid name oid name ..." of those functions.
std::string_view TypeFunctionText();

}  // namespace millrace::query::pgcatalog
