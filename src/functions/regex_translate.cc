// Java's regular expressions in PCRE2's words.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "functions/regex.h"
#include "functions/utf8.h"

namespace millrace::functions {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kPosixClasses = {{
    {"Lower", "lower"},
    {"Upper", "upper"},
    {"ASCII", "ascii"},
    {"Alpha", "alpha"},
    {"Digit", "digit"},
    {"Alnum", "alnum"},
    {"Punct", "punct"},
    {"Graph", "graph"},
    {"Print", "print"},
    {"Blank", "blank"},
    {"Cntrl", "cntrl"},
    {"XDigit", "xdigit"},
    {"Space", "space"},
}};

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> Run() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        MR_TRY(Escape());
      } else if (in_class_) {
        MR_TRY(InClass(c));
      } else if (c == '[') {
        OpenClass();
      } else if (c == '(' && Looking("(?")) {
        MR_TRY(Group());
      } else if (c == '(' && Looking("(*")) {
        return Refused("'(*' is not of Java's syntax", "write '(\\*' for the text");
      } else {
        Copy(1);
      }
    }
    return std::move(out_);
  }

  bool unicode_classes() const { return unicode_classes_; }

 private:
  bool Looking(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }

  void Copy(size_t count) {
    out_.append(pattern_.substr(at_, count));
    at_ += count;
  }

  std::unexpected<Error> Refused(std::string_view why, std::string hint) const {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("invalid regular expression '{}': {}", pattern_, why), std::move(hint));
  }

  void OpenClass() {
    Copy(1);
    if (Looking("^")) Copy(1);
    // A bracket that closes at once stands for itself.
    if (Looking("]")) {
      out_.append("\\]");
      ++at_;
    }
    in_class_ = true;
  }

  Status InClass(char c) {
    if (c == ']') {
      in_class_ = false;
    } else if (c == '[') {
      return Refused("a character class inside another is not supported",
                     "write '\\[' for the bracket itself");
    } else if (Looking("&&")) {
      return Refused("the intersection && of character classes is not supported",
                     "a lookahead says the same: (?=[...])[...]");
    }
    Copy(1);
    return Ok();
  }

  // At "(?": inline flags differ, all else is the same.
  Status Group() {
    size_t end = at_ + 2;
    std::string flags;
    bool off = false;
    while (end < pattern_.size() && (HexlessLetter(pattern_[end]) || pattern_[end] == '-')) {
      const char flag = pattern_[end++];
      if (flag == '-') off = true;
      if (flag == 'U') {
        if (!off) unicode_classes_ = true;
      } else if (flag != 'u' && flag != 'd') {
        flags.push_back(flag);
      }
    }
    const bool is_flags =
        end > at_ + 2 && end < pattern_.size() && (pattern_[end] == ')' || pattern_[end] == ':');
    if (!is_flags) {
      Copy(2);
      // Constructs of PCRE2 that run or recurse into other parts.
      if (at_ < pattern_.size() &&
          std::string_view("RCP&|0123456789+(").find(pattern_[at_]) != std::string_view::npos) {
        return Refused(fmt::format("'(?{}' is not of Java's syntax", pattern_[at_]), {});
      }
      return Ok();
    }
    if (flags.find_first_not_of("imsx-") != std::string::npos) {
      return Refused(fmt::format("unknown flags in '(?{}'", flags), "the flags are i, m, s, x, u, d and U");
    }
    if (flags == "-") flags.clear();
    // A group without flags needs no mark.
    if (!flags.empty() || pattern_[end] == ':') {
      out_.append("(?").append(flags).push_back(pattern_[end]);
    }
    at_ = end + 1;
    return Ok();
  }

  static bool HexlessLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  Status Escape() {
    if (at_ + 1 >= pattern_.size())
      return Refused("it ends with a backslash", "write '\\\\' for the backslash itself");
    const char c = pattern_[at_ + 1];
    switch (c) {
      case 'Q': {
        const size_t end = pattern_.find("\\E", at_ + 2);
        const std::string_view text =
            pattern_.substr(at_ + 2, end == std::string_view::npos ? end : end - at_ - 2);
        for (const char quoted : text) {
          if (static_cast<unsigned char>(quoted) < 0x80 && !HexlessLetter(quoted) && HexValue(quoted) < 0) {
            out_.push_back('\\');
          }
          out_.push_back(quoted);
        }
        at_ = end == std::string_view::npos ? pattern_.size() : end + 2;
        return Ok();
      }
      case 'u':
        return UnicodeEscape();
      case 'p':
      case 'P':
        return Property(c == 'P');
      case '0': {
        int value = 0;
        size_t end = at_ + 2;
        for (size_t digits = 0; digits < 3 && end < pattern_.size() && pattern_[end] >= '0' &&
                                pattern_[end] <= '7' && value * 8 + (pattern_[end] - '0') <= 0377;
             ++digits, ++end) {
          value = value * 8 + (pattern_[end] - '0');
        }
        if (end == at_ + 2) return Refused("'\\0' needs octal digits", "for example \\011");
        out_.append(fmt::format("\\x{{{:x}}}", value));
        at_ = end;
        return Ok();
      }
      case 'g':
      case 'K':
      case 'o':
      case 'C':
        return Refused(fmt::format("'\\{}' is not of Java's syntax", c), {});
      default:
        Copy(1);
        Copy(utf8::LeadBytes(pattern_.substr(at_)));
        return Ok();
    }
  }

  // The four hexadecimal digits from `from`, or -1.
  int32_t Hex4(size_t from) const {
    if (from + 4 > pattern_.size()) return -1;
    int32_t value = 0;
    for (size_t i = from; i < from + 4; ++i) {
      const int digit = HexValue(pattern_[i]);
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  Status UnicodeEscape() {
    int32_t value = Hex4(at_ + 2);
    if (value < 0) return Refused("'\\u' needs four hexadecimal digits", "for example \\u4e2d");
    at_ += 6;
    if (value >= 0xD800 && value <= 0xDBFF && Looking("\\u")) {
      const int32_t low = Hex4(at_ + 2);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        at_ += 6;
      }
    }
    if (value >= 0xD800 && value <= 0xDFFF) return Refused("half a surrogate pair is no character", {});
    out_.append(fmt::format("\\x{{{:x}}}", value));
    return Ok();
  }

  Status Property(bool negated) {
    size_t end = at_ + 2;
    std::string_view name;
    if (end < pattern_.size() && pattern_[end] == '{') {
      const size_t close = pattern_.find('}', end);
      if (close == std::string_view::npos) return Refused("'\\p{' is not closed", {});
      name = pattern_.substr(end + 1, close - end - 1);
      end = close + 1;
    } else if (end < pattern_.size()) {
      name = pattern_.substr(end, 1);
      ++end;
    }
    at_ = end;
    for (const auto& [java, posix] : kPosixClasses) {
      if (name != java) continue;
      const std::string text = fmt::format("[:{}{}:]", negated ? "^" : "", posix);
      out_.append(in_class_ ? text : fmt::format("[{}]", text));
      return Ok();
    }
    for (const std::string_view prefix : {"IsScript=", "script=", "sc=", "general_category=", "gc=", "Is"}) {
      if (name.starts_with(prefix)) {
        name.remove_prefix(prefix.size());
        break;
      }
    }
    if (name.starts_with("In") || name.starts_with("blk=") || name.starts_with("block=") ||
        name.starts_with("java")) {
      return Refused(
          fmt::format("\\p{{{}}} is not supported", name),
          "a script such as \\p{IsHan}, a category such as \\p{Lu} or a range such as [\\u4e00-\\u9fff] is");
    }
    out_.append(fmt::format("\\{}{{{}}}", negated ? 'P' : 'p', name));
    return Ok();
  }

  std::string_view pattern_;
  size_t at_ = 0;
  bool in_class_ = false;
  bool unicode_classes_ = false;
  std::string out_;
};

}  // namespace

Result<std::string> TranslateJavaRegex(std::string_view pattern, bool* unicode_classes) {
  Translator translator(pattern);
  MR_ASSIGN(std::string translated, translator.Run());
  *unicode_classes = translator.unicode_classes();
  return translated;
}

}  // namespace millrace::functions
