#include "formats/json_index.h"

#include <algorithm>
#include <utility>

#include "formats/scan.h"

namespace millrace::formats {
namespace {

constexpr size_t kBlockBytes = 64;
// So many marks of a block are written whether there are as many or not.
constexpr size_t kMarksAtOnce = 6;

// The window behind this one is asked for while this one is worked on.
constexpr size_t kPrefetchBytes = size_t{32} << 10;

// The number of the lowest bit, anything when there is none: std::countr_zero becomes a branch on that.
inline uint32_t LowestBit(uint64_t bits) {
#if defined(__BMI__)
  return static_cast<uint32_t>(_tzcnt_u64(bits));
#else
  return static_cast<uint32_t>(std::countr_zero(bits | uint64_t{1} << 63));
#endif
}

struct BlockMasks {
  uint64_t line_ends;
  uint64_t key_ends;
};

// One bit a byte of the 64 at p; reads 65.
inline BlockMasks FindMarks(const char* p) {
#if defined(__AVX2__)
  const auto load = [](const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); };
  const auto mask = [](__m256i low, __m256i high) {
    return static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(high))) << 32 |
           static_cast<uint32_t>(_mm256_movemask_epi8(low));
  };
  const __m256i line_end = _mm256_set1_epi8('\n');
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i colon = _mm256_set1_epi8(':');
  const __m256i low = load(p);
  const __m256i high = load(p + 32);
  const __m256i low_key =
      _mm256_and_si256(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(load(p + 1), colon));
  const __m256i high_key =
      _mm256_and_si256(_mm256_cmpeq_epi8(high, quote), _mm256_cmpeq_epi8(load(p + 33), colon));
  return {mask(_mm256_cmpeq_epi8(low, line_end), _mm256_cmpeq_epi8(high, line_end)), mask(low_key, high_key)};
#else
  BlockMasks masks{};
  for (size_t i = 0; i < kBlockBytes; ++i) {
    masks.line_ends |= uint64_t{p[i] == '\n'} << i;
    masks.key_ends |= uint64_t{p[i] == '"' && p[i + 1] == ':'} << i;
  }
  return masks;
#endif
}

}  // namespace

JsonIndex::JsonIndex()
    : marks_(std::make_unique_for_overwrite<uint32_t[]>(1 + kBytesMax + kBlockBytes + kMarksMax)),
      line_marks_(std::make_unique_for_overwrite<uint32_t[]>(1 + kBytesMax + 1)) {}

void JsonIndex::Build(const char* begin, const char* end, const char* limit, size_t tail_bytes) {
  begin_ = begin;
  lines_ = 0;
  marks_[0] = ~uint32_t{0};  // the line end before the window
  line_marks_[0] = 0;
  if (static_cast<size_t>(limit - begin) <= tail_bytes) return;
  end = std::min(end, limit - tail_bytes);
  if (end <= begin || static_cast<size_t>(end - begin) > kBytesMax) return;
  size_t num_marks = 1;
  size_t lines = 0;
  for (const char* p = begin; p < end; p += kBlockBytes) {
    __builtin_prefetch(p + kPrefetchBytes, 0, 2);
    BlockMasks masks = FindMarks(p);
    if (static_cast<size_t>(end - p) < kBlockBytes) {
      const uint64_t inside = (uint64_t{1} << (end - p)) - 1;
      masks.line_ends &= inside;
      masks.key_ends &= inside;
    }
    const auto base = static_cast<uint32_t>(p - begin);
    uint64_t bits = masks.line_ends | masks.key_ends;
    const auto count = static_cast<size_t>(std::popcount(bits));
    // Of the first line end; overwritten by the next when there is none.
    uint64_t line_ends = masks.line_ends;
    line_marks_[lines + 1] =
        static_cast<uint32_t>(num_marks + std::popcount(bits & (line_ends - 1) & ~line_ends));
    lines += line_ends != 0 ? 1 : 0;
    for (line_ends &= line_ends - 1; line_ends != 0; line_ends &= line_ends - 1) {
      const uint64_t before = (line_ends & -line_ends) - 1;
      line_marks_[++lines] = static_cast<uint32_t>(num_marks + std::popcount(bits & before));
    }
    uint32_t* out = marks_.get() + num_marks;
    const auto take = [&](size_t i) {
      out[i] = base + LowestBit(bits);
      bits &= bits - 1;
    };
    [&]<size_t... i>(std::index_sequence<i...>) { (take(i), ...); }(std::make_index_sequence<kMarksAtOnce>());
    for (size_t i = kMarksAtOnce; i < count; ++i) take(i);
    num_marks += count;
  }
  std::fill_n(marks_.get() + num_marks, kMarksMax, marks_[line_marks_[lines]] + 1);
  lines_ = lines;
}

}  // namespace millrace::formats
