#include "server/http/limit_option.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "catalog/settings.h"

namespace millrace::server::http {
namespace {

enum class Unit : uint8_t { kCount, kBytes, kMicros };

// Of one limit: between which values it may lie.
struct Limit {
  std::string_view name;
  Unit unit;
  int64_t least;
  int64_t most;
  void (*set)(int64_t value, HttpLimits* limits);
};

constexpr int64_t kSecond = kMicrosPerSecond;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kMiB = int64_t{1} << 20;

constexpr Limit kLimits[] = {
    {"connections", Unit::kCount, 1, 1'000'000,
     [](int64_t value, HttpLimits* limits) { limits->connections = static_cast<size_t>(value); }},
    {"header", Unit::kBytes, 1024, kMiB,
     [](int64_t value, HttpLimits* limits) { limits->header_bytes = static_cast<size_t>(value); }},
    {"body", Unit::kBytes, 1, 1024 * 1024 * kMiB,
     [](int64_t value, HttpLimits* limits) { limits->table_body_bytes = static_cast<uint64_t>(value); }},
    // Such a body is one append of the log.
    {"keyed-body", Unit::kBytes, 1, static_cast<int64_t>(limits::kLogPayloadBytesMax),
     [](int64_t value, HttpLimits* limits) { limits->keyed_body_bytes = static_cast<uint64_t>(value); }},
    // A statement is kept whole.
    {"statement-body", Unit::kBytes, 1, 1024 * kMiB,
     [](int64_t value, HttpLimits* limits) { limits->sql_body_bytes = static_cast<uint64_t>(value); }},
    {"header-time", Unit::kMicros, kSecond / 10, kDay,
     [](int64_t value, HttpLimits* limits) { limits->header_micros = value; }},
    {"idle-time", Unit::kMicros, kSecond / 10, kDay,
     [](int64_t value, HttpLimits* limits) { limits->idle_micros = value; }},
    {"body-time", Unit::kMicros, kSecond / 10, kDay,
     [](int64_t value, HttpLimits* limits) { limits->body_idle_micros = value; }},
    {"request-time", Unit::kMicros, kSecond / 10, kDay,
     [](int64_t value, HttpLimits* limits) { limits->request_micros = value; }},
    {"room-time", Unit::kMicros, 0, kDay,
     [](int64_t value, HttpLimits* limits) { limits->ingest_wait_micros = value; }},
};

std::string Names() {
  std::string names;
  for (const Limit& limit : kLimits) names += fmt::format("{}{}", names.empty() ? "" : ", ", limit.name);
  return names;
}

Result<int64_t> ParseCount(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is not a number", text));
  }
  return count;
}

Result<int64_t> ParseValue(Unit unit, std::string_view text) {
  switch (unit) {
    case Unit::kCount:
      return ParseCount(text);
    case Unit::kBytes:
      return catalog::ParseMemorySize(text);
    case Unit::kMicros:
      return catalog::ParseDuration(text);
  }
  return 0;
}

std::string Shown(Unit unit, int64_t value) {
  switch (unit) {
    case Unit::kCount:
      return fmt::format("{}", value);
    case Unit::kBytes:
      return fmt::format("{} bytes", value);
    case Unit::kMicros:
      return fmt::format("{} ms", value / 1000);
  }
  return {};
}

}  // namespace

Status SetHttpLimit(std::string_view option, HttpLimits* limits) {
  const size_t equals = option.find('=');
  const std::string_view name = option.substr(0, equals);
  const auto limit = std::ranges::find(kLimits, name, &Limit::name);
  if (equals == std::string_view::npos || limit == std::end(kLimits)) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' sets no limit of HTTP", option),
                fmt::format("write name=value; the names are {}", Names()));
  }
  const std::string where = fmt::format("the limit '{}' of HTTP", name);
  const Result<int64_t> value = ParseValue(limit->unit, option.substr(equals + 1));
  if (!value.has_value()) return std::unexpected(value.error().Within(where));
  if (*value < limit->least || *value > limit->most) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("{} cannot be '{}'", where, option.substr(equals + 1)),
                fmt::format("it may be from {} to {}", Shown(limit->unit, limit->least),
                            Shown(limit->unit, limit->most)));
  }
  limit->set(*value, limits);
  return {};
}

Status CheckOrigin(std::string_view origin) {
  if (origin == "*") return {};
  std::string_view host = origin;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) host = origin.substr(scheme.size());
  }
  const bool is_sound =
      host.size() < origin.size() && !host.empty() &&
      std::ranges::all_of(
          host,
          [](unsigned char c) {
            return c > ' ' && c < 0x7f && (c < 'A' || c > 'Z') &&
                   std::string_view("/?#@\\").find(static_cast<char>(c)) == std::string_view::npos;
          });
  if (is_sound) return {};
  return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is not an origin of web pages", origin),
              "write it as browsers send it: scheme, host in small letters and port, without a path, e.g. "
              "https://app.example.com");
}

}  // namespace millrace::server::http
