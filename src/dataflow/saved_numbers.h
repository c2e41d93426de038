// Positions in saved state: shared values that a chapter has one of. Plain functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "state/state_reader.h"
#include "state/state_writer.h"

namespace millrace::dataflow {

// The value that the one owner of a chapter wrote; absent if there is none. Once the reader has come to its
// end.
Result<std::optional<std::string_view>> OnlySaved(state::StateReader& reader, std::string_view name);
// A number of it, not below 0; -1 if there is none.
Result<int64_t> OnlySavedNumber(state::StateReader& reader, std::string_view name);
void PutSavedNumber(std::string_view name, int64_t number, state::StateWriter& writer);

}  // namespace millrace::dataflow
