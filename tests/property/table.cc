#include "property/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/batch_builder.h"
#include "data/text.h"

namespace millrace::property {
namespace {

using data::DataType;
using data::RowKind;
using data::TypeKind;
using data::Value;

constexpr int64_t kStart = 1'704'067'200'000;  // 2024-01-01 00:00:00, ms

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

class EventMaker {
 public:
  EventMaker(Random& random, Table& table, const TableExtras& extras)
      : random_(random),
        extras_(extras.seed),
        table_(table),
        partition_watermarks_ms_(static_cast<size_t>(extras.partitions), kNoWatermark) {
    front_ms_ = kStart + random_.Below(1000) * 777;
    step_ms_ = random_.Pick({100, 500, 1000, 3000});
    if (extras.zone != nullptr) {
      step_ms_ *= extras_.Pick({1, 5, 20});
      if (!extras.zone->changes.empty()) {
        front_ms_ = extras_.Pick(extras.zone->changes).at_ms - extras_.Below(step_ms_ * 150);
      }
    }
    disorder_ms_ = random_.Pick({int64_t{0}, table.bound_ms, table.bound_ms * 2, table.bound_ms * 6});
  }

  void Make(size_t count) {
    while (table_.events.size() < count) {
      const bool retract = table_.changes != Changes::kInserts && !alive_.empty() && random_.OneIn(3);
      if (!retract) {
        Insert(RowKind::kInsert, NewValues());
        continue;
      }
      const size_t taken = FirstEqual(random_.Pick(alive_));
      if (random_.OneIn(2)) {
        TakeAway(RowKind::kDelete, taken);
      } else {
        std::vector<Value> values = NewValues();
        if (table_.changes == Changes::kUpserts) {
          values[0] = table_.lives[taken].values[0];
          // A change that changes nothing is one too.
          if (random_.OneIn(6)) values = table_.lives[taken].values;
          MoveTo(taken, std::move(values));
        } else {
          TakeAway(RowKind::kUpdateBefore, taken);
          Insert(RowKind::kUpdateAfter, std::move(values));
        }
      }
    }
    table_.watermarks_ms.push_back(watermark_ms_);
  }

 private:
  std::vector<Value> NewValues() {
    std::vector<Value> values;
    for (size_t i = 0; i < table_.columns.size(); ++i) {
      const DataType& type = table_.columns[i].type;
      if (static_cast<int>(i) == table_.rowtime) {
        front_ms_ += random_.Below(step_ms_ * 2);
        if (random_.OneIn(25)) front_ms_ += step_ms_ * 20;
        const int64_t behind = disorder_ms_ == 0 ? 0 : random_.Below(disorder_ms_ + 1);
        const int64_t ms = front_ms_ - (random_.OneIn(2) ? behind : 0);
        values.push_back(Value::Int((random_.OneIn(3) ? ms / 1000 * 1000 : ms) * 1000));
      } else if (i == 0 && table_.changes == Changes::kUpserts) {
        values.push_back(Value::Int(next_key_++));
      } else if (type.nullable() && random_.OneIn(8)) {
        values.push_back(Value::Null());
      } else {
        values.push_back(RandomValue(random_, type));
      }
    }
    // Duplicates, but for the key and the rowtime.
    if (!table_.lives.empty() && random_.OneIn(6)) {
      const RowLife& other = random_.Pick(table_.lives);
      for (size_t i = table_.changes == Changes::kUpserts ? 1 : 0; i < values.size(); ++i) {
        if (static_cast<int>(i) != table_.rowtime || random_.OneIn(4)) values[i] = other.values[i];
      }
    }
    return values;
  }

  void Emit(RowKind kind, const std::vector<Value>& values) {
    table_.watermarks_ms.push_back(watermark_ms_);
    if (partition_watermarks_ms_.size() > 1 && extras_.OneIn(6)) {
      partition_ = static_cast<size_t>(extras_.Below(static_cast<int64_t>(partition_watermarks_ms_.size())));
    }
    table_.events.push_back({kind, values, static_cast<int>(partition_)});
    if (table_.rowtime < 0) return;
    const int64_t ms = values[static_cast<size_t>(table_.rowtime)].as_int() / 1000;
    int64_t& watermark_ms = partition_watermarks_ms_[partition_];
    watermark_ms = std::max(watermark_ms, ms - table_.bound_ms);
    watermark_ms_ = *std::min_element(partition_watermarks_ms_.begin(), partition_watermarks_ms_.end());
  }

  void Insert(RowKind kind, std::vector<Value> values) {
    RowLife life;
    life.sequence = static_cast<int64_t>(table_.events.size());
    life.watermark_ms = watermark_ms_;
    life.values = values;
    Emit(kind, values);
    alive_.push_back(table_.lives.size());
    table_.lives.push_back(std::move(life));
  }

  void End(size_t life) {
    table_.lives[life].end_sequence = static_cast<int64_t>(table_.events.size());
    table_.lives[life].end_watermark_ms = watermark_ms_;
    std::erase(alive_, life);
  }

  void TakeAway(RowKind kind, size_t life) {
    End(life);
    Emit(kind, table_.lives[life].values);
  }

  // One event that ends a row and brings the next with its key.
  void MoveTo(size_t life, std::vector<Value> values) {
    if (values == table_.lives[life].values) {
      Emit(RowKind::kUpdateAfter, values);
      return;
    }
    End(life);
    Insert(RowKind::kUpdateAfter, std::move(values));
  }

  // Of equal rows the first that came goes: which of them went shows only in the order of arrival.
  size_t FirstEqual(size_t life) const {
    for (const size_t other : alive_) {
      if (table_.lives[other].values == table_.lives[life].values) return std::min(other, life);
    }
    return life;
  }

  Random& random_;
  Random extras_;
  Table& table_;
  std::vector<int64_t> partition_watermarks_ms_;
  size_t partition_ = 0;
  int64_t front_ms_;
  int64_t step_ms_;
  int64_t disorder_ms_;
  int64_t watermark_ms_ = kNoWatermark;
  int64_t next_key_ = 1;
  std::vector<size_t> alive_;  // positions in lives, in the order of arrival
};

std::string ChangesText(Changes changes) {
  switch (changes) {
    case Changes::kInserts:
      return "I";
    case Changes::kUpserts:
      return "I,UA,D";
    case Changes::kRetracts:
      return "I,UB,UA,D";
  }
  MR_UNREACHABLE();
}

}  // namespace

DataType RandomType(Random& random) {
  switch (random.Below(12)) {
    case 0:
    case 1:
      return DataType::BigInt();
    case 2:
    case 3:
      return DataType::Int();
    case 4:
    case 5:
    case 6:
      return DataType::String();
    case 7: {
      const int scale = static_cast<int>(random.Below(4));
      return DataType::Decimal(random.Pick({7, 10, 18, 24}), scale);
    }
    case 8:
      return DataType::Double();
    case 9:
      return DataType::Boolean();
    case 10:
      return DataType::Date();
    default:
      return DataType::Timestamp(3);
  }
}

Value RandomValue(Random& random, const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return Value::Bool(random.OneIn(2));
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      // Skewed: half of the values are among three.
      return Value::Int(random.OneIn(2) ? random.Below(3) : random.Between(-40, 60));
    case TypeKind::kDecimal: {
      data::Int128 unscaled = random.Between(-2000, 4000);
      if (random.OneIn(2)) unscaled = random.Pick({-150, 0, 25, 1000});
      return Value::Decimal(unscaled);
    }
    case TypeKind::kDouble:
      // Sums of quarters are exact in any order.
      return Value::Double(static_cast<double>(random.Between(-60, 200)) / 4);
    case TypeKind::kDate:
      return Value::Int(19'700 + random.Below(40));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return Value::Int((kStart + random.Between(-30, 3000) * 61'500) * 1000);
    default: {
      static const std::vector<std::string> kTexts = {"a",
                                                      "b",
                                                      "B",
                                                      "ab",
                                                      "a%b",
                                                      "",
                                                      "twelve bytes",
                                                      "thirteen bytes",
                                                      "a text of more than twelve bytes",
                                                      "北京",
                                                      "上海市 it's",
                                                      "Zz",
                                                      "_x_"};
      std::string text = random.Pick(kTexts);
      if (random.OneIn(4)) text += std::to_string(random.Below(10));
      return Value::String(std::move(text));
    }
  }
}

Table MakeTable(Random& random, const std::string& name, const TableExtras& extras) {
  Table table;
  table.name = name;
  const int64_t kind = random.Below(10);
  table.changes = kind < 6 ? Changes::kInserts : kind < 8 ? Changes::kRetracts : Changes::kUpserts;
  const size_t columns = static_cast<size_t>(random.Between(2, 5));
  for (size_t i = 0; i < columns; ++i) {
    DataType type = RandomType(random);
    if (random.OneIn(5)) type = type.NotNull();
    // Something to group by and something to add up are always there.
    if (i == 0) type = table.changes == Changes::kUpserts ? DataType::BigInt().NotNull() : DataType::Int();
    if (i == 1 && random.OneIn(2)) type = DataType::String();
    table.columns.push_back({fmt::format("{}_{}", name, static_cast<char>('a' + i)), type});
  }
  table.partitions = extras.partitions;
  if (!random.OneIn(5)) {
    table.rowtime = static_cast<int>(table.columns.size());
    const bool is_ltz = extras.zone != nullptr;
    table.columns.push_back({"ts", is_ltz ? DataType::TimestampLtz(3) : DataType::Timestamp(3)});
    table.bound_ms = random.Pick({0, 1, 500, 2000, 7000, 30'000});
  }
  EventMaker(random, table, extras).Make(static_cast<size_t>(random.Between(random.OneIn(8) ? 0 : 20, 260)));
  return table;
}

std::string FlinkType(const DataType& type) {
  const DataType nullable = type.WithNullable(true);
  return nullable.kind() == TypeKind::kVarchar ? "STRING" : nullable.ToString();
}

std::string DuckType(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kVarchar:
    case TypeKind::kChar:
      return "VARCHAR";
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:  // the instant
      return "TIMESTAMP";
    default:
      return FlinkType(type);
  }
}

std::string FlinkLiteral(const DataType& type, const Value& value) {
  if (value.is_null()) return fmt::format("CAST(NULL AS {})", FlinkType(type));
  if (type.kind() == TypeKind::kTimestampLtz) {
    return fmt::format("TO_TIMESTAMP_LTZ({}, 3)", value.as_int() / 1000);
  }
  const std::string text = data::ToText(type, value);
  switch (type.kind()) {
    case TypeKind::kVarchar:
    case TypeKind::kChar:
      return Quoted(text);
    case TypeKind::kInt:
    case TypeKind::kBoolean:
      return text;
    case TypeKind::kDate:
      return fmt::format("DATE '{}'", text);
    case TypeKind::kTimestamp:
      return fmt::format("TIMESTAMP '{}'", text);
    default:
      return fmt::format("CAST('{}' AS {})", text, FlinkType(type));
  }
}

std::string DuckLiteral(const DataType& type, const Value& value) {
  if (value.is_null()) return fmt::format("CAST(NULL AS {})", DuckType(type));
  if (type.IsCharacter()) return Quoted(value.as_string());
  if (type.kind() == TypeKind::kTimestampLtz) return fmt::format("make_timestamp({})", value.as_int());
  return fmt::format("CAST('{}' AS {})", data::ToText(type, value), DuckType(type));
}

std::string CreateText(const Table& table) {
  std::string text = fmt::format("CREATE TABLE {} (", table.name);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) text += ", ";
    const Column& column = table.columns[i];
    text += fmt::format("{} {}{}", column.name, FlinkType(column.type),
                        column.type.nullable() ? "" : " NOT NULL");
  }
  if (table.changes == Changes::kUpserts) {
    text += fmt::format(", PRIMARY KEY ({}) NOT ENFORCED", table.columns[0].name);
  }
  if (table.rowtime >= 0) {
    text += fmt::format(", WATERMARK FOR ts AS ts - INTERVAL '{}.{:03}' SECOND", table.bound_ms / 1000,
                        table.bound_ms % 1000);
  }
  text += fmt::format(") WITH ('connector' = 'feed', 'changelog-mode' = '{}'", ChangesText(table.changes));
  if (table.partitions > 1) text += fmt::format(", 'partitions' = '{}'", table.partitions);
  return text + ")";
}

std::vector<std::string> DuckTexts(const Table& table) {
  std::string create = fmt::format("CREATE TABLE {}_lives (", table.name);
  for (const Column& column : table.columns) {
    create += fmt::format("{} {}, ", column.name, DuckType(column.type));
  }
  create += "seq_ BIGINT, wm_ BIGINT, dseq_ BIGINT, dwm_ BIGINT)";
  std::vector<std::string> texts = {std::move(create)};
  if (table.lives.empty()) return texts;
  std::string insert = fmt::format("INSERT INTO {}_lives VALUES ", table.name);
  for (const RowLife& life : table.lives) {
    if (&life != &table.lives.front()) insert += ",\n";
    insert += '(';
    for (size_t i = 0; i < table.columns.size(); ++i) {
      insert += DuckLiteral(table.columns[i].type, life.values[i]) + ", ";
    }
    insert += fmt::format("{}, {}, ", life.sequence, life.watermark_ms);
    insert += life.end_sequence ? fmt::format("{}, {})", *life.end_sequence, life.end_watermark_ms)
                                : std::string("NULL, NULL)");
  }
  texts.push_back(std::move(insert));
  return texts;
}

data::Batch BatchOf(const Table& table, size_t begin, size_t end) {
  std::vector<DataType> types;
  for (const Column& column : table.columns) types.push_back(column.type);
  data::BatchBuilder builder(types);
  for (size_t i = begin; i < end; ++i) {
    const Event& event = table.events[i];
    for (size_t c = 0; c < types.size(); ++c) builder.column(c).AppendValue(event.values[c]);
    builder.FinishRow(event.kind);
  }
  return builder.Build();
}

std::string EventText(const Table& table, const Event& event) {
  std::string text = fmt::format("{}[", data::RowKindName(event.kind));
  if (table.partitions > 1) text = fmt::format("partition {} {}", event.partition, text);
  for (size_t i = 0; i < event.values.size(); ++i) {
    if (i > 0) text += ", ";
    text += event.values[i].is_null() ? "NULL" : data::ToText(table.columns[i].type, event.values[i]);
  }
  return text + "]";
}

}  // namespace millrace::property
