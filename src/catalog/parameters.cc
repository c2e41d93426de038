#include "catalog/parameters.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "base/suggest.h"
#include "data/datetime.h"

namespace millrace::catalog {
namespace {

enum class Kind : uint8_t {
  kFixed,     // only the server sets it
  kBoolean,   // on, off
  kInteger,   // min..max
  kDuration,  // milliseconds, with a unit
  kMemory,    // kilobytes, with a unit
  kChoice,    // one of `choices`, separated by '|', in any case
  kText,
  kTimeZone,
  kEncoding,
  kDateStyle,
  kNames,  // a list of names
};

struct Known {
  std::string_view name;
  Kind kind;
  std::string_view value;  // the built-in one
  std::string_view description;
  bool is_reported = false;
  std::string_view choices = {};
  int64_t min = 0;
  int64_t max = 0;
};

constexpr int64_t kMillisMax = 2'147'483'647;
constexpr std::string_view kIsolation = "read uncommitted|read committed|repeatable read|serializable";

// In order of name, in any case.
constexpr Known kKnown[] = {
    {"application_name", Kind::kText, "", "Name of the client's program, shown among the sessions", true},
    {"bytea_output", Kind::kChoice, "hex", "How bytes are written as text", false, "hex"},
    {"check_function_bodies", Kind::kBoolean, "on", "Has no effect: there are no functions to make"},
    {"client_encoding", Kind::kEncoding, "UTF8", "Encoding of the client's text: UTF8", true},
    {"client_min_messages", Kind::kChoice, "notice", "Least level of the messages a client is sent", false,
     "debug5|debug4|debug3|debug2|debug1|log|notice|warning|error"},
    {"DateStyle", Kind::kDateStyle, "ISO, MDY", "How dates and times are written: ISO", true},
    {"default_table_access_method", Kind::kChoice, "heap", "How tables are kept", false, "heap"},
    {"default_tablespace", Kind::kChoice, "", "Where tables are kept: there is one place", false, ""},
    {"default_transaction_deferrable", Kind::kBoolean, "off", "Whether new transactions are DEFERRABLE"},
    {"default_transaction_isolation", Kind::kChoice, "read committed",
     "Isolation of new transactions; each sees one snapshot whatever is asked for", false, kIsolation},
    {"default_transaction_read_only", Kind::kBoolean, "off", "Whether new transactions are READ ONLY", true},
    {"extra_float_digits", Kind::kInteger, "1", "Floating-point numbers are written with all their digits",
     false, "", 1, 3},
    {"idle_in_transaction_session_timeout", Kind::kChoice, "0",
     "A transaction holds nothing that others wait for, so it may wait for its client for ever", false, "0"},
    {"in_hot_standby", Kind::kFixed, "off", "Whether this server only follows another", true},
    {"integer_datetimes", Kind::kFixed, "on", "Times are whole numbers in the binary format", true},
    {"IntervalStyle", Kind::kChoice, "postgres", "How intervals are written", true, "postgres"},
    {"is_superuser", Kind::kFixed, "off", "Whether the current role is a superuser", true},
    {"lc_collate", Kind::kFixed, "C", "Order of text: by code point"},
    {"lc_ctype", Kind::kFixed, "C.UTF-8", "Classes of characters"},
    {"lock_timeout", Kind::kDuration, "0", "Statements never wait for a lock, so it never runs out"},
    {"max_identifier_length", Kind::kFixed, "63", "Longest name that clients should use"},
    {"password_encryption", Kind::kChoice, "scram-sha-256", "How passwords are kept", false, "scram-sha-256"},
    {"role", Kind::kFixed, "none", "The role of SET ROLE"},
    {"row_security", Kind::kBoolean, "on", "Has no effect: tables have no row security"},
    {"search_path", Kind::kNames, "\"$user\", public", "Schemas in which bare names are looked up"},
    {"server_encoding", Kind::kFixed, "UTF8", "Encoding of the server's text", true},
    {"server_version", Kind::kFixed, "15.0", "Version of PostgreSQL whose protocol and catalogs are spoken",
     true},
    {"server_version_num", Kind::kFixed, "150000", "The same as a number"},
    {"session_authorization", Kind::kFixed, "", "The role that the session is of", true},
    {"standard_conforming_strings", Kind::kChoice, "on", "A backslash in '…' is a backslash", true, "on"},
    {"statement_timeout", Kind::kDuration, "0", "A statement is ended after that long; 0: never"},
    {"synchronous_commit", Kind::kChoice, "on", "A statement answers when what it did is done", false, "on"},
    {"TimeZone", Kind::kTimeZone, "UTC", "The session's time zone, as table.local-time-zone", true},
    {"transaction_deferrable", Kind::kBoolean, "off", "Whether this transaction is DEFERRABLE"},
    {"transaction_isolation", Kind::kChoice, "read committed", "Isolation of this transaction", false,
     kIsolation},
    {"transaction_read_only", Kind::kBoolean, "off", "Whether this transaction is READ ONLY"},
    {"work_mem", Kind::kMemory, "4MB",
     "A hint that the engine does not need: the memory of a statement is bounded by the role's MEMORY LIMIT",
     false, "", 64, int64_t{2147483647}},
    {"xmloption", Kind::kChoice, "content", "Has no effect: there is no XML type", false, "content"},
};

char LowerOf(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), LowerOf);
  return lower;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Names in any case.
struct HashOfName {
  size_t operator()(std::string_view name) const {
    uint64_t hash = 14695981039346656037ull;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<uint8_t>(LowerOf(c))) * 1099511628211ull;
    return hash;
  }
};
struct IsSameName {
  bool operator()(std::string_view a, std::string_view b) const {
    return std::ranges::equal(a, b, [](char x, char y) { return LowerOf(x) == LowerOf(y); });
  }
};

// Each statement asks for some.
const Known* FindKnown(std::string_view name) {
  static const auto* const known_names = [] {
    auto* names = new std::unordered_map<std::string_view, const Known*, HashOfName, IsSameName>;
    for (const Known& known : kKnown) names->emplace(known.name, &known);
    return names;
  }();
  const auto found = known_names->find(name);
  return found == known_names->end() ? nullptr : found->second;
}

bool IsCustom(std::string_view name) {
  return name.find('.') != std::string_view::npos && name.size() <= 256;
}

std::unexpected<Error> Unknown(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Known& known : kKnown) names.push_back(known.name);
  return Fail(ErrorCode::kUndefinedObject, fmt::format("there is no parameter '{}'", name),
              DidYouMean(name, names));
}

std::unexpected<Error> Wrong(const Known& known, std::string_view value, std::string hint) {
  return Fail(ErrorCode::kInvalidParameter, fmt::format("parameter '{}' cannot be '{}'", known.name, value),
              std::move(hint));
}

struct Unit {
  std::string_view text;
  int64_t multiple;  // of the base unit
};
constexpr Unit kTimeUnits[] = {{"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kMemoryUnits[] = {{"kB", 1}, {"MB", 1024}, {"GB", 1024 * 1024}, {"TB", 1024 * 1024 * 1024}};

// digits [. digits] [unit], in base units, rounded; nullopt: none, or out of an int32.
std::optional<int64_t> ParseQuantity(std::string_view text, std::span<const Unit> units) {
  text = Trim(text);
  double number = 0;
  const auto [end, status] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (status != std::errc()) return std::nullopt;
  std::string_view rest = Trim(text.substr(static_cast<size_t>(end - text.data())));
  double multiple = 1;
  if (rest == "us" && units.data() == std::data(kTimeUnits)) {
    multiple = 1e-3;
  } else if (!rest.empty()) {
    const auto unit = std::ranges::find(units, rest, &Unit::text);
    if (unit == units.end()) return std::nullopt;
    multiple = static_cast<double>(unit->multiple);
  }
  const double value = std::round(number * multiple);
  if (!(value >= 0 && value <= static_cast<double>(kMillisMax))) return std::nullopt;
  return static_cast<int64_t>(value);
}

// By the greatest unit that divides it: "90s", "1min".
std::string QuantityText(int64_t value, std::span<const Unit> units) {
  if (value == 0) return "0";
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value % unit.multiple == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->multiple, best->text);
}

std::optional<bool> ParseBoolean(std::string_view text) {
  const std::string lower = Lower(Trim(text));
  if (lower == "1" || lower == "on") return true;
  if (lower == "0" || (lower.size() >= 2 && std::string_view("off").starts_with(lower))) return false;
  if (lower.empty()) return std::nullopt;
  if (std::string_view("true").starts_with(lower) || std::string_view("yes").starts_with(lower)) return true;
  if (std::string_view("false").starts_with(lower) || std::string_view("no").starts_with(lower)) return false;
  return std::nullopt;
}

// A name as a list of names shows it.
std::string QuoteName(std::string_view name) {
  const bool plain =
      !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      });
  if (plain) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

Result<std::string> ParseDateStyle(const Known& known, std::span<const std::string> values) {
  std::string order = "MDY";
  for (const std::string& value : values) {
    for (std::string_view rest = value; !rest.empty();) {
      const size_t comma = rest.find(',');
      const std::string word = Lower(Trim(rest.substr(0, comma)));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      if (word == "iso") continue;
      if (word == "mdy" || word == "us" || word == "noneuropean") {
        order = "MDY";
      } else if (word == "dmy" || word == "euro" || word == "european") {
        order = "DMY";
      } else if (word == "ymd") {
        order = "YMD";
      } else {
        return Wrong(known, value, "dates are written as ISO 8601 says: ISO, with MDY, DMY or YMD");
      }
    }
  }
  return "ISO, " + order;
}

// The value as it is kept and shown.
Result<std::string> Normalize(const Known& known, std::span<const std::string> values) {
  if (known.kind == Kind::kFixed) {
    return Fail(ErrorCode::kCannotChangeParameter,
                fmt::format("parameter '{}' cannot be changed", known.name));
  }
  if (known.kind == Kind::kNames) {
    // One string may hold several names; several values are one name each.
    std::vector<std::string> names(values.begin(), values.end());
    if (names.size() == 1) names = ParseNameListText(names.front());
    std::string text;
    for (const std::string& name : names) {
      if (!text.empty()) text += ", ";
      text += QuoteName(name);
    }
    return text;
  }
  if (known.kind == Kind::kDateStyle) return ParseDateStyle(known, values);
  if (values.size() != 1) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("parameter '{}' takes one value", known.name));
  }
  const std::string& value = values.front();
  switch (known.kind) {
    case Kind::kBoolean: {
      const std::optional<bool> boolean = ParseBoolean(value);
      if (!boolean) return Wrong(known, value, "it is on or off");
      return std::string(*boolean ? "on" : "off");
    }
    case Kind::kInteger: {
      int64_t number = 0;
      const std::string_view text = Trim(value);
      const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
      const bool whole = status == std::errc() && end == text.data() + text.size();
      if (!whole || number < known.min || number > known.max) {
        return Wrong(known, value, fmt::format("it is a whole number from {} to {}", known.min, known.max));
      }
      return std::to_string(number);
    }
    case Kind::kDuration: {
      const std::optional<int64_t> millis = ParseQuantity(value, kTimeUnits);
      if (!millis) {
        return Wrong(known, value,
                     "it is milliseconds, or a number with us, ms, s, min, h or d, and at most 24 days");
      }
      return QuantityText(*millis, kTimeUnits);
    }
    case Kind::kMemory: {
      const std::optional<int64_t> kilobytes = ParseQuantity(value, kMemoryUnits);
      if (!kilobytes || *kilobytes < known.min) {
        return Wrong(
            known, value,
            fmt::format("it is kilobytes, at least {}, or a number with kB, MB, GB or TB", known.min));
      }
      return QuantityText(*kilobytes, kMemoryUnits);
    }
    case Kind::kChoice: {
      const std::string lower = Lower(Trim(value));
      // What stands for on of a choice between on and nothing else.
      const bool is_on = known.choices == "on" && ParseBoolean(value).value_or(false);
      std::string_view rest = known.choices;
      std::string all;
      while (true) {
        const size_t bar = rest.find('|');
        const std::string_view choice = rest.substr(0, bar);
        if (choice == lower || is_on) return std::string(choice);
        if (!all.empty()) all += ", ";
        all += fmt::format("'{}'", choice);
        if (bar == std::string_view::npos) break;
        rest.remove_prefix(bar + 1);
      }
      return Wrong(known, value, fmt::format("it can be {}", all));
    }
    case Kind::kTimeZone: {
      const Result<const data::TimeZone*> zone = data::TimeZone::Find(value);
      if (!zone) return Wrong(known, value, zone.error().hint());
      return value;
    }
    case Kind::kEncoding: {
      std::string name;
      for (const char c : Lower(value)) {
        if (c != '-' && c != '_' && c != ' ') name += c;
      }
      if (name != "utf8" && name != "unicode") return Wrong(known, value, "it can be 'UTF8'");
      return std::string("UTF8");
    }
    default:
      return value;
  }
}

}  // namespace

std::vector<std::string> ParseNameListText(std::string_view text) {
  std::vector<std::string> names;
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == ',') {
      ++at;
      continue;
    }
    std::string name;
    if (text[at] == '"') {
      for (++at; at < text.size(); ++at) {
        if (text[at] == '"') {
          if (at + 1 >= text.size() || text[at + 1] != '"') break;
          ++at;
        }
        name += text[at];
      }
      ++at;
    } else {
      const size_t end = std::min(text.find(',', at), text.size());
      name = Trim(text.substr(at, end - at));
      at = end;
    }
    names.push_back(std::move(name));
  }
  return names;
}

Parameters::Parameters() = default;

std::string Parameters::Value(std::string_view canonical) const {
  for (const Values* values : {&local_, &values_, &defaults_}) {
    if (const auto found = values->find(canonical); found != values->end()) return found->second;
  }
  const Known* known = FindKnown(canonical);
  return known == nullptr ? std::string() : std::string(known->value);
}

std::string Parameters::CanonicalName(std::string_view name) {
  const Known* known = FindKnown(name);
  return known == nullptr ? Lower(name) : std::string(known->name);
}

Status Parameters::Check(std::string_view name, std::span<const std::string> values) {
  const Known* known = FindKnown(name);
  if (known == nullptr) {
    if (IsCustom(name)) return Ok();
    return Unknown(name);
  }
  if (values.empty() && known->kind != Kind::kFixed) return Ok();
  const Result<std::string> value = Normalize(*known, values);
  if (!value) return std::unexpected(value.error());
  return Ok();
}

Status Parameters::Set(std::string_view name, std::span<const std::string> values, bool local) {
  if (values.empty()) return Reset(name);
  MR_TRY(Check(name, values));
  const Known* known = FindKnown(name);
  std::string value;
  if (known != nullptr) {
    MR_ASSIGN(value, Normalize(*known, values));
  } else {
    for (const std::string& part : values) value += (value.empty() ? "" : ", ") + part;
  }
  const std::string key = CanonicalName(name);
  may_have_changed_ = true;
  if (local) {
    // Outside a transaction it would end at once.
    if (before_transaction_) local_[key] = std::move(value);
    return Ok();
  }
  values_[key] = std::move(value);
  local_.erase(key);
  return Ok();
}

Status Parameters::Reset(std::string_view name) {
  const Known* known = FindKnown(name);
  const std::string key = CanonicalName(name);
  if (known == nullptr && !IsCustom(name)) return Unknown(name);
  if (known != nullptr && known->kind == Kind::kFixed) {
    return Fail(ErrorCode::kCannotChangeParameter,
                fmt::format("parameter '{}' cannot be changed", known->name));
  }
  may_have_changed_ = true;
  values_.erase(key);
  local_.erase(key);
  return Ok();
}

void Parameters::ResetAll() {
  may_have_changed_ = true;
  values_.clear();
  local_.clear();
}

Status Parameters::SetDefault(std::string_view name, std::span<const std::string> values) {
  MR_TRY(Set(name, values));
  const std::string key = CanonicalName(name);
  if (values.empty()) {
    defaults_.erase(key);
    return Ok();
  }
  defaults_[key] = values_[key];
  values_.erase(key);
  return Ok();
}

void Parameters::SetFixed(std::string_view name, std::string value) {
  may_have_changed_ = true;
  defaults_[CanonicalName(name)] = std::move(value);
}

Result<std::string> Parameters::Get(std::string_view name) const {
  const std::string key = CanonicalName(name);
  const bool is_set = local_.contains(key) || values_.contains(key) || defaults_.contains(key);
  if (FindKnown(name) == nullptr && !is_set) return Unknown(name);
  return Value(key);
}

std::vector<ParameterRow> Parameters::All() const {
  std::vector<ParameterRow> rows;
  for (const Known& known : kKnown) {
    rows.push_back({std::string(known.name), Value(known.name), std::string(known.description)});
  }
  std::vector<std::string> custom;
  for (const Values* values : {&defaults_, &values_, &local_}) {
    for (const auto& [name, value] : *values) {
      if (FindKnown(name) == nullptr) custom.push_back(name);
    }
  }
  std::ranges::sort(custom);
  custom.erase(std::ranges::unique(custom).begin(), custom.end());
  for (const std::string& name : custom) rows.push_back({name, Value(name), "Set by the client"});
  std::ranges::sort(rows, {}, [](const ParameterRow& row) { return Lower(row.name); });
  return rows;
}

void Parameters::Begin() {
  before_transaction_ = values_;
}

void Parameters::Commit() {
  may_have_changed_ = may_have_changed_ || !local_.empty();
  local_.clear();
  before_transaction_.reset();
}

void Parameters::Rollback() {
  if (before_transaction_) {
    may_have_changed_ = may_have_changed_ || values_ != *before_transaction_;
    values_ = std::move(*before_transaction_);
  }
  Commit();
}

std::vector<std::pair<std::string, std::string>> Parameters::TakeChanges() {
  std::vector<std::pair<std::string, std::string>> changes;
  if (!std::exchange(may_have_changed_, false)) return changes;
  for (const Known& known : kKnown) {
    if (!known.is_reported) continue;
    std::string value = Value(known.name);
    const auto told = told_.find(known.name);
    if (told != told_.end() && told->second == value) continue;
    told_.insert_or_assign(std::string(known.name), value);
    changes.emplace_back(known.name, std::move(value));
  }
  return changes;
}

int64_t Parameters::DurationMicros(std::string_view name) const {
  return ParseQuantity(Value(CanonicalName(name)), kTimeUnits).value_or(0) * data::kMicrosPerMilli;
}

bool Parameters::Boolean(std::string_view name) const {
  return ParseBoolean(Value(CanonicalName(name))).value_or(false);
}

std::vector<std::string> Parameters::search_path() const {
  return ParseNameListText(Value("search_path"));
}

}  // namespace millrace::catalog
