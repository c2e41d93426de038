// The library of named grok patterns: the names that Logstash users know, with definitions of our own.
#pragma once

#include <span>
#include <string_view>

namespace millrace::formats {

struct GrokDefinition {
  std::string_view name;
  std::string_view regex;  // PCRE2, with %{NAME} and %{NAME:field} in it
};

std::span<const GrokDefinition> GrokLibrary();

}  // namespace millrace::formats
