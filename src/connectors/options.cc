#include "connectors/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/suggest.h"

namespace millrace::connectors {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr int64_t kSecond = 1'000'000;
constexpr std::array kDurationUnits = std::to_array<Unit>({
    {"", 1'000},
    {"d", 86'400 * kSecond},
    {"day", 86'400 * kSecond},
    {"days", 86'400 * kSecond},
    {"h", 3'600 * kSecond},
    {"hour", 3'600 * kSecond},
    {"hours", 3'600 * kSecond},
    {"m", 60 * kSecond},
    {"min", 60 * kSecond},
    {"minute", 60 * kSecond},
    {"minutes", 60 * kSecond},
    {"s", kSecond},
    {"sec", kSecond},
    {"secs", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"ms", 1'000},
    {"milli", 1'000},
    {"millis", 1'000},
    {"millisecond", 1'000},
    {"milliseconds", 1'000},
    {"µs", 1},
    {"micro", 1},
    {"micros", 1},
    {"microsecond", 1},
    {"microseconds", 1},
});
constexpr std::array kMemoryUnits = std::to_array<Unit>({
    {"", 1},
    {"b", 1},
    {"bytes", 1},
    {"k", int64_t{1} << 10},
    {"kb", int64_t{1} << 10},
    {"kibibytes", int64_t{1} << 10},
    {"m", int64_t{1} << 20},
    {"mb", int64_t{1} << 20},
    {"mebibytes", int64_t{1} << 20},
    {"g", int64_t{1} << 30},
    {"gb", int64_t{1} << 30},
    {"gibibytes", int64_t{1} << 30},
    {"t", int64_t{1} << 40},
    {"tb", int64_t{1} << 40},
    {"tebibytes", int64_t{1} << 40},
});

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

std::optional<int64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units) {
  text = Trim(text);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string unit = Lower(Trim(text.substr(static_cast<size_t>(end - text.data()))));
  for (const Unit& known : units) {
    int64_t product = 0;
    if (known.name != unit) continue;
    if (__builtin_mul_overflow(number, known.factor, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

// Whether `key` is `pattern`, where '#' in the pattern stands for one or more characters.
bool KeyMatches(std::string_view pattern, std::string_view key) {
  const size_t hole = pattern.find('#');
  if (hole == std::string_view::npos) return pattern == key;
  const std::string_view head = pattern.substr(0, hole);
  const std::string_view tail = pattern.substr(hole + 1);
  return key.size() > head.size() + tail.size() && key.starts_with(head) && key.ends_with(tail);
}

std::vector<std::string> SplitChoices(std::string_view choices) {
  std::vector<std::string> names;
  while (!choices.empty()) {
    const size_t end = std::min(choices.find(';'), choices.size());
    names.emplace_back(Trim(choices.substr(0, end)));
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return names;
}

Result<int64_t> CheckRange(const OptionSpec& spec, std::string_view key, const std::string& value,
                           int64_t number) {
  if (number >= spec.min && number <= spec.max) return number;
  const bool is_low = number < spec.min;
  std::string complaint =
      spec.type == OptionType::kInteger
          ? fmt::format("is {} {}", is_low ? "below" : "above", is_low ? spec.min : spec.max)
          : std::string(is_low ? "is too small" : "is too large");
  return BadOption(key, value, complaint, std::string(spec.doc));
}

Result<int64_t> ParseNumber(const OptionSpec& spec, std::string_view key, const std::string& value) {
  switch (spec.type) {
    case OptionType::kString:
    case OptionType::kFieldValue:
      return 0;
    case OptionType::kInteger: {
      int64_t number = 0;
      const std::string_view text = Trim(value);
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) {
        return BadOption(key, value, "is not a whole number", "write it in digits, e.g. '100'");
      }
      return CheckRange(spec, key, value, number);
    }
    case OptionType::kBoolean: {
      const std::string lower = Lower(Trim(value));
      if (lower == "true") return 1;
      if (lower == "false") return 0;
      return BadOption(key, value, "is neither true nor false");
    }
    case OptionType::kDuration: {
      const auto micros = ParseDurationMicros(value);
      if (!micros) {
        return BadOption(key, value, "is not a duration",
                         "write a number and a unit (ms, s, min, h, d), e.g. '10 s'");
      }
      return CheckRange(spec, key, value, *micros);
    }
    case OptionType::kMemorySize: {
      const auto bytes = ParseMemorySize(value);
      if (!bytes) {
        return BadOption(key, value, "is not a memory size",
                         "write a number and a unit (b, kb, mb, gb, tb), e.g. '128 mb'");
      }
      return CheckRange(spec, key, value, *bytes);
    }
    case OptionType::kChoice: {
      const std::vector<std::string> choices = SplitChoices(spec.choices);
      const auto found = std::find(choices.begin(), choices.end(), value);
      if (found != choices.end()) return found - choices.begin();
      std::string hint = DidYouMean(value, choices);
      return BadOption(key, value, fmt::format("is none of: {}", fmt::join(choices, "; ")), std::move(hint));
    }
  }
  MR_UNREACHABLE();
}

const OptionSpec* FindSpec(std::span<const OptionSpec> specs, std::string_view key) {
  for (const OptionSpec& spec : specs) {
    if (KeyMatches(spec.key, key)) return &spec;
  }
  return nullptr;
}

const RefusedOption* FindRefused(std::span<const RefusedOption> refused, std::string_view key) {
  for (const RefusedOption& option : refused) {
    const bool is_prefix = option.key.ends_with('*');
    if (is_prefix ? key.starts_with(option.key.substr(0, option.key.size() - 1)) : key == option.key) {
      return &option;
    }
  }
  return nullptr;
}

// Refused options tell why; others which known one may be meant. `format` is empty for connectors
// without one.
std::unexpected<Error> UnknownOption(const OptionTable& table, std::string_view key,
                                     std::string_view format) {
  if (const RefusedOption* refused = FindRefused(table.refused, key)) {
    return Fail(ErrorCode::kNotSupported, fmt::format("option '{}' of connector '{}' is not supported: {}",
                                                      key, table.connector, refused->reason));
  }
  std::vector<std::string> known = {"connector"};
  for (const OptionSpec& spec : table.specs) known.emplace_back(spec.key);
  std::string hint = DidYouMean(key, known);
  if (hint.empty()) hint = fmt::format("it has: '{}'", fmt::join(known, "', '"));
  if (!format.empty()) hint += fmt::format("; options of the format begin with '{}.'", format);
  return Fail(ErrorCode::kUndefinedObject,
              fmt::format("connector '{}' has no option '{}'", table.connector, key), std::move(hint));
}

}  // namespace

std::string_view OptionTypeName(OptionType type) {
  switch (type) {
    case OptionType::kString:
      return "String";
    case OptionType::kInteger:
      return "Integer";
    case OptionType::kBoolean:
      return "Boolean";
    case OptionType::kDuration:
      return "Duration";
    case OptionType::kMemorySize:
      return "MemorySize";
    case OptionType::kChoice:
      return "Enum";
    case OptionType::kFieldValue:
      return "(type of field)";
  }
  MR_UNREACHABLE();
}

std::optional<int64_t> ParseDurationMicros(std::string_view text) {
  return ParseWithUnit(text, kDurationUnits);
}
std::optional<int64_t> ParseMemorySize(std::string_view text) {
  return ParseWithUnit(text, kMemoryUnits);
}

std::unexpected<Error> BadOption(std::string_view key, std::string_view value, std::string_view complaint,
                                 std::string hint) {
  return Fail(ErrorCode::kInvalidParameter, fmt::format("option '{}': '{}' {}", key, value, complaint),
              std::move(hint));
}

bool ParsedOptions::IsWritten(std::string_view key) const {
  const auto found = texts_.find(key);
  return found != texts_.end() && found->second.is_written;
}

const std::string& ParsedOptions::GetString(std::string_view key) const {
  const auto found = texts_.find(key);
  MR_CHECK(found != texts_.end());
  return found->second.text;
}

int64_t ParsedOptions::GetNumber(std::string_view key) const {
  const auto found = texts_.find(key);
  MR_CHECK(found != texts_.end());
  return found->second.number;
}

class OptionReader {
 public:
  static Status Put(const OptionSpec& spec, std::string_view key, const std::string& value, bool is_written,
                    ParsedOptions* parsed) {
    MR_ASSIGN(const int64_t number, ParseNumber(spec, key, value));
    parsed->texts_.insert_or_assign(std::string(key), ParsedOptions::Entry{value, number, is_written});
    return {};
  }
};

Result<ParsedOptions> ParseOptions(const TableOptions& options, const OptionTable& table) {
  ParsedOptions parsed;
  const std::string* format = table.takes_format ? options.Find("format") : nullptr;
  for (const auto& [key, value] : options.with) {
    if (key == "connector") continue;
    if (const OptionSpec* spec = FindSpec(table.specs, key)) {
      MR_TRY(OptionReader::Put(*spec, key, value, true, &parsed));
      continue;
    }
    if (format != nullptr && key.starts_with(*format + ".")) continue;
    return UnknownOption(table, key, format == nullptr ? std::string_view() : std::string_view(*format));
  }
  for (const OptionSpec& spec : table.specs) {
    if (parsed.Has(spec.key)) continue;
    if (spec.required) {
      return Fail(ErrorCode::kInvalidTableDefinition,
                  fmt::format("connector '{}' needs the option '{}'", table.connector, spec.key),
                  fmt::format("add '{}' = '…' to the WITH clause: {}", spec.key, spec.doc));
    }
    if (spec.default_text.empty() || spec.key.contains('#')) continue;
    MR_TRY(OptionReader::Put(spec, spec.key, std::string(spec.default_text), false, &parsed));
  }
  return parsed;
}

}  // namespace millrace::connectors
