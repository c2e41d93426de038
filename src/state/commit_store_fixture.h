// For tests: the implementations of CommitStore behind one face, each with a place to live in.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "env/env.h"
#include "env/simulated_env.h"
#include "state/commit_store.h"
#include "state/journal_commit_store.h"
#include "state/lmdb_commit_store.h"

namespace millrace::state {

enum class CommitStoreKind : uint8_t { kLmdb, kJournal };
inline constexpr CommitStoreKind kCommitStoreKinds[] = {CommitStoreKind::kLmdb, CommitStoreKind::kJournal};

inline std::string_view CommitStoreKindName(CommitStoreKind kind) {
  return kind == CommitStoreKind::kLmdb ? "Lmdb" : "Journal";
}

// A folder of a test's own on the machine, removed at the end.
class TestFolder {
 public:
  TestFolder() : files_(*env::RealEnv().files) {
    path_ = testing::TempDir() + "millrace_state_" + std::to_string(env::RealEnv().seeds->NextSeed());
    EXPECT_TRUE(files_.MakeDirs(path_).has_value());
  }
  ~TestFolder() { EXPECT_TRUE(files_.RemoveTree(path_).has_value()); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  env::Files& files() { return files_; }
  const std::string& path() const { return path_; }

 private:
  env::Files& files_;
  std::string path_;
};

// Where one store lives; Open may be called again once the store that it gave is gone.
class CommitStoreHome {
 public:
  virtual ~CommitStoreHome() = default;
  virtual std::unique_ptr<CommitStore> Open() = 0;

 protected:
  static std::unique_ptr<CommitStore> Expect(Result<std::unique_ptr<CommitStore>> store) {
    EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().ToString());
    return store ? std::move(*store) : nullptr;
  }
};

class LmdbHome final : public CommitStoreHome {
 public:
  std::unique_ptr<CommitStore> Open() override {
    return Expect(OpenLmdbCommitStore(env::RealEnv(), folder_.path()));
  }

 private:
  TestFolder folder_;
};

class JournalHome final : public CommitStoreHome {
 public:
  JournalHome() { EXPECT_TRUE(world_.files.MakeDirs("/data").has_value()); }
  std::unique_ptr<CommitStore> Open() override { return Expect(OpenJournalCommitStore(world_.env, "/data")); }

 private:
  env::SimulatedEnv world_;
};

inline std::unique_ptr<CommitStoreHome> MakeCommitStoreHome(CommitStoreKind kind) {
  if (kind == CommitStoreKind::kLmdb) return std::make_unique<LmdbHome>();
  return std::make_unique<JournalHome>();
}

}  // namespace millrace::state
