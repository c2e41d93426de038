#include "formats/json_speculation.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "formats/number_scan.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

template <typename T>
void Store(BatchWriter& writer, int column, T value) {
  reinterpret_cast<T*>(writer.raw_values(column))[writer.row()] = value;
}

template <typename T>
inline const char* ReadInteger(const char* p, BatchWriter& writer, int column) {
  int64_t value;
  const char* end = ScanWhole(p, &value);
  if (end == nullptr || value != static_cast<T>(value)) return nullptr;
  Store(writer, column, static_cast<T>(value));
  return end;
}

const char* LineEnd(const char* p, const char* limit) {
  const void* found = std::memchr(p, '\n', static_cast<size_t>(limit - p));
  return found != nullptr ? static_cast<const char*>(found) : limit;
}

}  // namespace

JsonSpeculation::JsonSpeculation(const ValueSpec* record, bool fail_on_missing_field, JsonValueWriter* values)
    : record_(record), fail_on_missing_field_(fail_on_missing_field), values_(values), steps_(1) {}

JsonSpeculation::Op JsonSpeculation::OpFor(const ValueSpec& spec) {
  switch (spec.kind) {
    case TypeKind::kTinyInt:
      return Op::kInt8;
    case TypeKind::kSmallInt:
      return Op::kInt16;
    case TypeKind::kInt:
      return Op::kInt32;
    case TypeKind::kBigInt:
      return Op::kInt64;
    case TypeKind::kDecimal:
      return spec.physical == data::PhysicalType::kInt64 ? Op::kDecimal64 : Op::kCareful;
    case TypeKind::kDouble:
      return Op::kDouble;
    case TypeKind::kBoolean:
      return Op::kBoolean;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return Op::kString;
    case TypeKind::kTimestamp:
      return Op::kTimestamp;
    case TypeKind::kTimestampLtz:
      return Op::kInstant;
    default:
      return Op::kCareful;
  }
}

inline bool JsonSpeculation::Matches(const Step& step, const char* p, const char* limit) {
  if (step.key_size > kShortKeyBytes) [[unlikely]] {
    return static_cast<size_t>(limit - p) > step.key_size + kScanPadding &&
           std::memcmp(p, step.long_key.data(), step.key_size) == 0;
  }
#if defined(__AVX2__)
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i key = _mm256_load_si256(reinterpret_cast<const __m256i*>(step.key));
  const __m256i mask = _mm256_load_si256(reinterpret_cast<const __m256i*>(step.mask));
  return _mm256_testz_si256(_mm256_xor_si256(bytes, key), mask) != 0;
#else
  return std::memcmp(p, step.key, step.key_size) == 0;
#endif
}

JsonSpeculation::Step* JsonSpeculation::FindSuccessor(Step& from, const char* p, const char* limit) {
  for (size_t i = 0; i < from.num_successors; ++i) {
    Step* candidate = from.successors[i];
    if (!Matches(*candidate, p, limit)) continue;
    if (i > 0) std::swap(from.successors[0], from.successors[i]);
    return candidate;
  }
  return nullptr;
}

[[gnu::always_inline]] inline const char* JsonSpeculation::Skip(const char* p, const char* limit) {
  if (*p == '"') {
    const char* close = FindJsonStringStop(p + 1, limit - 32);
    if (close != nullptr && *close == '"') return close + 1;
  } else if (IsDigit(*p) || *p == '-') {
    const char* end = SkipFixed(p);
    if (end != nullptr) return end;
    Fixed fixed;
    end = ScanFixed(p, &fixed);
    if (end != nullptr) return end;
  } else if (const char* end = ScanBoolean(p); end != nullptr) {
    return end;
  }
  return SkipCarefully(p, limit);
}

const char* JsonSpeculation::TryRecord(const char* p, const char* limit, BatchWriter& writer) {
  // One word of columns seen stays in a register.
  return record_->children.size() <= 64 ? ReadRecord<1>(p, limit, writer)
                                        : ReadRecord<kColumnsMax / 64>(p, limit, writer);
}

template <size_t kWords>
const char* JsonSpeculation::ReadRecord(const char* p, const char* limit, BatchWriter& writer) {
  if (steps_[0].num_successors == 0 || static_cast<size_t>(limit - p) < 2 * kScanPadding) return nullptr;
  // From any position up to here, a key compare and the start of a value stay within readable memory.
  const char* last = limit - 2 * kScanPadding;
  values_->BeginRecord();
  uint64_t seen[kWords] = {};
  size_t num_seen = 0;
  Step* current = &steps_[0];
  for (;;) {
    if (p > last) return nullptr;
    Step* step = current->successors[0];
    if (step == nullptr) [[unlikely]]
      return nullptr;  // the layout was too large to be learnt to its end
    if (!Matches(*step, p, limit)) [[unlikely]] {
      step = FindSuccessor(*current, p, limit);
      if (step == nullptr) return nullptr;
    }
    p += step->key_size;
    if (step->op == Op::kEnd) break;
    if (step->op == Op::kSkip) {
      p = Skip(p, limit);
    } else {
      uint64_t& word = seen[kWords == 1 ? 0 : step->child >> 6];
      const uint64_t bit = uint64_t{1} << (step->child & 63);
      if ((word & bit) != 0) return nullptr;  // a key twice
      word |= bit;
      ++num_seen;
      p = ReadValue(*step, p, limit, writer);
    }
    if (p == nullptr) return nullptr;
    current = step;
  }
  if (num_seen < record_->children.size() && !FillMissing(seen, writer)) return nullptr;
  return p;
}

bool JsonSpeculation::FillMissing(const uint64_t* seen, BatchWriter& writer) {
  if (fail_on_missing_field_) return false;
  for (size_t i = 0; i < record_->children.size(); ++i) {
    if ((seen[i >> 6] >> (i & 63) & 1) != 0) continue;
    const JsonOutcome outcome =
        values_->WriteNull(record_->children[i], Flaw::kMissing, writer.column(i), writer.row());
    if (outcome != JsonOutcome::kOk) return false;
  }
  return true;
}

[[gnu::always_inline]] inline const char* JsonSpeculation::ReadValue(const Step& step, const char* p,
                                                                     const char* limit, BatchWriter& writer) {
  const char* end = nullptr;
  switch (step.op) {
    case Op::kInt8:
      end = ReadInteger<int8_t>(p, writer, step.child);
      break;
    case Op::kInt16:
      end = ReadInteger<int16_t>(p, writer, step.child);
      break;
    case Op::kInt32:
      end = ReadInteger<int32_t>(p, writer, step.child);
      break;
    case Op::kInt64:
      end = ReadInteger<int64_t>(p, writer, step.child);
      break;
    case Op::kDecimal64: {
      int64_t value;
      end = ScanDecimal(p, step.precision, step.scale, &value);
      if (end != nullptr) Store(writer, step.child, value);
      break;
    }
    case Op::kDouble: {
      double value;
      end = ScanDouble(p, &value);
      if (end != nullptr) Store(writer, step.child, value);
      break;
    }
    case Op::kBoolean: {
      end = ScanBoolean(p);
      if (end != nullptr) Store(writer, step.child, static_cast<uint8_t>(*p == 't'));
      break;
    }
    case Op::kString: {
      if (*p != '"') break;
      const char* close = FindJsonStringStop(p + 1, limit - 32);
      if (close == nullptr || *close != '"') break;
      StoreStringRef(p + 1, static_cast<size_t>(close - p - 1),
                     reinterpret_cast<data::StringRef*>(writer.raw_values(step.child)) + writer.row());
      end = close + 1;
      break;
    }
    case Op::kTimestamp:
    case Op::kInstant: {
      if (*p != '"') break;
      const char* close = FindJsonStringStop(p + 1, limit - 32);
      if (close == nullptr || *close != '"') break;
      const std::string_view text(p + 1, static_cast<size_t>(close - p - 1));
      TimestampReader& reader = values_->scalars().timestamps();
      int64_t micros;
      const bool ok =
          step.op == Op::kInstant ? reader.ReadInstant(text, &micros) : reader.Read(text, &micros);
      if (!ok) break;
      Store(writer, step.child, CutToPrecision(micros, step.precision));
      end = close + 1;
      break;
    }
    default:
      break;
  }
  if (end != nullptr) [[likely]]
    return end;
  return ReadCarefully(step, p, limit, writer);
}

const char* JsonSpeculation::ReadCarefully(const Step& step, const char* p, const char* limit,
                                           BatchWriter& writer) {
  JsonCursor cursor(p, LineEnd(p, limit));
  const JsonOutcome outcome = values_->Write(cursor, *step.spec, writer.column(step.child), writer.row(), 1);
  return outcome == JsonOutcome::kOk ? cursor.position() : nullptr;
}

const char* JsonSpeculation::SkipCarefully(const char* p, const char* limit) {
  JsonCursor cursor(p, LineEnd(p, limit));
  return cursor.SkipValue(1) ? cursor.position() : nullptr;
}

void JsonSpeculation::Learn(const std::vector<JsonMember>& members) {
  if (record_->children.size() > kColumnsMax) return;
  Step* current = &steps_[0];
  for (size_t i = 0; i < members.size(); ++i) {
    const JsonMember& member = members[i];
    const std::string_view key(member.begin, static_cast<size_t>(member.value - member.begin));
    if (key.size() > kKeyBytesMax || key.find('\n') != std::string_view::npos) return;
    const bool is_end = i + 1 == members.size();
    const Op op = is_end ? Op::kEnd : member.child < 0 ? Op::kSkip : OpFor(record_->children[member.child]);
    size_t index = 1;
    while (index < steps_.size() &&
           !(steps_[index].op == op && steps_[index].child == member.child &&
             (key.size() > kShortKeyBytes
                  ? std::string_view(steps_[index].long_key)
                  : std::string_view(steps_[index].key, steps_[index].key_size)) == key)) {
      ++index;
    }
    if (index == steps_.size()) {
      if (steps_.size() >= kStepsMax) return;
      Step& step = steps_.emplace_back();
      step.key_size = static_cast<uint32_t>(key.size());
      if (key.size() > kShortKeyBytes) {
        step.long_key = key;
      } else {
        std::memcpy(step.key, key.data(), key.size());
        std::memset(step.mask, 0xFF, key.size());
      }
      step.child = member.child;
      step.op = op;
      if (member.child >= 0) {
        step.spec = &record_->children[member.child];
        step.precision = static_cast<uint8_t>(step.spec->precision);
        step.scale = static_cast<uint8_t>(step.spec->scale);
      }
    }
    Step* successor = &steps_[index];
    Step** end = current->successors + current->num_successors;
    Step** known = std::find(current->successors, end, successor);
    if (known == end) {
      if (current->num_successors < kSuccessorsMax) {
        ++current->num_successors;
      } else {
        --known;
      }
      *known = successor;
    }
    std::swap(*known, current->successors[0]);
    current = successor;
  }
}

}  // namespace millrace::formats
