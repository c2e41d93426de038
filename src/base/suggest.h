// "Did you mean": the known name nearest to one that is not known.
//
// Distance is Damerau-Levenshtein (restricted: a changed, missing or added character, or two
// neighbours swapped, cost one each; a letter in the other case costs nothing), over code points.
// Stateless; any thread may call these.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millrace {

// Edits between the two, at most `limit` + 1 (then: more than `limit`). O(|a| * |b|).
int EditDistance(std::string_view a, std::string_view b, int limit = 1000);

// The candidate nearest to `name`, the first of equals; empty if none is near enough to be meant:
// one edit for up to 4 characters, two for up to 9, three beyond.
std::string_view Nearest(std::string_view name, std::span<const std::string_view> candidates);
std::string_view Nearest(std::string_view name, std::span<const std::string> candidates);

// "did you mean 'x'?", or empty. For the hint of an error.
std::string DidYouMean(std::string_view name, std::span<const std::string> candidates);
std::string DidYouMean(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace millrace
