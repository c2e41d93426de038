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
#include "connectors/datagen/value_generators.h"
#include "data/decimal.h"
#include "data/text.h"

namespace millrace::connectors {
namespace {

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
      case TypeKind::kInterval:  // of snapshot queries; no table has it
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
