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

}  // namespace

Case MakeCase(uint64_t seed) {
  Random random(seed);
  Case result;
  result.seed = seed;
  const int64_t tables = random.OneIn(4) ? 2 : 1;
  std::vector<Relation> relations;
  for (int64_t i = 0; i < tables; ++i) {
    result.tables.push_back(MakeTable(random, fmt::format("t{}", i)));
    relations.push_back(RelationOf(result.tables.back()));
  }
  QueryMaker queries(random);
  const int64_t views = random.Between(1, 4);
  for (int64_t i = 0; i < views; ++i) {
    // Mostly a view on the view before; the input is the last of those given.
    std::vector<Relation> inputs = relations;
    if (random.OneIn(4))
      std::swap(inputs.back(),
                inputs[static_cast<size_t>(random.Below(static_cast<int64_t>(inputs.size())))]);
    MadeView made = queries.Make(fmt::format("v{}", i), inputs);
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
