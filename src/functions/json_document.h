// JSON texts as trees over their own bytes, and their text as Flink prints it.
//
// Numbers keep their digits, strings their escapes; nothing is copied. A document is reused from text to text
// by one thread (ThisThread()), so that parsing takes no memory once it is warm.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::functions {

enum class JsonKind : uint8_t { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };

// A value or, as an object's every second descendant, a key. Values lie in document order: the first child of
// a container comes right after it, and the sibling after node i is node[i].next.
struct JsonNode {
  JsonKind kind;
  bool escaped;    // a string with backslashes
  uint32_t begin;  // bytes [begin, end) of the text; of a string, without its quotes
  uint32_t end;
  uint32_t next;
  uint32_t count;  // elements of an array; members of an object

  bool is_scalar() const { return kind < JsonKind::kArray; }
};

class JsonDocument {
 public:
  static JsonDocument& ThisThread();

  // The whole text must be one JSON value (RFC 8259), nested no deeper than limits::kNestingMax. False: it is
  // none, and problem() says why. The text must outlive the use of the document.
  bool Parse(std::string_view text);
  // The same, but text may follow the value.
  bool ParsePrefix(std::string_view text);
  std::string problem() const;

  static constexpr uint32_t kRoot = 0;
  const JsonNode& node(uint32_t i) const { return nodes_[i]; }
  std::string_view raw(uint32_t i) const {
    return text_.substr(nodes_[i].begin, nodes_[i].end - nodes_[i].begin);
  }

  // Whether the string or key i is `text`.
  bool StringEquals(uint32_t i, std::string_view text) const;
  // What the string or key i says.
  void AppendString(uint32_t i, std::string* out) const;
  // A scalar as text: strings unquoted, numbers as Java's BigDecimal prints them.
  void AppendScalar(uint32_t i, std::string* out) const;
  // JSON without blanks, keys sorted, the last of equal keys kept.
  void AppendJson(uint32_t i, std::string* out) const;
  // Members of an object with different keys, or elements of an array; 1 for a scalar.
  int32_t Length(uint32_t i) const;

 private:
  bool ParseValue(int depth);
  bool ParseString();
  bool ParseNumber();
  bool ParseWord(std::string_view word, JsonKind kind);
  bool ParseArray(int depth);
  bool ParseObject(int depth);
  void SkipBlanks();
  bool Wrong(const char* why);
  uint32_t Add(JsonKind kind, size_t begin);
  // (key node, value node) of each member, sorted by key, the last of equals only.
  std::vector<std::pair<std::string, uint32_t>> SortedMembers(uint32_t object) const;

  std::string_view text_;
  size_t at_ = 0;
  const char* why_ = nullptr;
  std::vector<JsonNode> nodes_;
};

// A decimal number such as "-12.50e3" as java.math.BigDecimal prints it ("-1.250E+4"); with
// `strip_zeros`, without zeros at the end of its fraction or integer part (1200 is 1.2E+3).
void AppendBigDecimal(std::string_view number, bool strip_zeros, std::string* out);

}  // namespace millrace::functions
