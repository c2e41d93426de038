// What a simulated power loss can do, and that it finds what is wrong with the usual ways to write files:
// under every seed the right one holds, under some seed each wrong one breaks.
#include "env/power_loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "env/simulated_env.h"

namespace millrace::env {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr uint64_t kSeeds = 300;

std::string Bytes(size_t size, char from) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(from + i % 23));
  return bytes;
}

std::string ReadOr(Files& files, const std::string& path, std::string otherwise) {
  Result<std::string> bytes = files.ReadAll(path);
  return bytes ? *std::move(bytes) : otherwise;
}

// Every content of /file that is seen after a power loss in what `prepare` did.
std::set<std::string> Contents(const std::function<void(SimulatedDisk&)>& prepare,
                               const PowerLoss& loss = {}) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedEnv world(seed);
    prepare(world.files);
    world.Restart(loss);
    contents.insert(ReadOr(world.files, "/file", "missing"));
  }
  return contents;
}

TEST(PowerLossTest, SyncedBytesStayAndOthersAreLostInEveryWay) {
  const std::string safe = Bytes(1'000, 'a');
  const std::string more = Bytes(4'000, 'A');
  const std::set<std::string> contents = Contents([&](SimulatedDisk& disk) {
    const auto file = disk.OpenWrite("/file", WriteMode::kCreate).value();
    ASSERT_TRUE(file->Write(safe));
    ASSERT_TRUE(file->Sync());
    ASSERT_TRUE(disk.SyncDir("/"));
    ASSERT_TRUE(file->Write(more));
    ASSERT_TRUE(file->Flush());
  });
  const std::string all = safe + more;
  bool shorter = false, zeros = false, garbage = false, later_kept = false;
  for (const std::string& content : contents) {
    ASSERT_EQ(content.substr(0, 1'000), safe);
    ASSERT_LE(content.size(), all.size());
    if (all.starts_with(content)) {
      shorter |= content.size() > safe.size() && content.size() < all.size();
      continue;
    }
    // Sector by sector it is what was written, or lost.
    for (size_t begin = 1'000; begin < content.size(); begin = (begin / kSectorBytes + 1) * kSectorBytes) {
      const size_t size = std::min(content.size(), (begin / kSectorBytes + 1) * kSectorBytes) - begin;
      const std::string sector = content.substr(begin, size);
      if (sector == all.substr(begin, size)) {
        later_kept |= zeros || garbage;
      } else if (sector == std::string(size, '\0')) {
        zeros = true;
      } else {
        garbage = true;
      }
    }
  }
  EXPECT_THAT(contents, Contains(safe));
  EXPECT_THAT(contents, Contains(all));
  EXPECT_TRUE(shorter);
  EXPECT_TRUE(zeros);
  EXPECT_TRUE(garbage);
  EXPECT_TRUE(later_kept);
}

TEST(PowerLossTest, TheMildestLossLeavesAFirstPartAndZeros) {
  const std::string written = Bytes(3'000, 'a');
  const std::set<std::string> contents = Contents(
      [&](SimulatedDisk& disk) {
        const auto file = disk.OpenWrite("/file", WriteMode::kCreate).value();
        ASSERT_TRUE(disk.SyncDir("/"));
        ASSERT_TRUE(file->Write(written));
        ASSERT_TRUE(file->Flush());
      },
      PowerLoss{.scatters_sectors = false, .leaves_garbage = false});
  for (std::string content : contents) {
    content.resize(content.find_last_not_of('\0') + 1);
    EXPECT_TRUE(written.starts_with(content));
    EXPECT_TRUE(content.size() % kSectorBytes == 0 || content == written) << content.size();
  }
  EXPECT_GT(contents.size(), 5u);
}

TEST(PowerLossTest, TheSameSeedGivesTheSameLoss) {
  const auto run = [](uint64_t seed) {
    SimulatedEnv world(seed);
    const auto file = world.files.OpenWrite("/file", WriteMode::kCreate).value();
    EXPECT_TRUE(file->Write(Bytes(10'000, 'a')));
    EXPECT_TRUE(file->Flush());
    world.Restart();
    return ReadOr(world.files, "/file", "missing");
  };
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    contents.insert(run(seed));
    EXPECT_EQ(run(seed), run(seed));
  }
  EXPECT_GT(contents.size(), 10u);
}

TEST(PowerLossTest, ACutIsUndoneOrDoneUntilItIsSynced) {
  const std::string old = Bytes(3'000, 'a');
  const auto prepare = [&](SimulatedDisk& disk, bool synced) {
    ASSERT_TRUE(disk.WriteAll("/file", old));
    disk.SyncAll();
    const auto file = disk.OpenWriteAt("/file", 1'000).value();
    if (synced) {
      ASSERT_TRUE(file->Sync());
    }
    ASSERT_TRUE(file->Write("new"));
    ASSERT_TRUE(file->Flush());
  };
  const std::set<std::string> unsynced = Contents([&](SimulatedDisk& disk) { prepare(disk, false); });
  for (const std::string& content : unsynced) {
    EXPECT_EQ(content.substr(0, 1'000), old.substr(0, 1'000));
    EXPECT_LE(content.size(), old.size());
  }
  EXPECT_THAT(unsynced, Contains(old));
  EXPECT_THAT(unsynced, Contains(old.substr(0, 1'000)));
  EXPECT_THAT(unsynced, Contains(old.substr(0, 1'000) + "new"));
  const std::set<std::string> synced = Contents([&](SimulatedDisk& disk) { prepare(disk, true); });
  EXPECT_THAT(synced, testing::Not(Contains(old)));
  for (const std::string& content : synced) EXPECT_LE(content.size(), 1'003u);
}

TEST(PowerLossTest, AfterAFailedSyncALaterOneProvesNothing) {
  const std::set<std::string> contents = Contents([&](SimulatedDisk& disk) {
    const auto file = disk.OpenWrite("/file", WriteMode::kCreate).value();
    ASSERT_TRUE(disk.SyncDir("/"));
    ASSERT_TRUE(file->Write(std::string(512, 'a')));
    ASSERT_TRUE(file->Sync());
    ASSERT_TRUE(file->Write(std::string(512, 'b')));
    disk.FailAt(DiskOperation::kSync, 1, EIO);
    ASSERT_FALSE(file->Sync());
    // What nobody should do.
    const auto again = disk.OpenWrite("/file", WriteMode::kAppend).value();
    ASSERT_TRUE(again->Write(std::string(512, 'c')));
    ASSERT_TRUE(again->Sync());
  });
  const std::string a(512, 'a'), b(512, 'b'), c(512, 'c');
  EXPECT_THAT(contents, UnorderedElementsAre(a + b + c, a + std::string(512, '\0') + c));
}

// Every set of names in / that is seen after a power loss in what `prepare` did.
std::set<std::string> NameSets(const std::function<void(SimulatedDisk&)>& prepare,
                               const PowerLoss& loss = {}) {
  std::set<std::string> sets;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedEnv world(seed);
    prepare(world.files);
    world.Restart(loss);
    std::string names;
    const std::vector<DirEntry> entries = world.files.List("/").value();
    for (const DirEntry& entry : entries) {
      if (entry.name != "dev") names += entry.name;
    }
    sets.insert(names);
  }
  return sets;
}

TEST(PowerLossTest, NamesOfAFolderAreLostFromTheEnd) {
  const auto make = [](SimulatedDisk& disk) {
    for (const char* path : {"/a", "/b", "/c"}) ASSERT_TRUE(disk.WriteAll(path, ""));
    ASSERT_TRUE(disk.Remove("/b"));
  };
  EXPECT_THAT(NameSets(make), UnorderedElementsAre("", "a", "ab", "abc", "ac"));
  EXPECT_THAT(NameSets(make, PowerLoss{.scatters_names = true}),
              UnorderedElementsAre("", "a", "b", "c", "ab", "ac", "bc", "abc"));
  const auto make_safe = [&](SimulatedDisk& disk) {
    make(disk);
    ASSERT_TRUE(disk.SyncDir("/"));
  };
  EXPECT_THAT(NameSets(make_safe), UnorderedElementsAre("ac"));
}

TEST(PowerLossTest, FoldersAreIndependentButForRenamesBetweenThem) {
  const auto left = [](const std::function<void(SimulatedDisk&)>& last, const PowerLoss& loss) {
    std::set<std::string> states;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      SimulatedEnv world(seed);
      SimulatedDisk& disk = world.files;
      EXPECT_TRUE(disk.MakeDirs("/x"));
      EXPECT_TRUE(disk.MakeDirs("/y"));
      EXPECT_TRUE(disk.WriteAll("/x/f", ""));
      disk.SyncAll();
      EXPECT_TRUE(disk.WriteAll("/x/g", ""));
      EXPECT_TRUE(disk.Rename("/x/f", "/y/f"));
      EXPECT_TRUE(disk.WriteAll("/y/h", ""));
      last(disk);
      world.Restart(loss);
      std::string state;
      for (const char* path : {"/x/f", "/x/g", "/y/f", "/y/h"}) {
        if (disk.Exists(path).value()) state += std::string(path) + " ";
      }
      states.insert(state);
    }
    return states;
  };
  // The renamed file is in one place, never in two or none.
  EXPECT_THAT(left([](SimulatedDisk&) {}, {}),
              UnorderedElementsAre("/x/f ", "/x/f /x/g ", "/x/g /y/f ", "/x/g /y/f /y/h "));
  EXPECT_THAT(left([](SimulatedDisk& disk) { EXPECT_TRUE(disk.SyncDir("/x")); }, {}),
              UnorderedElementsAre("/x/g /y/f ", "/x/g /y/f /y/h "));
  EXPECT_THAT(left([](SimulatedDisk& disk) { EXPECT_TRUE(disk.SyncDir("/y")); }, {}),
              UnorderedElementsAre("/x/g /y/f /y/h "));
  EXPECT_THAT(left([](SimulatedDisk&) {}, PowerLoss{.scatters_names = true}),
              testing::IsSupersetOf({"/x/f /y/h ", "/y/f ", "/x/f /x/g /y/h "}));
}

TEST(PowerLossTest, AFileNeedsItsFolderToo) {
  const std::set<std::string> names = NameSets([](SimulatedDisk& disk) {
    ASSERT_TRUE(disk.MakeDirs("/d"));
    ASSERT_TRUE(disk.WriteAll("/d/f", ""));
    ASSERT_TRUE(disk.SyncDir("/d"));
  });
  EXPECT_THAT(names, UnorderedElementsAre("", "d"));
}

// Writing a small file whole or not at all, with a step left out.
struct Steps {
  bool other_name = true;
  bool sync = true;
  bool sync_dir = true;
};

Status Replace(Files& files, std::string_view content, const Steps& steps) {
  const std::string path = steps.other_name ? "/file.tmp" : "/file";
  MR_ASSIGN(const auto file, files.OpenWrite(path, WriteMode::kTruncate));
  MR_TRY(file->Write(content));
  if (steps.sync) MR_TRY(file->Sync());
  MR_TRY(file->Close());
  if (steps.other_name) MR_TRY(files.Rename(path, "/file"));
  if (steps.sync_dir) MR_TRY(files.SyncDir("/"));
  return Ok();
}

struct Harm {
  int torn = 0;       // neither the old content nor the new
  int forgotten = 0;  // the old content though it was said to be replaced
};

// Crashes before each operation in turn, and after the last.
Harm CrashEverywhere(const Steps& steps) {
  const std::string old = Bytes(2'000, 'a');
  const std::string young = Bytes(3'000, 'A');
  Harm harm;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (uint64_t operation = 1;; ++operation) {
      SimulatedEnv world(seed * 100 + operation);
      EXPECT_TRUE(world.files.WriteAll("/file", old));
      world.files.SyncAll();
      world.CrashAtOperation(operation);
      const bool done = Replace(world.files, young, steps).has_value();
      world.Restart();
      const std::string left = ReadOr(world.files, "/file", "missing");
      harm.torn += left != old && left != young;
      harm.forgotten += done && left == old;
      if (done) break;
    }
  }
  return harm;
}

TEST(PowerLossTest, ReplacingAFileIsAtomicWithEveryStepAndNotWithOneLess) {
  const Harm none = CrashEverywhere({});
  EXPECT_EQ(none.torn, 0);
  EXPECT_EQ(none.forgotten, 0);
  EXPECT_GT(CrashEverywhere({.other_name = false}).torn, 0);
  EXPECT_GT(CrashEverywhere({.sync = false}).torn, 0);
  EXPECT_GT(CrashEverywhere({.sync_dir = false}).forgotten, 0);
}

// A log of records of one size, each with its number, a text and a checksum, as a real one would be written
// and recovered, over several lives of the machine.
class TinyLog {
 public:
  static constexpr size_t kRecordBytes = 256;

  struct Habits {
    bool syncs_before_it_acknowledges = true;
    bool syncs_the_cut = true;
  };

  TinyLog(Files& files, Habits habits) : files_(files), habits_(habits) {}

  // The texts of the log's valid part; what is behind it is cut off.
  Result<std::vector<std::string>> Recover() {
    MR_ASSIGN(const bool exists, files_.Exists("/file"));
    if (!exists) {
      MR_ASSIGN(file_, files_.OpenWrite("/file", WriteMode::kCreate));
      MR_TRY(files_.SyncDir("/"));
      return std::vector<std::string>();
    }
    MR_ASSIGN(const std::string bytes, files_.ReadAll("/file"));
    std::vector<std::string> texts;
    while ((texts.size() + 1) * kRecordBytes <= bytes.size()) {
      const std::string record = bytes.substr(texts.size() * kRecordBytes, kRecordBytes);
      const std::string text = record.substr(16, record.find('\n', 16) - 16);
      if (record != Record(texts.size(), text)) break;
      texts.push_back(text);
    }
    MR_ASSIGN(file_, files_.OpenWriteAt("/file", texts.size() * kRecordBytes));
    if (habits_.syncs_the_cut) MR_TRY(file_->Sync());
    count_ = texts.size();
    return texts;
  }

  Status Append(const std::string& text) { return file_->Write(Record(count_++, text)); }
  Status Commit() { return habits_.syncs_before_it_acknowledges ? file_->Sync() : file_->Flush(); }

 private:
  static std::string Record(size_t number, const std::string& text) {
    std::string record = text + "\n";
    record.resize(kRecordBytes - 16, '.');
    const uint64_t words[2] = {HashBytes(record.data(), record.size()) ^ number, number};
    return std::string(reinterpret_cast<const char*>(words), sizeof(words)) + record;
  }

  Files& files_;
  const Habits habits_;
  std::unique_ptr<WritableFile> file_;
  size_t count_ = 0;
};

// The seeds under which a recovered log is not what was written, or lacks what was acknowledged.
int SeedsThatBreak(TinyLog::Habits habits) {
  int broken = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedEnv world(seed);
    Random random(seed);
    std::vector<std::string> written;  // by the last life, those of former ones that it found included
    size_t acknowledged = 0;
    bool harmed = false;
    for (int life = 0; life < 10 && !harmed; ++life) {
      world.CrashAtOperation(1 + random.Below(16));
      TinyLog log(world.files, habits);
      Result<std::vector<std::string>> found = log.Recover();
      if (found) {
        harmed = found->size() < acknowledged || found->size() > written.size() ||
                 !std::equal(found->begin(), found->end(), written.begin());
        written = *found;
        // Whoever has been shown them may rely on them.
        acknowledged = found->size();
      }
      for (bool alive = found.has_value(); alive;) {
        for (uint64_t left = 1 + random.Below(6); left > 0 && alive; --left) {
          written.push_back("record " + std::to_string(written.size()) + " of life " + std::to_string(life));
          alive = log.Append(written.back()).has_value();
        }
        alive = alive && log.Commit().has_value();
        if (alive) acknowledged = written.size();
      }
      world.Restart();
    }
    broken += harmed;
  }
  return broken;
}

TEST(PowerLossTest, ALogWithChecksumsRecoversAnExactFirstPart) {
  EXPECT_EQ(SeedsThatBreak({}), 0);
}

TEST(PowerLossTest, ALogThatAcknowledgesWithoutASyncIsCaught) {
  EXPECT_GT(SeedsThatBreak({.syncs_before_it_acknowledges = false}), 0);
}

// The seeds under which a record of the first life comes back behind those of the second.
int SeedsWithGhosts(TinyLog::Habits habits) {
  int haunted = 0;
  for (uint64_t seed = 0; seed < 10 * kSeeds; ++seed) {
    SimulatedEnv world(seed);
    const auto live = [&](const std::string& text, int records) {
      TinyLog log(world.files, habits);
      std::vector<std::string> texts = log.Recover().value();
      for (int i = 0; i < records; ++i) {
        texts.push_back(text);
        EXPECT_TRUE(log.Append(text));
      }
      world.CrashAtOperation(2);  // the write goes to the disk, the sync does not
      EXPECT_FALSE(log.Commit());
      world.Restart();
      return texts;
    };
    live("first", 20);
    const std::vector<std::string> written = live("second", 2);
    const std::vector<std::string> found = TinyLog(world.files, habits).Recover().value();
    haunted += found.size() > written.size() || !std::equal(found.begin(), found.end(), written.begin());
  }
  return haunted;
}

TEST(PowerLossTest, ALogThatDoesNotSyncItsCutIsCaught) {
  // Records of a former life, behind a hole, come back when new ones fill the hole.
  EXPECT_EQ(SeedsWithGhosts({}), 0);
  EXPECT_GT(SeedsWithGhosts({.syncs_the_cut = false}), 0);
}

}  // namespace
}  // namespace millrace::env
