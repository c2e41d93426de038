// Types and units of time, as written: which combinations make sense is for the binder to say.
//
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sql/names.h"

namespace millrace::sql {

enum class TypeKind : uint8_t {
  kBoolean,
  kTinyInt,
  kSmallInt,
  kInt,
  kBigInt,
  kFloat,
  kDouble,
  kDecimal,    // precision, scale
  kChar,       // precision is the length
  kVarchar,    // precision is the length; STRING is VARCHAR without one
  kBinary,     // precision is the length
  kVarbinary,  // precision is the length; BYTES is VARBINARY without one
  kDate,
  kTime,          // precision
  kTimestamp,     // precision
  kTimestampLtz,  // precision; TIMESTAMP(p) WITH LOCAL TIME ZONE is the same
  kTimestampTz,   // precision; TIMESTAMP(p) WITH TIME ZONE
  kInterval,      // interval_from, interval_to
  kArray,         // children[0]
  kMultiset,      // children[0]
  kMap,           // children[0] key, children[1] value
  kRow,           // children with field_names and field_comments
  kNull,
  kVariant,
  kRaw,  // raw_class, raw_snapshot
};

enum class TimeUnit : uint8_t {
  kYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
  kEpoch,
  kDow,
  kIsodow,
  kDoy,
  kIsoyear,
  kDecade,
  kCentury,
  kMillennium,
};

struct TypeSpec {
  TypeKind kind = TypeKind::kNull;
  SourceLocation location;
  std::optional<int> precision;  // as written; absent means the type's own default
  std::optional<int> scale;
  bool not_null = false;
  TimeUnit interval_from = TimeUnit::kDay;  // kInterval only
  std::optional<TimeUnit> interval_to;
  std::string raw_class;  // kRaw only
  std::string raw_snapshot;
  std::vector<TypeSpec> children;
  std::vector<Name> field_names;                           // kRow only, one for each child
  std::vector<std::optional<std::string>> field_comments;  // kRow only, one for each child
};

}  // namespace millrace::sql
