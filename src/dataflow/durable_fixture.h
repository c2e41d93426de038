// A warehouse in a test that is ended as a crash ends it, and opened again over the same folder.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/feed/feed_hub.h"
#include "data/batch_builder.h"
#include "dataflow/warehouse_fixture.h"
#include "log/log.h"
#include "state/journal_commit_store.h"

namespace millrace::dataflow {

class DurableFixture : public WarehouseFixture {
 protected:
  DurableFixture() {
    std::string name = testing::TempDir() + "/millrace_durable_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~DurableFixture() override {
    Crash();
    RemoveTree(folder_);
  }

  // What the catalog has. Objects get ids in the order of their creation.
  void Table(const std::string& text) { Define(Kind::kTable, {text}); }
  void Views(const std::vector<std::string>& texts) { Define(Kind::kViews, texts); }
  void InsertJob(const std::string& text) { Define(Kind::kInsert, {text}); }
  void Forget(const std::string& part_of_text) {
    std::erase_if(definitions_, [&](const Definition& definition) {
      return definition.texts.front().find(part_of_text) != std::string::npos;
    });
  }

  void Replace(const std::string& part_of_text, const std::string& text) {
    for (Definition& definition : definitions_) {
      if (definition.texts.front().find(part_of_text) != std::string::npos) definition.texts = {text};
    }
  }

  Status TryOpen() {
    MR_ASSIGN(commits_, state::OpenJournalCommitStore(env::RealEnv(), folder_));
    state::CheckpointStoreOptions store_options;
    store_options.folder = folder_ + "/state";
    MR_ASSIGN(store_, state::CheckpointStore::Open(env::RealEnv(), *commits_, store_options));
    log::Log::Options log_options;
    log_options.folder = folder_ + "/log";
    log_options.metrics = &metrics_;
    MR_ASSIGN(log_, log::Log::Open(log_env_, std::move(log_options)));
    durability_.checkpoints = store_.get();
    durability_.log = log_.get();
    durability_.checkpoint_interval_micros = checkpoint_interval_micros_;
    Warehouse::Options options;
    options.feeds = &feeds_;
    options.durability = &durability_;
    options.metrics = &metrics_;
    WarehouseFixture::Open(std::move(options));
    for (const Definition& definition : definitions_) MR_TRY(Make(definition));
    MR_TRY(warehouse_->FinishRecovery());
    is_open_ = true;
    return {};
  }
  void OpenDurable() { MR_ASSERT_OK(TryOpen()); }
  // Nothing is saved that was not.
  void Crash() {
    warehouse_.reset();
    log_.reset();
    store_.reset();
    commits_.reset();
    catalog_ = catalog::Catalog();
    is_open_ = false;
  }
  void Checkpoint() { MR_ASSERT_OK(warehouse_->Checkpoint(30'000'000)); }

  // Rows of BIGINT columns for a feed.
  void Feed(const std::string& table, const std::vector<std::vector<int64_t>>& rows) {
    data::Schema schema;
    for (size_t i = 0; i < rows.front().size(); ++i) schema.Add("c", data::DataType::BigInt());
    data::BatchBuilder builder(schema);
    for (const auto& row : rows) {
      for (size_t i = 0; i < row.size(); ++i) builder.column(i).Append(row[i]);
      builder.FinishRow();
    }
    feeds_.Push("public." + table, builder.Build());
  }
  // Pushes rows of BIGINT columns and waits until they are acknowledged.
  void Push(const std::string& table, const std::vector<std::vector<int64_t>>& rows) {
    const auto ingest = warehouse_->OpenIngest("public." + table);
    ASSERT_TRUE(ingest.has_value()) << ingest.error().ToString();
    data::BatchBuilder builder((*ingest)->schema());
    for (const auto& row : rows) {
      for (size_t i = 0; i < row.size(); ++i) builder.column(i).Append(row[i]);
      builder.FinishRow();
    }
    data::Batch batch = builder.Build();
    auto settled = std::make_shared<Notification>();
    const auto receipt = std::make_shared<connectors::PushReceipt>([settled] { settled->Notify(); });
    const auto taken = (*ingest)->TryPush(&batch, {}, receipt);
    ASSERT_TRUE(taken.value_or(false));
    settled->Wait();
    MR_ASSERT_OK(receipt->status());
  }
  void AwaitFed() {
    while (!feeds_.IsDrained()) env::RealEnv().executor->Sleep(200);
    AwaitVisible();
  }

  std::string folder_;
  int64_t checkpoint_interval_micros_ = 3'600'000'000;  // only those that are asked for
  connectors::FeedHub feeds_;
  std::unique_ptr<state::CommitStore> commits_;
  std::unique_ptr<state::CheckpointStore> store_;
  env::Env log_env_ = env::RealEnv();
  std::unique_ptr<log::Log> log_;
  Durability durability_;

 private:
  static void RemoveTree(const std::string& folder) {
    env::Files& files = *env::RealEnv().files;
    const auto entries = files.List(folder);
    if (!entries.has_value()) return;
    for (const env::DirEntry& entry : *entries) {
      const std::string path = folder + "/" + entry.name;
      if (entry.is_directory) {
        RemoveTree(path);
      } else {
        static_cast<void>(files.Remove(path));
      }
    }
    static_cast<void>(files.Remove(folder));
  }

  enum class Kind : uint8_t { kTable, kViews, kInsert };
  struct Definition {
    Kind kind;
    std::vector<std::string> texts;
    uint64_t object_id = 0;
  };

  void Define(Kind kind, std::vector<std::string> texts) {
    Definition definition{kind, std::move(texts), next_id_};
    next_id_ += definition.texts.size();
    definitions_.push_back(definition);
    if (is_open_) MR_ASSERT_OK(Make(definition));
  }
  Status Make(const Definition& definition) {
    switch (definition.kind) {
      case Kind::kTable:
        return CreateTable(definition.texts.front(), definition.object_id);
      case Kind::kViews:
        return CreateViews(definition.texts, definition.object_id);
      case Kind::kInsert:
        return Insert(definition.texts.front(), definition.object_id);
    }
    return {};
  }

  std::vector<Definition> definitions_;
  uint64_t next_id_ = 1;
  bool is_open_ = false;
};

}  // namespace millrace::dataflow
