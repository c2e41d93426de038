// The options of a WITH clause: each connector declares a table of them, and one reader checks what was
// written against it, so that nothing is accepted and ignored.
//
// Pure functions and plain values; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "connectors/connector.h"

namespace millrace::connectors {

enum class OptionType : uint8_t {
  kString,
  kInteger,
  kBoolean,     // true or false
  kDuration,    // "10 s", "500 ms"; a bare number is milliseconds
  kMemorySize,  // "128 MB"; a bare number is bytes
  kChoice,      // one of `choices`
  kFieldValue,  // as its column: read by the connector
};
// "String", "Integer", …: as the documentation shows it.
std::string_view OptionTypeName(OptionType type);

struct OptionSpec {
  std::string_view key;  // '#' stands for the name or dotted path of a column: "fields.#.min"
  OptionType type = OptionType::kString;
  std::string_view default_text = {};  // empty: none
  bool required = false;
  std::string_view choices = {};                      // of kChoice: "a; b"
  int64_t min = std::numeric_limits<int64_t>::min();  // kInteger; µs; bytes
  int64_t max = std::numeric_limits<int64_t>::max();
  std::string_view doc = {};
};

// An option that Flink knows and Millrace does not do: refused with the reason.
struct RefusedOption {
  std::string_view key;  // ends with '*': every key that begins so
  std::string_view reason;
};

// "1 min 30 s" is not one: a number and a unit as Flink has them. Answers µs.
std::optional<int64_t> ParseDurationMicros(std::string_view text);
// Answers bytes.
std::optional<int64_t> ParseMemorySize(std::string_view text);

// The options of one table, checked. A getter of a key that is neither written nor has a default aborts;
// ask Has first.
class ParsedOptions {
 public:
  bool Has(std::string_view key) const { return texts_.contains(key); }
  bool IsWritten(std::string_view key) const;
  const std::string& GetString(std::string_view key) const;
  int64_t GetInt(std::string_view key) const { return GetNumber(key); }
  bool GetBool(std::string_view key) const { return GetNumber(key) != 0; }
  int64_t GetMicros(std::string_view key) const { return GetNumber(key); }
  int64_t GetBytes(std::string_view key) const { return GetNumber(key); }

 private:
  friend class OptionReader;
  struct Entry {
    std::string text;
    int64_t number = 0;
    bool is_written = false;
  };
  int64_t GetNumber(std::string_view key) const;
  std::map<std::string, Entry, std::less<>> texts_;
};

struct OptionTable {
  std::string_view connector;
  std::span<const OptionSpec> specs;
  std::span<const RefusedOption> refused = {};
  bool takes_format = false;  // keys that begin with the value of 'format' and a dot are the format's
};

// Checks every option that is written; the error names the option and what would be accepted.
Result<ParsedOptions> ParseOptions(const TableOptions& options, const OptionTable& table);

// "option 'key': 'value' <complaint>", kInvalidParameter.
std::unexpected<Error> BadOption(std::string_view key, std::string_view value, std::string_view complaint,
                                 std::string hint = {});

}  // namespace millrace::connectors
