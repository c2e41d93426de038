#include "env/disk_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace millrace::env {

namespace {

uint64_t SectorStart(uint64_t offset) {
  return offset / kSectorBytes * kSectorBytes;
}

// Calls `function(begin, end)` for the part of each sector that lies in the range.
template <typename Function>
void ForEachSector(uint64_t begin, uint64_t end, Function function) {
  while (begin < end) {
    const uint64_t next = std::min(end, SectorStart(begin) + kSectorBytes);
    function(begin, next);
    begin = next;
  }
}

}  // namespace

size_t DiskFile::ReadAt(uint64_t offset, std::span<std::byte> buffer) const {
  if (offset >= bytes_.size()) return 0;
  const size_t size = std::min<size_t>(buffer.size(), bytes_.size() - offset);
  std::memcpy(buffer.data(), bytes_.data() + offset, size);
  return size;
}

void DiskFile::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  bytes_.append(bytes);
  ends_.push_back(bytes_.size());
}

void DiskFile::CutTo(uint64_t size) {
  MR_CHECK_LE(size, bytes_.size());
  if (size == bytes_.size()) return;
  if (size < safe_) {
    old_tail_.insert(0, bytes_, size, safe_ - size);
    safe_ = size;
  }
  bytes_.resize(size);
  std::erase_if(ends_, [size](uint64_t end) { return end > size; });
  ends_.push_back(size);
  for (Range& range : doubtful_) range.end = std::min(range.end, size);
  std::erase_if(doubtful_, [](const Range& range) { return range.begin >= range.end; });
}

void DiskFile::Sync() {
  safe_ = bytes_.size();
  old_tail_.clear();
  ends_.clear();
}

void DiskFile::FailSync() {
  if (safe_ < bytes_.size()) doubtful_.push_back({safe_, bytes_.size()});
}

void DiskFile::FlipBit(uint64_t bit) {
  MR_CHECK_LT(bit / 8, bytes_.size());
  char& byte = bytes_[bit / 8];
  byte = static_cast<char>(byte ^ (1 << (bit % 8)));
}

void DiskFile::LosePower(Random& random, const PowerLoss& loss) {
  enum Outcome : uint8_t { kNothingNew, kAllNew, kPartly, kPartlyToo, kOutcomes };
  const auto outcome = static_cast<Outcome>(random.Below(kOutcomes));
  std::string left;
  switch (outcome) {
    case kNothingNew:
      left = bytes_.substr(0, safe_) + old_tail_;
      break;
    case kAllNew:
      left = bytes_;
      break;
    default:
      left = DrawPartly(random, loss);
  }
  if (outcome != kAllNew) {
    for (const Range& range : doubtful_) {
      ForEachSector(range.begin, std::min<uint64_t>(range.end, safe_), [&](uint64_t begin, uint64_t end) {
        if (outcome == kNothingNew || random.Chance(0.5)) std::fill(&left[begin], &left[end], '\0');
      });
    }
  }
  bytes_ = std::move(left);
  doubtful_.clear();
  Sync();
}

uint64_t DiskFile::DrawSize(Random& random) const {
  switch (random.Below(4)) {
    case 0:
      return bytes_.size();
    case 2:
      return SafeSize();
    case 1:
      return ends_.empty() ? SafeSize() : ends_[random.Below(ends_.size())];
    default: {
      // Pages are written back before the length of the last write is.
      const uint64_t most = std::max<uint64_t>(bytes_.size(), SafeSize());
      return std::max(safe_, SectorStart(safe_ + random.Below(most - safe_ + 1)));
    }
  }
}

std::string DiskFile::DrawPartly(Random& random, const PowerLoss& loss) const {
  const uint64_t size = DrawSize(random);
  const bool scattered = loss.scatters_sectors && random.Chance(0.5);
  const bool garbage = loss.leaves_garbage && random.Chance(0.5);
  const bool old_is_gone = random.Chance(0.5);
  const uint64_t kept = random.Chance(0.5) ? size : safe_ + random.Below(size - safe_ + 1);
  std::string left = bytes_.substr(0, size);
  left.resize(size);
  ForEachSector(safe_, size, [&](uint64_t begin, uint64_t end) {
    const bool is_kept = scattered ? random.Chance(0.5) : end <= kept;
    const uint64_t lost = is_kept ? std::clamp<uint64_t>(bytes_.size(), begin, end) : begin;
    Lose(left, lost, end, garbage, old_is_gone, random);
  });
  return left;
}

void DiskFile::Lose(std::string& left, uint64_t begin, uint64_t end, bool garbage, bool old_is_gone,
                    Random& random) const {
  for (uint64_t offset = begin; offset < end; ++offset) {
    const bool has_old = !old_is_gone && offset < SafeSize();
    const char fill = garbage ? static_cast<char>(random.Next()) : '\0';
    left[offset] = has_old ? old_tail_[offset - safe_] : fill;
  }
}

}  // namespace millrace::env
