// Arrow's IPC streaming format (https://arrow.apache.org/docs/format/Columnar.html), version 5: a message
// with the schema, one for each batch, and an end mark.

#include <bit>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "data/datetime.h"
#include "data/interval.h"
#include "server/http/flat_buffer.h"
#include "server/http/result_writer.h"

namespace millrace::server::http {
namespace {

using data::Column;
using data::DataType;
using data::ListEntry;
using data::StringRef;
using data::TypeKind;
using Place = FlatBuffer::Place;

// Numbers of Schema.fbs and Message.fbs.
constexpr int16_t kVersion5 = 4;
constexpr uint8_t kSchemaHeader = 1;
constexpr uint8_t kRecordBatchHeader = 3;
constexpr int16_t kMicrosecond = 2;
constexpr int16_t kMonthDayNano = 2;
enum ArrowType : uint8_t {
  kNull = 1,
  kInt = 2,
  kFloatingPoint = 3,
  kBinary = 4,
  kUtf8 = 5,
  kBool = 6,
  kDecimal = 7,
  kDate = 8,
  kTime = 9,
  kTimestamp = 10,
  kInterval = 11,
  kList = 12,
  kStruct = 13,
  kMap = 17,
  kDuration = 18,
};

void AppendMessage(uint8_t header_type, FlatBuffer* buffer, Place header, std::string_view body,
                   std::string* out) {
  buffer->StartTable();
  buffer->Long(3, static_cast<int64_t>(body.size()));
  buffer->Reference(2, header);
  buffer->Short(0, kVersion5);
  buffer->Byte(1, header_type);
  const std::string metadata = buffer->Finish(buffer->EndTable());
  const uint32_t sizes[2] = {0xFFFFFFFF, static_cast<uint32_t>(metadata.size())};
  out->append(reinterpret_cast<const char*>(sizes), sizeof(sizes));
  *out += metadata;
  *out += body;
}

// ----------------------------------------------------------------------------------------- schema

// Makes the table of a type; which one it is.
ArrowType AddType(const DataType& type, FlatBuffer* buffer, Place* place) {
  const auto plain = [&](ArrowType arrow) {
    buffer->StartTable();
    *place = buffer->EndTable();
    return arrow;
  };
  const auto integer = [&](int32_t bits) {
    buffer->StartTable();
    buffer->Int(0, bits);
    buffer->Byte(1, 1);
    *place = buffer->EndTable();
    return kInt;
  };
  const auto with_unit = [&](ArrowType arrow, int16_t unit) {
    buffer->StartTable();
    buffer->Short(0, unit);
    *place = buffer->EndTable();
    return arrow;
  };
  switch (type.kind()) {
    case TypeKind::kNull:
      return plain(kNull);
    case TypeKind::kBoolean:
      return plain(kBool);
    case TypeKind::kTinyInt:
      return integer(8);
    case TypeKind::kSmallInt:
      return integer(16);
    case TypeKind::kInt:
      return integer(32);
    case TypeKind::kBigInt:
      return integer(64);
    case TypeKind::kFloat:
      return with_unit(kFloatingPoint, 1);
    case TypeKind::kDouble:
      return with_unit(kFloatingPoint, 2);
    case TypeKind::kDecimal:
      buffer->StartTable();
      buffer->Int(0, type.precision());
      buffer->Int(1, type.scale());
      buffer->Int(2, 128);
      *place = buffer->EndTable();
      return kDecimal;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return plain(kUtf8);
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return plain(kBinary);
    case TypeKind::kDate:
      return with_unit(kDate, 0);  // days
    case TypeKind::kTime:
      buffer->StartTable();
      buffer->Int(1, 64);
      buffer->Short(0, kMicrosecond);
      *place = buffer->EndTable();
      return kTime;
    case TypeKind::kTimestamp:
      return with_unit(kTimestamp, kMicrosecond);
    case TypeKind::kTimestampLtz: {
      const Place zone = buffer->String("UTC");
      buffer->StartTable();
      buffer->Reference(1, zone);
      buffer->Short(0, kMicrosecond);
      *place = buffer->EndTable();
      return kTimestamp;
    }
    case TypeKind::kIntervalYearMonth:
      return with_unit(kInterval, 0);
    case TypeKind::kIntervalDayTime:
      return with_unit(kDuration, kMicrosecond);
    case TypeKind::kInterval:
      return with_unit(kInterval, kMonthDayNano);
    case TypeKind::kArray:
      return plain(kList);
    case TypeKind::kMap:
    case TypeKind::kMultiset:
      buffer->StartTable();
      buffer->Byte(0, 0);  // keys are not sorted
      *place = buffer->EndTable();
      return kMap;
    case TypeKind::kRow:
      return plain(kStruct);
  }
  std::unreachable();
}

Place AddField(std::string_view name, const DataType& type, bool nullable, FlatBuffer* buffer);

Place AddFieldOf(std::string_view name, bool nullable, ArrowType arrow, Place type,
                 const std::vector<Place>& children, FlatBuffer* buffer) {
  const Place child_vector = buffer->Vector(children);
  const Place name_place = buffer->String(name);
  buffer->StartTable();
  buffer->Reference(5, child_vector);
  buffer->Reference(3, type);
  buffer->Reference(0, name_place);
  buffer->Byte(2, arrow);
  buffer->Byte(1, nullable ? 1 : 0);
  return buffer->EndTable();
}

Place AddEntries(const DataType& key, const DataType& value, FlatBuffer* buffer) {
  const std::vector<Place> children = {AddField("key", key, false, buffer),
                                       AddField("value", value, true, buffer)};
  buffer->StartTable();
  const Place type = buffer->EndTable();
  return AddFieldOf("entries", false, kStruct, type, children, buffer);
}

Place AddField(std::string_view name, const DataType& type, bool nullable, FlatBuffer* buffer) {
  std::vector<Place> children;
  if (type.kind() == TypeKind::kArray) {
    children.push_back(AddField("item", type.element(), true, buffer));
  } else if (type.kind() == TypeKind::kMap) {
    children.push_back(AddEntries(type.key_type(), type.value_type(), buffer));
  } else if (type.kind() == TypeKind::kMultiset) {
    children.push_back(AddEntries(type.element(), DataType::Int(), buffer));
  } else if (type.kind() == TypeKind::kRow) {
    for (const data::RowField& field : type.fields()) {
      children.push_back(AddField(field.name, field.type, true, buffer));
    }
  }
  Place place = 0;
  const ArrowType arrow = AddType(type, buffer, &place);
  return AddFieldOf(name, nullable, arrow, place, children, buffer);
}

// ----------------------------------------------------------------------------------------- batches

// Collects the buffers of one batch in the order of its fields.
class BatchBody {
 public:
  // `rows[i]`: the row of the column that is the i-th.
  void Add(const Column& column, std::span<const uint64_t> rows);

  const std::string& bytes() const { return bytes_; }
  std::span<const int64_t> nodes() const { return nodes_; }
  std::span<const int64_t> buffers() const { return buffers_; }

 private:
  void AddBuffer(const void* data, size_t bytes) {
    buffers_.push_back(static_cast<int64_t>(bytes_.size()));
    buffers_.push_back(static_cast<int64_t>(bytes));
    bytes_.append(static_cast<const char*>(data), bytes);
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
  }
  void AddNode(const Column& column, std::span<const uint64_t> rows);
  // The values of From as To.
  template <typename From, typename To>
  void AddValues(const Column& column, std::span<const uint64_t> rows) {
    const data::ColumnView<From> view(column);
    std::vector<To> values(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) values[i] = static_cast<To>(view[rows[i]]);
    AddBuffer(values.data(), values.size() * sizeof(To));
  }
  void AddBits(const Column& column, std::span<const uint64_t> rows);
  void AddStrings(const Column& column, std::span<const uint64_t> rows);
  void AddIntervals(const Column& column, std::span<const uint64_t> rows);
  // The offsets of a list column; which rows of its children they refer to.
  std::vector<uint64_t> AddListOffsets(const Column& column, std::span<const uint64_t> rows);

  std::string bytes_;
  std::vector<int64_t> nodes_;
  std::vector<int64_t> buffers_;
};

void BatchBody::AddNode(const Column& column, std::span<const uint64_t> rows) {
  nodes_.push_back(static_cast<int64_t>(rows.size()));
  std::vector<uint8_t> valid((rows.size() + 7) / 8, 0);
  int64_t nulls = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (column.IsNull(rows[i])) {
      ++nulls;
    } else {
      valid[i / 8] |= static_cast<uint8_t>(1u << (i % 8));
    }
  }
  nodes_.push_back(nulls);
  AddBuffer(valid.data(), nulls > 0 ? valid.size() : 0);
}

void BatchBody::AddBits(const Column& column, std::span<const uint64_t> rows) {
  const data::ColumnView<uint8_t> view(column);
  std::vector<uint8_t> bits((rows.size() + 7) / 8, 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (view[rows[i]] != 0) bits[i / 8] |= static_cast<uint8_t>(1u << (i % 8));
  }
  AddBuffer(bits.data(), bits.size());
}

// Months, days and nanoseconds. Days go over from what nanoseconds have no room for.
void BatchBody::AddIntervals(const Column& column, std::span<const uint64_t> rows) {
  struct MonthDayNano {
    int32_t months;
    int32_t days;
    int64_t nanos;
  };
  constexpr int64_t kMicrosMax = std::numeric_limits<int64_t>::max() / 1000;
  const data::ColumnView<data::Int128> view(column);
  std::vector<MonthDayNano> values(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (column.IsNull(rows[i])) continue;
    data::Interval interval = data::UnpackInterval(view[rows[i]]);
    if (interval.micros > kMicrosMax || interval.micros < -kMicrosMax) {
      interval.days += static_cast<int32_t>(interval.micros / data::kMicrosPerDay);
      interval.micros %= data::kMicrosPerDay;
    }
    values[i] = {interval.months, interval.days, interval.micros * 1000};
  }
  AddBuffer(values.data(), values.size() * sizeof(MonthDayNano));
}

void BatchBody::AddStrings(const Column& column, std::span<const uint64_t> rows) {
  const data::ColumnView<StringRef> view(column);
  std::vector<int32_t> offsets(rows.size() + 1, 0);
  std::string bytes;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!column.IsNull(rows[i])) bytes += view[rows[i]].view();
    offsets[i + 1] = static_cast<int32_t>(bytes.size());
  }
  AddBuffer(offsets.data(), offsets.size() * sizeof(int32_t));
  AddBuffer(bytes.data(), bytes.size());
}

std::vector<uint64_t> BatchBody::AddListOffsets(const Column& column, std::span<const uint64_t> rows) {
  std::vector<int32_t> offsets(rows.size() + 1, 0);
  std::vector<uint64_t> children;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!column.IsNull(rows[i])) {
      const ListEntry entry = column.values<ListEntry>()[rows[i]];
      for (uint64_t child = 0; child < entry.length; ++child) children.push_back(entry.offset + child);
    }
    offsets[i + 1] = static_cast<int32_t>(children.size());
  }
  AddBuffer(offsets.data(), offsets.size() * sizeof(int32_t));
  return children;
}

void BatchBody::Add(const Column& column, std::span<const uint64_t> rows) {
  const DataType& type = column.type();
  if (type.kind() == TypeKind::kNull) {
    nodes_.insert(nodes_.end(), {static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows.size())});
    return;
  }
  AddNode(column, rows);
  switch (type.physical()) {
    case data::PhysicalType::kBool:
      return AddBits(column, rows);
    case data::PhysicalType::kInt8:
      return AddValues<int8_t, int8_t>(column, rows);
    case data::PhysicalType::kInt16:
      return AddValues<int16_t, int16_t>(column, rows);
    case data::PhysicalType::kInt32:
      return AddValues<int32_t, int32_t>(column, rows);
    case data::PhysicalType::kInt64:
      if (type.kind() == TypeKind::kDecimal) return AddValues<int64_t, data::Int128>(column, rows);
      if (type.kind() == TypeKind::kIntervalYearMonth) return AddValues<int64_t, int32_t>(column, rows);
      return AddValues<int64_t, int64_t>(column, rows);
    case data::PhysicalType::kInt128:
      if (type.kind() == TypeKind::kInterval) return AddIntervals(column, rows);
      return AddValues<data::Int128, data::Int128>(column, rows);
    case data::PhysicalType::kFloat:
      return AddValues<float, float>(column, rows);
    case data::PhysicalType::kDouble:
      return AddValues<double, double>(column, rows);
    case data::PhysicalType::kString:
      return AddStrings(column, rows);
    case data::PhysicalType::kList: {
      const std::vector<uint64_t> children = AddListOffsets(column, rows);
      if (type.kind() != TypeKind::kArray) {
        // The struct of a map's entries.
        nodes_.insert(nodes_.end(), {static_cast<int64_t>(children.size()), 0});
        AddBuffer(nullptr, 0);
        Add(column.child(0), children);
        return Add(column.child(1), children);
      }
      return Add(column.child(0), children);
    }
    case data::PhysicalType::kRow:
      for (size_t i = 0; i < column.children().size(); ++i) Add(column.child(i), rows);
      return;
  }
}

class ArrowWriter final : public ResultWriter {
 public:
  explicit ArrowWriter(data::Schema schema) : schema_(std::move(schema)) {}

  void Begin(std::string* out) override {
    FlatBuffer buffer;
    std::vector<Place> fields;
    for (const data::Field& field : schema_) {
      fields.push_back(AddField(field.name, field.type, field.type.nullable(), &buffer));
    }
    const Place vector = buffer.Vector(fields);
    buffer.StartTable();
    buffer.Reference(1, vector);
    buffer.Short(0, 0);  // little-endian
    const Place schema = buffer.EndTable();
    AppendMessage(kSchemaHeader, &buffer, schema, {}, out);
  }

  void Append(const data::Batch& batch, std::string* out) override {
    std::vector<uint64_t> rows(batch.rows);
    std::iota(rows.begin(), rows.end(), 0);
    BatchBody body;
    for (size_t i = 0; i < schema_.size(); ++i) body.Add(*batch.columns[i], rows);
    FlatBuffer buffer;
    const Place buffers = buffer.StructVector(body.buffers(), 2);
    const Place nodes = buffer.StructVector(body.nodes(), 2);
    buffer.StartTable();
    buffer.Long(0, static_cast<int64_t>(batch.rows));
    buffer.Reference(1, nodes);
    buffer.Reference(2, buffers);
    const Place header = buffer.EndTable();
    AppendMessage(kRecordBatchHeader, &buffer, header, body.bytes(), out);
  }

  void End(std::string_view, const std::vector<std::string>&, std::string* out) override {
    const uint32_t end[2] = {0xFFFFFFFF, 0};
    out->append(reinterpret_cast<const char*>(end), sizeof(end));
  }

 private:
  const data::Schema schema_;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeArrowWriter(data::Schema schema) {
  return std::make_unique<ArrowWriter>(std::move(schema));
}

}  // namespace millrace::server::http
