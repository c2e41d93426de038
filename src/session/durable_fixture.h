// For tests: a warehouse with a data folder on a simulated disk, on real threads.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/role_state.h"
#include "env/simulated_disk.h"
#include "session/result_printer.h"
#include "session/session.h"

namespace millrace::session {

class DurableFixture : public testing::Test {
 protected:
  DurableFixture() : disk_(*env::RealEnv().clock, 7), env_(env::RealEnv()) { env_.files = &disk_; }
  ~DurableFixture() override { Close(); }

  Status TryOpen() {
    DataFolderOptions folder;
    folder.path = "/srv/data";
    folder.journal = true;
    folder.metrics = &metrics_;
    folder.on_failure = [this](const Error&) { failures_.fetch_add(1); };
    MR_ASSIGN(folder_, DataFolder::Open(env_, std::move(folder)));
    InstanceOptions options;
    options.env = &env_;
    options.data = folder_.get();
    options.standard_output = &printed_;
    options.test_feeds = true;
    options.roles.make_verifier = [](std::string_view password) -> Result<std::string> {
      return "verifier of " + std::string(password);
    };
    options.make_token = []() -> Result<NewToken> { return NewToken{"mr_token", "hash of mr_token"}; };
    instance_ = std::make_unique<Instance>(std::move(options));
    MR_TRY(instance_->Start());
    admin_ = Connect("millrace");
    return {};
  }
  void Open() {
    const Status opened = TryOpen();
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  }
  void Close() {
    admin_.reset();
    instance_.reset();
    folder_.reset();
  }
  // As after SIGKILL: nothing is said at the end.
  void Reopen() {
    Close();
    Open();
  }

  std::unique_ptr<Session> Connect(const std::string& role, bool of_start = false) {
    SessionOptions options;
    options.role = role;
    options.of_start = of_start;
    auto session = std::make_unique<Session>(instance_.get(), std::move(options));
    const Status started = session->Start();
    EXPECT_TRUE(started.has_value()) << started.error().ToString();
    return session;
  }

  // The tag, the rows as "a|b;", or the error.
  static std::string Run(Session& session, std::string_view text) {
    const auto result = session.Execute(text);
    if (!result.has_value()) return result.error().ToString();
    if (!result->has_rows) return result->tag;
    std::string lines;
    for (const data::Batch& batch : result->batches) {
      for (size_t row = 0; row < batch.rows; ++row) {
        for (size_t i = 0; i < batch.columns.size(); ++i) {
          lines += (i > 0 ? "|" : "") + ValueText(*batch.columns[i], row, session.zone());
        }
        lines += ";";
      }
    }
    return lines;
  }
  std::string Run(std::string_view text) { return Run(*admin_, text); }
  void Must(std::string_view text) {
    const auto result = admin_->Execute(text);
    ASSERT_TRUE(result.has_value()) << text << "\n" << result.error().ToString();
  }

  // All that the catalog and the roles are, as text.
  std::string Snapshot() const {
    std::string text;
    const CatalogVersionPtr version = instance_->catalog();
    for (const catalog::SchemaInfo& schema : version->catalog.Schemas()) {
      text += "schema " + schema.name + " " + schema.comment + "\n";
    }
    for (const catalog::EntryPtr& entry : version->catalog.AllEntries()) {
      text += std::string(catalog::EntryKindName(entry->kind)) + " " + entry->name.ToString();
      for (const data::Field& field : entry->schema) text += " " + field.name + " " + field.type.ToString();
      text += "\n";
    }
    for (const StatementRecord& record : instance_->durable()->records()) {
      text += record.Describe() + ": " + record.text + "\n";
    }
    return text + catalog::RoleState::Encode(*instance_->roles().snapshot());
  }

  size_t JobsRunning() const {
    size_t running = 0;
    for (const auto& job : instance_->warehouse().jobs()) running += job->live_tasks.load() > 0 ? 1 : 0;
    return running;
  }

  env::SimulatedDisk disk_;
  env::Env env_;
  std::atomic<int> failures_{0};
  telemetry::MetricsRegistry metrics_;
  connectors::MemoryPrintOutput printed_;
  std::unique_ptr<DataFolder> folder_;
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<Session> admin_;
};

}  // namespace millrace::session
