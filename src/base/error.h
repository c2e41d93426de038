// Error and Result<T>: how every fallible call of Millrace answers.
//
// An Error is a value: a stable code (mapped to an SQLSTATE), one sentence that says what was wrong
// and where, and optionally a hint that says what would work. It is small (one pointer) and cheap to
// move; making one allocates, so the hot path makes none. Broken invariants are not errors: they
// abort through MR_CHECK (check.h). Thread-safe to copy and read.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

// One code per reaction some caller may have; each maps to one SQLSTATE.
enum class ErrorCode : uint8_t {
  kSyntaxError,                 // 42601
  kUndefinedTable,              // 42P01
  kUndefinedColumn,             // 42703
  kUndefinedFunction,           // 42883
  kUndefinedObject,             // 42704: an option, setting, type or other named thing
  kUndefinedSchema,             // 3F000
  kDuplicateTable,              // 42P07
  kDuplicateColumn,             // 42701
  kDuplicateObject,             // 42710
  kAmbiguousColumn,             // 42702
  kDatatypeMismatch,            // 42804
  kGroupingError,               // 42803
  kWindowingError,              // 42P20
  kInvalidTableDefinition,      // 42P16
  kInvalidParameter,            // 22023: a bad option or setting value
  kInvalidText,                 // 22P02: text that is not a value of its type; a malformed record
  kInvalidDatetime,             // 22007
  kInvalidBinary,               // 22P03: bytes that are not the binary form of their type
  kBadCopyFormat,               // 22P04: data of COPY that are not of its format
  kDivisionByZero,              // 22012
  kNumericOutOfRange,           // 22003
  kNullNotAllowed,              // 22004
  kNotSupported,                // 0A000
  kIoError,                     // 58030
  kNoSuchFile,                  // 58P01
  kDiskFull,                    // 53100: no space or quota is left; goes on when there is some
  kResourceExhausted,           // 53200
  kDataExpired,                 // 72000: what was asked for has been removed by retention
  kCancelled,                   // 57014
  kInsufficientPrivilege,       // 42501
  kInvalidPassword,             // 28P01
  kInvalidAuthorization,        // 28000: no such role, no LOGIN, expired
  kTooManyConnections,          // 53300
  kConfigurationLimitExceeded,  // 53400: a reader that fell behind, a stated bound of the server
  kTooManyRows,                 // 54000: a result past its role's limit
  kProgramLimitExceeded,        // 54000
  kActiveTransaction,           // 25001
  kReadOnlyTransaction,         // 25006
  kNoActiveTransaction,         // 25P01
  kFailedTransaction,           // 25P02
  kInvalidCursor,               // 34000
  kInvalidSavepoint,            // 3B001
  kDuplicateCursor,             // 42P03
  kUndefinedPrepared,           // 26000
  kDuplicatePrepared,           // 42P05
  kUndefinedSavepoint,          // 3B001
  kUndefinedParameter,          // 42P02: $n that has no value
  kIndeterminateDatatype,       // 42P18: $n whose type nothing says
  kDependentObjects,            // 2BP01: DROP of what others need
  kObjectInUse,                 // 55006
  kCannotChangeParameter,       // 55P02: a run-time parameter that is read-only
  kInvalidGrant,                // 0LP01: a membership that would be a cycle, a grant that cannot be
  kReservedName,                // 42939
  kQueryTimeout,                // 57014: a statement that ran into statement_timeout
  kAdminShutdown,               // 57P01
  kCannotConnectNow,            // 57P03
  kProtocolViolation,           // 08P01
  kDataCorrupted,               // XX001: stored bytes that are not what was written
  kInternal,                    // XX000
};

// Five characters, e.g. "42P01".
std::string_view SqlState(ErrorCode code);

// A place in an SQL text: both 1-based, columns counted in Unicode code points; {0, 0} is "nowhere".
struct SourceLocation {
  uint32_t line = 0;
  uint32_t column = 0;
  bool IsKnown() const { return line != 0; }
  friend bool operator==(const SourceLocation&, const SourceLocation&) = default;
};

class Error {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {}, SourceLocation location = {});

  ErrorCode code() const { return detail_->code; }
  const std::string& message() const { return detail_->message; }
  const std::string& hint() const { return detail_->hint; }
  SourceLocation location() const { return detail_->location; }

  // The same error with the place filled in, unless it has one already.
  Error At(SourceLocation location) const;
  Error WithHint(std::string hint) const;
  // The same error with "<context>: " before its message.
  Error Within(std::string_view context) const;

  // For people: "42P01 at line 1, column 15: no table 'ordes'\nHINT: did you mean 'orders'?"
  std::string ToString() const;

 private:
  struct Detail {
    ErrorCode code;
    std::string message;
    std::string hint;
    SourceLocation location;
  };
  std::shared_ptr<const Detail> detail_;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline Status Ok() {
  return {};
}

// `return Fail(ErrorCode::kX, fmt::format(...), "hint");` works in any function that returns a Result.
[[nodiscard]] inline std::unexpected<Error> Fail(ErrorCode code, std::string message, std::string hint = {},
                                                 SourceLocation location = {}) {
  return std::unexpected<Error>(Error(code, std::move(message), std::move(hint), location));
}

#define MR_CONCAT_(a, b) a##b
#define MR_CONCAT(a, b) MR_CONCAT_(a, b)

// Returns the error of a Status or Result expression to the caller, if it has one.
#define MR_TRY(expression)                                                     \
  do {                                                                         \
    auto mr_status = (expression);                                             \
    if (!mr_status.has_value()) [[unlikely]]                                   \
      return std::unexpected<::millrace::Error>(std::move(mr_status).error()); \
  } while (false)

// MR_ASSIGN(auto x, F()): binds the value of a Result, or returns its error to the caller.
#define MR_ASSIGN(declaration, expression) \
  MR_ASSIGN_(MR_CONCAT(mr_result_, __LINE__), declaration, expression)
#define MR_ASSIGN_(name, declaration, expression)                       \
  auto name = (expression);                                             \
  if (!name.has_value()) [[unlikely]]                                   \
    return std::unexpected<::millrace::Error>(std::move(name).error()); \
  declaration = std::move(name).value()

}  // namespace millrace
