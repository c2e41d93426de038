// Rows of results in a form that both sides can be brought to, and their comparison as multisets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "property/relation.h"

namespace millrace::property {

// Texts: numbers without trailing zeros, timestamps as µs since 1970; DOUBLE is compared up to rounding.
using Row = std::vector<std::optional<std::string>>;

// DECIMAL '1.500' and DECIMAL '1.5' are the same.
std::string PlainNumber(std::string text);

// Empty when both hold the same rows, each as often; otherwise what is missing and what is too much.
std::string Difference(const std::vector<Column>& columns, std::vector<Row> expected,
                       std::vector<Row> actual);

}  // namespace millrace::property
