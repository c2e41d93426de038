// JsonColumns: lines of one layout read column by column, the fastest path of the json decoder.
//
// A layout is the exact text between the values of a line, learnt from one that the careful path has
// read. In a line of that layout the n-th mark of the index (json_index.h) is the n-th key, so all values
// of up to 64 lines are found without reading one to find the next, and each column is read by one loop
// that compares the text in front of each value, parses the value, and demands that it ends where the next
// text begins: texts and values tile the line. Lines for which that fails are told, never misread: they are
// for the other paths, which give the same rows.
//
// Owned by one decoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/batch_writer.h"
#include "formats/json_index.h"
#include "formats/json_value.h"

namespace millrace::formats {

class JsonColumns {
 public:
  // Bytes that must be readable in front of the first line that is read, and behind the last.
  static constexpr size_t kReadableBytes = 512;
  static constexpr size_t kLinesMax = 64;

  // `record` and `values` outlive this.
  JsonColumns(const ValueSpec* record, bool fail_on_missing_field, JsonValueWriter* values);

  // Takes the layout of `line`, which ends in its '\n'; without one that suits, there is none.
  void Learn(std::string_view line, const std::vector<JsonMember>& members);
  void Forget() { texts_.clear(); }
  bool has_layout() const { return !texts_.empty(); }

  // Reads `count` lines (at most kLinesMax) of the index from line `first` on into the rows from the
  // writer's current one on, no validity touched. Bit i of the result is set when line first + i is not of
  // this layout; its row is then to be written anew.
  uint64_t Read(const JsonIndex& index, size_t first, size_t count, BatchWriter& writer);

  // Whether each line needs ReadRest.
  bool has_rest() const { return has_rest_; }
  // Of a line that Read took, into the writer's current row: values of types without a loop of their own,
  // and NULL for missing ones. False: the row is to be written anew.
  bool ReadRest(const JsonIndex& index, size_t line, BatchWriter& writer);

 private:
  // How the value behind a text is read. kRest* are read by ReadRest.
  enum class Kernel : uint8_t {
    kEnd,
    kInt8,
    kInt16,
    kInt32,
    kInt64,
    kDecimal64,
    kDouble,
    kBoolean,
    kString,
    kTimestamp,
    kSkipString,
    kSkipNumber,
    kSkipBoolean,
    kRest,
    kRestSkip,
  };

  static constexpr size_t kShortBytes = 32;
  static constexpr size_t kTextBytesMax = 256;
  static constexpr size_t kColumnsMax = 256;

  // Timestamps of one shape and day: what does not change from one to the next.
  struct alignas(32) TimeShape {
    char text[kShortBytes] = {};
    char mask[kShortBytes] = {};  // 0xFF where text counts; all 0 until a day is known
    size_t size = 0;              // of the value, 0 when the shape is none of those read at once
    bool has_fraction = false;
    int64_t day_micros = 0;
  };

  // Text in front of a value, with its opening quote and, behind a string, that one's closing quote.
  struct alignas(32) Text {
    char bytes[kShortBytes] = {};
    char mask[kShortBytes] = {};  // 0xFF where bytes count
    TimeShape time;
    uint32_t size = 0;
    uint32_t mark = 0;     // the number of its mark, the line's first being 1
    uint32_t mark_at = 0;  // where in the text
    int child = -1;
    Kernel kernel = Kernel::kEnd;
    bool is_instant = false;
    int precision = 0;
    int scale = 0;
    int fraction_digits = 0;  // of the value from which the layout was learnt
    const ValueSpec* spec = nullptr;
    std::string all_bytes;
  };

  struct Lines;

  static Kernel KernelFor(const ValueSpec* spec, std::string_view value);
  bool LearnTexts(std::string_view line, const std::vector<JsonMember>& members);
  // Each returns the lines that are not of the layout, a bit a line.
  template <bool kExact, typename F>
  static uint64_t Loop(const Lines& lines, const Text& text, const Text& next, F read);
  template <typename F>
  static uint64_t ForLines(const Lines& lines, const Text& text, const Text& next, F read);
  static uint64_t LongTexts(const Lines& lines, const Text& text);
  uint64_t ReadColumn(const Lines& lines, Text& text, const Text& next, BatchWriter& writer);
  template <typename T>
  static uint64_t ReadIntegers(const Lines& lines, const Text& text, const Text& next, std::byte* out);
  static uint64_t ReadDecimals(const Lines& lines, const Text& text, const Text& next, std::byte* out);
  static uint64_t ReadDoubles(const Lines& lines, const Text& text, const Text& next, std::byte* out);
  static uint64_t ReadBooleans(const Lines& lines, const Text& text, const Text& next, std::byte* out);
  static uint64_t ReadStrings(const Lines& lines, const Text& text, const Text& next, std::byte* out);
  uint64_t ReadTimestamps(const Lines& lines, Text& text, const Text& next, std::byte* out);
  bool ReadTimeSlowly(std::string_view value, Text& text, int64_t* micros);
  static uint64_t SkipStrings(const Lines& lines, const Text& text, const Text& next);
  static uint64_t SkipNumbers(const Lines& lines, const Text& text, const Text& next);
  static uint64_t SkipBooleans(const Lines& lines, const Text& text, const Text& next);

  const ValueSpec* record_;
  bool fail_on_missing_field_;
  JsonValueWriter* values_;
  std::vector<Text> texts_;  // the last is the end of the line
  std::vector<int> missing_;
  bool has_rest_ = false;
};

}  // namespace millrace::formats
