#include <fmt/format.h>

#include <map>

#include "functions/registry.h"
#include "main/commands.h"

namespace millrace {

int FunctionsCommand() {
  const functions::Registry& registry = functions::Registry::Get();
  std::map<std::string, std::map<std::string, std::pair<std::string, std::string>>> categories;
  for (const auto& function : registry.scalars()) {
    categories[function.category][function.name] = {function.signature, function.summary};
  }
  for (const auto& function : registry.aggregates()) {
    categories["aggregate"][function.name] = {function.signature, function.summary};
  }
  for (const auto& [category, functions] : categories) {
    fmt::print("## {}\n\n| function | signature | what it gives |\n| --- | --- | --- |\n", category);
    for (const auto& [name, text] : functions) {
      const auto escape = [](std::string s) {
        for (size_t at = s.find('|'); at != std::string::npos; at = s.find('|', at + 2)) s.insert(at, "\\");
        return s;
      };
      fmt::print("| {} | `{}` | {} |\n", escape(name), escape(text.first), escape(text.second));
    }
    fmt::print("\n");
  }
  return 0;
}

}  // namespace millrace
