// Random schemas, data and queries, streamed through Millrace, against DuckDB on the whole input.
//
//   property_test [--seeds A..B] [--seed N] [--seconds S] [--kept FILE] [--list]
//
// Runs the seeds kept in FILE (those that once failed), then A..B; --seed N runs one and shows it whole;
// --list shows cases without running them. Ends with "N passed, N failed"; status 1 if any failed.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "env/env.h"
#include "property/batch_side.h"
#include "property/stream_side.h"

namespace millrace::property {
namespace {

struct Options {
  uint64_t first = 1;
  uint64_t last = 200;
  int64_t seconds = 0;  // 0: until all have run
  std::vector<uint64_t> kept;
  bool verbose = false;
  bool list = false;
};

std::string Describe(const Case& definition, bool with_data) {
  std::string text = fmt::format(
      "  shards {}, threads {}, batch rows {}, pushes of up to {} rows, {} settles\n", definition.shards,
      definition.threads, definition.batch_rows, definition.feed_rows_max, definition.settles);
  for (const std::string& statement : Statements(definition)) text += "  " + statement + ";\n";
  for (const View& view : definition.views) {
    text += fmt::format("  DuckDB {} ({}): {}\n", view.name, view.kind, view.duck);
  }
  if (!with_data) return text;
  for (const Table& table : definition.tables) {
    text += fmt::format("  {}:\n", table.name);
    for (size_t i = 0; i < table.events.size(); ++i) {
      text +=
          fmt::format("    {} watermark {}: {}\n", i,
                      table.watermarks_ms[i] == kNoWatermark ? "-" : std::to_string(table.watermarks_ms[i]),
                      EventText(table, table.events[i]));
    }
  }
  return text;
}

// The print table holds what the view does, as far as texts are the same everywhere.
Result<std::string> CompareChangelog(const Case& definition, StreamSide& stream, const std::string& when) {
  if (definition.changelog == Case::Changelog::kNone) return std::string();
  const View& view = definition.views.back();
  MR_ASSIGN(std::vector<Row> expected, stream.Read(view));
  MR_ASSIGN(std::vector<Row> actual, stream.ReadChangelog());
  const auto keep_plain = [&](std::vector<Row>& rows) {
    for (Row& row : rows) {
      for (size_t i = 0; i < row.size() && i < view.columns.size(); ++i) {
        if (!view.columns[i].type.IsInteger() && !view.columns[i].type.IsCharacter()) row[i] = "";
      }
    }
  };
  keep_plain(expected);
  keep_plain(actual);
  const std::string difference = Difference(view.columns, std::move(expected), std::move(actual));
  if (difference.empty()) return difference;
  return fmt::format("  changes of {} ({}) {}:\n{}", view.name, view.kind, when, difference);
}

// What differs, or nothing.
Result<std::string> Compare(const Case& definition, StreamSide& stream, BatchSide& batch,
                            const std::string& when, size_t* late_rows) {
  for (const View& view : definition.views) {
    if (!view.materialized) continue;
    MR_ASSIGN(std::vector<Row> expected, batch.Read(view));
    MR_ASSIGN(std::vector<Row> actual, stream.Read(view));
    const std::string difference = Difference(view.columns, std::move(expected), std::move(actual));
    if (!difference.empty()) return fmt::format("  {} ({}) {}:\n{}", view.name, view.kind, when, difference);
    if (view.duck_late.empty()) continue;
    MR_ASSIGN(expected, batch.ReadLateRows(view));
    MR_ASSIGN(actual, stream.ReadLateRows(view));
    *late_rows += expected.size();
    static const std::vector<Column> columns(4, Column{"late", data::DataType::Timestamp(3)});
    const std::string late = Difference(columns, std::move(expected), std::move(actual));
    if (!late.empty()) return fmt::format("  late rows of {} ({}) {}:\n{}", view.name, view.kind, when, late);
  }
  return CompareChangelog(definition, stream, when);
}

Result<std::string> RunCase(const Case& definition, BatchSide& batch, bool explain, size_t* late_rows) {
  Random random(definition.seed ^ 0x5EED);
  MR_TRY(batch.Define(definition));
  StreamSide stream(definition);
  MR_TRY(stream.Define());
  if (explain) {
    for (const View& view : definition.views) {
      MR_ASSIGN(const std::string plan, stream.Explain(view));
      fmt::print("  {}:\n{}", view.name, plan);
    }
  }
  std::vector<size_t> fed(definition.tables.size(), 0);
  for (size_t step = 0; step <= definition.settles; ++step) {
    const bool is_last = step == definition.settles;
    for (size_t i = 0; i < fed.size(); ++i) {
      const size_t count = definition.tables[i].events.size();
      const size_t to =
          is_last ? count
                  : fed[i] + static_cast<size_t>(random.Below(static_cast<int64_t>(count - fed[i] + 1)));
      stream.Feed(i, fed[i], to, random);
      fed[i] = to;
    }
    if (is_last) stream.Finish();
    MR_TRY(stream.Settle());
    MR_TRY(batch.MoveTo(definition, fed, is_last));
    MR_ASSIGN(std::string difference,
              Compare(definition, stream, batch,
                      is_last ? "at the end" : fmt::format("after {} events", fed[0]), late_rows));
    if (!difference.empty()) return difference;
    if (!definition.forgets) continue;
    stream.Advance(2 * data::kMicrosPerHour);
    MR_TRY(stream.Settle());
  }
  MR_ASSIGN(const std::string letters, stream.DeadLetters());
  if (!letters.empty()) return "  sys.dead_letters is not empty:\n" + letters;
  return std::string();
}

bool ParseNumber(const std::string& text, uint64_t* number) {
  char* end = nullptr;
  *number = std::strtoull(text.c_str(), &end, 10);
  return !text.empty() && *end == '\0';
}

bool ParseArguments(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--list") {
      options->list = true;
      continue;
    }
    if (++i >= argc) return false;
    const std::string value = argv[i];
    if (name == "--seed") {
      if (!ParseNumber(value, &options->first)) return false;
      options->last = options->first;
      options->verbose = true;
    } else if (name == "--seeds") {
      const size_t dots = value.find("..");
      if (dots == std::string::npos || !ParseNumber(value.substr(0, dots), &options->first) ||
          !ParseNumber(value.substr(dots + 2), &options->last)) {
        return false;
      }
    } else if (name == "--seconds") {
      uint64_t seconds = 0;
      if (!ParseNumber(value, &seconds)) return false;
      options->seconds = static_cast<int64_t>(seconds);
    } else if (name == "--kept") {
      std::ifstream file(value);
      if (!file) return false;
      for (std::string line; std::getline(file, line);) {
        uint64_t seed = 0;
        if (ParseNumber(line.substr(0, line.find_first_of(" #")), &seed)) options->kept.push_back(seed);
      }
    } else {
      return false;
    }
  }
  return true;
}

int Run(const Options& options) {
  std::vector<uint64_t> seeds = options.kept;
  for (uint64_t seed = options.first; seed <= options.last; ++seed) seeds.push_back(seed);
  env::Clock& clock = *env::RealEnv().clock;
  const int64_t start = clock.MonotonicMicros();
  BatchSide batch;
  size_t passed = 0;
  std::vector<uint64_t> failed;
  std::map<std::string, size_t> kinds;
  size_t late_rows = 0;
  for (size_t i = 0; i < seeds.size(); ++i) {
    const bool is_kept = i < options.kept.size();
    if (!is_kept && options.seconds > 0 && clock.MonotonicMicros() - start > options.seconds * 1'000'000)
      break;
    const Case definition = MakeCase(seeds[i]);
    if (options.list || options.verbose) {
      fmt::print("seed {}\n{}", seeds[i], Describe(definition, options.verbose));
    }
    if (options.list) continue;
    for (const View& view : definition.views) ++kinds[view.kind];
    const Result<std::string> outcome = RunCase(definition, batch, options.verbose, &late_rows);
    const std::string failure = outcome.has_value() ? *outcome : "  " + outcome.error().ToString() + "\n";
    if (failure.empty()) {
      ++passed;
      continue;
    }
    failed.push_back(seeds[i]);
    fmt::print("FAILED: property_test --seed {}\n{}{}\n", seeds[i],
               options.verbose ? "" : Describe(definition, false), failure);
    std::fflush(stdout);
  }
  fmt::print("{} late rows compared\n", late_rows);
  fmt::print("Views:");
  for (const auto& [kind, count] : kinds) fmt::print(" {} {};", kind, count);
  fmt::print("\n");
  if (!failed.empty()) {
    fmt::print("Failed seeds:");
    for (const uint64_t seed : failed) fmt::print(" {}", seed);
    fmt::print("\n");
  }
  fmt::print("{} passed, {} failed\n", passed, failed.size());
  return failed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace millrace::property

int main(int argc, char** argv) {
  millrace::property::Options options;
  if (!millrace::property::ParseArguments(argc, argv, &options)) {
    fmt::print(stderr,
               "property_test [--seeds A..B] [--seed N] [--seconds S] [--kept FILE] [--list]\n"
               "FILE holds a seed a line\n");
    return 2;
  }
  return millrace::property::Run(options);
}
