#include "connectors/datagen/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/suggest.h"
#include "connectors/datagen/draw.h"
#include "data/decimal.h"
#include "data/text.h"

namespace millrace::connectors {
namespace {

using data::Column;
using data::DataType;
using data::Int128;
using data::TypeKind;

constexpr int64_t kStringLengthDefault = 100;
constexpr int64_t kCollectionLengthDefault = 3;
constexpr int64_t kLengthMax = int64_t{1} << 20;
constexpr int64_t kMonthsMax = 120'000;
constexpr int64_t kDayTimeMillisMax = int64_t{10'000} * 86'400'000;

constexpr std::string_view kAttributes[] = {"kind",    "min",   "max", "max-past", "length",
                                            "var-len", "start", "end", "null-rate"};

// ------------------------------------------------------------------------------------- generators

class BooleanGenerator final : public Generator {
 public:
  explicit BooleanGenerator(DrawStream draws) : draws_(draws) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, Column& column) const override {
    auto* values = column.mutable_values<uint8_t>();
    for (size_t i = 0; i < rows; ++i) values[i] = static_cast<uint8_t>(draws_.At(first + i) >> 63);
  }

 private:
  const DrawStream draws_;
};

// Uniform in [min, max], both included, times `unit`.
template <typename T>
class IntegerGenerator final : public Generator {
 public:
  IntegerGenerator(DrawStream draws, int64_t min, int64_t max, int64_t unit)
      : draws_(draws),
        min_(min),
        span_(static_cast<uint64_t>(max) - static_cast<uint64_t>(min) + 1),
        unit_(unit) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, Column& column) const override {
    T* values = column.mutable_values<T>();
    for (size_t i = 0; i < rows; ++i) {
      const uint64_t offset = ScaleDraw(draws_.At(first + i), span_);
      values[i] = static_cast<T>(static_cast<int64_t>(static_cast<uint64_t>(min_) + offset) * unit_);
    }
  }

 private:
  const DrawStream draws_;
  const int64_t min_;
  const uint64_t span_;
  const int64_t unit_;
};

// Uniform in [min, max).
template <typename T>
class RealGenerator final : public Generator {
 public:
  RealGenerator(DrawStream draws, double min, double max) : draws_(draws), min_(min), max_(max) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, Column& column) const override {
    T* values = column.mutable_values<T>();
    for (size_t i = 0; i < rows; ++i) {
      const double unit = draws_.UnitAt(first + i);
      // Of max - min alone the difference could overflow; rounding must not pass the bounds.
      values[i] = static_cast<T>(std::clamp(min_ * (1 - unit) + max_ * unit, min_, max_));
    }
  }

 private:
  const DrawStream draws_;
  const double min_;
  const double max_;
};

// Uniform over the unscaled values of [min, max].
class BigDecimalGenerator final : public Generator {
 public:
  BigDecimalGenerator(DrawStream draws, Int128 min, Int128 max)
      : draws_(draws), min_(min), span_(static_cast<unsigned __int128>(max - min) + 1) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, Column& column) const override {
    Int128* values = column.mutable_values<Int128>();
    for (size_t i = 0; i < rows; ++i) {
      const uint64_t row = first + i;
      values[i] = min_ + static_cast<Int128>(ScaleDraw128(draws_.At(2 * row), draws_.At(2 * row + 1), span_));
    }
  }

 private:
  const DrawStream draws_;
  const Int128 min_;
  const unsigned __int128 span_;
};

// Hexadecimal digits, or bytes of any value.
class StringGenerator final : public Generator {
 public:
  StringGenerator(DrawStream draws, size_t length, bool is_variable, bool is_binary)
      : draws_(draws), length_(length), is_variable_(is_variable), is_binary_(is_binary) {}

  void Fill(uint64_t first, size_t rows, const GeneratorClock&, Column& column) const override {
    auto* values = column.mutable_values<data::StringRef>();
    for (size_t i = 0; i < rows; ++i) {
      const DrawStream draws = draws_.Substream(first + i);
      size_t length = length_;
      if (is_variable_ && length > 0) length = 1 + ScaleDraw(draws.At(0), length_);
      char inlined[data::StringRef::kInlineBytes];
      const bool is_short = length <= sizeof(inlined);
      char* place = is_short ? inlined : column.heap().Allocate(length);
      if (is_binary_) {
        FillBytes(draws, place, length);
      } else {
        FillHex(draws, place, length);
      }
      values[i] = data::StringRef(std::string_view(place, length));
    }
  }

 private:
  static void FillHex(const DrawStream& draws, char* place, size_t length) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (size_t at = 0; at < length;) {
      uint64_t word = draws.At(1 + at / 16);
      for (const size_t end = std::min(length, at + 16); at < end; ++at, word >>= 4)
        place[at] = kDigits[word & 15];
    }
  }
  static void FillBytes(const DrawStream& draws, char* place, size_t length) {
    for (size_t at = 0; at < length;) {
      uint64_t word = draws.At(1 + at / 8);
      for (const size_t end = std::min(length, at + 8); at < end; ++at, word >>= 8) {
        place[at] = static_cast<char>(word);
      }
    }
  }

  const DrawStream draws_;
  const size_t length_;
  const bool is_variable_;
  const bool is_binary_;
};

class DateGenerator final : public Generator {
 public:
  void Fill(uint64_t, size_t rows, const GeneratorClock& clock, Column& column) const override {
    const int64_t day = data::FloorDiv(clock.zone->ToLocal(clock.now_micros), data::kMicrosPerDay);
    std::fill_n(column.mutable_values<int32_t>(), rows, static_cast<int32_t>(day));
  }
};

int64_t TruncateTo(int64_t micros, int precision) {
  int64_t unit = data::kMicrosPerSecond;
  for (int i = 0; i < std::min(precision, 3); ++i) unit /= 10;
  return micros - data::FloorMod(micros, unit);
}

class TimeGenerator final : public Generator {
 public:
  explicit TimeGenerator(int precision) : precision_(precision) {}
  void Fill(uint64_t, size_t rows, const GeneratorClock& clock, Column& column) const override {
    const int64_t local = clock.zone->ToLocal(clock.now_micros);
    std::fill_n(column.mutable_values<int64_t>(), rows,
                TruncateTo(data::FloorMod(local, data::kMicrosPerDay), precision_));
  }

 private:
  const int precision_;
};

// Between now - max_past and now, in whole milliseconds.
class TimestampGenerator final : public Generator {
 public:
  TimestampGenerator(DrawStream draws, int precision, bool is_local, int64_t max_past_millis)
      : draws_(draws), precision_(precision), is_local_(is_local), max_past_millis_(max_past_millis) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, Column& column) const override {
    auto* values = column.mutable_values<int64_t>();
    for (size_t i = 0; i < rows; ++i) {
      const auto past =
          static_cast<int64_t>(ScaleDraw(draws_.At(first + i), static_cast<uint64_t>(max_past_millis_) + 1));
      const int64_t instant = clock.now_micros - past * data::kMicrosPerMilli;
      values[i] = TruncateTo(is_local_ ? clock.zone->ToLocal(instant) : instant, precision_);
    }
  }

 private:
  const DrawStream draws_;
  const int precision_;
  const bool is_local_;
  const int64_t max_past_millis_;
};

class ArrayGenerator final : public Generator {
 public:
  ArrayGenerator(std::unique_ptr<Generator> element, size_t length)
      : element_(std::move(element)), length_(length) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, Column& column) const override {
    column.mutable_child(0).Resize(rows * length_);
    element_->Fill(first * length_, rows * length_, clock, column.mutable_child(0));
    auto* entries = column.mutable_values<data::ListEntry>();
    for (size_t i = 0; i < rows; ++i) entries[i] = {i * length_, length_};
  }

 private:
  const std::unique_ptr<Generator> element_;
  const size_t length_;
};

// MAP and MULTISET: of keys drawn twice only the first stays, so entries may be fewer than `length`.
class MapGenerator final : public Generator {
 public:
  MapGenerator(std::unique_ptr<Generator> key, std::unique_ptr<Generator> value, size_t length)
      : key_(std::move(key)), value_(std::move(value)), length_(length) {}

  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, Column& column) const override {
    Column keys(column.child(0).type(), rows * length_);
    Column values(column.child(1).type(), rows * length_);
    keys.Resize(rows * length_);
    values.Resize(rows * length_);
    key_->Fill(first * length_, rows * length_, clock, keys);
    value_->Fill(first * length_, rows * length_, clock, values);
    auto* entries = column.mutable_values<data::ListEntry>();
    for (size_t i = 0; i < rows; ++i) {
      entries[i].offset = column.child(0).size();
      for (size_t j = i * length_; j < (i + 1) * length_; ++j) {
        if (IsRepeated(keys, i * length_, j)) continue;
        column.mutable_child(0).AppendRow(keys, j);
        column.mutable_child(1).AppendRow(values, j);
      }
      entries[i].length = column.child(0).size() - entries[i].offset;
    }
  }

 private:
  static bool IsRepeated(const Column& keys, size_t begin, size_t at) {
    for (size_t i = begin; i < at; ++i) {
      if (data::RowsIdentical(keys, i, keys, at)) return true;
    }
    return false;
  }

  const std::unique_ptr<Generator> key_;
  const std::unique_ptr<Generator> value_;
  const size_t length_;
};

class RowGenerator final : public Generator {
 public:
  explicit RowGenerator(std::vector<std::unique_ptr<Generator>> fields) : fields_(std::move(fields)) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, Column& column) const override {
    for (size_t i = 0; i < fields_.size(); ++i) fields_[i]->Fill(first, rows, clock, column.mutable_child(i));
  }

 private:
  const std::vector<std::unique_ptr<Generator>> fields_;
};

class NullingGenerator final : public Generator {
 public:
  NullingGenerator(std::unique_ptr<Generator> inner, DrawStream draws, double rate)
      : inner_(std::move(inner)), draws_(draws), rate_(rate) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, Column& column) const override {
    inner_->Fill(first, rows, clock, column);
    for (size_t i = 0; i < rows; ++i) {
      if (draws_.UnitAt(first + i) < rate_) column.SetNull(i);
    }
  }

 private:
  const std::unique_ptr<Generator> inner_;
  const DrawStream draws_;
  const double rate_;
};

// start, start + 1, …, as a value of a number type (`scale`: of DECIMAL's unscaled values).
template <typename T>
class SequenceGenerator final : public Generator {
 public:
  SequenceGenerator(int64_t start, T scale) : start_(start), scale_(scale) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, Column& column) const override {
    T* values = column.mutable_values<T>();
    for (size_t i = 0; i < rows; ++i) {
      values[i] = static_cast<T>(static_cast<T>(start_ + static_cast<int64_t>(first + i)) * scale_);
    }
  }

 private:
  const int64_t start_;
  const T scale_;
};

class TextSequenceGenerator final : public Generator {
 public:
  explicit TextSequenceGenerator(int64_t start) : start_(start) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, Column& column) const override {
    auto* values = column.mutable_values<data::StringRef>();
    for (size_t i = 0; i < rows; ++i) {
      const fmt::format_int text(start_ + static_cast<int64_t>(first + i));
      values[i] = column.heap().Add(std::string_view(text.data(), text.size()));
    }
  }

 private:
  const int64_t start_;
};

// ----------------------------------------------------------------------------------- construction

// Builds the generator of one path.
class GeneratorMaker {
 public:
  GeneratorMaker(const std::string& path, const DataType& type, uint64_t seed, FieldOptions& options,
                 std::set<std::string>* paths)
      : path_(path),
        type_(type),
        seed_(seed),
        draws_(HashCombine(seed, HashBytes(path))),
        options_(options),
        paths_(paths) {}

  Result<MadeGenerator> Make() {
    paths_->insert(path_);
    const std::string* kind = Find("kind");
    MadeGenerator made;
    if (kind != nullptr && *kind == "sequence") {
      MR_TRY(RefuseOthers({"start", "end", "null-rate"}, "of a sequence"));
      MR_ASSIGN(made, MakeSequence());
    } else {
      MR_ASSIGN(made.generator, MakeRandom());
    }
    return AddNulls(std::move(made));
  }

 private:
  const std::string* Find(std::string_view attribute) { return options_.Find(path_, attribute); }

  // Every attribute that is written must be one of `allowed`.
  Status RefuseOthers(std::initializer_list<std::string_view> allowed, std::string_view what) {
    for (const std::string_view attribute : kAttributes) {
      if (attribute == "kind" || std::find(allowed.begin(), allowed.end(), attribute) != allowed.end())
        continue;
      if (const std::string* value = Find(attribute)) {
        return BadOption(FieldOptions::Key(path_, attribute), *value,
                         fmt::format("does not apply to values {}", what),
                         fmt::format("these have: {}", fmt::join(allowed, ", ")));
      }
    }
    return {};
  }
  Status RefuseOthers(std::initializer_list<std::string_view> allowed) {
    return RefuseOthers(allowed, fmt::format("of type {}", type_.WithNullable(true).ToString()));
  }

  Result<MadeGenerator> AddNulls(MadeGenerator made) {
    const std::string* text = Find("null-rate");
    if (text == nullptr) return made;
    double rate = 0;
    if (!data::ParseDouble(*text, &rate) || !(rate >= 0 && rate <= 1)) {
      return BadOption(FieldOptions::Key(path_, "null-rate"), *text, "is not a number from 0 to 1");
    }
    if (rate > 0 && !type_.nullable()) {
      return BadOption(FieldOptions::Key(path_, "null-rate"), *text,
                       fmt::format("cannot be: {} is NOT NULL", path_));
    }
    if (rate > 0) {
      const DrawStream draws(HashCombine(seed_ + 1, HashBytes(path_)));
      made.generator = std::make_unique<NullingGenerator>(std::move(made.generator), draws, rate);
    }
    return made;
  }

  Result<std::unique_ptr<Generator>> MakeRandom() {
    switch (type_.kind()) {
      case TypeKind::kBoolean:
        MR_TRY(RefuseOthers({"null-rate"}));
        return std::make_unique<BooleanGenerator>(draws_);
      case TypeKind::kTinyInt:
        return MakeInteger<int8_t>(INT8_MIN, INT8_MAX, 1);
      case TypeKind::kSmallInt:
        return MakeInteger<int16_t>(INT16_MIN, INT16_MAX, 1);
      case TypeKind::kInt:
        return MakeInteger<int32_t>(INT32_MIN, INT32_MAX, 1);
      case TypeKind::kBigInt:
        return MakeInteger<int64_t>(INT64_MIN, INT64_MAX, 1);
      case TypeKind::kIntervalYearMonth:
        return MakeInteger<int64_t>(0, kMonthsMax, 1);
      case TypeKind::kIntervalDayTime:
        return MakeInteger<int64_t>(0, kDayTimeMillisMax, data::kMicrosPerMilli);
      case TypeKind::kFloat:
        return MakeReal<float>(std::numeric_limits<float>::max());
      case TypeKind::kDouble:
        return MakeReal<double>(std::numeric_limits<double>::max());
      case TypeKind::kDecimal:
        return MakeDecimal();
      case TypeKind::kChar:
      case TypeKind::kVarchar:
      case TypeKind::kBinary:
      case TypeKind::kVarbinary:
        return MakeString();
      case TypeKind::kDate:
        MR_TRY(RefuseOthers({"null-rate"}));
        return std::make_unique<DateGenerator>();
      case TypeKind::kTime:
        MR_TRY(RefuseOthers({"null-rate"}));
        return std::make_unique<TimeGenerator>(type_.precision());
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampLtz:
        return MakeTimestamp();
      case TypeKind::kArray:
        return MakeArray();
      case TypeKind::kMap:
        return MakeMap();
      case TypeKind::kMultiset:
        return MakeMultiset();
      case TypeKind::kRow:
        return MakeRow();
      case TypeKind::kNull:
        break;
    }
    return Fail(ErrorCode::kNotSupported,
                fmt::format("datagen makes no values of type {}", type_.ToString()));
  }

  Result<int64_t> ReadInteger(std::string_view attribute, int64_t fallback, int64_t low, int64_t high) {
    const std::string* text = Find(attribute);
    if (text == nullptr) return fallback;
    int64_t value = 0;
    if (!data::ParseInt64(*text, &value)) {
      return BadOption(FieldOptions::Key(path_, attribute), *text, "is not a whole number");
    }
    if (value < low || value > high) {
      return BadOption(FieldOptions::Key(path_, attribute), *text,
                       fmt::format("is not from {} to {}", low, high));
    }
    return value;
  }

  template <typename V>
  Status CheckOrder(V min, V max, std::string_view min_name, std::string_view max_name) {
    if (min <= max) return {};
    const std::string* text = Find(max_name);
    return BadOption(FieldOptions::Key(path_, max_name), text == nullptr ? "" : *text,
                     fmt::format("is below '{}'", FieldOptions::Key(path_, min_name)));
  }

  template <typename T>
  Result<std::unique_ptr<Generator>> MakeInteger(int64_t low, int64_t high, int64_t unit) {
    MR_TRY(RefuseOthers({"min", "max", "null-rate"}));
    const bool is_interval = type_.IsInterval();
    const int64_t bound = std::numeric_limits<int64_t>::max() / unit;
    MR_ASSIGN(const int64_t min,
              ReadInteger("min", low, is_interval ? -bound : low, is_interval ? bound : high));
    MR_ASSIGN(const int64_t max,
              ReadInteger("max", high, is_interval ? -bound : low, is_interval ? bound : high));
    MR_TRY(CheckOrder(min, max, "min", "max"));
    return std::make_unique<IntegerGenerator<T>>(draws_, min, max, unit);
  }

  Result<double> ReadDouble(std::string_view attribute, double fallback, double magnitude_max) {
    const std::string* text = Find(attribute);
    if (text == nullptr) return fallback;
    double value = 0;
    if (!data::ParseDouble(*text, &value) || !std::isfinite(value) || std::fabs(value) > magnitude_max) {
      return BadOption(FieldOptions::Key(path_, attribute), *text,
                       fmt::format("is not a value of {}", type_.WithNullable(true).ToString()));
    }
    return value;
  }

  template <typename T>
  Result<std::unique_ptr<Generator>> MakeReal(double max_default) {
    MR_TRY(RefuseOthers({"min", "max", "null-rate"}));
    MR_ASSIGN(const double min, ReadDouble("min", 0, max_default));
    MR_ASSIGN(const double max, ReadDouble("max", max_default, max_default));
    MR_TRY(CheckOrder(min, max, "min", "max"));
    return std::make_unique<RealGenerator<T>>(draws_, min, max);
  }

  Result<Int128> ReadDecimal(std::string_view attribute, Int128 fallback) {
    const std::string* text = Find(attribute);
    if (text == nullptr) return fallback;
    const auto value = data::ParseDecimal(*text, type_.precision(), type_.scale());
    if (!value) {
      return BadOption(FieldOptions::Key(path_, attribute), *text,
                       fmt::format("is not a value of {}", type_.WithNullable(true).ToString()));
    }
    return *value;
  }

  Result<std::unique_ptr<Generator>> MakeDecimal() {
    MR_TRY(RefuseOthers({"min", "max", "null-rate"}));
    const Int128 limit = data::PowerOfTen(type_.precision()) - 1;
    MR_ASSIGN(const Int128 min, ReadDecimal("min", -limit));
    MR_ASSIGN(const Int128 max, ReadDecimal("max", limit));
    MR_TRY(CheckOrder(min, max, "min", "max"));
    if (type_.physical() == data::PhysicalType::kInt64) {
      return std::make_unique<IntegerGenerator<int64_t>>(draws_, static_cast<int64_t>(min),
                                                         static_cast<int64_t>(max), 1);
    }
    return std::make_unique<BigDecimalGenerator>(draws_, min, max);
  }

  Result<std::unique_ptr<Generator>> MakeString() {
    const bool is_fixed = type_.kind() == TypeKind::kChar || type_.kind() == TypeKind::kBinary;
    if (is_fixed) {
      MR_TRY(RefuseOthers({"null-rate"}));
    } else {
      MR_TRY(RefuseOthers({"length", "var-len", "null-rate"}));
    }
    const bool is_unlimited = type_.length() == data::kMaxLength;
    const auto limit = is_unlimited ? kLengthMax : std::min<int64_t>(type_.length(), kLengthMax);
    MR_ASSIGN(const int64_t length,
              ReadInteger("length", is_unlimited ? kStringLengthDefault : limit, 0, limit));
    bool is_variable = false;
    if (Find("var-len") != nullptr)
      is_variable = options_.parsed().GetBool(FieldOptions::Key(path_, "var-len"));
    return std::make_unique<StringGenerator>(draws_, static_cast<size_t>(length), is_variable,
                                             type_.IsBinary());
  }

  Result<std::unique_ptr<Generator>> MakeTimestamp() {
    MR_TRY(RefuseOthers({"max-past", "null-rate"}));
    int64_t max_past_micros = 0;
    if (Find("max-past") != nullptr) {
      max_past_micros = options_.parsed().GetMicros(FieldOptions::Key(path_, "max-past"));
    }
    return std::make_unique<TimestampGenerator>(draws_, type_.precision(),
                                                type_.kind() == TypeKind::kTimestamp,
                                                max_past_micros / data::kMicrosPerMilli);
  }

  Result<std::unique_ptr<Generator>> MakePart(std::string_view name, const DataType& type) {
    MR_ASSIGN(MadeGenerator made,
              MakeGenerator(fmt::format("{}.{}", path_, name), type, seed_, options_, paths_));
    if (made.rows_max.has_value()) {
      return BadOption(FieldOptions::Key(fmt::format("{}.{}", path_, name), "kind"), "sequence",
                       "is only possible for a whole column");
    }
    return std::move(made.generator);
  }

  Result<size_t> ReadCollectionLength() {
    MR_TRY(RefuseOthers({"length", "null-rate"}));
    MR_ASSIGN(const int64_t length, ReadInteger("length", kCollectionLengthDefault, 0, 10'000));
    return static_cast<size_t>(length);
  }

  Result<std::unique_ptr<Generator>> MakeArray() {
    MR_ASSIGN(const size_t length, ReadCollectionLength());
    MR_ASSIGN(auto element, MakePart("element", type_.element()));
    return std::make_unique<ArrayGenerator>(std::move(element), length);
  }

  Result<std::unique_ptr<Generator>> MakeMap() {
    MR_ASSIGN(const size_t length, ReadCollectionLength());
    MR_ASSIGN(auto key, MakePart("key", type_.key_type()));
    MR_ASSIGN(auto value, MakePart("value", type_.value_type()));
    return std::make_unique<MapGenerator>(std::move(key), std::move(value), length);
  }

  Result<std::unique_ptr<Generator>> MakeMultiset() {
    MR_ASSIGN(const size_t length, ReadCollectionLength());
    MR_ASSIGN(auto element, MakePart("element", type_.element()));
    auto count = std::make_unique<IntegerGenerator<int32_t>>(draws_, 1, 10, 1);
    return std::make_unique<MapGenerator>(std::move(element), std::move(count), length);
  }

  Result<std::unique_ptr<Generator>> MakeRow() {
    MR_TRY(RefuseOthers({"null-rate"}));
    std::vector<std::unique_ptr<Generator>> fields;
    for (const data::RowField& field : type_.fields()) {
      MR_ASSIGN(auto generator, MakePart(field.name, field.type));
      fields.push_back(std::move(generator));
    }
    return std::make_unique<RowGenerator>(std::move(fields));
  }

  // The whole numbers that a sequence of this type can hold; false: there are none.
  bool SequenceRange(int64_t* low, int64_t* high) const {
    *low = INT64_MIN;
    *high = INT64_MAX;
    switch (type_.kind()) {
      case TypeKind::kTinyInt:
        *low = INT8_MIN;
        *high = INT8_MAX;
        return true;
      case TypeKind::kSmallInt:
        *low = INT16_MIN;
        *high = INT16_MAX;
        return true;
      case TypeKind::kInt:
        *low = INT32_MIN;
        *high = INT32_MAX;
        return true;
      case TypeKind::kFloat:
        *low = -(1 << 24);
        *high = 1 << 24;
        return true;
      case TypeKind::kDouble:
        *low = -(int64_t{1} << 53);
        *high = int64_t{1} << 53;
        return true;
      case TypeKind::kDecimal: {
        const int digits = type_.precision() - type_.scale();
        if (digits < 19) *high = static_cast<int64_t>(data::PowerOfTen(digits) - 1);
        if (digits < 19) *low = -*high;
        return true;
      }
      case TypeKind::kBigInt:
        return true;
      case TypeKind::kChar:
      case TypeKind::kVarchar:
      case TypeKind::kBinary:
      case TypeKind::kVarbinary: {
        // As many digits as the type is long.
        if (type_.length() < 19)
          *high = static_cast<int64_t>(data::PowerOfTen(static_cast<int>(type_.length())) - 1);
        if (type_.length() < 19) *low = type_.length() < 2 ? 0 : -(*high / 10);
        return true;
      }
      default:
        return false;
    }
  }

  Result<int64_t> ReadSequenceEnd(std::string_view attribute, int64_t low, int64_t high) {
    if (Find(attribute) == nullptr) {
      return Fail(ErrorCode::kInvalidTableDefinition,
                  fmt::format("option '{}' is missing", FieldOptions::Key(path_, attribute)),
                  "a sequence needs 'start' and 'end'");
    }
    return ReadInteger(attribute, 0, low, high);
  }

  Result<MadeGenerator> MakeSequence() {
    int64_t low = 0;
    int64_t high = 0;
    if (!SequenceRange(&low, &high)) {
      return BadOption(FieldOptions::Key(path_, "kind"), "sequence",
                       fmt::format("is not possible for type {}", type_.WithNullable(true).ToString()),
                       "use 'random'");
    }
    MR_ASSIGN(const int64_t start, ReadSequenceEnd("start", low, high));
    MR_ASSIGN(const int64_t end, ReadSequenceEnd("end", low, high));
    MR_TRY(CheckOrder(start, end, "start", "end"));
    // A sequence of all 2^64 values ends one early.
    const uint64_t span = static_cast<uint64_t>(end) - static_cast<uint64_t>(start);
    return MadeGenerator{SequenceFrom(start), span == UINT64_MAX ? span : span + 1};
  }

  std::unique_ptr<Generator> SequenceFrom(int64_t start) const {
    switch (type_.physical()) {
      case data::PhysicalType::kInt8:
        return std::make_unique<SequenceGenerator<int8_t>>(start, int8_t{1});
      case data::PhysicalType::kInt16:
        return std::make_unique<SequenceGenerator<int16_t>>(start, int16_t{1});
      case data::PhysicalType::kInt32:
        return std::make_unique<SequenceGenerator<int32_t>>(start, 1);
      case data::PhysicalType::kInt64:
        return std::make_unique<SequenceGenerator<int64_t>>(start, static_cast<int64_t>(Scale()));
      case data::PhysicalType::kInt128:
        return std::make_unique<SequenceGenerator<Int128>>(start, Scale());
      case data::PhysicalType::kFloat:
        return std::make_unique<SequenceGenerator<float>>(start, 1.0F);
      case data::PhysicalType::kDouble:
        return std::make_unique<SequenceGenerator<double>>(start, 1.0);
      default:
        return std::make_unique<TextSequenceGenerator>(start);
    }
  }
  Int128 Scale() const { return type_.kind() == TypeKind::kDecimal ? data::PowerOfTen(type_.scale()) : 1; }

  const std::string& path_;
  const DataType& type_;
  const uint64_t seed_;
  const DrawStream draws_;
  FieldOptions& options_;
  std::set<std::string>* paths_;
};

}  // namespace

std::string FieldOptions::Key(std::string_view path, std::string_view attribute) {
  return fmt::format("fields.{}.{}", path, attribute);
}

const std::string* FieldOptions::Find(std::string_view path, std::string_view attribute) {
  std::string key = Key(path, attribute);
  const std::string* value = options_.Find(key);
  if (value != nullptr) known_.insert(std::move(key));
  return value;
}

Status FieldOptions::CheckAllKnown(const std::set<std::string>& paths) const {
  for (const auto& [key, value] : options_.with) {
    if (!key.starts_with("fields.") || known_.contains(key)) continue;
    const size_t dot = key.rfind('.');
    const std::string path = key.substr(7, dot > 7 ? dot - 7 : 0);
    if (paths.contains(path)) {
      return BadOption(key, value, "applies to no value of this column");
    }
    const std::vector<std::string> candidates(paths.begin(), paths.end());
    std::string hint = DidYouMean(path, candidates);
    if (hint.empty()) hint = fmt::format("there are: {}", fmt::join(candidates, ", "));
    return Fail(ErrorCode::kUndefinedColumn,
                fmt::format("option '{}': the table has no column '{}'", key, path), std::move(hint));
  }
  return {};
}

Result<MadeGenerator> MakeGenerator(const std::string& path, const DataType& type, uint64_t seed,
                                    FieldOptions& options, std::set<std::string>* paths) {
  return GeneratorMaker(path, type, seed, options, paths).Make();
}

}  // namespace millrace::connectors
