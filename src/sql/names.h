// The smallest parts of a syntax tree: names, options and hints, as written.
//
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace millrace::sql {

// Bytes [begin, end) of the text that was given to the parser.
struct TextRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// One name, without quotes and with its escapes undone. Case is kept; Flink's names are case-sensitive.
struct Name {
  std::string text;
  SourceLocation location;
  bool quoted = false;
};

// catalog.schema.table, 1 to 3 parts (never empty once parsed).
struct QualifiedName {
  std::vector<Name> parts;
  TextRange range;

  const Name& Last() const { return parts.back(); }
  SourceLocation location() const { return parts.empty() ? SourceLocation{} : parts.front().location; }
  // "a.b.c", for messages and look-ups.
  std::string ToString() const {
    std::string text;
    for (const Name& part : parts) {
      if (!text.empty()) text += '.';
      text += part.text;
    }
    return text;
  }
};

// 'key' = 'value' of a WITH clause or hint. A bare SET is one as well.
struct Option {
  std::string key;
  std::string value;
  SourceLocation key_location;
  SourceLocation value_location;
};

// A hint inside /*+ … */: OPTIONS('k' = 'v'), STATE_TTL('t' = '1d'), BROADCAST(t), …
struct Hint {
  Name name;
  std::vector<Option> options;
  std::vector<std::string> arguments;
};

// What is created and dropped by name.
enum class ObjectKind : uint8_t { kTable, kView, kMaterializedView, kSchema };

}  // namespace millrace::sql
