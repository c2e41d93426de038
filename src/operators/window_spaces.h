// Names of spaces of saved state that belong to a slice or window: dropped at once when it goes.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "operators/saved_state.h"
#include "operators/window_rows.h"

namespace millrace::operators {

// One byte that says what the records are, then the end and the start.
inline std::string SpaceOf(char what, const SliceKey& slice) {
  std::string space(1, what);
  PutNumber(slice.end, &space);
  PutNumber(slice.start, &space);
  return space;
}

inline Status ParseSpace(std::string_view space, char* what, SliceKey* slice) {
  if (space.empty()) return UnknownSpace();
  *what = space[0];
  space.remove_prefix(1);
  MR_TRY(TakeNumber(&space, &slice->end));
  MR_TRY(TakeNumber(&space, &slice->start));
  return ExpectEnd(space);
}

}  // namespace millrace::operators
