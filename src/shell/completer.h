// What Tab offers: keywords, schemas, tables, columns, functions and the shell's commands, by what stands
// before the cursor. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::shell {

// The names of a server, as it spells them.
struct ServerNames {
  struct Table {
    std::string schema;
    std::string name;
    std::vector<std::string> columns;
  };
  std::vector<std::string> schemas;
  std::vector<Table> tables;
};

struct Completion {
  size_t begin = 0;  // of the text before the cursor: what candidates replace begins at this byte
  std::vector<std::string> candidates;  // sorted, each once
};

class Completer {
 public:
  // Names of built-in functions, in upper case.
  explicit Completer(std::vector<std::string> functions);

  void SetNames(ServerNames names) { names_ = std::move(names); }

  // For the text up to the cursor; what follows it, to find the tables that a statement reads.
  Completion Complete(std::string_view before, std::string_view after) const;

 private:
  std::vector<std::string> functions_;
  ServerNames names_;
};

// The longest text that all candidates begin with; empty for none.
std::string CommonPrefix(const std::vector<std::string>& candidates);

// A name as SQL wants it: in double quotes unless it is a plain word that is not reserved.
std::string QuotedName(std::string_view name);

}  // namespace millrace::shell
