#include "security/attack_file.h"

#include <cstdlib>
#include <fstream>

namespace millrace::security {

std::vector<Attempt> ReadAttempts(const std::string& path) {
  std::vector<Attempt> attempts;
  std::ifstream file(path);
  std::string role = "millrace";
  std::string line;
  int number = 0;
  while (std::getline(file, line)) {
    ++number;
    if (line.empty() || line.starts_with("--")) continue;
    if (line.starts_with("role ")) {
      role = line.substr(5);
      continue;
    }
    Attempt attempt;
    attempt.line = number;
    attempt.role = role;
    if (line.starts_with("refuse ")) {
      for (size_t at = 7; at < line.size(); at += 6) attempt.refuse.push_back(line.substr(at, 5));
    } else if (line.starts_with("rows ")) {
      attempt.rows = std::strtoul(line.c_str() + 5, nullptr, 10);
    } else if (line != "allow") {
      return {};
    }
    while (std::getline(file, line)) {
      ++number;
      if (line.empty()) break;
      if (!attempt.statement.empty()) attempt.statement += '\n';
      attempt.statement += line;
    }
    if (attempt.statement.empty()) return {};
    attempts.push_back(std::move(attempt));
  }
  return attempts;
}

}  // namespace millrace::security
