// Arithmetic of dates, times, timestamps and intervals, for the operators + - *.
//
// Each binder answers nullopt when the arguments are not of its kind.
#pragma once

#include <optional>

#include "functions/signature.h"

namespace millrace::functions {

std::optional<ExprPtr> BindDatetimeSum(const BoundArgs& bound);
std::optional<ExprPtr> BindDatetimeDifference(const BoundArgs& bound);
// Interval times number, either way round.
std::optional<Result<ExprPtr>> BindIntervalProduct(const BoundArgs& bound);

// Whether µs, or days, are within the years -9999..9999 that timestamps and dates cover.
bool IsTimestampInRange(int64_t micros);
bool IsDateInRange(int64_t days);

}  // namespace millrace::functions
