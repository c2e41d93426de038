#include "property/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace millrace::property {
namespace {

constexpr size_t kShownRowsMax = 12;

bool SameNumber(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  if (!a || !b) return a == b;
  const double x = std::strtod(a->c_str(), nullptr);
  const double y = std::strtod(b->c_str(), nullptr);
  if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && std::isnan(y);
  return x == y || std::abs(x - y) <= 1e-7 + 1e-9 * std::max(std::abs(x), std::abs(y));
}

bool SameRow(const std::vector<Column>& columns, const Row& a, const Row& b) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool same = columns[i].type.IsApproximate() ? SameNumber(a[i], b[i]) : a[i] == b[i];
    if (!same) return false;
  }
  return true;
}

std::string Text(const Row& row) {
  std::string text;
  for (const auto& cell : row) {
    if (!text.empty()) text += " | ";
    text += cell ? "'" + *cell + "'" : "NULL";
  }
  return text;
}

std::string List(const char* title, const std::vector<Row>& rows) {
  std::string text = fmt::format("  {} ({} rows):\n", title, rows.size());
  for (size_t i = 0; i < rows.size() && i < kShownRowsMax; ++i) text += "    " + Text(rows[i]) + "\n";
  if (rows.size() > kShownRowsMax) text += "    ...\n";
  return text;
}

}  // namespace

std::string PlainNumber(std::string text) {
  if (text.find('.') != std::string::npos) {
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::string Difference(const std::vector<Column>& columns, std::vector<Row> expected,
                       std::vector<Row> actual) {
  std::sort(expected.begin(), expected.end());
  std::sort(actual.begin(), actual.end());
  std::vector<Row> missing;
  std::vector<Row> surplus;
  std::set_difference(expected.begin(), expected.end(), actual.begin(), actual.end(),
                      std::back_inserter(missing));
  std::set_difference(actual.begin(), actual.end(), expected.begin(), expected.end(),
                      std::back_inserter(surplus));
  // What is left may be equal up to rounding.
  std::erase_if(missing, [&](const Row& row) {
    const auto match = std::find_if(surplus.begin(), surplus.end(),
                                    [&](const Row& other) { return SameRow(columns, row, other); });
    if (match == surplus.end()) return false;
    surplus.erase(match);
    return true;
  });
  if (missing.empty() && surplus.empty()) return "";
  return fmt::format("  {} rows expected, {} rows given\n", expected.size(), actual.size()) +
         List("missing", missing) + List("not expected", surplus);
}

}  // namespace millrace::property
