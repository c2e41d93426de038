// The log on a disk that fails, under random work: appends, transactions, repetitions, full disks, failed
// writes and syncs, kills and power losses at any moment, recovery included. Beside it a model of what was
// offered, answered and read. After every start: what was acknowledged is there once and in its place, what
// was not is there whole or not at all, a transaction is there in all its partitions or in none, and nothing
// that a reader was given has changed. MILLRACE_LOG_SEEDS=n runs n seeds; the message of a failure names its
// seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "env/random.h"
#include "log/log_fixture.h"

namespace millrace::log {
namespace {

using Place = std::pair<std::string, int>;  // topic, partition

struct Offer {
  Place place;
  std::string text;  // lines "<number>.<line> …"
  uint32_t records = 0;
  std::string id;
  int transaction = -1;
  bool is_void = false;  // its topic has been dropped
  std::shared_ptr<std::optional<Result<AppendResult>>> answer;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : seed_(seed), random_(seed * 7919 + 1), world_(seed) {}
  ~Simulation() { log_.reset(); }

  void Run(int steps) {
    world_.files.StartTrace(std::getenv("MILLRACE_LOG_SEED") != nullptr ? 1000 : 20);
    Start();
    for (const Place& place : places_) CreateTopicOf(place.first);
    for (int step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
      Step();
      if (world_.has_crashed() || has_failed_) Restart();
    }
    if (testing::Test::HasFatalFailure()) return;
    End();
    Restart();
  }

  std::vector<std::string_view> Unreached() const { return world_.faults.Unreached("log."); }

 private:
  // ------------------------------------------------------------------------------------------------ work

  void Step() {
    switch (random_.Below(24)) {
      case 0:
        return Fill();
      case 1:
        return world_.files.SetCapacity(std::nullopt);
      case 2:
        return FailSomething();
      case 3:
        return PlanCrash();
      case 4:
        return random_.Chance(0.2) ? Restart() : void();
      case 5:
        return Truncate();
      case 6:
        return random_.Chance(0.3) ? ChangeTopic() : void();
      case 7:
      case 8:
        return OfferAll();
      case 9:
        return Repeat();
      case 10:
      case 11:
        world_.executor.RunUntilIdle();
        return Follow();
      case 12:
        world_.executor.RunFor(static_cast<int64_t>(random_.Below(2'000'000)));
        return Follow();
      case 13:
      case 14:
        for (uint64_t i = random_.Below(4); i > 0; --i) world_.executor.RunOne();
        return;
      default:
        return OfferOne();
    }
  }

  AppendBatch Batch(const Place& place, std::string id, int transaction) {
    const size_t number = offers_.size();
    std::string text;
    const uint64_t records = random_.Chance(0.5) ? 1 : 1 + random_.Below(20);
    const uint64_t padding = random_.Chance(0.1) ? random_.Below(9000) : random_.Below(40);
    for (uint64_t i = 0; i < records; ++i) {
      text += std::to_string(number) + "." + std::to_string(i) + " " + std::string(padding, 'x') + "\n";
    }
    Offer offer;
    offer.place = place;
    offer.text = text;
    offer.records = static_cast<uint32_t>(records);
    offer.id = id;
    offer.transaction = transaction;
    offer.answer = std::make_shared<std::optional<Result<AppendResult>>>();
    offers_.push_back(std::move(offer));
    return Lines(text, id);
  }

  Partition* At(const Place& place) {
    const auto topic = log_->FindTopic(place.first);
    return topic ? &topic->partition(place.second) : nullptr;
  }

  const Place& AnyPlace() { return places_[random_.Below(places_.size())]; }

  void OfferOne() {
    const Place place = AnyPlace();
    Partition* partition = At(place);
    if (partition == nullptr) return;
    const std::string id = random_.Chance(0.3) ? "id " + std::to_string(offers_.size()) : "";
    AppendBatch batch = Batch(place, id, -1);
    Send(*partition, std::move(batch), offers_.back().answer);
  }

  void Send(Partition& partition, AppendBatch batch,
            std::shared_ptr<std::optional<Result<AppendResult>>> answer) {
    AppendDone done = [answer](Result<AppendResult> result) { *answer = std::move(result); };
    static_cast<void>(partition.TryAppend(&batch, &done, nullptr));
  }

  void OfferAll() {
    std::vector<Log::Part> parts;
    std::vector<size_t> numbers;
    std::set<Place> taken;
    for (uint64_t i = 2 + random_.Below(2); i > 0; --i) {
      const Place place = AnyPlace();
      Partition* partition = At(place);
      if (partition == nullptr || !taken.insert(place).second) continue;
      numbers.push_back(offers_.size());
      parts.push_back({partition, Batch(place, "", transactions_)});
    }
    ++transactions_;
    if (parts.empty()) return;
    if (parts.size() == 1) offers_.back().transaction = -1;  // an append like any other
    AppendAllDone done = [this, numbers](Result<std::vector<AppendResult>> results) {
      for (size_t i = 0; i < numbers.size(); ++i) {
        *offers_[numbers[i]].answer =
            results ? Result<AppendResult>((*results)[i]) : std::unexpected(results.error());
      }
    };
    static_cast<void>(log_->TryAppendAll(&parts, &done, nullptr));
  }

  // A client that got no answer, or an error, or has forgotten that it got one.
  void Repeat() {
    if (offers_.empty()) return;
    const size_t number = random_.Below(offers_.size());
    const Offer offer = offers_[number];
    if (offer.id.empty()) return;
    Partition* partition = At(offer.place);
    if (partition == nullptr || truncated_) return;
    const bool was_acknowledged = IsAcknowledged(offer);
    const uint64_t base_offset = was_acknowledged ? (**offer.answer)->base_offset : 0;
    const auto answer = std::make_shared<std::optional<Result<AppendResult>>>();
    if (!was_acknowledged) offers_[number].answer = answer;
    AppendBatch batch = Lines(offer.text, offer.id);
    Send(*partition, std::move(batch), answer);
    if (!was_acknowledged) return;
    if (answer->has_value() && **answer) {
      ASSERT_TRUE((**answer)->is_repetition) << Where();
      ASSERT_EQ((**answer)->base_offset, base_offset) << Where();
    }
  }

  static bool IsAcknowledged(const Offer& offer) {
    return offer.answer->has_value() && offer.answer->value().has_value();
  }

  void Fill() { world_.files.SetCapacity(UsedBytes() + random_.Below(3000)); }

  uint64_t UsedBytes() {
    uint64_t bytes = 0;
    const auto paths = world_.files.Glob("/log/**");
    if (!paths) return 0;
    for (const std::string& path : *paths) {
      const auto info = world_.files.Stat(path);
      if (info && !info->is_directory) bytes += info->size;
    }
    return bytes;
  }

  env::FaultPoint AnyPoint() {
    std::vector<std::string_view> names;
    for (const std::string_view name : env::AllFaultPoints()) {
      if (name.starts_with("log.")) names.push_back(name);
    }
    return *env::FaultPoint::Find(names[random_.Below(names.size())]);
  }

  void PlanCrash() {
    if (random_.Chance(0.5)) return;
    if (random_.Chance(0.5)) return world_.CrashAtOperation(1 + random_.Below(60));
    world_.CrashAt(AnyPoint(), 1 + random_.Below(3));
  }

  void FailSomething() {
    using env::DiskOperation;
    if (random_.Chance(0.4)) {
      const ErrorCode code = random_.Chance(0.5) ? ErrorCode::kDiskFull : ErrorCode::kIoError;
      const env::FaultPoint point = AnyPoint();
      return world_.faults.At(point, 1 + random_.Below(3), [code, point]() -> Status {
        return Fail(code, "failed at " + std::string(point.name()));
      });
    }
    constexpr DiskOperation kKinds[] = {
        DiskOperation::kWrite,  DiskOperation::kWrite,  DiskOperation::kWrite,
        DiskOperation::kOpen,   DiskOperation::kCut,    DiskOperation::kSync,
        DiskOperation::kRename, DiskOperation::kRemove, DiskOperation::kSyncDir};
    world_.files.FailAt(kKinds[random_.Below(std::size(kKinds))], 1 + random_.Below(3),
                        random_.Chance(0.5) ? EIO : ENOSPC);
  }

  void Truncate() {
    Partition* partition = At(AnyPlace());
    if (partition == nullptr) return;
    truncated_ = true;  // ids of what is gone may be forgotten
    const uint64_t end = partition->end_offset();
    partition->TruncateBefore(random_.Below(end + 1));
  }

  // The topic "temporary" comes and goes.
  void ChangeTopic() {
    const bool is_there = log_->FindTopic(kTemporary) != nullptr;
    if (is_there) {
      const Status dropped = log_->DropTopic(kTemporary);
      temporary_ = dropped ? Known::kNo : Known::kUnknown;
      Forget();
    } else {
      Forget();
      CreateTopicOf(kTemporary);
    }
  }

  void CreateTopicOf(const std::string& name) {
    if (log_->FindTopic(name) != nullptr) return;
    const TopicSettings settings = {.partitions = name == "main" ? 2 : 1,
                                    .codec = name == "lazy" ? Codec::kZstd : Codec::kNone,
                                    .sync = name == "lazy" ? SyncMode::kInterval : SyncMode::kAlways,
                                    .segment_bytes = 64 << 10};
    const auto made = log_->CreateTopic(name, settings);
    if (name == kTemporary) temporary_ = made ? Known::kYes : Known::kUnknown;
  }

  // Of the temporary topic.
  void Forget() {
    for (Offer& offer : offers_) {
      if (offer.place.first == kTemporary) offer.is_void = true;
    }
    seen_.erase({kTemporary, 0});
  }

  // Reads on from where the last reading ended.
  void Follow() {
    for (const Place& place : places_) {
      Partition* partition = At(place);
      if (partition == nullptr) continue;
      auto& seen = seen_[place];
      const uint64_t from = std::max(partition->start_offset(), seen.empty() ? 0 : seen.rbegin()->first + 1);
      const auto reader = partition->NewReader(from, nullptr);
      ReadBatch batch;
      for (;;) {
        const auto next = reader->Next(&batch);
        if (!next || !*next) break;  // a file may not be readable now
        TakeRecords(batch, &seen);
      }
    }
  }

  static void TakeRecords(const ReadBatch& batch, std::map<uint64_t, std::string>* records) {
    const std::vector<uint32_t> ends = *batch.Ends();
    uint32_t begin = 0;
    for (size_t i = 0; i < ends.size(); ++i) {
      (*records)[batch.base_offset + i] = batch.payload.substr(begin, ends[i] - begin);
      begin = ends[i];
    }
  }

  // --------------------------------------------------------------------------------------------- restarts

  void End() {
    world_.files.SetCapacity(std::nullopt);
    world_.files.Disarm();
    world_.faults.Disarm();
    world_.executor.RunFor(5'000'000);
    if (random_.Chance(0.5) && !has_failed_) {
      ASSERT_TRUE(log_->Close()) << Where();
    }
  }

  // Kills the process, and perhaps the machine; perhaps again while it recovers.
  void Restart() {
    ++restarts_;
    for (int round = 0;; ++round) {
      if (!world_.has_crashed() && random_.Chance(0.5)) world_.Crash();
      const bool loses_power = world_.has_crashed();
      log_.reset();
      if (loses_power) {
        world_.Restart({.scatters_names = random_.Chance(0.3)});
        lost_power_ = true;
      }
      world_.files.Disarm();
      world_.faults.Disarm();
      world_.files.SetCapacity(std::nullopt);
      const bool crashes_again = round < 3 && random_.Chance(0.4);
      if (crashes_again && random_.Chance(0.7)) {
        world_.CrashAtOperation(1 + random_.Below(40));
      } else if (crashes_again) {
        world_.CrashAt(AnyPoint(), 1);
      }
      Start();
      if (log_ != nullptr) break;
      ASSERT_TRUE(crashes_again) << Where();
    }
    world_.files.Disarm();
    world_.faults.Disarm();
    if (world_.has_crashed()) return Restart();
    Check();
    // What was unknown is known now: either it is there, or it will never be.
    lost_power_ = false;
  }

  void Start() {
    has_failed_ = false;
    auto opened = Log::Open(
        world_.env,
        {.folder = "/log", .metrics = &metrics_, .on_failure = [this](const Error&) { has_failed_ = true; }});
    if (!opened && !world_.has_crashed()) FAIL() << Where() << opened.error().ToString();
    if (opened) log_ = std::move(*opened);
  }

  // ------------------------------------------------------------------------------------------------ checks

  void Check() {
    for (const Damage& damage : log_->damage()) FAIL() << Where() << damage.ToError().ToString();
    const bool has_temporary = log_->FindTopic(kTemporary) != nullptr;
    if (temporary_ == Known::kYes) {
      ASSERT_TRUE(has_temporary) << Where();
    }
    if (temporary_ == Known::kNo) {
      ASSERT_FALSE(has_temporary) << Where();
    }
    if (temporary_ == Known::kUnknown && !has_temporary) Forget();
    temporary_ = has_temporary ? Known::kYes : Known::kNo;

    std::map<size_t, uint64_t> places_of;  // offer -> its first offset
    for (const Place& place : places_) {
      if (At(place) == nullptr) continue;
      ASSERT_NO_FATAL_FAILURE(CheckPartition(place, &places_of));
    }
    std::map<int, std::set<bool>> transactions;
    for (size_t number = 0; number < offers_.size(); ++number) {
      const Offer& offer = offers_[number];
      Partition* partition = At(offer.place);
      if (offer.is_void || partition == nullptr) continue;
      const auto found = places_of.find(number);
      const bool is_there = found != places_of.end();
      if (IsAcknowledged(offer)) {
        const uint64_t base_offset = (**offer.answer)->base_offset;
        if (base_offset + offer.records <= partition->start_offset()) continue;
        const bool may_be_lost = offer.place.first == "lazy" && offer.transaction < 0 && lost_power_;
        if (!may_be_lost) {
          ASSERT_TRUE(is_there) << Where() << Describe(number) << "\n" << world_.files.Trace();
        }
        if (is_there) {
          ASSERT_EQ(found->second, base_offset) << Where() << Describe(number) << "\n"
                                                << world_.files.Trace();
        }
      }
      if (offer.transaction >= 0 && partition->start_offset() == 0)
        transactions[offer.transaction].insert(is_there);
    }
    for (const auto& [number, presence] : transactions) {
      ASSERT_EQ(presence.size(), 1u) << Where() << DescribeTransaction(number) << world_.files.Trace();
    }
    Settle(places_of);
  }

  void CheckPartition(const Place& place, std::map<size_t, uint64_t>* places_of) {
    Partition& partition = *At(place);
    std::map<uint64_t, std::string> records;
    const uint64_t start = partition.start_offset();
    const auto reader = partition.NewReader(start, nullptr);
    ReadBatch batch;
    for (;;) {
      const auto next = reader->Next(&batch);
      ASSERT_TRUE(next) << Where() << next.error().ToString();
      if (!*next) break;
      TakeRecords(batch, &records);
    }
    ASSERT_EQ(records.size(), partition.end_offset() - start) << Where();
    for (auto& [offset, text] : seen_[place]) {
      if (offset < start) continue;
      ASSERT_TRUE(records.contains(offset))
          << Where() << place.first << ": a reader had " << offset << " " << text;
      ASSERT_EQ(records[offset], text) << Where() << place.first << " " << offset;
    }
    for (auto record = records.begin(); record != records.end();) {
      const auto number = static_cast<size_t>(std::stoull(record->second));
      ASSERT_LT(number, offers_.size());
      const Offer& offer = offers_[number];
      ASSERT_EQ(offer.place, place) << Where();
      ASSERT_TRUE(places_of->emplace(number, record->first).second)
          << Where() << "offer " << number << " is there twice";
      std::string text;
      for (uint32_t i = 0; i < offer.records && record != records.end(); ++i, ++record)
        text += record->second;
      ASSERT_EQ(text, offer.text) << Where() << "offer " << number << " at " << places_of->at(number);
    }
  }

  // What was not acknowledged is there for good, or never (unless it is repeated).
  void Settle(const std::map<size_t, uint64_t>& places_of) {
    for (size_t number = 0; number < offers_.size(); ++number) {
      Offer& offer = offers_[number];
      const auto found = places_of.find(number);
      if (found != places_of.end() && !IsAcknowledged(offer)) {
        *offer.answer = AppendResult{.base_offset = found->second, .record_count = offer.records};
      } else if (found == places_of.end() && IsAcknowledged(offer) && offer.place.first == "lazy" &&
                 lost_power_) {
        offer.answer = std::make_shared<std::optional<Result<AppendResult>>>();
      }
    }
  }

  std::string Where() const {
    return "seed " + std::to_string(seed_) + ", start " + std::to_string(restarts_) + ": ";
  }

  std::string Describe(size_t number) {
    const Offer& offer = offers_[number];
    std::string text = "offer " + std::to_string(number) + " to " + offer.place.first + " " +
                       std::to_string(offer.place.second) + ", " + std::to_string(offer.records) +
                       " records, transaction " + std::to_string(offer.transaction) + ", id '" + offer.id +
                       "'";
    if (IsAcknowledged(offer)) text += ", at " + std::to_string((**offer.answer)->base_offset);
    if (At(offer.place) == nullptr) return text + "; its topic is gone";
    text += "; the partition has " + std::to_string(At(offer.place)->start_offset()) + " to " +
            std::to_string(At(offer.place)->end_offset()) + (lost_power_ ? ", lost power" : ", killed");
    return text;
  }

  std::string DescribeTransaction(int transaction) {
    std::string text;
    for (size_t number = 0; number < offers_.size(); ++number) {
      if (offers_[number].transaction == transaction) text += Describe(number) + "\n";
    }
    return text;
  }

  enum class Known : uint8_t { kNo, kYes, kUnknown };
  static constexpr const char* kTemporary = "temporary";

  const uint64_t seed_;
  env::Random random_;
  env::SimulatedEnv world_;
  telemetry::MetricsRegistry metrics_;
  std::unique_ptr<Log> log_;
  bool has_failed_ = false;
  bool lost_power_ = false;
  bool truncated_ = false;
  int restarts_ = 0;
  int transactions_ = 0;
  Known temporary_ = Known::kNo;
  const std::vector<Place> places_ = {{"main", 0}, {"main", 1}, {"lazy", 0}, {kTemporary, 0}};
  std::vector<Offer> offers_;
  std::map<Place, std::map<uint64_t, std::string>> seen_;
};

uint64_t Seeds() {
  const char* text = std::getenv("MILLRACE_LOG_SEEDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 150;
}

TEST(LogPropertyTest, NothingAcknowledgedIsLost) {
  const char* only = std::getenv("MILLRACE_LOG_SEED");
  const uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
  const uint64_t last = only != nullptr ? first : Seeds();
  std::set<std::string_view> unreached(env::AllFaultPoints().begin(), env::AllFaultPoints().end());
  for (uint64_t seed = first; seed <= last; ++seed) {
    Simulation simulation(seed);
    simulation.Run(400);
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed;
    const std::vector<std::string_view> names = simulation.Unreached();
    std::erase_if(unreached,
                  [&](std::string_view name) { return std::ranges::find(names, name) == names.end(); });
  }
  if (only == nullptr) {
    EXPECT_THAT(unreached, testing::IsEmpty()) << "every durable step has been met";
  }
}

}  // namespace
}  // namespace millrace::log
