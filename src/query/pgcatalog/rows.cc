#include "query/pgcatalog/rows.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "query/pgcatalog/pg_types.h"

namespace millrace::query::pgcatalog {
namespace {

Cell DefaultOf(const SystemColumn& column) {
  if (!column.not_null) return {};
  switch (StorageOf(column.type)) {
    case Storage::kBool:
      return false;
    case Storage::kText:
      return "";
    case Storage::kFloat:
    case Storage::kDouble:
      return 0.0;
    case Storage::kInt16List:
    case Storage::kInt32List:
      return Cell::Numbers{};
    case Storage::kTextList:
      return Cell::Texts{};
    default:
      return 0;
  }
}

const std::map<std::string_view, Generator>& Generators() {
  static const std::map<std::string_view, Generator> generators = [] {
    std::map<std::string_view, Generator> all;
    for (const GeneratorList& list :
         {RelationGenerators(), TypeGenerators(), RoleGenerators(), ServerGenerators(), ViewGenerators(),
          InformationGenerators(), PrivilegeGenerators()}) {
      all.insert(list.begin(), list.end());
    }
    return all;
  }();
  return generators;
}

}  // namespace

Storage StorageOf(uint32_t type) {
  switch (type) {
    case 16:
      return Storage::kBool;
    case 21:
      return Storage::kInt16;
    case 23:    // int4
    case 24:    // regproc
    case 26:    // oid
    case 28:    // xid
    case 29:    // cid
    case 2206:  // regtype
      return Storage::kInt32;
    case 20:
      return Storage::kInt64;
    case 700:
      return Storage::kFloat;
    case 701:
    case 1700:
      return Storage::kDouble;
    case 1184:
      return Storage::kTimestamp;
    case 22:    // int2vector
    case 1005:  // int2[]
      return Storage::kInt16List;
    case 30:    // oidvector
    case 1028:  // oid[]
    case 2211:  // regtype[]
      return Storage::kInt32List;
    default: {
      const BuiltinType* builtin = FindType(type);
      return builtin != nullptr && builtin->element != 0 && builtin->name.starts_with('_')
                 ? Storage::kTextList
                 : Storage::kText;
    }
  }
}

RowWriter::RowWriter(const SystemRelation& relation) : relation_(relation) {
  for (const SystemColumn& column : relation.columns) defaults_.push_back(DefaultOf(column));
}

void RowWriter::Columns(std::initializer_list<std::string_view> names) {
  positions_.clear();
  for (const std::string_view name : names) {
    const auto found = std::ranges::find(relation_.columns, name, &SystemColumn::name);
    MR_CHECK(found != relation_.columns.end());
    positions_.push_back(static_cast<size_t>(found - relation_.columns.begin()));
  }
}

void RowWriter::Add(std::vector<Cell> cells) {
  MR_CHECK_EQ(cells.size(), positions_.size());
  std::vector<Cell> row = defaults_;
  for (size_t i = 0; i < cells.size(); ++i) row[positions_[i]] = std::move(cells[i]);
  rows_.push_back(std::move(row));
}

std::vector<std::vector<Cell>> RowsOf(const Catalog& catalog, const SystemRelation& relation) {
  RowWriter writer(relation);
  const auto generator = Generators().find(relation.name);
  if (generator != Generators().end()) generator->second(catalog, &writer);
  return writer.Take();
}

Cell AclOf(const std::vector<Grant>& grants, std::string_view owner, std::string_view all) {
  if (grants.empty()) return {};
  // In the order in which PostgreSQL writes them.
  constexpr std::pair<char, std::string_view> kLetters[] = {
      {'a', "INSERT"},   {'r', "SELECT"},     {'w', "UPDATE"},    {'d', "DELETE"},
      {'D', "TRUNCATE"}, {'x', "REFERENCES"}, {'t', "TRIGGER"},   {'X', "EXECUTE"},
      {'U', "USAGE"},    {'C', "CREATE"},     {'T', "TEMPORARY"}, {'c', "CONNECT"}};
  Cell::Texts items = {std::string(owner) + "=" + std::string(all) + "/" + std::string(owner)};
  for (const Grant& grant : grants) {
    std::string item = grant.grantee + "=";
    for (const auto& [letter, privilege] : kLetters) {
      if (std::ranges::find(grant.privileges, privilege) == grant.privileges.end()) continue;
      item += letter;
      if (grant.grantable) item += '*';
    }
    items.push_back(item + "/" + (grant.grantor.empty() ? std::string(owner) : grant.grantor));
  }
  return items;
}

}  // namespace millrace::query::pgcatalog
