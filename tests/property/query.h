// QueryMaker: draws views over relations, each a case of one kind of query.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "property/expression.h"

namespace millrace::property {

struct MadeView {
  View view;
  Relation relation;  // what later views read
};

class QueryMaker {
 public:
  QueryMaker(Random& random, const Zone* zone, bool early_fire)
      : random_(random), zone_(zone), early_fire_(early_fire) {}

  // A view named `name` over one of `inputs` (or two, for UNION).
  MadeView Make(const std::string& name, const std::vector<Relation>& inputs);
  // A group aggregate that forgets all groups between comparisons: of each group the rows since the last
  // comparison at which it had any.
  MadeView Forgetting(const std::string& name, const Relation& input);

 private:
  MadeView Start(const std::string& name, const char* kind) const;

  MadeView Calc(const std::string& name, const Relation& input);
  MadeView Group(const std::string& name, const Relation& input);
  MadeView GroupingSets(const std::string& name, const Relation& input);
  MadeView Distinct(const std::string& name, const Relation& input);
  MadeView Union(const std::string& name, const Relation& left, const Relation& right);
  MadeView WindowAggregate(const std::string& name, const Relation& input);
  MadeView LegacyWindow(const std::string& name, const Relation& input);
  MadeView AttachedAggregate(const std::string& name, const Relation& input);
  MadeView WindowRows(const std::string& name, const Relation& input);
  MadeView WindowTopN(const std::string& name, const Relation& input);
  MadeView TopN(const std::string& name, const Relation& input);
  MadeView Deduplicate(const std::string& name, const Relation& input);
  MadeView Limit(const std::string& name, const Relation& input);
  MadeView Unnest(const std::string& name, const Relation& input);

  // Window table function over an input: how each side names it in FROM.
  struct Windowed {
    std::string flink;
    std::string duck;    // rows with window_start, window_end, window_time
    std::string counts;  // DuckDB: the row counts in the window
    std::string closed;  // DuckDB: the window has closed
    std::string late;    // DuckDB: late rows, or empty: not known
    std::string legacy;  // TUMBLE(ts, ...), of GROUP BY; empty: it has no such form
    std::string kind;    // TUMBLE, HOP, CUMULATE, SESSION
    std::string sizes;   // of the legacy form
    std::vector<int> session_keys;
    std::vector<SessionStep> sessions;

    // View::duck_late, of rows for which a condition (" AND ...") holds.
    std::string LateText(const std::string& and_where) const;
  };
  std::string ConditionOf(const Windowed& window, size_t keys) const;
  static data::DataType TimeType(const Relation& input);
  Windowed MakeWindow(const std::string& name, const Relation& input, bool legacy_only);

  // Some columns that rows can be told apart by, none of them the rowtime.
  std::vector<int> PickKeys(const Relation& input, int64_t at_most);
  // Adds `count` aggregates to both select lists and to the view's and the relation's columns.
  void AddAggregates(const Relation& input, int64_t count, MadeView* made, std::vector<std::string>* flink,
                     std::vector<std::string>* duck);
  struct Order {
    std::string flink;
    std::string duck;
    bool is_latest_first = false;  // by the rowtime alone, descending
  };
  // Without ties, or with those that arrival breaks.
  Order MakeOrder(const Relation& input, const std::vector<int>& partition);

  Random& random_;
  const Zone* zone_;
  bool early_fire_;
};

std::string Joined(const std::vector<std::string>& parts, const char* separator = ", ");

}  // namespace millrace::property
