// The types of PostgreSQL that Millrace's values are shown as, by PostgreSQL's own identifiers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "data/type.h"

namespace millrace::query::pgcatalog {

struct PgType {
  uint32_t oid;
  int32_t typmod;  // -1: none
};

// TINYINT is int2; MAP, ROW and MULTISET are text; an ARRAY is the array of its innermost element type.
PgType PgTypeOf(const data::DataType& type);

// One of PostgreSQL's types, as pg_type says it.
struct BuiltinType {
  uint32_t oid;
  std::string_view name;
  int16_t length;  // -1: varies
  bool by_value;
  char type;  // b base, p pseudo, r range, m multirange
  char category;
  bool preferred;
  uint32_t element;  // of an array
  uint32_t array;    // the array of it; 0: none
  char alignment;
  char storage;
  uint32_t collation;
  uint32_t input;  // oids of functions; 0: none
  uint32_t output;
  uint32_t receive;
  uint32_t send;
};

// The functions that read and write values of builtin types.
struct TypeFunction {
  uint32_t oid;
  std::string_view name;
};
std::span<const TypeFunction> TypeFunctions();

// In order of oid.
std::span<const BuiltinType> BuiltinTypes();
// nullptr when there is none.
const BuiltinType* FindType(uint32_t oid);
// By pg_type's name or the standard's ("int4" and "integer"), with [] behind it for arrays; nullptr for none.
const BuiltinType* FindTypeByName(std::string_view name);

// As PostgreSQL's format_type: "numeric(10,2)", "character varying(20)[]"; "???" for an unknown oid.
std::string FormatType(uint32_t oid, int32_t typmod = -1);

}  // namespace millrace::query::pgcatalog
