#include "query/pgcatalog/system_relations.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "query/pgcatalog/pg_types.h"
#include "query/pgcatalog/relation_text.h"
#include "query/pgcatalog/words.h"

namespace millrace::query::pgcatalog {
namespace {

void Read(std::string_view text, uint32_t schema, std::vector<SystemRelation>* relations) {
  for (std::string_view word = TakeWord(&text); !word.empty(); word = TakeWord(&text)) {
    if (word.starts_with('@')) {
      const char kind = TakeWord(&text)[0];
      relations->push_back({word.substr(1), schema, kind, NumberOf<uint32_t>(TakeWord(&text)), {}});
      continue;
    }
    const bool not_null = word.ends_with('!');
    if (not_null) word.remove_suffix(1);
    const size_t colon = word.find(':');
    const BuiltinType* type = FindTypeByName(word.substr(colon + 1));
    // Here char is PostgreSQL's "char".
    const uint32_t oid = word.substr(colon + 1) == "char" ? 18 : type == nullptr ? 0 : type->oid;
    MR_CHECK(oid != 0);
    relations->back().columns.push_back({word.substr(0, colon), oid, not_null});
  }
}

auto KeyOf(const SystemRelation& relation) {
  return std::tuple(relation.schema, relation.name);
}

}  // namespace

std::span<const SystemRelation> SystemRelations() {
  static const std::vector<SystemRelation> relations = [] {
    std::vector<SystemRelation> read;
    Read(CatalogTablesText(), kCatalogNamespace, &read);
    Read(CatalogViewsText(), kCatalogNamespace, &read);
    Read(InformationSchemaText(), kInformationNamespace, &read);
    std::ranges::sort(read, {}, KeyOf);
    return read;
  }();
  return relations;
}

const SystemRelation* FindSystemRelation(uint32_t schema, std::string_view name) {
  const auto relations = SystemRelations();
  const auto found = std::ranges::lower_bound(relations, std::tuple(schema, name), {}, KeyOf);
  return found != relations.end() && found->schema == schema && found->name == name ? &*found : nullptr;
}

}  // namespace millrace::query::pgcatalog
