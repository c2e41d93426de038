#include <fmt/format.h>

#include "property/query.h"
#include "property/relation.h"

namespace millrace::property {
namespace {

Relation RelationOf(const Table& table) {
  Relation relation;
  relation.name = table.name;
  relation.columns = table.columns;
  relation.append_only = table.changes == Changes::kInserts;
  // Making a full changelog of upserts spreads rows by key: no order over all keys is left.
  relation.has_sequence = table.changes != Changes::kUpserts;
  relation.has_watermarks = table.rowtime >= 0;
  relation.rowtime = table.rowtime;
  relation.clock = table.name;
  relation.is_ltz = table.rowtime >= 0 && table.columns.back().type.kind() == data::TypeKind::kTimestampLtz;
  if (table.rowtime >= 0) relation.time_name = table.columns[static_cast<size_t>(table.rowtime)].name;
  if (table.changes == Changes::kUpserts) relation.unique_key = {0};
  return relation;
}

// What readers of a materialized view can rely on: its rows and the watermark of its job; not their order,
// nor, where rows are taken away, the watermark that each one came under.
void Materialize(Relation* relation) {
  relation->has_sequence = false;
  if (!relation->has_watermarks || relation->append_only) return;
  relation->has_watermarks = false;
  relation->rowtime = -1;
  relation->lost_lateness = relation->window_end >= 0;
}

// Seeds below draw no extras: what is kept from before them means what it meant.
constexpr uint64_t kFirstSeedWithExtras = 500;

}  // namespace

Case MakeCase(uint64_t seed) {
  Random random(seed);
  Random extras(seed ^ 0xE57A5);
  Case result;
  result.seed = seed;
  result.zone = &Zones().front();
  const bool has_extras = seed >= kFirstSeedWithExtras;
  if (has_extras) {
    result.zone = &extras.Pick(Zones());
    result.early_fire = extras.OneIn(3);
    result.state_ttl = extras.OneIn(3);
    if (extras.OneIn(2)) {
      result.changelog = extras.OneIn(2) ? Case::Changelog::kOfView : Case::Changelog::kOfQuery;
    }
  }
  const int64_t tables = random.OneIn(4) ? 2 : 1;
  std::vector<Relation> relations;
  for (int64_t i = 0; i < tables; ++i) {
    TableExtras table_extras;
    if (has_extras) {
      if (extras.OneIn(2)) table_extras.zone = result.zone;
      table_extras.partitions = extras.Pick({1, 1, 2, 3});
      table_extras.seed = seed * 2 + static_cast<uint64_t>(i);
    }
    result.tables.push_back(MakeTable(random, fmt::format("t{}", i), table_extras));
    relations.push_back(RelationOf(result.tables.back()));
  }
  // Inserts only: Flink leaves open what a retraction of something forgotten does.
  result.forgets = has_extras && extras.OneIn(8) && result.tables.back().changes == Changes::kInserts;
  if (result.forgets) {
    result.state_ttl = false;
    result.early_fire = false;
    result.changelog = Case::Changelog::kNone;
  }
  QueryMaker queries(random, result.zone, result.early_fire);
  const int64_t views = result.forgets ? 1 : random.Between(1, 4);
  for (int64_t i = 0; i < views; ++i) {
    // Mostly a view on the view before; the input is the last of those given.
    std::vector<Relation> inputs = relations;
    if (random.OneIn(4))
      std::swap(inputs.back(),
                inputs[static_cast<size_t>(random.Below(static_cast<int64_t>(inputs.size())))]);
    const std::string name = fmt::format("v{}", i);
    MadeView made = result.forgets ? queries.Forgetting(name, relations.back()) : queries.Make(name, inputs);
    made.view.materialized = i + 1 == views || random.OneIn(2);
    if (made.view.materialized) Materialize(&made.relation);
    if (!made.relation.columns.empty()) relations.push_back(made.relation);
    result.views.push_back(std::move(made.view));
  }
  result.shards = static_cast<int>(random.Between(1, 3));
  result.threads = static_cast<int>(random.Between(1, 3));
  result.batch_rows = random.Pick({1, 2, 3, 16, 100, 2048});
  result.feed_rows_max = static_cast<size_t>(random.Pick({1, 5, 40, 300}));
  result.settles = static_cast<size_t>(random.Below(4));
  return result;
}

}  // namespace millrace::property
