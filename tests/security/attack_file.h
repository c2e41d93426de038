// Reads the lists of attempts in tests/security (README.md says their form).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::security {

struct Attempt {
  int line = 0;
  std::string role;                 // who tries
  std::vector<std::string> refuse;  // the SQLSTATEs it may be refused with; empty: it must work
  std::optional<size_t> rows;       // how many rows it must give
  std::string statement;
};

// Empty for a file that cannot be read, or has an entry that is none.
std::vector<Attempt> ReadAttempts(const std::string& path);

}  // namespace millrace::security
