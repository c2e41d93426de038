// RowLog: the topic of the durable log that keeps what is pushed into one table. A record is a row, so
// offsets count rows; docs/formats/rows.md says what an append holds.
//
// Shared by the table's IngestPoint and its readers. Any thread. The log outlives all appends; readers and
// pins may be kept longer.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "connectors/connector.h"
#include "data/batch.h"
#include "data/schema.h"
#include "log/log.h"

namespace millrace::connectors {

// Reads rows back, as the batches that were pushed. One thread at a time.
class RowLogReader {
 public:
  // By RowLog::NewReader.
  RowLogReader(std::unique_ptr<log::Reader> reader, std::string table, std::vector<data::DataType> types);

  // The next batch; false: nothing more is durable now. The first one begins at the offset that was asked
  // for, also within what was pushed as one. kDataExpired, kDataCorrupted: rows are gone, the message says
  // which; the reader stays in front of them.
  Result<bool> Next(data::Batch* batch);
  // Of the row behind those that it has given.
  uint64_t offset() const { return offset_; }

 private:
  Result<bool> Open();
  Result<data::Batch> DecodeNext(size_t* bytes) const;

  const std::unique_ptr<log::Reader> reader_;
  const std::string table_;
  const std::vector<data::DataType> types_;
  uint64_t offset_;
  log::ReadBatch append_;     // the one that is being read
  std::string_view rest_;     // of its payload
  uint64_t rest_offset_ = 0;  // of its first row
};

// Keeps the rows from an offset on in the log, while it exists. Any thread.
class RowPin {
 public:
  RowPin(std::shared_ptr<log::Topic> topic, std::string name, uint64_t offset);
  ~RowPin();
  RowPin(const RowPin&) = delete;
  RowPin& operator=(const RowPin&) = delete;
  // Rows before `offset` are not needed any more.
  void MoveTo(uint64_t offset);
  // Nothing is needed any more.
  void Release();

 private:
  const std::shared_ptr<log::Topic> topic_;
  const std::string name_;
};

// The settings of a topic of rows. Retention takes whole segments, so they are made so small that about an
// eighth more is kept than was asked for.
log::TopicSettings SettingsFor(const LogRetention& retention);

class RowLog {
 public:
  // Finds the topic, or makes it, and has it keep rows so long: durable on return, so this waits for files.
  // `table`: for messages.
  static Result<std::shared_ptr<RowLog>> Open(log::Log* log, const std::string& topic, std::string table,
                                              const data::Schema& schema, const LogRetention& retention = {});
  // As Open; `topic` is one of the log's.
  RowLog(log::Log* log, std::shared_ptr<log::Topic> topic, std::string table, const data::Schema& schema);

  // "t<object_id>": the name of a table's topic.
  static std::string TopicOfTable(uint64_t object_id);
  static bool IsTopicOfTable(std::string_view topic);

  const std::string& table() const { return table_; }
  const std::string& topic() const { return topic_->name(); }
  // Of the first row that is still there, and behind the last that is durable.
  uint64_t start_offset() const { return partition().start_offset(); }
  uint64_t end_offset() const { return partition().end_offset(); }

  // Where appends go, each made by Encode. kProgramLimitExceeded: the rows are too many for one append. Of no
  // rows its record_count is 0, and it cannot be appended.
  log::Log& log() const { return log_; }
  log::Partition& partition() const { return topic_->partition(0); }
  Result<log::AppendBatch> Encode(std::span<const data::Batch> batches) const;
  // What an append has come to, in the words of a writer.
  Error Explain(const Error& error) const;

  std::unique_ptr<RowLogReader> NewReader(uint64_t offset) const;
  // `reader`: who needs them, for people who look; pins of one name are told apart.
  std::shared_ptr<RowPin> Pin(const std::string& reader, uint64_t offset);
  // Durable on return: waits for files.
  Status SetRetention(const LogRetention& retention);
  // Rows before `offset` are not needed, but by readers whose pins say otherwise: they go in whole segments,
  // soon.
  void Forget(uint64_t offset) { partition().TruncateBefore(offset); }
  // The table is gone. Durable on return: waits for files.
  Status Drop();

 private:
  log::Log& log_;
  const std::shared_ptr<log::Topic> topic_;
  const std::string table_;
  const std::vector<data::DataType> types_;
  std::atomic<uint64_t> next_pin_{0};
};

}  // namespace millrace::connectors
