// JsonSpeculation: the hot path of the json decoder.
//
// Records of one stream are written by one program: the same keys, in the same order, with the same
// spacing. So the exact bytes between two values (`,"user_id":`) are remembered as steps, with the steps
// that have followed each; a record is read by comparing those bytes, one vector compare a key, and by
// parsing each value as its column's type straight into the column. Where anything is not as
// remembered, the record is left to the careful path, from which the steps are learnt. Both give the
// same rows.
//
// Owned by one decoder.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "formats/batch_writer.h"
#include "formats/json_value.h"

namespace millrace::formats {

class JsonSpeculation {
 public:
  // `record` and `values` outlive this.
  JsonSpeculation(const ValueSpec* record, bool fail_on_missing_field, JsonValueWriter* values);

  // Reads the record at `p` into the writer's current row and returns where it ends (behind its '}'), or
  // nullptr: the row is then to be written anew. `limit` is the end of readable memory.
  const char* TryRecord(const char* p, const char* limit, BatchWriter& writer);

  // Remembers the layout of a record that the careful path has read; the last entry is its end.
  void Learn(const std::vector<JsonMember>& members);

 private:
  // How a value is read.
  enum class Op : uint8_t {
    kEnd,
    kSkip,
    kInt8,
    kInt16,
    kInt32,
    kInt64,
    kDecimal64,
    kDouble,
    kBoolean,
    kString,
    kTimestamp,
    kInstant,
    kCareful,
  };

  static constexpr size_t kStepsMax = 512;
  static constexpr size_t kKeyBytesMax = 256;
  static constexpr size_t kShortKeyBytes = 32;
  static constexpr size_t kSuccessorsMax = 8;
  static constexpr size_t kColumnsMax = 256;

  struct alignas(32) Step {
    char key[kShortKeyBytes] = {};
    char mask[kShortKeyBytes] = {};  // 0xFF where key counts
    uint32_t key_size = 0;
    int32_t child = -1;
    Op op = Op::kEnd;
    uint8_t num_successors = 0;
    uint8_t precision = 0;
    uint8_t scale = 0;
    Step* successors[kSuccessorsMax] = {};
    const ValueSpec* spec = nullptr;
    std::string long_key;  // for keys of more than kShortKeyBytes
  };

  static Op OpFor(const ValueSpec& spec);
  static bool Matches(const Step& step, const char* p, const char* limit);
  static Step* FindSuccessor(Step& from, const char* p, const char* limit);
  const char* ReadValue(const Step& step, const char* p, const char* limit, BatchWriter& writer);
  const char* ReadCarefully(const Step& step, const char* p, const char* limit, BatchWriter& writer);
  const char* Skip(const char* p, const char* limit);
  static const char* SkipCarefully(const char* p, const char* limit);
  template <size_t kWords>
  const char* ReadRecord(const char* p, const char* limit, BatchWriter& writer);
  bool FillMissing(const uint64_t* seen, BatchWriter& writer);

  const ValueSpec* record_;
  bool fail_on_missing_field_;
  JsonValueWriter* values_;
  std::deque<Step> steps_;  // the first is the start of a record; they point at one another
};

}  // namespace millrace::formats
