#include "session/slt_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "catalog/settings.h"
#include "data/text.h"
#include "formats/format.h"
#include "session/result_printer.h"
#include "session/slt_file.h"
#include "session/slt_warehouse.h"

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

// Of the records with SQL that follow such.
constexpr double kRestartChance = 0.3;

// About what begins anew with the process.
bool AsksTheProcess(const SltRecord& record) {
  return record.kind == SltRecord::Kind::kQuery &&
         (record.sql.find("sys.dead_letters") != std::string::npos ||
          record.sql.find("sys.late_rows") != std::string::npos);
}

// The same for the same file.
uint64_t SeedOf(std::string_view text) {
  return HashBytes(text);
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
  SltRunner(const env::Env& env, const SltMode& mode, uint64_t seed)
      : mode_(mode), random_(seed), warehouse_(env, mode, seed) {}

  Result<SltOutcome> Run(const std::vector<SltRecord>& records) {
    MR_TRY(warehouse_.Open());
    // What was printed, or happened at a time, before a crash would be so again.
    always_saves_ = std::ranges::any_of(records, [](const SltRecord& record) {
      return record.kind == SltRecord::Kind::kPrint || record.kind == SltRecord::Kind::kAdvance;
    });
    SltOutcome outcome;
    for (const SltRecord& record : records) {
      const auto names_mode = [&](const std::string& name) { return name == mode_.name; };
      if (!record.only_in.empty() && std::none_of(record.only_in.begin(), record.only_in.end(), names_mode))
        continue;
      if (std::any_of(record.not_in.begin(), record.not_in.end(), names_mode)) continue;
      if (mode_.restarts && AsksTheProcess(record)) continue;
      if (record.kind == SltRecord::Kind::kHalt) break;
      ++outcome.records;
      std::string failure = MayRestart(record);
      const bool is_open = failure.empty();
      if (is_open) failure = RunRecord(record);
      if (!failure.empty()) outcome.failures.push_back({record.line, std::move(failure)});
      if (!is_open) break;
    }
    return outcome;
  }

 private:
  // Before records with SQL that follow others which gave rows, and by chance before the rest of them. Empty
  // unless it fails.
  std::string MayRestart(const SltRecord& record) {
    if (!mode_.restarts) return "";
    const bool gives = record.kind == SltRecord::Kind::kFeed || record.kind == SltRecord::Kind::kWatermark ||
                       record.kind == SltRecord::Kind::kFinish || record.kind == SltRecord::Kind::kAdvance;
    if (gives) {
      was_given_ = true;
      return "";
    }
    if (!was_given_ && !random_.Chance(kRestartChance)) return "";
    was_given_ = false;
    const bool saved = always_saves_ || random_.Chance(0.5);
    const Status restarted = warehouse_.Restart(saved);
    if (restarted.has_value()) return "";
    return fmt::format("the restart {} failed: {}", saved ? "after a checkpoint" : "after a crash",
                       restarted.error().ToString());
  }

  // Empty when the record is as expected.
  std::string RunRecord(const SltRecord& record) {
    switch (record.kind) {
      case SltRecord::Kind::kOk: {
        const auto result = session().Execute(record.sql);
        return result.has_value() ? "" : "the statement failed: " + result.error().ToString();
      }
      case SltRecord::Kind::kError: {
        const auto result = session().Execute(record.sql);
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
        const auto result = session().Execute(record.sql);
        if (!result.has_value()) return "the query failed: " + result.error().ToString();
        return Compare(record, RowLines(*result));
      }
      case SltRecord::Kind::kExplain: {
        const auto result = session().Execute("EXPLAIN " + record.sql);
        if (!result.has_value()) return "the query failed: " + result.error().ToString();
        return Compare(record, Lines(result->text));
      }
      case SltRecord::Kind::kPrint: {
        if (const Status settled = session().Settle(); !settled.has_value()) {
          return "the job failed: " + settled.error().ToString();
        }
        return Compare(record, Lines(warehouse_.printed().Take()));
      }
      case SltRecord::Kind::kFeed:
        return TextOf(Feed(record));
      case SltRecord::Kind::kWatermark:
        return TextOf(Advance(record));
      case SltRecord::Kind::kFinish:
        return TextOf(Finish(record));
      case SltRecord::Kind::kAdvance:
        return TextOf(AdvanceClock(record));
      case SltRecord::Kind::kHalt:
        break;
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

  std::vector<std::string> RowLines(const StatementResult& result) {
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
          const std::string text = ValueText(*batch.columns[i], row, session().zone());
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

  Result<const catalog::TableDefinition*> FeedTable(const SltRecord& record) {
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
    MR_ASSIGN(const catalog::EntryPtr entry, session().catalog().Resolve(name));
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
    context.zone = &session().zone();
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
      warehouse_.feeds().Push(table->name.ToString(), std::move(batch), record.partition);
    }
    return session().Settle();
  }

  Status Advance(const SltRecord& record) {
    MR_ASSIGN(const catalog::TableDefinition* table, FeedTable(record));
    const auto micros = data::ParseTimestamp(record.argument);
    if (!micros.has_value()) {
      return Fail(ErrorCode::kInvalidDatetime, fmt::format("'{}' is not a timestamp", record.argument));
    }
    warehouse_.feeds().Advance(table->name.ToString(), *micros);
    return session().Settle();
  }

  Status Finish(const SltRecord& record) {
    MR_ASSIGN(const catalog::TableDefinition* table, FeedTable(record));
    warehouse_.feeds().Finish(table->name.ToString());
    return session().Settle();
  }

  Status AdvanceClock(const SltRecord& record) {
    MR_ASSIGN(const int64_t micros, catalog::ParseDuration(record.argument));
    MR_TRY(session().Settle());  // what came before is done at the old time
    warehouse_.clock().Advance(micros);
    return session().Settle();
  }

  Session& session() { return warehouse_.session(); }

  const SltMode& mode_;
  env::Random random_;
  SltWarehouse warehouse_;
  bool always_saves_ = false;
  bool was_given_ = false;  // since the last restart
};

}  // namespace

const std::vector<SltMode>& SltModes() {
  static const std::vector<SltMode> modes = {
      {"default", {{"parallelism.default", "1"}}, 1},
      {"batch1", {{"parallelism.default", "1"}, {"millrace.batch.rows", "1"}}, 1},
      {"shards2", {{"parallelism.default", "2"}}, 2},
      {"batch1-shards2", {{"parallelism.default", "2"}, {"millrace.batch.rows", "1"}}, 2},
      {.name = "restarts", .settings = {{"parallelism.default", "1"}}, .restarts = true},
      {.name = "restarts-shards2",
       .settings = {{"parallelism.default", "1"}},
       .threads = 2,
       .restarts = true,
       .other_shards = 2},
  };
  return modes;
}

Result<SltOutcome> RunSltFile(env::Env& env, const std::string& path, const SltMode& mode) {
  MR_ASSIGN(const std::string text, env.files->ReadAll(path));
  MR_ASSIGN(const std::vector<SltRecord> records, ParseSlt(text));
  SltRunner runner(env, mode, SeedOf(text));
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
