// JsonElements: makes one JSON text, an array of records or a single one, into lines, in place.
//
// What stands between elements becomes a line end, and line ends within an element become spaces; every
// other byte, and every offset, stays as it is. So the decoder of lines reads arrays, however they are laid
// out and wherever they are cut, at its full speed. One text each; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"

namespace millrace::server::http {

class JsonElements {
 public:
  // Rewrites the next bytes of the text. *used: how many are good; fewer than given with an error only,
  // which says what is wrong with the text as a whole. Elements themselves are not checked.
  Status Rewrite(std::span<std::byte> bytes, size_t* used);
  // The text has ended.
  Status Finish() const;

 private:
  enum class Place : uint8_t { kStart, kBetween, kElement, kEnd };

  Status Step(char* c);
  Status Open(char* c);
  Status BetweenElements(char* c);
  Status InElement(char* c);
  std::unexpected<Error> Wrong(const char* expected, char found) const;

  Place place_ = Place::kStart;
  bool is_array_ = false;
  bool is_first_ = true;      // no element yet
  bool has_element_ = false;  // since the last comma
  bool is_in_string_ = false;
  bool is_escaped_ = false;
  uint64_t depth_ = 0;  // containers open within the element
  uint64_t offset_ = 0;
};

}  // namespace millrace::server::http
