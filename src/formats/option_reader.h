// OptionReader: reads the options of one format, each by its key, and refuses what is left over.
//
// Used by one thread while a decoder or encoder is made.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "formats/format.h"

namespace millrace::formats {

class OptionReader {
 public:
  // `keys`: every key of the format without its prefix.
  OptionReader(std::string_view format, const Options& options, std::span<const std::string_view> keys)
      : format_(format), options_(&options), keys_(keys) {}

  // An error for the first option that begins with "<format>." and is none of the keys, naming the
  // nearest one.
  Status CheckKeys() const;

  // The value of "<format>.<key>", if given.
  std::optional<std::string_view> Find(std::string_view key) const;
  std::string_view Text(std::string_view key, std::string_view fallback) const;
  Result<bool> Bool(std::string_view key, bool fallback) const;
  // One character (one byte of ASCII); a backslash introduces \t, \\, \001 (octal) and \u0001.
  Result<char> Character(std::string_view key, char fallback) const;
  // The index in `choices` of the value, letter case aside.
  Result<int> Choice(std::string_view key, std::span<const std::string_view> choices, int fallback) const;

  // "option 'csv.quote-character'".
  std::string Name(std::string_view key) const;

 private:
  std::string_view format_;
  const Options* options_;
  std::span<const std::string_view> keys_;
};

// The candidate nearest to `name` by edit distance, or "" when none is near.
std::string_view Nearest(std::string_view name, std::span<const std::string_view> candidates);

bool EqualsIgnoreCase(std::string_view a, std::string_view b);

}  // namespace millrace::formats
