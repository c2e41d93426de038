#include "server/http/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "formats/line_decoder.h"
#include "server/http/http_limits.h"

namespace millrace::server::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `plus_is_space`: as in a query.
Result<std::string> DecodePercent(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return Fail(ErrorCode::kInvalidText,
                    fmt::format("'{}' has a '%' without two hexadecimal digits behind it", text),
                    "write a percent sign itself as %25");
      }
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  if (!formats::IsValidUtf8(out) || out.find('\0') != std::string::npos) {
    return Fail(ErrorCode::kInvalidText, fmt::format("'{}' is not UTF-8 text when decoded", text));
  }
  return out;
}

// Cuts at each `separator`: what stands before it, and *rest behind it.
std::string_view TakePart(char separator, std::string_view* rest) {
  const size_t end = rest->find(separator);
  const std::string_view part = rest->substr(0, end);
  *rest = end == std::string_view::npos ? std::string_view() : rest->substr(end + 1);
  return part;
}

// Of "q=0.5" in thousandths; 1000 without one. Malformed ones count as 0.
int Quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = TrimSpace(TakePart(';', &parameters));
    if (parameter.size() < 2 || (parameter[0] != 'q' && parameter[0] != 'Q') || parameter[1] != '=') continue;
    double quality = 0;
    const std::string_view number = parameter.substr(2);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), quality);
    if (error != std::errc() || !(quality >= 0 && quality <= 1)) return 0;
    return static_cast<int>(quality * 1000);
  }
  return 1000;
}

// How closely a range of an Accept header names a type: 0 not, 1 "*/*", 2 "text/*", 3 exactly.
int Closeness(std::string_view range, std::string_view type) {
  if (range == type) return 3;
  if (range == "*/*") return 1;
  if (range.ends_with("/*") && type.starts_with(range.substr(0, range.size() - 1))) return 2;
  return 0;
}

int QualityOf(std::string_view accept, std::string_view type) {
  int closest = 0;
  int quality = 0;
  while (!accept.empty()) {
    std::string_view part = TakePart(',', &accept);
    const std::string range = ToLower(TrimSpace(TakePart(';', &part)));
    const int closeness = Closeness(range, type);
    if (closeness > closest) {
      closest = closeness;
      quality = Quality(part);
    }
  }
  return quality;
}

}  // namespace

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view TrimSpace(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

const std::string* Request::FindHeader(std::string_view name) const {
  for (const Header& header : headers) {
    if (header.name == name) return &header.value;
  }
  return nullptr;
}

const std::string* Request::FindQuery(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

Status ParseTarget(std::string_view target, Request* request) {
  if (!target.starts_with('/')) {
    return Fail(ErrorCode::kInvalidText, "the request target does not begin with '/'");
  }
  const size_t question = target.find('?');
  request->path = target.substr(0, question);
  for (size_t begin = 1; begin <= request->path.size();) {
    const size_t end = std::min(request->path.find('/', begin), request->path.size());
    MR_ASSIGN(std::string segment,
              DecodePercent(std::string_view(request->path).substr(begin, end - begin), false));
    request->segments.push_back(std::move(segment));
    begin = end + 1;
  }
  std::string_view query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  while (!query.empty()) {
    std::string_view pair = TakePart('&', &query);
    if (pair.empty()) continue;
    if (request->query.size() == kQueryParametersMax) {
      return Fail(ErrorCode::kInvalidText, fmt::format("more than {} query parameters", kQueryParametersMax));
    }
    MR_ASSIGN(std::string key, DecodePercent(TakePart('=', &pair), true));
    MR_ASSIGN(std::string value, DecodePercent(pair, true));
    request->query.emplace_back(std::move(key), std::move(value));
  }
  return {};
}

std::string MediaType(std::string_view header_value) {
  return ToLower(TrimSpace(header_value.substr(0, header_value.find(';'))));
}

std::optional<size_t> Negotiate(const std::string* accept, std::span<const std::string_view> offered) {
  if (accept == nullptr || TrimSpace(*accept).empty()) return 0;
  std::optional<size_t> best;
  int best_quality = 0;
  for (size_t i = 0; i < offered.size(); ++i) {
    const int quality = QualityOf(*accept, offered[i]);
    if (quality > best_quality) {
      best = i;
      best_quality = quality;
    }
  }
  return best;
}

Result<std::optional<std::string>> BearerToken(const Request& request) {
  const std::string* header = request.FindHeader("authorization");
  if (header == nullptr) return std::nullopt;
  const size_t space = header->find(' ');
  if (space == std::string::npos || ToLower(std::string_view(*header).substr(0, space)) != "bearer") {
    return Fail(ErrorCode::kInvalidAuthorization, "only bearer tokens are taken",
                "send 'Authorization: Bearer <token>'");
  }
  return std::string(TrimSpace(std::string_view(*header).substr(space)));
}

}  // namespace millrace::server::http
