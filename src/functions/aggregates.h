// Registers every built-in aggregate function.
#pragma once

#include "functions/registry.h"

namespace millrace::functions {

void RegisterAggregates(Registry& registry);

}  // namespace millrace::functions
