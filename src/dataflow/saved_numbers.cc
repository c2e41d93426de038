#include "dataflow/saved_numbers.h"

#include <string>
#include <vector>

#include "operators/saved_state.h"

namespace millrace::dataflow {

Result<std::optional<std::string_view>> OnlySaved(state::StateReader& reader, std::string_view name) {
  const std::vector<std::string_view> values = reader.shared(name);
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) return state::BadState("a position was saved by several");
  return values.front();
}

Result<int64_t> OnlySavedNumber(state::StateReader& reader, std::string_view name) {
  MR_ASSIGN(std::optional<std::string_view> value, OnlySaved(reader, name));
  if (!value.has_value()) return -1;
  int64_t number = 0;
  MR_TRY(operators::TakeNumber(&*value, &number));
  if (!value->empty() || number < 0) return state::BadState("a position that is no number");
  return number;
}

void PutSavedNumber(std::string_view name, int64_t number, state::StateWriter& writer) {
  std::string bytes;
  operators::PutNumber(number, &bytes);
  writer.PutShared(name, bytes);
}

}  // namespace millrace::dataflow
