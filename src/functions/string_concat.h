// Joining texts.
#pragma once

#include "functions/kernel.h"

namespace millrace::functions {

// All arguments one after the other; NULL where one of them is.
Kernel ConcatKernel(data::DataType type);

}  // namespace millrace::functions
