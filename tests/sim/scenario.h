// Scenario: the objects of one simulated warehouse, as its catalog has them, and how new ones are drawn. What
// is drawn is of a kind whose content follows from what was fed, whatever the order in which tasks run.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "env/random.h"
#include "sim/model.h"

namespace millrace::sim {

struct Object {
  enum class Kind : uint8_t { kFeed, kHttp, kTable, kView, kInsert };
  Kind kind = Kind::kFeed;
  uint64_t id = 0;
  uint64_t group = 0;  // views with the same one are started together
  std::string name;    // of an INSERT: of the table that it writes to
  std::string sql;
  std::vector<Column> columns;
  // Its rows stay as they are; it has rows once it has had some.
  bool is_append = true;
  bool never_empties = true;
  // Of a feed and of an http table.
  FeedMode mode = FeedMode::kAppend;
  int partitions = 1;
  int64_t delay_ms = -1;  // of watermarks; -1: it has none
  // Of a table: by c0. Of a keyed one either an INSERT or pushes say in which order rows come.
  bool is_keyed = false;
  bool takes_inserts = true;
  bool takes_pushes = false;
  // Of a view and an INSERT.
  Query query;

  // Gives rows in one order, and keeps none of them.
  bool IsSource() const { return kind == Kind::kFeed || kind == Kind::kHttp; }
  bool HasQuery() const { return kind == Kind::kView || kind == Kind::kInsert; }
};

class Scenario {
 public:
  explicit Scenario(env::Random* random) : random_(*random) {}

  // Those there are, in the order of their creation.
  const std::vector<Object>& objects() const { return objects_; }
  const Object* Find(const std::string& name) const;
  // The INSERTs into a table.
  std::vector<const Object*> InsertsInto(const std::string& table) const;

  // Each adds what it answers; nothing if there is nothing to be drawn from.
  void DrawFeed();
  void DrawHttp();
  void DrawTable();
  bool DrawViews();
  bool DrawInsert();
  // A view or table that nothing else reads, with the INSERTs into it.
  std::vector<Object> DrawDrop();
  void Remove(uint64_t id);

 private:
  using Inputs = std::vector<const Object*>;
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }
  bool OneIn(uint64_t n) { return random_.Below(n) == 0; }
  // What feeds and http tables have in common; answers their options.
  std::string DrawSource(Object* source);
  int AnyColumn(const Object& input, std::optional<Type> type);
  Inputs Relations() const;
  // Whether what `name` holds comes from `from`.
  bool DependsOn(const std::string& name, const std::string& from) const;
  bool IsRead(const std::string& name) const;
  void AddFilter(const Object& input, Query* query);
  void AddAggregates(const Object& input, Query* query);
  std::optional<Query> DrawQuery(const Inputs& inputs);
  Query DrawWindow(const Object& feed);
  std::optional<Query> DrawUnion(const Object& input, const Inputs& inputs);
  Object ViewOf(Query query);
  std::optional<Query> DrawInsertQuery(const Object& table);

  env::Random& random_;
  std::vector<Object> objects_;
  uint64_t next_id_ = 1;
};

}  // namespace millrace::sim
