#include "functions/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <unordered_map>
#include <utility>

#include "base/limits.h"
#include "functions/utf8.h"

namespace millrace::functions {

namespace {

constexpr size_t kJitStackBytesMax = size_t{1} << 20;
constexpr size_t kCachedPatternsMax = 64;

// What a thread needs to match: made once, grown to the most groups seen.
class MatchMemory {
 public:
  MatchMemory() : context_(pcre2_match_context_create(nullptr)) {
    pcre2_set_match_limit(context_, limits::kRegexMatchLimit);
    pcre2_set_depth_limit(context_, limits::kRegexMatchLimit);
    jit_stack_ = pcre2_jit_stack_create(32 * 1024, kJitStackBytesMax, nullptr);
    pcre2_jit_stack_assign(context_, nullptr, jit_stack_);
  }
  ~MatchMemory() {
    pcre2_match_data_free(data_);
    pcre2_jit_stack_free(jit_stack_);
    pcre2_match_context_free(context_);
  }
  MatchMemory(const MatchMemory&) = delete;
  MatchMemory& operator=(const MatchMemory&) = delete;

  pcre2_match_data* Data(size_t groups) {
    if (data_ == nullptr || groups > pairs_) {
      pcre2_match_data_free(data_);
      pairs_ = groups + 8;
      data_ = pcre2_match_data_create(static_cast<uint32_t>(pairs_), nullptr);
    }
    return data_;
  }
  pcre2_match_context* context() { return context_; }

 private:
  pcre2_match_context* context_;
  pcre2_jit_stack* jit_stack_ = nullptr;
  pcre2_match_data* data_ = nullptr;
  size_t pairs_ = 0;
};

MatchMemory& ThreadMemory() {
  thread_local MatchMemory memory;
  return memory;
}

std::string PcreMessage(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

}  // namespace

Result<RegexPtr> Regex::Compile(std::string_view pattern, bool whole) {
  bool unicode_classes = false;
  MR_ASSIGN(const std::string translated, TranslateJavaRegex(pattern, &unicode_classes));
  uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  if (unicode_classes) options |= PCRE2_UCP;
  if (whole) options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
  int code = 0;
  size_t at = 0;
  pcre2_code* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                       options, &code, &at, context);
  pcre2_compile_context_free(context);
  if (compiled == nullptr) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("invalid regular expression '{}': {}", pattern, PcreMessage(code)),
                fmt::format("it goes wrong after '{}'", std::string_view(translated).substr(0, at)));
  }
  // Without it (not supported on this processor, too large) the interpreter matches, more slowly.
  pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
  std::shared_ptr<Regex> regex(new Regex);
  regex->pattern_ = pattern;
  regex->code_ = compiled;
  uint32_t groups = 0;
  pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &groups);
  regex->group_count_ = groups;
  return RegexPtr(std::move(regex));
}

Result<RegexPtr> Regex::Cached(std::string_view pattern) {
  thread_local std::unordered_map<std::string, Result<RegexPtr>> cache;
  thread_local std::string last_pattern;
  thread_local const Result<RegexPtr>* last = nullptr;
  if (last != nullptr && last_pattern == pattern) return *last;
  std::string key(pattern);
  auto found = cache.find(key);
  if (found == cache.end()) {
    if (cache.size() >= kCachedPatternsMax) cache.clear();
    found = cache.emplace(key, Compile(pattern)).first;
  }
  last_pattern = std::move(key);
  last = &found->second;
  return *last;
}

Regex::~Regex() {
  pcre2_code_free(static_cast<pcre2_code*>(code_));
}

Result<bool> Regex::Find(std::string_view text, size_t start, Match* match) const {
  MatchMemory& memory = ThreadMemory();
  pcre2_match_data* data = memory.Data(group_count_ + 1);
  const int answer =
      pcre2_match(static_cast<const pcre2_code*>(code_), reinterpret_cast<PCRE2_SPTR>(text.data()),
                  text.size(), start, 0, data, memory.context());
  if (answer == PCRE2_ERROR_NOMATCH) return false;
  if (answer < 0) {
    const bool limit = answer == PCRE2_ERROR_MATCHLIMIT || answer == PCRE2_ERROR_DEPTHLIMIT ||
                       answer == PCRE2_ERROR_JIT_STACKLIMIT || answer == PCRE2_ERROR_HEAPLIMIT;
    return Fail(
        ErrorCode::kResourceExhausted,
        limit ? fmt::format("the regular expression '{}' takes more than {} steps on a text of {} bytes",
                            pattern_, limits::kRegexMatchLimit, text.size())
              : fmt::format("the regular expression '{}' failed: {}", pattern_, PcreMessage(answer)),
        "possessive quantifiers (a++) and atomic groups (?>...) keep a pattern from trying again");
  }
  match->subject_ = text;
  match->offsets_ = pcre2_get_ovector_pointer(data);
  match->groups_ = static_cast<size_t>(answer);
  // \K may leave the end before the start.
  if (match->end() < match->begin()) return false;
  return true;
}

bool Regex::Match::Group(size_t index, std::string_view* text) const {
  if (index >= groups_ || offsets_[2 * index] == PCRE2_UNSET) return false;
  *text = subject_.substr(offsets_[2 * index], offsets_[2 * index + 1] - offsets_[2 * index]);
  return true;
}

size_t Regex::AfterCharacter(std::string_view text, size_t at) {
  return at >= text.size() ? 1 : utf8::LeadBytes(text.substr(at));
}

}  // namespace millrace::functions
