#include "functions/json_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/json_text.h"
#include "base/limits.h"
#include "functions/utf8.h"

namespace millrace::functions {

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hexadecimal digits, which were checked before.
char32_t Hex4(const char* p) {
  char32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value * 16 + static_cast<char32_t>(HexValue(p[i]));
  return value;
}

// Whether one of 8 bytes is a quote, a backslash or a control character.
bool HasSpecial(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101ULL;
  constexpr uint64_t kHigh = 0x8080808080808080ULL;
  const auto has_zero = [](uint64_t x) { return (x - kOnes) & ~x & kHigh; };
  const uint64_t control = (word - kOnes * 0x20) & ~word & kHigh;
  return (has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')) | control) != 0;
}

}  // namespace

JsonDocument& JsonDocument::ThisThread() {
  thread_local JsonDocument document;
  return document;
}

bool JsonDocument::Wrong(const char* why) {
  why_ = why;
  return false;
}

std::string JsonDocument::problem() const {
  return fmt::format("not valid JSON: {} at byte {}", why_ == nullptr ? "nothing wrong" : why_, at_ + 1);
}

uint32_t JsonDocument::Add(JsonKind kind, size_t begin) {
  const auto index = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({kind, false, static_cast<uint32_t>(begin), static_cast<uint32_t>(begin), index + 1, 0});
  return index;
}

bool JsonDocument::Parse(std::string_view text) {
  if (!ParsePrefix(text)) return false;
  SkipBlanks();
  return at_ == text_.size() || Wrong("text after the value");
}

bool JsonDocument::ParsePrefix(std::string_view text) {
  text_ = text;
  at_ = 0;
  why_ = nullptr;
  nodes_.clear();
  if (text.size() > UINT32_MAX) return Wrong("it is too long");
  SkipBlanks();
  return ParseValue(0);
}

void JsonDocument::SkipBlanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
    ++at_;
  }
}

bool JsonDocument::ParseValue(int depth) {
  if (at_ >= text_.size()) return Wrong("a value is missing");
  switch (text_[at_]) {
    case '{':
      return ParseObject(depth + 1);
    case '[':
      return ParseArray(depth + 1);
    case '"':
      return ParseString();
    case 't':
      return ParseWord("true", JsonKind::kTrue);
    case 'f':
      return ParseWord("false", JsonKind::kFalse);
    case 'n':
      return ParseWord("null", JsonKind::kNull);
    default:
      return ParseNumber();
  }
}

bool JsonDocument::ParseWord(std::string_view word, JsonKind kind) {
  if (!text_.substr(at_).starts_with(word)) return Wrong("an unknown word");
  const uint32_t index = Add(kind, at_);
  at_ += word.size();
  nodes_[index].end = static_cast<uint32_t>(at_);
  return true;
}

bool JsonDocument::ParseNumber() {
  const size_t begin = at_;
  const auto digits = [&] {
    const size_t first = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > first;
  };
  if (text_[at_] == '-') ++at_;
  if (at_ < text_.size() && text_[at_] == '0') {
    ++at_;
    if (at_ < text_.size() && IsDigit(text_[at_])) return Wrong("a number with a leading zero");
  } else if (!digits()) {
    return Wrong("an unexpected character");
  }
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!digits()) return Wrong("a number without digits after its point");
  }
  if (at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!digits()) return Wrong("a number without digits in its exponent");
  }
  const uint32_t index = Add(JsonKind::kNumber, begin);
  nodes_[index].end = static_cast<uint32_t>(at_);
  return true;
}

bool JsonDocument::ParseString() {
  ++at_;
  const uint32_t index = Add(JsonKind::kString, at_);
  bool escaped = false;
  while (true) {
    while (at_ + 8 <= text_.size()) {
      uint64_t word;
      std::memcpy(&word, text_.data() + at_, 8);
      if (HasSpecial(word)) break;
      at_ += 8;
    }
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20) {
      ++at_;
    }
    if (at_ >= text_.size()) return Wrong("a string that is not closed");
    if (text_[at_] == '"') break;
    if (text_[at_] != '\\') return Wrong("a control character in a string");
    escaped = true;
    if (at_ + 1 >= text_.size()) return Wrong("a string that is not closed");
    const char c = text_[at_ + 1];
    if (c == 'u') {
      for (size_t i = at_ + 2; i < at_ + 6; ++i) {
        if (i >= text_.size() || HexValue(text_[i]) < 0) return Wrong("\\u without four hexadecimal digits");
      }
      at_ += 6;
    } else if (std::strchr("\"\\/bfnrt", c) != nullptr && c != '\0') {
      at_ += 2;
    } else {
      return Wrong("an unknown escape");
    }
  }
  nodes_[index].escaped = escaped;
  nodes_[index].end = static_cast<uint32_t>(at_);
  ++at_;
  return true;
}

bool JsonDocument::ParseArray(int depth) {
  if (depth > limits::kNestingMax) return Wrong("values nested too deeply");
  const uint32_t index = Add(JsonKind::kArray, at_);
  ++at_;
  SkipBlanks();
  uint32_t count = 0;
  if (at_ < text_.size() && text_[at_] == ']') {
    ++at_;
  } else {
    while (true) {
      SkipBlanks();
      if (!ParseValue(depth)) return false;
      ++count;
      SkipBlanks();
      if (at_ >= text_.size()) return Wrong("an array that is not closed");
      const char c = text_[at_];
      if (c != ',' && c != ']') return Wrong("neither ',' nor ']' in an array");
      ++at_;
      if (c == ']') break;
    }
  }
  JsonNode& node = nodes_[index];
  node.count = count;
  node.end = static_cast<uint32_t>(at_);
  node.next = static_cast<uint32_t>(nodes_.size());
  return true;
}

bool JsonDocument::ParseObject(int depth) {
  if (depth > limits::kNestingMax) return Wrong("values nested too deeply");
  const uint32_t index = Add(JsonKind::kObject, at_);
  ++at_;
  SkipBlanks();
  uint32_t count = 0;
  if (at_ < text_.size() && text_[at_] == '}') {
    ++at_;
  } else {
    while (true) {
      SkipBlanks();
      if (at_ >= text_.size() || text_[at_] != '"') return Wrong("an object's key is missing");
      if (!ParseString()) return false;
      SkipBlanks();
      if (at_ >= text_.size() || text_[at_] != ':') return Wrong("no ':' after an object's key");
      ++at_;
      SkipBlanks();
      if (!ParseValue(depth)) return false;
      ++count;
      SkipBlanks();
      if (at_ >= text_.size()) return Wrong("an object that is not closed");
      const char c = text_[at_];
      if (c != ',' && c != '}') return Wrong("neither ',' nor '}' in an object");
      ++at_;
      if (c == '}') break;
    }
  }
  JsonNode& node = nodes_[index];
  node.count = count;
  node.end = static_cast<uint32_t>(at_);
  node.next = static_cast<uint32_t>(nodes_.size());
  return true;
}

void JsonDocument::AppendString(uint32_t i, std::string* out) const {
  const std::string_view bytes = raw(i);
  if (!nodes_[i].escaped) {
    out->append(bytes);
    return;
  }
  for (size_t at = 0; at < bytes.size();) {
    const size_t backslash = bytes.find('\\', at);
    out->append(bytes.substr(at, backslash - at));
    if (backslash == std::string_view::npos) return;
    const char c = bytes[backslash + 1];
    at = backslash + 2;
    switch (c) {
      case 'b':
        out->push_back('\b');
        break;
      case 'f':
        out->push_back('\f');
        break;
      case 'n':
        out->push_back('\n');
        break;
      case 'r':
        out->push_back('\r');
        break;
      case 't':
        out->push_back('\t');
        break;
      case 'u': {
        char32_t value = Hex4(bytes.data() + at);
        at += 4;
        if (value >= 0xD800 && value <= 0xDBFF && at + 6 <= bytes.size() && bytes[at] == '\\' &&
            bytes[at + 1] == 'u') {
          const char32_t low = Hex4(bytes.data() + at + 2);
          if (low >= 0xDC00 && low <= 0xDFFF) {
            value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
            at += 6;
          }
        }
        // Half a surrogate pair has no UTF-8; Java writes a question mark.
        utf8::Append(value >= 0xD800 && value <= 0xDFFF ? U'?' : value, out);
        break;
      }
      default:
        out->push_back(c);
    }
  }
}

bool JsonDocument::StringEquals(uint32_t i, std::string_view text) const {
  if (!nodes_[i].escaped) return raw(i) == text;
  std::string decoded;
  AppendString(i, &decoded);
  return decoded == text;
}

void JsonDocument::AppendScalar(uint32_t i, std::string* out) const {
  if (nodes_[i].kind == JsonKind::kString) {
    AppendString(i, out);
  } else if (nodes_[i].kind == JsonKind::kNumber) {
    AppendBigDecimal(raw(i), /*strip_zeros=*/false, out);
  } else {
    out->append(raw(i));
  }
}

std::vector<std::pair<std::string, uint32_t>> JsonDocument::SortedMembers(uint32_t object) const {
  std::vector<std::pair<std::string, uint32_t>> members;
  members.reserve(nodes_[object].count);
  for (uint32_t key = object + 1; key < nodes_[object].next; key = nodes_[key + 1].next) {
    std::string name;
    AppendString(key, &name);
    members.emplace_back(std::move(name), key + 1);
  }
  std::sort(members.begin(), members.end());  // equal keys in document order
  size_t kept = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i].first == members[i + 1].first) continue;
    if (kept != i) members[kept] = std::move(members[i]);
    ++kept;
  }
  members.resize(kept);
  return members;
}

int32_t JsonDocument::Length(uint32_t i) const {
  switch (nodes_[i].kind) {
    case JsonKind::kArray:
      return static_cast<int32_t>(nodes_[i].count);
    case JsonKind::kObject:
      return static_cast<int32_t>(SortedMembers(i).size());
    default:
      return 1;
  }
}

void JsonDocument::AppendJson(uint32_t i, std::string* out) const {
  switch (nodes_[i].kind) {
    case JsonKind::kString:
      if (nodes_[i].escaped) {
        std::string decoded;
        AppendString(i, &decoded);
        AppendJsonString(decoded, out);
      } else {
        out->push_back('"');
        out->append(raw(i));
        out->push_back('"');
      }
      return;
    case JsonKind::kArray: {
      out->push_back('[');
      uint32_t element = i + 1;
      for (uint32_t k = 0; k < nodes_[i].count; ++k) {
        if (k > 0) out->push_back(',');
        AppendJson(element, out);
        element = nodes_[element].next;
      }
      out->push_back(']');
      return;
    }
    case JsonKind::kObject: {
      out->push_back('{');
      bool first = true;
      for (const auto& [name, value] : SortedMembers(i)) {
        if (!first) out->push_back(',');
        first = false;
        AppendJsonString(name, out);
        out->push_back(':');
        AppendJson(value, out);
      }
      out->push_back('}');
      return;
    }
    default:
      AppendScalar(i, out);
  }
}

void AppendBigDecimal(std::string_view number, bool strip_zeros, std::string* out) {
  const bool negative = number.starts_with('-');
  size_t at = negative || number.starts_with('+') ? 1 : 0;
  std::string digits;
  int64_t scale = 0;
  bool fraction = false;
  for (; at < number.size() && (number[at] | 0x20) != 'e'; ++at) {
    if (number[at] == '.') {
      fraction = true;
      continue;
    }
    if (fraction) ++scale;
    if (number[at] != '0' || !digits.empty()) digits.push_back(number[at]);
  }
  if (at < number.size()) {
    int64_t exponent = 0;
    ++at;
    const bool down = at < number.size() && number[at] == '-';
    if (at < number.size() && !IsDigit(number[at])) ++at;
    for (; at < number.size() && exponent < 1'000'000'000'000; ++at)
      exponent = exponent * 10 + (number[at] - '0');
    scale -= down ? -exponent : exponent;
  }
  if (digits.empty()) {
    digits = "0";
    if (strip_zeros) scale = 0;
  } else if (strip_zeros) {
    while (digits.size() > 1 && digits.back() == '0') {
      digits.pop_back();
      --scale;
    }
  }
  if (negative && digits != "0") out->push_back('-');
  if (scale == 0) {
    out->append(digits);
    return;
  }
  const auto count = static_cast<int64_t>(digits.size());
  const int64_t adjusted = count - 1 - scale;
  if (scale > 0 && adjusted >= -6) {
    if (scale < count) {
      out->append(digits, 0, static_cast<size_t>(count - scale)).push_back('.');
      out->append(digits, static_cast<size_t>(count - scale), std::string::npos);
    } else {
      out->append("0.").append(static_cast<size_t>(scale - count), '0').append(digits);
    }
    return;
  }
  out->push_back(digits[0]);
  if (count > 1) out->append(".").append(digits, 1, std::string::npos);
  fmt::format_to(std::back_inserter(*out), "E{:+}", adjusted);
}

}  // namespace millrace::functions
