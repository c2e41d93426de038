// JSON paths: "[lax|strict] $.orders[0].items[*].price".
//
// Without a mode a path is strict, as in Flink: what it names must be there, and must not be null. A lax path
// finds nothing instead. Steps: .name, ['name'], [0], [-1], [last], [0, 2], [1 to 3], [1:3], [*], .*, ..name
// and ..*. A path of names and single indexes is definite: it finds one value; any other finds an array of
// all.
//
// Immutable; any thread may use one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "functions/json_document.h"

namespace millrace::functions {

class JsonPath;
using JsonPathPtr = std::shared_ptr<const JsonPath>;

// What a path finds in a text.
struct JsonFound {
  enum class State : uint8_t {
    kValue,    // values[0]
    kValues,   // an array of `values`, perhaps none
    kNothing,  // there is no such value, or it is null
    kError,    // the text is not JSON, or lacks what a strict path names
  };
  enum class Problem : uint8_t { kNone, kNotJson, kNotThere, kNull, kBadPath };

  State state = State::kNothing;
  Problem problem = Problem::kNone;  // kError
  std::vector<uint32_t> values;      // nodes of the document
  std::vector<uint32_t> scratch;     // for the search

  // Why there is an error, in words, for the path and document that were searched.
  std::string Explain(std::string_view path, const JsonDocument& document) const;
};

class JsonPath {
 public:
  static Result<JsonPathPtr> Compile(std::string_view text);
  // The same, kept in a small cache of the calling thread; for paths that are data.
  static Result<JsonPathPtr> Cached(std::string_view text);

  bool is_lax() const { return is_lax_; }
  bool is_definite() const { return is_definite_; }

  // Parses `json` into `document` and looks there. `found` is reused: its memory is kept.
  void Find(std::string_view json, JsonDocument* document, JsonFound* found) const;

 private:
  struct Range {
    std::optional<int64_t> first;  // negative: from the end
    std::optional<int64_t> last;   // inclusive
  };
  struct Step {
    enum class Kind : uint8_t { kName, kIndexes, kAll, kDescend };
    Kind kind;
    std::string name;
    std::vector<Range> ranges;
    bool single = false;  // one index: definite
  };
  friend class JsonPathParser;

  void Apply(const Step& step, bool is_last, bool definite_so_far, const JsonDocument& document,
             const std::vector<uint32_t>& from, std::vector<uint32_t>* to, bool* missing) const;

  std::string text_;
  bool is_lax_ = false;
  bool is_definite_ = true;
  std::vector<Step> steps_;
};

}  // namespace millrace::functions
