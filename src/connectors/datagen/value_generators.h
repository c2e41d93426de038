// The generators that generator.cc puts together: one class for each way of making values.
//
// All immutable, for any thread. Internal to datagen.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/datagen/draw.h"
#include "connectors/datagen/generator.h"
#include "data/column.h"
#include "data/datetime.h"

namespace millrace::connectors {

class BooleanGenerator final : public Generator {
 public:
  explicit BooleanGenerator(DrawStream draws) : draws_(draws) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, data::Column& column) const override {
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
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, data::Column& column) const override {
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
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, data::Column& column) const override {
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
  BigDecimalGenerator(DrawStream draws, data::Int128 min, data::Int128 max)
      : draws_(draws),
        min_(min),
        span_(static_cast<unsigned __int128>(max) - static_cast<unsigned __int128>(min) + 1) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, data::Column& column) const override {
    data::Int128* values = column.mutable_values<data::Int128>();
    for (size_t i = 0; i < rows; ++i) {
      const uint64_t row = first + i;
      values[i] = static_cast<data::Int128>(static_cast<unsigned __int128>(min_) +
                                            ScaleDraw128(draws_.At(2 * row), draws_.At(2 * row + 1), span_));
    }
  }

 private:
  const DrawStream draws_;
  const data::Int128 min_;
  const unsigned __int128 span_;
};

// Hexadecimal digits, or bytes of any value.
class StringGenerator final : public Generator {
 public:
  StringGenerator(DrawStream draws, size_t length, bool is_variable, bool is_binary)
      : draws_(draws), length_(length), is_variable_(is_variable), is_binary_(is_binary) {}

  void Fill(uint64_t first, size_t rows, const GeneratorClock&, data::Column& column) const override {
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
  void Fill(uint64_t, size_t rows, const GeneratorClock& clock, data::Column& column) const override {
    const int64_t day = data::FloorDiv(clock.zone->ToLocal(clock.now_micros), data::kMicrosPerDay);
    std::fill_n(column.mutable_values<int32_t>(), rows, static_cast<int32_t>(day));
  }
};

inline int64_t TruncateTo(int64_t micros, int precision) {
  int64_t unit = data::kMicrosPerSecond;
  for (int i = 0; i < std::min(precision, 3); ++i) unit /= 10;
  return micros - data::FloorMod(micros, unit);
}

class TimeGenerator final : public Generator {
 public:
  explicit TimeGenerator(int precision) : precision_(precision) {}
  void Fill(uint64_t, size_t rows, const GeneratorClock& clock, data::Column& column) const override {
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
  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, data::Column& column) const override {
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
  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, data::Column& column) const override {
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

  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, data::Column& column) const override {
    data::Column keys(column.child(0).type(), rows * length_);
    data::Column values(column.child(1).type(), rows * length_);
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
  static bool IsRepeated(const data::Column& keys, size_t begin, size_t at) {
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
  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, data::Column& column) const override {
    for (size_t i = 0; i < fields_.size(); ++i) fields_[i]->Fill(first, rows, clock, column.mutable_child(i));
  }

 private:
  const std::vector<std::unique_ptr<Generator>> fields_;
};

class NullingGenerator final : public Generator {
 public:
  NullingGenerator(std::unique_ptr<Generator> inner, DrawStream draws, double rate)
      : inner_(std::move(inner)), draws_(draws), rate_(rate) {}
  void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, data::Column& column) const override {
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
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, data::Column& column) const override {
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
  void Fill(uint64_t first, size_t rows, const GeneratorClock&, data::Column& column) const override {
    auto* values = column.mutable_values<data::StringRef>();
    for (size_t i = 0; i < rows; ++i) {
      const fmt::format_int text(start_ + static_cast<int64_t>(first + i));
      values[i] = column.heap().Add(std::string_view(text.data(), text.size()));
    }
  }

 private:
  const int64_t start_;
};

}  // namespace millrace::connectors
