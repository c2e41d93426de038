#include "functions/url.h"

#include <algorithm>
#include <array>

#include "functions/utf8.h"

namespace millrace::functions {

namespace {

constexpr std::array<std::string_view, 6> kProtocols = {"http", "https", "ftp", "file", "jar", "mailto"};

bool IsKnownProtocol(std::string_view protocol) {
  std::string lower;
  utf8::AppendLower(protocol, &lower);
  return std::find(kProtocols.begin(), kProtocols.end(), lower) != kProtocols.end();
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsPort(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool UrlPart(std::string_view url, std::string_view part, std::string_view* text) {
  while (!url.empty() && static_cast<unsigned char>(url.front()) <= ' ') url.remove_prefix(1);
  while (!url.empty() && static_cast<unsigned char>(url.back()) <= ' ') url.remove_suffix(1);
  const size_t colon = url.find_first_of(":/");
  if (colon == std::string_view::npos || url[colon] != ':' || !IsKnownProtocol(url.substr(0, colon)))
    return false;
  const std::string_view protocol = url.substr(0, colon);
  url.remove_prefix(colon + 1);

  std::optional<std::string_view> ref;
  if (const size_t hash = url.find('#'); hash != std::string_view::npos) {
    ref = url.substr(hash + 1);
    url = url.substr(0, hash);
  }
  std::optional<std::string_view> authority;
  if (url.starts_with("//")) {
    url.remove_prefix(2);
    const size_t end = std::min(url.find_first_of("/?"), url.size());
    authority = url.substr(0, end);
    url.remove_prefix(end);
  }
  const std::string_view file = url;
  std::optional<std::string_view> query;
  std::string_view path = file;
  if (const size_t mark = file.find('?'); mark != std::string_view::npos) {
    query = file.substr(mark + 1);
    path = file.substr(0, mark);
  }
  std::optional<std::string_view> userinfo;
  std::string_view host = authority.value_or(std::string_view());
  if (const size_t at = host.find('@'); at != std::string_view::npos) {
    userinfo = host.substr(0, at);
    host.remove_prefix(at + 1);
  }
  if (host.starts_with('[')) {  // an IPv6 address
    const size_t close = host.find(']');
    if (close == std::string_view::npos) return false;
    host = host.substr(0, close + 1);
  } else if (const size_t port = host.find(':'); port != std::string_view::npos) {
    if (!IsPort(host.substr(port + 1))) return false;
    host = host.substr(0, port);
  }

  const auto answer = [&](std::optional<std::string_view> value) {
    if (value) *text = *value;
    return value.has_value();
  };
  if (part == "HOST") return answer(host);
  if (part == "PATH") return answer(path);
  if (part == "QUERY") return answer(query);
  if (part == "REF") return answer(ref);
  if (part == "PROTOCOL") return answer(protocol);
  if (part == "AUTHORITY") return answer(authority);
  if (part == "FILE") return answer(file);
  if (part == "USERINFO") return answer(userinfo);
  return false;
}

std::optional<std::string_view> QueryValue(std::string_view query, std::string_view key) {
  while (true) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=') {
      return pair.substr(key.size() + 1);
    }
    if (end == query.size()) return std::nullopt;
    query.remove_prefix(end + 1);
  }
}

void AppendUrlEncoded(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '*';
    if (plain) {
      out->push_back(c);
    } else if (c == ' ') {
      out->push_back('+');
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out->push_back('%');
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    }
  }
}

bool AppendUrlDecoded(std::string_view text, std::string* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out->push_back(' ');
    } else if (text[i] != '%') {
      out->push_back(text[i]);
    } else {
      if (i + 2 >= text.size()) return false;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out->push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  return true;
}

}  // namespace millrace::functions
