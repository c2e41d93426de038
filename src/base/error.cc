#include "base/error.h"

#include <fmt/format.h>

#include "base/check.h"

namespace millrace {

std::string_view SqlState(ErrorCode code) {
  switch (code) {
    case ErrorCode::kSyntaxError:
      return "42601";
    case ErrorCode::kUndefinedTable:
      return "42P01";
    case ErrorCode::kUndefinedColumn:
      return "42703";
    case ErrorCode::kUndefinedFunction:
      return "42883";
    case ErrorCode::kUndefinedObject:
      return "42704";
    case ErrorCode::kUndefinedSchema:
      return "3F000";
    case ErrorCode::kDuplicateTable:
      return "42P07";
    case ErrorCode::kDuplicateColumn:
      return "42701";
    case ErrorCode::kDuplicateObject:
      return "42710";
    case ErrorCode::kAmbiguousColumn:
      return "42702";
    case ErrorCode::kDatatypeMismatch:
      return "42804";
    case ErrorCode::kGroupingError:
      return "42803";
    case ErrorCode::kWindowingError:
      return "42P20";
    case ErrorCode::kInvalidTableDefinition:
      return "42P16";
    case ErrorCode::kInvalidParameter:
      return "22023";
    case ErrorCode::kInvalidText:
      return "22P02";
    case ErrorCode::kInvalidDatetime:
      return "22007";
    case ErrorCode::kInvalidBinary:
      return "22P03";
    case ErrorCode::kBadCopyFormat:
      return "22P04";
    case ErrorCode::kDivisionByZero:
      return "22012";
    case ErrorCode::kNumericOutOfRange:
      return "22003";
    case ErrorCode::kNullNotAllowed:
      return "22004";
    case ErrorCode::kNotSupported:
      return "0A000";
    case ErrorCode::kIoError:
      return "58030";
    case ErrorCode::kNoSuchFile:
      return "58P01";
    case ErrorCode::kDiskFull:
      return "53100";
    case ErrorCode::kResourceExhausted:
      return "53200";
    case ErrorCode::kDataExpired:
      return "72000";
    case ErrorCode::kCancelled:
      return "57014";
    case ErrorCode::kInsufficientPrivilege:
      return "42501";
    case ErrorCode::kInvalidPassword:
      return "28P01";
    case ErrorCode::kInvalidAuthorization:
      return "28000";
    case ErrorCode::kTooManyConnections:
      return "53300";
    case ErrorCode::kConfigurationLimitExceeded:
      return "53400";
    case ErrorCode::kTooManyRows:
      return "54000";
    case ErrorCode::kProgramLimitExceeded:
      return "54000";
    case ErrorCode::kActiveTransaction:
      return "25001";
    case ErrorCode::kReadOnlyTransaction:
      return "25006";
    case ErrorCode::kNoActiveTransaction:
      return "25P01";
    case ErrorCode::kFailedTransaction:
      return "25P02";
    case ErrorCode::kInvalidCursor:
      return "34000";
    case ErrorCode::kInvalidSavepoint:
      return "3B001";
    case ErrorCode::kDuplicateCursor:
      return "42P03";
    case ErrorCode::kUndefinedPrepared:
      return "26000";
    case ErrorCode::kDuplicatePrepared:
      return "42P05";
    case ErrorCode::kUndefinedSavepoint:
      return "3B001";
    case ErrorCode::kUndefinedParameter:
      return "42P02";
    case ErrorCode::kIndeterminateDatatype:
      return "42P18";
    case ErrorCode::kDependentObjects:
      return "2BP01";
    case ErrorCode::kObjectInUse:
      return "55006";
    case ErrorCode::kCannotChangeParameter:
      return "55P02";
    case ErrorCode::kInvalidGrant:
      return "0LP01";
    case ErrorCode::kReservedName:
      return "42939";
    case ErrorCode::kQueryTimeout:
      return "57014";
    case ErrorCode::kAdminShutdown:
      return "57P01";
    case ErrorCode::kCannotConnectNow:
      return "57P03";
    case ErrorCode::kProtocolViolation:
      return "08P01";
    case ErrorCode::kDataCorrupted:
      return "XX001";
    case ErrorCode::kInternal:
      return "XX000";
  }
  MR_UNREACHABLE();
}

Error::Error(ErrorCode code, std::string message, std::string hint, SourceLocation location)
    : detail_(std::make_shared<const Detail>(Detail{code, std::move(message), std::move(hint), location})) {}

Error Error::At(SourceLocation location) const {
  if (detail_->location.IsKnown()) return *this;
  return Error(code(), message(), hint(), location);
}

Error Error::WithHint(std::string hint) const {
  return Error(code(), message(), std::move(hint), location());
}

Error Error::Within(std::string_view context) const {
  return Error(code(), fmt::format("{}: {}", context, message()), hint(), location());
}

std::string Error::ToString() const {
  std::string text(SqlState(code()));
  if (location().IsKnown()) text += fmt::format(" at line {}, column {}", location().line, location().column);
  text += ": ";
  text += message();
  if (!hint().empty()) {
    text += "\nHINT: ";
    text += hint();
  }
  return text;
}

}  // namespace millrace
