// The relations of pg_catalog and information_schema: which there are, and their columns.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::query::pgcatalog {

inline constexpr uint32_t kCatalogNamespace = 11;
inline constexpr uint32_t kToastNamespace = 99;
inline constexpr uint32_t kPublicNamespace = 2200;
inline constexpr uint32_t kInformationNamespace = 13207;

struct SystemColumn {
  std::string_view name;
  uint32_t type;
  bool not_null;
};

struct SystemRelation {
  std::string_view name;
  uint32_t schema;  // kCatalogNamespace or kInformationNamespace
  char kind;        // r or v
  uint32_t oid;
  std::vector<SystemColumn> columns;
};

// In order of schema and name.
std::span<const SystemRelation> SystemRelations();

// nullptr when there is none.
const SystemRelation* FindSystemRelation(uint32_t schema, std::string_view name);

}  // namespace millrace::query::pgcatalog
