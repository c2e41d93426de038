#include "session/slt_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/settings.h"
#include "data/text.h"
#include "env/thread_executor.h"
#include "formats/format.h"
#include "session/result_printer.h"
#include "session/session.h"
#include "session/slt_file.h"

namespace millrace::session {
namespace {

// Cuts "[1, \"a\", [2, 3]]" into its elements.
std::vector<std::string> SplitJsonArray(std::string_view text) {
  std::vector<std::string> elements;
  std::string element;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        element += c;
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      elements.push_back(std::move(element));
      element.clear();
      continue;
    }
    element += text[i];
  }
  if (element.find_first_not_of(' ') != std::string::npos || !elements.empty())
    elements.push_back(std::move(element));
  return elements;
}

class BatchSink final : public formats::DecodeSink {
 public:
  Status OnBatch(data::Batch batch, std::span<const int64_t>) override {
    batches.push_back(std::move(batch));
    return {};
  }
  Status OnMalformed(int64_t, std::string_view bytes, const Error& reason) override {
    return std::unexpected(reason.Within(fmt::format("row {}", bytes)));
  }
  std::vector<data::Batch> batches;
};

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "    " + line + "\n";
  return text;
}

class SltRunner {
 public:
  SltRunner(const env::Env& env, const SltMode& mode)
      : mode_(mode), clock_(*env.clock), executor_(clock_), env_(env) {
    env_.clock = &clock_;
    env_.executor = &executor_;
    InstanceOptions options;
    options.env = &env_;
    options.threads = mode.threads;
    options.test_feeds = true;
    options.standard_output = &printed_;
    options.standard_error = &printed_;
    options.settings = mode.settings;
    options.queries.threads = mode.threads;
    instance_ = std::make_unique<Instance>(std::move(options));
    session_ = std::make_unique<Session>(instance_.get(), SessionOptions{.script = true});
  }

  Result<SltOutcome> Run(const std::vector<SltRecord>& records) {
    MR_TRY(instance_->Start());
    MR_TRY(session_->Start());
    SltOutcome outcome;
    for (const SltRecord& record : records) {
      const auto names_mode = [&](const std::string& name) { return name == mode_.name; };
      if (!record.only_in.empty() && std::none_of(record.only_in.begin(), record.only_in.end(), names_mode))
        continue;
      if (std::any_of(record.not_in.begin(), record.not_in.end(), names_mode)) continue;
      ++outcome.records;
      std::string failure = RunRecord(record);
      if (!failure.empty()) outcome.failures.push_back({record.line, std::move(failure)});
    }
    return outcome;
  }

 private:
  // Empty when the record is as expected.
  std::string RunRecord(const SltRecord& record) {
    switch (record.kind) {
      case SltRecord::Kind::kOk: {
        const auto result = session_->Execute(record.sql);
        return result.has_value() ? "" : "the statement failed: " + result.error().ToString();
      }
      case SltRecord::Kind::kError: {
        const auto result = session_->Execute(record.sql);
        if (result.has_value()) return "the statement was to fail and did not";
        std::vector<std::string> lines;
        std::string text = result.error().ToString();
        for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
          lines.push_back(text.substr(0, end));
          text.erase(0, end + 1);
        }
        lines.push_back(std::move(text));
        return Compare(record, std::move(lines));
      }
      case SltRecord::Kind::kQuery: {
        const auto result = session_->Execute(record.sql);
        if (!result.has_value()) return "the query failed: " + result.error().ToString();
        return Compare(record, RowLines(*result));
      }
      case SltRecord::Kind::kExplain: {
        const auto result = session_->Execute("EXPLAIN " + record.sql);
        if (!result.has_value()) return "the query failed: " + result.error().ToString();
        return Compare(record, Lines(result->text));
      }
      case SltRecord::Kind::kPrint: {
        if (const Status settled = session_->Settle(); !settled.has_value()) {
          return "the job failed: " + settled.error().ToString();
        }
        return Compare(record, Lines(printed_.Take()));
      }
      case SltRecord::Kind::kFeed:
        return TextOf(Feed(record));
      case SltRecord::Kind::kWatermark:
        return TextOf(Advance(record));
      case SltRecord::Kind::kFinish:
        return TextOf(Finish(record));
      case SltRecord::Kind::kAdvance:
        return TextOf(AdvanceClock(record));
    }
    return "";
  }

  static std::string TextOf(const Status& status) {
    return status.has_value() ? "" : status.error().ToString();
  }

  static std::vector<std::string> Lines(const std::string& text) {
    std::vector<std::string> lines;
    std::string line;
    for (const char c : text) {
      if (c == '\n') {
        lines.push_back(std::move(line));
        line.clear();
      } else {
        line += c;
      }
    }
    if (!line.empty()) lines.push_back(std::move(line));
    return lines;
  }

  std::vector<std::string> RowLines(const StatementResult& result) const {
    std::vector<std::string> lines;
    for (const data::Batch& batch : result.batches) {
      for (size_t row = 0; row < batch.rows; ++row) {
        std::string line;
        for (size_t i = 0; i < batch.columns.size(); ++i) {
          if (i > 0) line += '|';
          if (batch.columns[i]->IsNull(row)) {
            line += "NULL";
            continue;
          }
          const std::string text = ValueText(*batch.columns[i], row, session_->zone());
          line += text.empty() ? "(empty)" : text;
        }
        lines.push_back(std::move(line));
      }
    }
    return lines;
  }

  static std::string Compare(const SltRecord& record, std::vector<std::string> actual) {
    std::vector<std::string> expected = record.expected;
    if (record.sort) {
      std::sort(expected.begin(), expected.end());
      std::sort(actual.begin(), actual.end());
    }
    if (expected == actual) return "";
    return fmt::format("expected:\n{}  but got:\n{}", Joined(expected), Joined(actual));
  }

  Result<const catalog::TableDefinition*> FeedTable(const SltRecord& record) const {
    sql::QualifiedName name;
    std::string part;
    for (const char c : record.table + ".") {
      if (c == '.') {
        name.parts.push_back({part, {static_cast<uint32_t>(record.line), 6}, true});
        part.clear();
      } else {
        part += c;
      }
    }
    MR_ASSIGN(const catalog::EntryPtr entry, session_->catalog().Resolve(name));
    if (entry->table == nullptr || entry->table->connector() != "feed") {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("'{}' is not a table WITH ('connector'='feed')", record.table));
    }
    return entry->table.get();
  }

  Status Feed(const SltRecord& record) {
    MR_ASSIGN(const catalog::TableDefinition* table, FeedTable(record));
    data::Schema schema;
    for (const catalog::Column& column : table->columns) {
      if (column.kind == catalog::ColumnKind::kPhysical) schema.Add(column.name, column.type);
    }
    auto text = std::make_shared<std::string>();
    auto kinds = std::make_shared<std::vector<data::RowKind>>();
    bool insert_only = true;
    for (const std::string& line : record.expected) {
      std::string_view row = line;
      data::RowKind kind = data::RowKind::kInsert;
      for (const data::RowKind candidate : {data::RowKind::kInsert, data::RowKind::kUpdateBefore,
                                            data::RowKind::kUpdateAfter, data::RowKind::kDelete}) {
        if (!row.starts_with(data::RowKindName(candidate))) continue;
        kind = candidate;
        row.remove_prefix(2);
        break;
      }
      while (row.starts_with(' ')) row.remove_prefix(1);
      while (row.ends_with(' ')) row.remove_suffix(1);
      kinds->push_back(kind);
      insert_only &= kind == data::RowKind::kInsert;
      if (row.starts_with('[')) {
        const std::vector<std::string> values = SplitJsonArray(row);
        if (values.size() != schema.size()) {
          return Fail(ErrorCode::kInvalidText,
                      fmt::format("row {} has {} values for {} columns", row, values.size(), schema.size()));
        }
        *text += '{';
        for (size_t i = 0; i < values.size(); ++i) {
          *text += fmt::format("{}\"{}\":{}", i > 0 ? "," : "", schema[i].name, values[i]);
        }
        *text += "}\n";
      } else {
        *text += std::string(row) + "\n";
      }
    }
    formats::DecodeContext context;
    context.zone = &session_->zone();
    MR_ASSIGN(auto decoder, formats::MakeDecoder("json", schema, {}, context));
    BatchSink sink;
    MR_TRY(decoder->Decode(text, *text, 0, sink));
    size_t offset = 0;
    for (data::Batch& batch : sink.batches) {
      if (!insert_only) {
        batch.kinds = std::make_shared<const std::vector<data::RowKind>>(
            kinds->begin() + static_cast<std::ptrdiff_t>(offset),
            kinds->begin() + static_cast<std::ptrdiff_t>(offset + batch.rows));
      }
      offset += batch.rows;
      instance_->feeds().Push(table->name.ToString(), std::move(batch), record.partition);
    }
    return session_->Settle();
  }

  Status Advance(const SltRecord& record) {
    MR_ASSIGN(const catalog::TableDefinition* table, FeedTable(record));
    const auto micros = data::ParseTimestamp(record.argument);
    if (!micros.has_value()) {
      return Fail(ErrorCode::kInvalidDatetime, fmt::format("'{}' is not a timestamp", record.argument));
    }
    instance_->feeds().Advance(table->name.ToString(), *micros);
    return session_->Settle();
  }

  Status Finish(const SltRecord& record) {
    MR_ASSIGN(const catalog::TableDefinition* table, FeedTable(record));
    instance_->feeds().Finish(table->name.ToString());
    return session_->Settle();
  }

  Status AdvanceClock(const SltRecord& record) {
    MR_ASSIGN(const int64_t micros, catalog::ParseDuration(record.argument));
    MR_TRY(session_->Settle());  // what came before is done at the old time
    clock_.Advance(micros);
    return session_->Settle();
  }

  const SltMode& mode_;
  env::ShiftedClock clock_;
  env::ThreadExecutor executor_;
  env::Env env_;
  connectors::MemoryPrintOutput printed_;
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<Session> session_;
};

}  // namespace

const std::vector<SltMode>& SltModes() {
  static const std::vector<SltMode> modes = {
      {"default", {{"parallelism.default", "1"}}, 1},
      {"batch1", {{"parallelism.default", "1"}, {"millrace.batch.rows", "1"}}, 1},
      {"shards2", {{"parallelism.default", "2"}}, 2},
      {"batch1-shards2", {{"parallelism.default", "2"}, {"millrace.batch.rows", "1"}}, 2},
  };
  return modes;
}

Result<SltOutcome> RunSltFile(env::Env& env, const std::string& path, const SltMode& mode) {
  MR_ASSIGN(const std::string text, env.files->ReadAll(path));
  MR_ASSIGN(const std::vector<SltRecord> records, ParseSlt(text));
  SltRunner runner(env, mode);
  return runner.Run(records);
}

Result<std::vector<std::string>> FindSltFiles(env::Env& env, const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    MR_ASSIGN(const env::FileInfo info, env.files->Stat(path));
    if (!info.is_directory) {
      files.push_back(path);
      continue;
    }
    MR_ASSIGN(std::vector<std::string> found, env.files->Glob(env::JoinPath(path, "**/*.slt")));
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace millrace::session
