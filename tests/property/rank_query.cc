// Queries over the first rows of an order.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "property/query.h"

namespace millrace::property {

using data::DataType;

QueryMaker::Order QueryMaker::MakeOrder(const Relation& input, const std::vector<int>& partition) {
  Order order;
  std::vector<std::string> flink;
  std::vector<std::string> duck;
  const auto add = [&](int column) {
    // Nulls are lowest.
    const bool descending = random_.OneIn(2);
    const std::string& name = NameOf(input, column);
    flink.push_back(fmt::format("{}{}", name, descending ? " DESC" : random_.OneIn(2) ? " ASC" : ""));
    duck.push_back(fmt::format("{} {}", name, descending ? "DESC NULLS LAST" : "ASC NULLS FIRST"));
  };
  std::vector<int> rest(input.columns.size());
  std::iota(rest.begin(), rest.end(), 0);
  random_.Shuffle(rest);
  std::erase_if(rest, [&](int column) {
    return std::find(partition.begin(), partition.end(), column) != partition.end();
  });
  if (rest.empty()) rest.push_back(partition.empty() ? 0 : partition.front());
  const size_t first = std::min<size_t>(rest.size(), static_cast<size_t>(random_.Between(1, 2)));
  for (size_t i = 0; i < first; ++i) add(rest[i]);
  if (input.has_sequence) {
    // Of equal rows the first that came.
    duck.push_back("seq_");
    order.is_latest_first = first == 1 &&
                            input.columns[static_cast<size_t>(rest[0])].name == input.time_name &&
                            duck.front().ends_with("DESC NULLS LAST");
  } else {
    for (size_t i = first; i < rest.size(); ++i) {
      const bool is_key =
          std::find(input.unique_key.begin(), input.unique_key.end(), rest[i]) != input.unique_key.end();
      if (input.unique_key.empty() || is_key) add(rest[i]);
    }
  }
  order.flink = Joined(flink);
  order.duck = Joined(duck);
  return order;
}

MadeView QueryMaker::TopN(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "top-n");
  const std::vector<int> partition = PickKeys(input, 2);
  std::vector<std::string> names;
  for (const int column : partition) names.push_back(NameOf(input, column));
  const std::string by = names.empty() ? "" : fmt::format("PARTITION BY {} ", Joined(names));
  Order order = MakeOrder(input, partition);
  std::vector<std::string> columns;
  for (size_t i = 0; i < input.columns.size(); ++i) {
    const Column column{fmt::format("{}_{}", name, static_cast<char>('a' + i)), input.columns[i].type};
    made.relation.columns.push_back(column);
    columns.push_back(fmt::format("{} AS {}", input.columns[i].name, column.name));
  }
  if (random_.OneIn(2)) {
    const Column column{name + "_rn", DataType::BigInt()};
    made.relation.columns.push_back(column);
    columns.push_back("rn AS " + column.name);
  }
  made.view.columns = made.relation.columns;
  const int64_t last = random_.Between(1, 5);
  std::string condition;
  switch (random_.Below(4)) {
    case 0:
      condition = fmt::format("rn = {}", last);
      break;
    case 1:
      condition = fmt::format("rn BETWEEN 2 AND {}", last + 1);
      break;
    default:
      condition = fmt::format("rn <= {}", last);
  }
  // The first by time, latest first, is deduplication: of equal times it keeps the last that came.
  if (order.is_latest_first && input.append_only && (condition == "rn <= 1" || condition == "rn = 1")) {
    order.duck += " DESC";
  }
  const char* pattern = "SELECT {} FROM (SELECT *, ROW_NUMBER() OVER ({}ORDER BY {}) AS rn FROM {}) WHERE {}";
  made.view.flink =
      fmt::format(fmt::runtime(pattern), Joined(columns), by, order.flink, input.name, condition);
  made.view.duck = fmt::format(fmt::runtime(pattern), Joined(columns), by, order.duck, input.name, condition);
  return made;
}

MadeView QueryMaker::Limit(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "limit");
  const Order order = MakeOrder(input, {});
  std::vector<std::string> columns;
  for (size_t i = 0; i < input.columns.size(); ++i) {
    const Column column{fmt::format("{}_{}", name, static_cast<char>('a' + i)), input.columns[i].type};
    made.relation.columns.push_back(column);
    columns.push_back(fmt::format("{} AS {}", input.columns[i].name, column.name));
  }
  made.view.columns = made.relation.columns;
  std::string limit = fmt::format("LIMIT {}", random_.Between(1, 12));
  if (random_.OneIn(3)) limit += fmt::format(" OFFSET {}", random_.Below(4));
  made.view.flink =
      fmt::format("SELECT {} FROM {} ORDER BY {} {}", Joined(columns), input.name, order.flink, limit);
  made.view.duck =
      fmt::format("SELECT {} FROM {} ORDER BY {} {}", Joined(columns), input.name, order.duck, limit);
  return made;
}

MadeView QueryMaker::Deduplicate(const std::string& name, const Relation& input) {
  const std::vector<int> keys = PickKeys(input, 2);
  if (keys.empty()) return TopN(name, input);
  MadeView made = Start(name, "deduplicate");
  std::vector<std::string> names;
  for (const int column : keys) names.push_back(NameOf(input, column));
  std::vector<std::string> columns;
  for (size_t i = 0; i < input.columns.size(); ++i) {
    const Column column{fmt::format("{}_{}", name, static_cast<char>('a' + i)), input.columns[i].type};
    made.relation.columns.push_back(column);
    columns.push_back(fmt::format("{} AS {}", input.columns[i].name, column.name));
  }
  made.view.columns = made.relation.columns;
  made.relation.unique_key = keys;
  // Of equal times keep-first keeps the first that came, keep-last the last.
  const bool last = random_.OneIn(2);
  const std::string& time = NameOf(input, input.rowtime);
  const char* pattern =
      "SELECT {} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {}) AS rn FROM {}) WHERE rn = 1";
  made.view.flink = fmt::format(fmt::runtime(pattern), Joined(columns), Joined(names),
                                time + (last ? " DESC" : " ASC"), input.name);
  made.view.duck = fmt::format(fmt::runtime(pattern), Joined(columns), Joined(names),
                               fmt::format("{0} {1}, seq_ {1}", time, last ? "DESC" : "ASC"), input.name);
  return made;
}

}  // namespace millrace::property
