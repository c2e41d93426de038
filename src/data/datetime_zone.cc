// Time zones from the system's tz database (TZif files, RFC 8536), and fixed offsets.
//
// The files are read here directly and not through env/: zone rules are part of the language, like the
// calendar, not of the world a simulation varies; they must be at hand wherever a literal is folded.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>

#include "base/check.h"
#include "base/mutex.h"
#include "data/datetime.h"

namespace millrace::data {

namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kSecondsPerCycle = 146'097 * kSecondsPerDay;  // 400 Gregorian years repeat exactly

class FixedZone final : public TimeZone {
 public:
  FixedZone(std::string name, int64_t offset_seconds)
      : name_(std::move(name)), offset_micros_(offset_seconds * kMicrosPerSecond) {}
  const std::string& name() const override { return name_; }
  int64_t ToLocal(int64_t instant_micros) const override { return instant_micros + offset_micros_; }
  int64_t ToInstant(int64_t local_micros) const override { return local_micros - offset_micros_; }

 private:
  std::string name_;
  int64_t offset_micros_;
};

struct Transition {
  int64_t at_seconds;  // instant from which the offset holds
  int64_t offset_seconds;
};

class RuledZone final : public TimeZone {
 public:
  // `transitions` ascending. With `repeats`, the last 400 years of them hold for every later cycle.
  RuledZone(std::string name, int64_t first_offset, std::vector<Transition> transitions, bool repeats)
      : name_(std::move(name)), repeats_(repeats) {
    offsets_.push_back(first_offset * kMicrosPerSecond);
    for (const Transition& transition : transitions) {
      const int64_t offset = transition.offset_seconds * kMicrosPerSecond;
      const int64_t at = transition.at_seconds * kMicrosPerSecond;
      instants_.push_back(at);
      // A local time belongs to the new offset only past both readings of the change: so a time that occurs
      // twice takes the earlier offset, and one that does not exist moves forward by the gap.
      locals_.push_back(at + std::max(offsets_.back(), offset));
      offsets_.push_back(offset);
    }
  }

  const std::string& name() const override { return name_; }
  int64_t ToLocal(int64_t instant) const override { return instant + OffsetAt(instants_, instant); }
  int64_t ToInstant(int64_t local) const override { return local - OffsetAt(locals_, local); }

 private:
  int64_t OffsetAt(const std::vector<int64_t>& bounds, int64_t micros) const {
    if (bounds.empty()) return offsets_[0];
    if (micros >= bounds.back()) {
      if (!repeats_) return offsets_.back();
      constexpr int64_t kCycle = kSecondsPerCycle * kMicrosPerSecond;
      micros -= ((micros - bounds.back()) / kCycle + 1) * kCycle;
    }
    const auto after = std::upper_bound(bounds.begin(), bounds.end(), micros);
    return offsets_[static_cast<size_t>(after - bounds.begin())];
  }

  std::string name_;
  bool repeats_;
  std::vector<int64_t> instants_;
  std::vector<int64_t> locals_;
  std::vector<int64_t> offsets_;  // µs; one more than bounds
};

// The footer of a TZif file: a POSIX TZ string, "CET-1CEST,M3.5.0,M10.5.0/3".
class PosixRule {
 public:
  struct Date {
    char kind = 'M';  // 'M': month.week.day; 'J': day 1..365 without 29 February; 'N': day 0..365
    int month = 0;
    int week = 0;
    int day = 0;
    int64_t time_seconds = 2 * 3600;
  };

  static std::optional<PosixRule> Parse(std::string_view text) {
    PosixRule rule;
    rule.text_ = text;
    int64_t offset = 0;
    if (!rule.SkipName() || !rule.ReadTime(&offset)) return std::nullopt;
    rule.standard_seconds_ = -offset;
    if (rule.text_.empty()) return rule;
    if (!rule.SkipName()) return std::nullopt;
    rule.has_summer_ = true;
    rule.summer_seconds_ = rule.standard_seconds_ + 3600;
    if (!rule.text_.empty() && rule.text_[0] != ',') {
      if (!rule.ReadTime(&offset)) return std::nullopt;
      rule.summer_seconds_ = -offset;
    }
    if (!rule.ReadDate(&rule.begin_) || !rule.ReadDate(&rule.end_) || !rule.text_.empty())
      return std::nullopt;
    return rule;
  }

  bool has_summer() const { return has_summer_; }
  int64_t standard_seconds() const { return standard_seconds_; }

  // The two changes of a year, in order.
  void AddYear(int year, std::vector<Transition>* out) const {
    Transition to_summer{Instant(begin_, year, standard_seconds_), summer_seconds_};
    Transition to_standard{Instant(end_, year, summer_seconds_), standard_seconds_};
    if (to_standard.at_seconds < to_summer.at_seconds) std::swap(to_summer, to_standard);
    out->push_back(to_summer);
    out->push_back(to_standard);
  }

 private:
  bool SkipName() {
    size_t length = 0;
    if (!text_.empty() && text_[0] == '<') {
      length = text_.find('>');
      if (length == std::string_view::npos) return false;
      ++length;
    } else {
      while (length < text_.size() && ((text_[length] | 0x20) >= 'a' && (text_[length] | 0x20) <= 'z'))
        ++length;
    }
    text_.remove_prefix(length);
    return length >= 3;
  }

  bool ReadNumber(int* value) {
    size_t length = 0;
    int number = 0;
    while (length < text_.size() && length < 4 && text_[length] >= '0' && text_[length] <= '9') {
      number = number * 10 + (text_[length++] - '0');
    }
    text_.remove_prefix(length);
    *value = number;
    return length > 0;
  }

  bool Skip(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  // "[+-]hh[:mm[:ss]]"
  bool ReadTime(int64_t* seconds) {
    const bool negative = Skip('-');
    if (!negative) Skip('+');
    int parts[3] = {0, 0, 0};
    for (int i = 0; i < 3; ++i) {
      if (i > 0 && !Skip(':')) break;
      if (!ReadNumber(&parts[i])) return false;
    }
    *seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    if (negative) *seconds = -*seconds;
    return true;
  }

  bool ReadDate(Date* date) {
    if (!Skip(',')) return false;
    if (Skip('M')) {
      if (!ReadNumber(&date->month) || !Skip('.') || !ReadNumber(&date->week) || !Skip('.') ||
          !ReadNumber(&date->day) || date->month < 1 || date->month > 12 || date->day > 6) {
        return false;
      }
    } else {
      date->kind = Skip('J') ? 'J' : 'N';
      if (!ReadNumber(&date->day)) return false;
    }
    return !Skip('/') || ReadTime(&date->time_seconds);
  }

  static int64_t Instant(const Date& date, int year, int64_t offset_before) {
    int64_t day = DaysFromCivil(year, 1, 1);
    if (date.kind == 'M') {
      const int64_t first = DaysFromCivil(year, date.month, 1);
      const int64_t weekday = FloorMod(first + 4, 7);  // 1970-01-01 was a Thursday; Sunday is 0
      day = first + FloorMod(date.day - weekday, 7) + 7 * (date.week - 1);
      if (day >= first + DaysInMonth(year, date.month)) day -= 7;
    } else if (date.kind == 'J') {
      day += date.day - 1;
      if (date.day >= 60 && DaysInMonth(year, 2) == 29) ++day;
    } else {
      day += date.day;
    }
    return day * kSecondsPerDay + date.time_seconds - offset_before;
  }

  std::string_view text_;
  int64_t standard_seconds_ = 0;
  int64_t summer_seconds_ = 0;
  bool has_summer_ = false;
  Date begin_;
  Date end_;
};

std::optional<std::string> ReadFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string bytes;
  char buffer[8192];
  ssize_t count = 0;
  constexpr size_t kBytesMax = size_t{1} << 20;
  while (bytes.size() < kBytesMax && (count = ::read(fd, buffer, sizeof(buffer))) > 0) {
    bytes.append(buffer, static_cast<size_t>(count));
  }
  ::close(fd);
  if (count < 0) return std::nullopt;
  return bytes;
}

// Big-endian integers of a TZif file; reading past the end yields zeros and is remembered.
class TzifReader {
 public:
  explicit TzifReader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  int64_t Integer(size_t size) {
    if (bytes_.size() < size) {
      ok_ = false;
      return 0;
    }
    uint64_t value = (static_cast<unsigned char>(bytes_[0]) & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes_[i]);
    bytes_.remove_prefix(size);
    return static_cast<int64_t>(value);
  }
  void Skip(size_t size) {
    if (bytes_.size() < size) ok_ = false;
    bytes_.remove_prefix(std::min(size, bytes_.size()));
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

struct TzifCounts {
  size_t is_ut, is_standard, leaps, times, types, chars;
};

bool ReadHeader(TzifReader* reader, char* version, TzifCounts* counts) {
  if (reader->rest().substr(0, 4) != "TZif" || reader->rest().size() < 44) return false;
  *version = reader->rest()[4];
  reader->Skip(20);
  size_t* const fields[] = {&counts->is_ut, &counts->is_standard, &counts->leaps,
                            &counts->times, &counts->types,       &counts->chars};
  for (size_t* field : fields) *field = static_cast<size_t>(reader->Integer(4) & 0xFFFFFF);
  return true;
}

size_t BlockBytes(const TzifCounts& c, size_t time_bytes) {
  return c.times * (time_bytes + 1) + c.types * 6 + c.chars + c.leaps * (time_bytes + 4) + c.is_standard +
         c.is_ut;
}

std::unique_ptr<TimeZone> ParseTzif(std::string name, std::string_view bytes) {
  TzifReader reader(bytes);
  char version = 0;
  TzifCounts counts{};
  if (!ReadHeader(&reader, &version, &counts)) return nullptr;
  size_t time_bytes = 4;
  if (version >= '2') {
    reader.Skip(BlockBytes(counts, 4));
    if (!ReadHeader(&reader, &version, &counts)) return nullptr;
    time_bytes = 8;
  }
  std::vector<Transition> transitions(counts.times);
  for (Transition& transition : transitions) transition.at_seconds = reader.Integer(time_bytes);
  std::vector<size_t> type_of(counts.times);
  for (size_t& type : type_of) type = static_cast<size_t>(reader.Integer(1) & 0xFF);
  std::vector<int64_t> offsets(counts.types);
  for (int64_t& offset : offsets) {
    offset = reader.Integer(4);
    reader.Skip(2);  // is-summer flag, abbreviation
  }
  if (!reader.ok() || offsets.empty()) return nullptr;
  for (size_t i = 0; i < transitions.size(); ++i) {
    if (type_of[i] >= offsets.size()) return nullptr;
    transitions[i].offset_seconds = offsets[type_of[i]];
  }
  // µs arithmetic must not overflow; such entries only say "since ever".
  constexpr int64_t kEarliest = -std::numeric_limits<int64_t>::max() / kMicrosPerSecond / 2;
  for (Transition& transition : transitions)
    transition.at_seconds = std::max(transition.at_seconds, kEarliest);

  bool repeats = false;
  if (time_bytes == 8) {
    reader.Skip(counts.chars + counts.leaps * 12 + counts.is_standard + counts.is_ut);
    std::string_view footer = reader.rest();
    if (footer.size() >= 2 && footer.front() == '\n') {
      footer.remove_prefix(1);
      footer = footer.substr(0, footer.find('\n'));
      const auto rule = PosixRule::Parse(footer);
      if (rule && rule->has_summer()) {
        const int64_t last = transitions.empty() ? kEarliest : transitions.back().at_seconds;
        const int first_year =
            transitions.empty() ? 1970 : CivilFromDays(FloorDiv(last, kSecondsPerDay)).year;
        for (int year = first_year; year <= first_year + 401; ++year) {
          std::vector<Transition> changes;
          rule->AddYear(year, &changes);
          for (const Transition& change : changes) {
            if (change.at_seconds > last) transitions.push_back(change);
          }
        }
        repeats = true;
      } else if (rule && transitions.empty()) {
        offsets[0] = rule->standard_seconds();
      }
    }
  }
  return std::make_unique<RuledZone>(std::move(name), offsets[0], std::move(transitions), repeats);
}

// "+08:00", "-5", "GMT+8", "UTC-03:30", "Z"; nullopt: not a fixed offset.
std::optional<int64_t> ParseFixedOffset(std::string_view name) {
  if (name == "Z" || name == "UTC" || name == "GMT" || name == "UT") return 0;
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (name.starts_with(prefix)) {
      name.remove_prefix(prefix.size());
      break;
    }
  }
  if (name.size() < 2 || (name[0] != '+' && name[0] != '-')) return std::nullopt;
  const bool negative = name[0] == '-';
  name.remove_prefix(1);
  std::string digits;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == ':') {
      if (digits.size() == 1) digits.insert(0, "0");
      if (digits.empty() || digits.size() % 2 != 0 || i + 1 == name.size()) return std::nullopt;
    } else if (name[i] >= '0' && name[i] <= '9') {
      digits.push_back(name[i]);
    } else {
      return std::nullopt;
    }
  }
  if (digits.size() == 1) digits.insert(0, "0");
  if (digits.size() % 2 != 0 || digits.size() > 6) return std::nullopt;
  int64_t parts[3] = {0, 0, 0};
  for (size_t i = 0; i < digits.size() / 2; ++i)
    parts[i] = (digits[2 * i] - '0') * 10 + (digits[2 * i + 1] - '0');
  if (parts[0] > 18 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  const int64_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  return negative ? -seconds : seconds;
}

// Only names that lie inside the database: letters, digits, and single inner slashes.
bool IsZoneName(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
}

struct Cache {
  Mutex mutex;
  std::map<std::string, std::unique_ptr<TimeZone>, std::less<>> zones MR_GUARDED_BY(mutex);
};

Cache& ZoneCache() {
  static Cache& cache = *new Cache;  // never destroyed: zones live as long as the process
  return cache;
}

}  // namespace

const TimeZone& TimeZone::Utc() {
  static const TimeZone& utc = *new FixedZone("UTC", 0);
  return utc;
}

Result<const TimeZone*> TimeZone::Find(std::string_view name) {
  if (name == "UTC") return &Utc();
  Cache& cache = ZoneCache();
  const MutexLock lock(cache.mutex);
  if (const auto found = cache.zones.find(name); found != cache.zones.end()) return found->second.get();
  std::unique_ptr<TimeZone> zone;
  if (const auto offset = ParseFixedOffset(name)) {
    zone = std::make_unique<FixedZone>(std::string(name), *offset);
  } else if (IsZoneName(name)) {
    if (const auto bytes = ReadFile(fmt::format("/usr/share/zoneinfo/{}", name))) {
      zone = ParseTzif(std::string(name), *bytes);
    }
  }
  if (zone == nullptr) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("unknown time zone '{}'", name),
                "a name of the tz database such as 'Asia/Shanghai', 'UTC', or an offset such as 'GMT+08:00'");
  }
  const TimeZone* result = zone.get();
  cache.zones.emplace(std::string(name), std::move(zone));
  return result;
}

}  // namespace millrace::data
