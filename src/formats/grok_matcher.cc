#include "formats/grok_matcher.h"

#include <fmt/format.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "formats/grok_patterns.h"
#include "formats/option_reader.h"

namespace millrace::formats {
namespace {

// How deep patterns may refer to each other, and how large the result may grow.
constexpr int kExpansionDepthMax = 32;
constexpr size_t kRegexBytesMax = size_t{256} << 10;

constexpr std::string_view kTypes[] = {"int", "integer", "long", "float", "double", "string", "boolean"};

class Expander {
 public:
  Status AddDefinitions(std::string_view lines);
  Status Expand(std::string_view pattern, int depth);
  ExpandedGrok Take() { return std::move(expanded_); }

 private:
  Status Reference(std::string_view body, int depth);
  Result<std::string_view> Find(std::string_view name) const;

  std::map<std::string, std::string, std::less<>> own_;
  ExpandedGrok expanded_;
};

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

Status Expander::AddDefinitions(std::string_view lines) {
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
      line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const size_t space = line.find_first_of(" \t");
    const std::string_view name = line.substr(0, space);
    const size_t regex = space == std::string_view::npos ? space : line.find_first_not_of(" \t", space);
    if (regex == std::string_view::npos || !IsName(name)) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("option 'grok.definitions': line '{}' is not 'NAME regex'", line));
    }
    own_[std::string(name)] = line.substr(regex);
  }
  return Ok();
}

Result<std::string_view> Expander::Find(std::string_view name) const {
  if (const auto own = own_.find(name); own != own_.end()) return own->second;
  std::vector<std::string_view> names;
  for (const GrokDefinition& definition : GrokLibrary()) {
    if (definition.name == name) return definition.regex;
    names.push_back(definition.name);
  }
  for (const auto& [own_name, regex] : own_) names.push_back(own_name);
  const std::string_view nearest = Nearest(name, names);
  return Fail(ErrorCode::kUndefinedObject,
              fmt::format("option 'grok.pattern': there is no pattern '{}'", name),
              nearest.empty() ? "define it in 'grok.definitions': a line 'NAME regex'"
                              : fmt::format("did you mean '{}'?", nearest));
}

// The inside of %{NAME}, %{NAME:field} or %{NAME:field:type}.
Status Expander::Reference(std::string_view body, int depth) {
  const size_t colon = body.find(':');
  const std::string_view name = body.substr(0, colon);
  MR_ASSIGN(const std::string_view regex, Find(name));
  if (colon == std::string_view::npos) {
    expanded_.regex += "(?:";
  } else {
    std::string_view field = body.substr(colon + 1);
    const size_t second = field.find(':');
    if (second != std::string_view::npos) {
      const std::string_view type = field.substr(second + 1);
      if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
        return Fail(
            ErrorCode::kInvalidParameter,
            fmt::format("option 'grok.pattern': '%{{{}}}' asks for type '{}'", body, type),
            "types are int, long, float, double, string and boolean; the column's type decides anyway");
      }
      field = field.substr(0, second);
    }
    if (field.empty() || field.find_first_of("[]{}") != std::string_view::npos) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("option 'grok.pattern': '%{{{}}}' does not name a column", body),
                  "a field is the name of a column; nested fields such as [a][b] are not supported");
    }
    expanded_.regex += fmt::format("(?<_{}>", expanded_.fields.size());
    expanded_.fields.emplace_back(field);
  }
  MR_TRY(Expand(regex, depth + 1));
  expanded_.regex += ')';
  return Ok();
}

Status Expander::Expand(std::string_view pattern, int depth) {
  if (depth > kExpansionDepthMax || expanded_.regex.size() > kRegexBytesMax) {
    return Fail(ErrorCode::kInvalidParameter,
                "option 'grok.pattern': patterns refer to each other without end or grow too large");
  }
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      expanded_.regex += pattern.substr(i, 2);
      ++i;
    } else if (pattern.substr(i).starts_with("%{")) {
      const size_t close = pattern.find('}', i);
      if (close == std::string_view::npos) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("option 'grok.pattern': '{}' is not closed by '}}'", pattern.substr(i)));
      }
      MR_TRY(Reference(pattern.substr(i + 2, close - i - 2), depth));
      i = close;
    } else {
      expanded_.regex += pattern[i];
    }
  }
  return Ok();
}

}  // namespace

Result<ExpandedGrok> ExpandGrok(std::string_view pattern, std::string_view definitions) {
  Expander expander;
  MR_TRY(expander.AddDefinitions(definitions));
  MR_TRY(expander.Expand(pattern, 0));
  return expander.Take();
}

struct GrokMatcher::Engine {
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;
  pcre2_jit_stack* stack = nullptr;
  bool has_jit = false;

  ~Engine() {
    pcre2_match_data_free(match);
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
    pcre2_code_free(code);
  }
};

GrokMatcher::GrokMatcher() : engine_(std::make_unique<Engine>()) {}
GrokMatcher::~GrokMatcher() = default;

Result<std::unique_ptr<GrokMatcher>> GrokMatcher::Compile(std::string_view pattern,
                                                          std::string_view definitions) {
  MR_ASSIGN(const ExpandedGrok expanded, ExpandGrok(pattern, definitions));
  std::unique_ptr<GrokMatcher> matcher(new GrokMatcher());
  Engine& engine = *matcher->engine_;
  int code = 0;
  PCRE2_SIZE offset = 0;
  engine.code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expanded.regex.data()), expanded.regex.size(),
                              PCRE2_UTF, &code, &offset, nullptr);
  if (engine.code == nullptr) {
    char message[256];
    pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof(message));
    const size_t begin = offset > 20 ? offset - 20 : 0;
    return Fail(ErrorCode::kInvalidParameter, fmt::format("option 'grok.pattern': {} behind '{}'", message,
                                                          expanded.regex.substr(begin, offset - begin)));
  }
  engine.has_jit = pcre2_jit_compile(engine.code, PCRE2_JIT_COMPLETE) == 0;
  engine.match = pcre2_match_data_create_from_pattern(engine.code, nullptr);
  engine.context = pcre2_match_context_create(nullptr);
  engine.stack = pcre2_jit_stack_create(size_t{32} << 10, size_t{1} << 20, nullptr);
  pcre2_set_match_limit(engine.context, limits::kRegexMatchLimit);
  pcre2_set_depth_limit(engine.context, limits::kRegexMatchLimit);
  pcre2_jit_stack_assign(engine.context, nullptr, engine.stack);

  const auto add = [&matcher](std::string_view field, uint32_t group) {
    std::vector<std::string>& fields = matcher->fields_;
    const auto found = std::find(fields.begin(), fields.end(), field);
    const size_t index = static_cast<size_t>(found - fields.begin());
    if (found == fields.end()) {
      fields.emplace_back(field);
      matcher->groups_.emplace_back();
    }
    matcher->groups_[index].push_back(group);
  };
  uint32_t num_names = 0;
  uint32_t entry_bytes = 0;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(engine.code, PCRE2_INFO_NAMECOUNT, &num_names);
  pcre2_pattern_info(engine.code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
  pcre2_pattern_info(engine.code, PCRE2_INFO_NAMETABLE, &table);
  // (group, field): %{…:field} by our own names, (?<field>…) by the user's; in the order of the pattern.
  std::vector<std::pair<uint32_t, std::string>> named;
  for (uint32_t i = 0; i < num_names; ++i, table += entry_bytes) {
    const auto group = static_cast<uint32_t>(table[0] << 8 | table[1]);
    const std::string_view name(reinterpret_cast<const char*>(table + 2));
    size_t own = expanded.fields.size();
    if (name.starts_with('_')) std::from_chars(name.data() + 1, name.data() + name.size(), own);
    named.emplace_back(group, own < expanded.fields.size() ? std::string_view(expanded.fields[own]) : name);
  }
  std::sort(named.begin(), named.end());
  for (const auto& [group, field] : named) add(field, group);
  return matcher;
}

GrokMatcher::Outcome GrokMatcher::Match(std::string_view text) {
  text_ = text;
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  const int result = engine_->has_jit ? pcre2_jit_match(engine_->code, subject, text.size(), 0,
                                                        PCRE2_NO_UTF_CHECK, engine_->match, engine_->context)
                                      : pcre2_match(engine_->code, subject, text.size(), 0,
                                                    PCRE2_NO_UTF_CHECK, engine_->match, engine_->context);
  if (result > 0) return Outcome::kMatch;
  return result == PCRE2_ERROR_NOMATCH ? Outcome::kNoMatch : Outcome::kTooLong;
}

std::string_view GrokMatcher::Field(size_t field) const {
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(engine_->match);
  for (const uint32_t group : groups_[field]) {
    const PCRE2_SIZE begin = offsets[2 * group];
    if (begin != PCRE2_UNSET) return text_.substr(begin, offsets[2 * group + 1] - begin);
  }
  return {};
}

}  // namespace millrace::formats
