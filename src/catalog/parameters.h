// Parameters: the run-time parameters that PostgreSQL's clients set and show. Owned by a session, one thread
// at a time. Flink's settings are another thing (settings.h); the session keeps TimeZone and
// table.local-time-zone the same.
//
// Names are found in any case. A value is checked, and kept in the form that PostgreSQL shows. What Millrace
// does in one way only accepts exactly that way. A name with a dot that is not known is the client's own.
//
// Codes: 42704 for a parameter that there is not, 22023 for a value it cannot have, 55P02 for one that
// cannot be set.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace millrace::catalog {

struct ParameterRow {
  std::string name;
  std::string value;
  std::string description;
};

class Parameters {
 public:
  Parameters();

  // SET name = value, …; an empty list is DEFAULT. `local`: until the end of the transaction.
  Status Set(std::string_view name, std::span<const std::string> values, bool local = false);
  Status Reset(std::string_view name);
  // All that may be set.
  void ResetAll();
  // What RESET goes back to: of the connection's start and of ALTER ROLE … SET. Sets the value too.
  Status SetDefault(std::string_view name, std::span<const std::string> values);
  // For the server: those that clients cannot set (session_authorization, is_superuser, …).
  void SetFixed(std::string_view name, std::string value);
  // Whether SET would take it. Changes nothing.
  static Status Check(std::string_view name, std::span<const std::string> values);

  // What SHOW answers.
  Result<std::string> Get(std::string_view name) const;
  // As PostgreSQL spells it, e.g. "TimeZone": the name of SHOW's column. The name itself if it is not known.
  static std::string CanonicalName(std::string_view name);
  // SHOW ALL, in order of name.
  std::vector<ParameterRow> All() const;

  // A transaction begins; ends for good, or its changes are undone. SET LOCAL ends with either.
  void Begin();
  void Commit();
  void Rollback();

  // Those that the client is told of by ParameterStatus and whose value changed since the last call; all at
  // first.
  std::vector<std::pair<std::string, std::string>> TakeChanges();

  // In µs; 0: none.
  int64_t DurationMicros(std::string_view name) const;
  bool Boolean(std::string_view name) const;
  std::string time_zone() const { return Value("TimeZone"); }
  // The names of search_path, "$user" among them.
  std::vector<std::string> search_path() const;

 private:
  using Values = std::map<std::string, std::string, std::less<>>;  // by canonical name; lists as shown

  // The value in force of a known parameter.
  std::string Value(std::string_view canonical) const;

  Values defaults_;  // where they differ from the built-in ones
  Values values_;    // set for the session
  Values local_;     // set for the transaction
  std::optional<Values> before_transaction_;
  std::map<std::string, std::string, std::less<>> told_;  // of those that are reported
  bool may_have_changed_ = true;                          // since they were told
};

// The names in a list such as `"$user", public`, as SHOW search_path gives it.
std::vector<std::string> ParseNameListText(std::string_view text);

}  // namespace millrace::catalog
