#include "base/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace millrace {
namespace {

// Longer names are never typed by hand, and the cost is quadratic.
constexpr size_t kNameBytesMax = 200;

// Code points, ASCII letters in lower case. Bytes that are not UTF-8 stand for themselves.
std::vector<uint32_t> Fold(std::string_view text) {
  std::vector<uint32_t> points;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c & 0xC0) == 0x80 && !points.empty()) {
      points.back() = (points.back() << 6) | (c & 0x3F);
    } else if (c >= 'A' && c <= 'Z') {
      points.push_back(c - 'A' + 'a');
    } else {
      points.push_back(c);
    }
  }
  return points;
}

int Distance(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b, int limit) {
  const size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > static_cast<size_t>(limit)) return limit + 1;
  std::vector<int> before_last(b.size() + 1);
  std::vector<int> last(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return std::min(last[b.size()], limit + 1);
}

template <typename Text>
std::string_view NearestOf(std::string_view name, std::span<const Text> candidates) {
  if (name.empty() || name.size() > kNameBytesMax) return {};
  const std::vector<uint32_t> folded = Fold(name);
  const int limit = folded.size() <= 4 ? 1 : folded.size() <= 9 ? 2 : 3;
  std::string_view best;
  int best_distance = limit + 1;
  for (const Text& candidate : candidates) {
    if (candidate.size() > kNameBytesMax) continue;
    const int distance = Distance(folded, Fold(candidate), limit);
    // With as many edits as characters nothing of the name would be left.
    if (distance < best_distance && static_cast<size_t>(distance) < folded.size()) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string Question(std::string_view nearest) {
  return nearest.empty() ? std::string() : fmt::format("did you mean '{}'?", nearest);
}

}  // namespace

int EditDistance(std::string_view a, std::string_view b, int limit) {
  return Distance(Fold(a), Fold(b), limit);
}

std::string_view Nearest(std::string_view name, std::span<const std::string_view> candidates) {
  return NearestOf(name, candidates);
}

std::string_view Nearest(std::string_view name, std::span<const std::string> candidates) {
  return NearestOf(name, candidates);
}

std::string DidYouMean(std::string_view name, std::span<const std::string> candidates) {
  return Question(Nearest(name, candidates));
}

std::string DidYouMean(std::string_view name, std::span<const std::string_view> candidates) {
  return Question(Nearest(name, candidates));
}

}  // namespace millrace
