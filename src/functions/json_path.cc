#include "functions/json_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "functions/utf8.h"

namespace millrace::functions {

namespace {

constexpr size_t kCachedPathsMax = 64;
constexpr int64_t kIndexMax = INT32_MAX;

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The word at the start of `text`, whatever its case.
bool TakeWord(std::string_view* text, std::string_view word) {
  if (text->size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (((*text)[i] | 0x20) != word[i]) return false;
  }
  text->remove_prefix(word.size());
  return true;
}

}  // namespace

class JsonPathParser {
 public:
  explicit JsonPathParser(std::string_view text) : whole_(text), rest_(text) {}

  Result<JsonPathPtr> Run() {
    auto path = std::make_shared<JsonPath>();
    path->text_ = whole_;
    SkipBlanks();
    std::string_view after = rest_;
    if (TakeWord(&after, "lax") && !after.empty() && IsBlank(after[0])) {
      path->is_lax_ = true;
      rest_ = after;
    } else if (after = rest_; TakeWord(&after, "strict") && !after.empty() && IsBlank(after[0])) {
      rest_ = after;
    }
    SkipBlanks();
    while (!rest_.empty() && IsBlank(rest_.back())) rest_.remove_suffix(1);
    if (!Take('$')) return Wrong("it does not start with '$'");
    while (!rest_.empty()) MR_TRY(ParseStep(path.get()));
    return JsonPathPtr(std::move(path));
  }

 private:
  using Step = JsonPath::Step;

  std::unexpected<Error> Wrong(std::string_view why) const {
    return Fail(
        ErrorCode::kInvalidParameter,
        fmt::format("invalid JSON path '{}': {} at character {}", whole_, why,
                    utf8::Length(whole_.substr(0, static_cast<size_t>(rest_.data() - whole_.data()))) + 1),
        "a path is [lax|strict] $ and steps: .name, ['name'], [0], [last], [1 to 3], [*], .*, ..name");
  }

  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_[0])) rest_.remove_prefix(1);
  }

  Status ParseStep(JsonPath* path) {
    if (Take('[')) return ParseBrackets(path);
    if (!Take('.')) return Wrong("neither '.' nor '['");
    if (Take('.')) {
      path->steps_.push_back({Step::Kind::kDescend, {}, {}});
      path->is_definite_ = false;
      if (Take('[')) return ParseBrackets(path);
    } else if (Take('[')) {
      return ParseBrackets(path);
    }
    if (Take('*')) {
      path->steps_.push_back({Step::Kind::kAll, {}, {}});
      path->is_definite_ = false;
      return Ok();
    }
    const size_t end = std::min(rest_.find_first_of(".[("), rest_.size());
    const std::string_view name = rest_.substr(0, end);
    if (end < rest_.size() && rest_[end] == '(') return Wrong("functions in a path are not supported");
    if (name.empty()) return Wrong("a name is missing");
    if (name.find_first_of(" \t\r\n'\"") != std::string_view::npos) {
      return Wrong("a name with blanks or quotes is written ['name']");
    }
    path->steps_.push_back({Step::Kind::kName, std::string(name), {}});
    rest_.remove_prefix(end);
    return Ok();
  }

  Status Close() {
    SkipBlanks();
    if (!Take(']')) return Wrong("']' is missing");
    return Ok();
  }

  Status ParseBrackets(JsonPath* path) {
    SkipBlanks();
    if (rest_.empty()) return Wrong("']' is missing");
    if (rest_[0] == '?') return Wrong("filters are not supported");
    if (rest_[0] == '(') return Wrong("expressions in a path are not supported");
    if (rest_[0] == '\'' || rest_[0] == '"') return ParseQuoted(path);
    if (Take('*')) {
      path->steps_.push_back({Step::Kind::kAll, {}, {}});
      path->is_definite_ = false;
      return Close();
    }
    Step step{Step::Kind::kIndexes, {}, {}};
    bool is_range = false;
    do {
      MR_ASSIGN(const JsonPath::Range range, ParseRange(&is_range));
      step.ranges.push_back(range);
      SkipBlanks();
    } while (Take(','));
    step.single = step.ranges.size() == 1 && !is_range;
    if (!step.single) path->is_definite_ = false;
    path->steps_.push_back(std::move(step));
    return Close();
  }

  Status ParseQuoted(JsonPath* path) {
    const char quote = rest_[0];
    rest_.remove_prefix(1);
    std::string name;
    while (true) {
      if (rest_.empty()) return Wrong("a quoted name is not closed");
      if (Take(quote)) break;
      if (rest_[0] == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      name.push_back(rest_[0]);
      rest_.remove_prefix(1);
    }
    path->steps_.push_back({Step::Kind::kName, std::move(name), {}});
    SkipBlanks();
    if (!rest_.empty() && rest_[0] == ',') return Wrong("several names in one step are not supported");
    return Close();
  }

  // An index: digits, -digits, last or last-digits.
  Result<std::optional<int64_t>> ParseIndex() {
    SkipBlanks();
    if (TakeWord(&rest_, "last")) {
      SkipBlanks();
      int64_t back = 0;
      if (Take('-')) {
        SkipBlanks();
        MR_ASSIGN(back, Digits());
      }
      return std::optional<int64_t>(-1 - back);
    }
    if (rest_.empty() || (rest_[0] != '-' && (rest_[0] < '0' || rest_[0] > '9'))) {
      return std::optional<int64_t>();
    }
    const bool negative = Take('-');
    MR_ASSIGN(const int64_t value, Digits());
    return std::optional<int64_t>(negative ? -value : value);
  }

  Result<int64_t> Digits() {
    int64_t value = 0;
    const auto [end, code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (code != std::errc() || value < 0 || value > kIndexMax) return Wrong("not an index");
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }

  // An index, "a to b" (inclusive) or "a:b" (b exclusive), of which a or b may be left out.
  Result<JsonPath::Range> ParseRange(bool* is_range) {
    JsonPath::Range range;
    MR_ASSIGN(range.first, ParseIndex());
    SkipBlanks();
    if (range.first && TakeWord(&rest_, "to")) {
      *is_range = true;
      MR_ASSIGN(range.last, ParseIndex());
      if (!range.last) return Wrong("not an index");
      return range;
    }
    if (Take(':')) {
      *is_range = true;
      MR_ASSIGN(range.last, ParseIndex());
      if (range.last) --*range.last;
      // An end of 0 ends before the first element.
      if (range.last == -1) range = {INT32_MAX, INT32_MAX};
      return range;
    }
    if (!range.first) return Wrong("not an index");
    range.last = range.first;
    return range;
  }

  std::string_view whole_;
  std::string_view rest_;
};

Result<JsonPathPtr> JsonPath::Compile(std::string_view text) {
  return JsonPathParser(text).Run();
}

Result<JsonPathPtr> JsonPath::Cached(std::string_view text) {
  thread_local std::unordered_map<std::string, Result<JsonPathPtr>> cache;
  const std::string key(text);
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  if (cache.size() >= kCachedPathsMax) cache.clear();
  return cache.emplace(key, Compile(text)).first->second;
}

// `missing` is set where a strict path fails: a step through definite ones finds another kind of value, or,
// unless it is the last, nothing.
void JsonPath::Apply(const Step& step, bool is_last, bool definite_so_far, const JsonDocument& document,
                     const std::vector<uint32_t>& from, std::vector<uint32_t>* to, bool* missing) const {
  for (const uint32_t at : from) {
    const JsonNode& node = document.node(at);
    switch (step.kind) {
      case Step::Kind::kName: {
        if (node.kind != JsonKind::kObject) {
          *missing |= definite_so_far;
          break;
        }
        uint32_t value = 0;
        for (uint32_t key = at + 1; key < node.next; key = document.node(key + 1).next) {
          if (document.StringEquals(key, step.name)) value = key + 1;  // the last of equal keys
        }
        if (value != 0) {
          to->push_back(value);
        } else {
          *missing |= definite_so_far && !is_last;
        }
        break;
      }
      case Step::Kind::kIndexes: {
        if (node.kind != JsonKind::kArray) {
          *missing |= definite_so_far;
          break;
        }
        const auto count = static_cast<int64_t>(node.count);
        if (step.single) {
          const int64_t index = *step.ranges[0].first;
          int64_t skip = index < 0 ? index + count : index;
          if (skip < 0 || skip >= count) break;
          uint32_t element = at + 1;
          for (; skip > 0; --skip) element = document.node(element).next;
          to->push_back(element);
          break;
        }
        std::vector<uint32_t> elements;
        elements.reserve(node.count);
        for (uint32_t e = at + 1; e < node.next; e = document.node(e).next) elements.push_back(e);
        for (const Range& range : step.ranges) {
          const auto place = [&](int64_t index) { return index < 0 ? index + count : index; };
          const int64_t first = std::max<int64_t>(range.first ? place(*range.first) : 0, 0);
          const int64_t last = std::min(range.last ? place(*range.last) : count - 1, count - 1);
          for (int64_t i = first; i <= last; ++i) to->push_back(elements[static_cast<size_t>(i)]);
        }
        break;
      }
      case Step::Kind::kAll:
        if (node.kind == JsonKind::kArray) {
          for (uint32_t e = at + 1; e < node.next; e = document.node(e).next) to->push_back(e);
        } else if (node.kind == JsonKind::kObject) {
          for (uint32_t key = at + 1; key < node.next; key = document.node(key + 1).next)
            to->push_back(key + 1);
        }
        break;
      case Step::Kind::kDescend: {
        // The value and all in it, in document order; keys lie between but are no values.
        std::vector<uint32_t> open = {at};
        while (!open.empty()) {
          const uint32_t value = open.back();
          open.pop_back();
          to->push_back(value);
          const JsonNode& inner = document.node(value);
          const size_t mark = open.size();
          if (inner.kind == JsonKind::kArray) {
            for (uint32_t e = value + 1; e < inner.next; e = document.node(e).next) open.push_back(e);
          } else if (inner.kind == JsonKind::kObject) {
            for (uint32_t key = value + 1; key < inner.next; key = document.node(key + 1).next) {
              open.push_back(key + 1);
            }
          }
          std::reverse(open.begin() + static_cast<ptrdiff_t>(mark), open.end());
        }
        break;
      }
    }
  }
}

std::string JsonFound::Explain(std::string_view path, const JsonDocument& document) const {
  switch (problem) {
    case Problem::kNone:
      return {};
    case Problem::kNotJson:
      return document.problem();
    case Problem::kNotThere:
      return fmt::format("there is nothing at '{}'", path);
    case Problem::kNull:
      return fmt::format("there is null at the strict path '{}'", path);
    case Problem::kBadPath:
      return JsonPath::Cached(path).error().message();
  }
  return {};
}

void JsonPath::Find(std::string_view json, JsonDocument* document, JsonFound* found) const {
  using State = JsonFound::State;
  using Problem = JsonFound::Problem;
  const auto fail = [&](Problem problem) {
    found->state = State::kError;
    found->problem = problem;
  };
  found->values.clear();
  found->problem = Problem::kNone;
  if (!document->Parse(json)) {
    found->state = State::kNothing;
    if (!is_lax_) fail(Problem::kNotJson);
    return;
  }
  found->values.push_back(JsonDocument::kRoot);
  bool missing = false;
  bool definite = true;
  for (size_t i = 0; i < steps_.size() && !missing; ++i) {
    found->scratch.clear();
    Apply(steps_[i], i + 1 == steps_.size(), definite, *document, found->values, &found->scratch, &missing);
    std::swap(found->values, found->scratch);
    definite = definite && (steps_[i].kind == Step::Kind::kName || steps_[i].single);
  }
  if (missing || (is_definite_ && found->values.empty())) {
    found->values.clear();
    found->state = is_definite_ ? State::kNothing : State::kValues;
    if (!is_lax_) fail(Problem::kNotThere);
    return;
  }
  found->state = is_definite_ ? State::kValue : State::kValues;
  if (is_definite_ && document->node(found->values[0]).kind == JsonKind::kNull) {
    found->state = State::kNothing;
    if (!is_lax_) fail(Problem::kNull);
  }
}

}  // namespace millrace::functions
