// The rows of PostgreSQL's catalogs, made of a Catalog when a statement asks for them.
//
// Rows are few and made one by one: this is no path that events take.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "query/pgcatalog/catalog.h"

namespace millrace::query::pgcatalog {

// How DuckDB keeps a column of one of PostgreSQL's types.
enum class Storage : uint8_t {
  kBool,
  kInt16,
  kInt32,  // oid and the types that name an object by it are INTEGER: ours are all below 2^31
  kInt64,
  kFloat,
  kDouble,
  kText,
  kTimestamp,  // with time zone; µs since 1970-01-01 00:00:00 UTC
  kInt16List,
  kInt32List,
  kTextList,
};
Storage StorageOf(uint32_t type);

// NULL, a truth value, any whole number (and a time), any other number, a text, lists of numbers or texts.
class Cell {
 public:
  using Numbers = std::vector<int64_t>;
  using Texts = std::vector<std::string>;

  Cell() = default;  // NULL
  Cell(bool value) : value_(value) {}
  Cell(int32_t value) : value_(int64_t{value}) {}
  Cell(uint32_t value) : value_(int64_t{value}) {}
  Cell(int64_t value) : value_(value) {}
  Cell(size_t value) : value_(static_cast<int64_t>(value)) {}
  Cell(double value) : value_(value) {}
  Cell(char value) : value_(std::string(1, value)) {}
  Cell(const char* value) : value_(std::string(value)) {}
  Cell(std::string_view value) : value_(std::string(value)) {}
  Cell(std::string value) : value_(std::move(value)) {}
  Cell(Numbers value) : value_(std::move(value)) {}
  Cell(Texts value) : value_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  template <typename T>
  bool Holds() const {
    return std::holds_alternative<T>(value_);
  }
  template <typename T>
  const T& As() const {
    return std::get<T>(value_);
  }
  int64_t number() const { return As<int64_t>(); }
  const std::string& text() const { return As<std::string>(); }

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Numbers, Texts> value_;
};

// Collects the rows of one relation. Columns that are not named are NULL, or when they may not be, 0, "" or
// false.
class RowWriter {
 public:
  explicit RowWriter(const SystemRelation& relation);

  // The columns that the following Add() give values of.
  void Columns(std::initializer_list<std::string_view> names);
  void Add(std::vector<Cell> cells);

  const SystemRelation& relation() const { return relation_; }
  std::vector<std::vector<Cell>> Take() { return std::move(rows_); }

 private:
  const SystemRelation& relation_;
  std::vector<Cell> defaults_;
  std::vector<size_t> positions_;
  std::vector<std::vector<Cell>> rows_;
};

// All rows of a relation; none for those that Millrace has nothing to show in.
std::vector<std::vector<Cell>> RowsOf(const Catalog& catalog, const SystemRelation& relation);

// Which function makes the rows of a relation. A file each for a group of relations.
using Generator = void (*)(const Catalog& catalog, RowWriter* out);
using GeneratorList = std::vector<std::pair<std::string_view, Generator>>;
GeneratorList RelationGenerators();     // pg_class, pg_attribute, pg_index ...
GeneratorList TypeGenerators();         // pg_type, pg_proc, pg_am ...
GeneratorList RoleGenerators();         // pg_authid, pg_roles ...
GeneratorList ServerGenerators();       // pg_database, pg_settings, pg_stat_activity ...
GeneratorList ViewGenerators();         // pg_tables, pg_views, pg_stat_user_tables ...
GeneratorList InformationGenerators();  // information_schema, what it says of relations
GeneratorList PrivilegeGenerators();    // information_schema, what it says of roles and privileges

// "{reader=r/owner,=U/owner}" as a list of texts; NULL when nothing was granted.
Cell AclOf(const std::vector<Grant>& grants, std::string_view owner, std::string_view all);

// The CREATE INDEX of a primary key, and what follows its name in ALTER TABLE ... ADD CONSTRAINT.
std::string IndexDefinition(const RelationEntry& relation);
std::string KeyDefinition(const RelationEntry& relation);
// Arguments of a function as they are written in its declaration.
std::string ArgumentsOf(const Catalog& catalog, const FunctionInfo& function);

// Settings of the session, and those of PostgreSQL that clients ask for and that are fixed here; in order of
// name.
std::vector<SettingInfo> AllSettings(const Catalog& catalog);
std::string ServerVersion(const Catalog& catalog);  // "PostgreSQL 15.0 (Millrace 0.1.0)"

inline constexpr std::string_view kPostgresVersion = "15.0";
inline constexpr int kPostgresVersionNumber = 150000;

}  // namespace millrace::query::pgcatalog
