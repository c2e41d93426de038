// Generators of column values for datagen: random or sequential, by column, a vector at a time.
//
// The value of row n depends on the seed, the column and n alone, not on what was generated before:
// a source can go on from any row, and leaving a column out changes no other. Times depend on the
// clock as well.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "connectors/registry.h"
#include "data/column.h"
#include "data/datetime.h"

namespace millrace::connectors {

// What generators read besides the row number.
struct GeneratorClock {
  int64_t now_micros = 0;
  const data::TimeZone* zone = nullptr;
};

// Immutable; any thread.
class Generator {
 public:
  virtual ~Generator() = default;
  // Sets row i of the column, which has been resized to `rows`, to value number first + i.
  virtual void Fill(uint64_t first, size_t rows, const GeneratorClock& clock, data::Column& column) const = 0;
};

// The options 'fields.<path>.…' of one table, read path by path.
class FieldOptions {
 public:
  FieldOptions(const TableOptions& options, const ParsedOptions& parsed)
      : options_(options), parsed_(parsed) {}

  // The text of 'fields.<path>.<attribute>', or null. Marks it as known.
  const std::string* Find(std::string_view path, std::string_view attribute);
  const ParsedOptions& parsed() const { return parsed_; }
  // Refuses options of fields that no generator asked for.
  Status CheckAllKnown(const std::set<std::string>& paths) const;

  static std::string Key(std::string_view path, std::string_view attribute);

 private:
  const TableOptions& options_;
  const ParsedOptions& parsed_;
  std::set<std::string, std::less<>> known_;
};

struct MadeGenerator {
  std::unique_ptr<Generator> generator;
  std::optional<uint64_t> rows_max;  // of a sequence
};

// The generator of the column (or part of one) at `path`, e.g. "id", "buyer.name", "tags.element",
// "m.key". Adds the paths it went through to `paths`.
Result<MadeGenerator> MakeGenerator(const std::string& path, const data::DataType& type, uint64_t seed,
                                    FieldOptions& options, std::set<std::string>* paths);

}  // namespace millrace::connectors
