#include "server/http/response.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

#include "base/json_text.h"
#include "data/datetime.h"

namespace millrace::server::http {

std::string_view ReasonOf(int status) {
  static constexpr std::pair<int, std::string_view> kReasons[] = {
      {200, "OK"},
      {204, "No Content"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  };
  for (const auto& [known, reason] : kReasons) {
    if (known == status) return reason;
  }
  return "";
}

int StatusOf(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kUndefinedTable:
    case ErrorCode::kUndefinedSchema:
      return 404;
    case ErrorCode::kDuplicateTable:
    case ErrorCode::kDuplicateObject:
    case ErrorCode::kDependentObjects:
    case ErrorCode::kObjectInUse:
      return 409;
    case ErrorCode::kInvalidPassword:
    case ErrorCode::kInvalidAuthorization:
      return 401;
    case ErrorCode::kInsufficientPrivilege:
      return 403;
    case ErrorCode::kQueryTimeout:
      return 504;
    case ErrorCode::kTooManyConnections:
    case ErrorCode::kConfigurationLimitExceeded:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kCancelled:
    case ErrorCode::kAdminShutdown:
    case ErrorCode::kCannotConnectNow:
      return 503;
    case ErrorCode::kDiskFull:
      return 507;
    case ErrorCode::kIoError:
    case ErrorCode::kNoSuchFile:
    case ErrorCode::kDataCorrupted:
    case ErrorCode::kInternal:
      return 500;
    case ErrorCode::kDataExpired:
      return 410;
    default:
      return 400;
  }
}

void AppendErrorJson(const Error& error, std::string* out) {
  *out += "{\"error\":{\"code\":";
  AppendJsonString(SqlState(error.code()), out);
  *out += ",\"message\":";
  AppendJsonString(error.message(), out);
  if (!error.hint().empty()) {
    *out += ",\"hint\":";
    AppendJsonString(error.hint(), out);
  }
  if (error.location().IsKnown()) {
    fmt::format_to(std::back_inserter(*out), ",\"line\":{},\"column\":{}", error.location().line,
                   error.location().column);
  }
  *out += "}}";
}

Response ErrorResponse(int status, const Error& error) {
  Response response;
  response.status = status;
  AppendErrorJson(error, &response.body);
  response.body.push_back('\n');
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"millrace\""});
  return response;
}

Response JsonResponse(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

std::string HttpDate(int64_t now_micros) {
  static constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const data::CivilTime time = data::CivilFromMicros(now_micros);
  const int64_t days = data::FloorDiv(now_micros, data::kMicrosPerDay);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[data::FloorMod(days, 7)],
                     time.date.day, kMonths[time.date.month - 1], time.date.year, time.hour, time.minute,
                     time.second);
}

std::string SerializeHead(const Response& response, int64_t now_micros, std::optional<uint64_t> length,
                          bool chunked, bool keep_alive) {
  std::string head;
  auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, ReasonOf(response.status),
                 HttpDate(now_micros));
  if (!response.content_type.empty()) fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
  if (length) fmt::format_to(out, "Content-Length: {}\r\n", *length);
  if (chunked) head += "Transfer-Encoding: chunked\r\n";
  head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  for (const Header& header : response.headers) fmt::format_to(out, "{}: {}\r\n", header.name, header.value);
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

}  // namespace millrace::server::http
