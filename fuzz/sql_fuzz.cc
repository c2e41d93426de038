// Any bytes give statements or an error; what was parsed and printed parses again and prints the same.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sql/parser.h"
#include "sql/printer.h"

namespace {

[[noreturn]] void Differs(std::string_view what, const std::string& first, const std::string& second) {
  fmt::print(stderr, "{}\n--- printed\n{}\n--- then\n{}\n", what, first, second);
  std::abort();
}

void CheckStatement(const millrace::sql::Statement& statement) {
  const std::string first = Print(statement);
  const auto again = millrace::sql::ParseStatement(first);
  if (!again) Differs("what was printed does not parse", first, again.error().ToString());
  const std::string second = Print(**again);
  if (first != second) Differs("what was printed prints differently", first, second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  millrace::sql::StatementReader reader(text);
  while (true) {
    auto next = reader.Next();
    if (!next || !*next) return 0;
    CheckStatement(*(*next)->statement);
  }
}
