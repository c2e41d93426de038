// flink_cases: runs Apache Flink's own expectations, which lie beside the project as JSON lines, and tells
// for each file and suite how many we meet, miss and refuse.
//
//   flink_cases [--data DIR] [--expected FILE] [--verbose] [--case ID] [--mode MODE] [--strict]
//   [--list-passed]
//
// Exit 0, or 1 when a case that FILE lists (one id a line) no longer passes. Without the data: one line, exit
// 0.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "env/env.h"
#include "flink_cases/cases.h"
#include "flink_cases/json.h"
#include "flink_cases/outcome.h"

namespace millrace::flink_cases {
namespace {

struct Options {
  std::string data;
  std::string expected;
  std::string only;
  std::string mode = "default";
  bool verbose = false;
  bool list_passed = false;
  bool strict = false;
};

struct CaseFile {
  std::string_view name;
  Outcome (*run)(const RunContext& context, const Json& test);
  std::string (*id)(const Json& test, int line);
};

std::string LastPart(const std::string& text) {
  return text.substr(text.rfind('/') + 1);
}

std::string ScalarId(const Json& test, int line) {
  const std::string& name = test.Has("test") ? test["test"].text : test["function"].text;
  return fmt::format("{}.{}:{}", LastPart(test["suite"].text), name, line);
}
std::string ProgramId(const Json& test, int) {
  return test["id"].text;
}
std::string QueryId(const Json& test, int) {
  return LastPart(test["suite"].text) + "." + test["test"].text;
}

constexpr CaseFile kFiles[] = {
    {"scalar_functions.jsonl", RunScalarCase, ScalarId},
    {"test_programs.portable.jsonl", RunProgramCase, ProgramId},
    {"itcases_stream.jsonl", RunQueryCase, QueryId},
};

struct Counts {
  int by_verdict[4] = {};
  void Add(Verdict verdict) { ++by_verdict[static_cast<int>(verdict)]; }
  int Of(Verdict verdict) const { return by_verdict[static_cast<int>(verdict)]; }
  std::string ToString() const {
    return fmt::format("{} passed, {} failed, {} refused, {} skipped", Of(Verdict::kPassed),
                       Of(Verdict::kFailed), Of(Verdict::kRefused), Of(Verdict::kSkipped));
  }
};

constexpr std::string_view kVerdictNames[] = {"passed", "FAILED", "refused", "skipped"};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  size_t start = 0;
  while (start < text.size()) {
    size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    if (end > start) lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

Result<Options> ParseOptions(int argc, char** argv) {
  Options options;
  const char* shared = std::getenv("MILLRACE_SHARED_DATA");
  options.data = shared != nullptr ? std::string(shared) + "/flink-cases" : "../shared/data/flink-cases";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    std::string* value = argument == "--data"       ? &options.data
                         : argument == "--expected" ? &options.expected
                         : argument == "--case"     ? &options.only
                         : argument == "--mode"     ? &options.mode
                                                    : nullptr;
    if (value != nullptr && i + 1 < argc) {
      *value = argv[++i];
    } else if (argument == "--verbose") {
      options.verbose = true;
    } else if (argument == "--strict") {
      options.strict = true;
    } else if (argument == "--list-passed") {
      options.list_passed = true;
    } else {
      return Fail(ErrorCode::kInvalidParameter, fmt::format("unknown argument '{}'", argument),
                  "flink_cases [--data DIR] [--expected FILE] [--verbose] [--case ID] [--mode MODE] "
                  "[--strict] [--list-passed]");
    }
  }
  return options;
}

// The case that runs, for the message when it does not come to an end.
char running_case[256];
constexpr unsigned kCaseSeconds = 60;

void OnAlarm(int) {
  constexpr std::string_view kMessage = "ERROR a case does not end: ";
  (void)!write(STDERR_FILENO, kMessage.data(), kMessage.size());
  (void)!write(STDERR_FILENO, running_case, std::char_traits<char>::length(running_case));
  (void)!write(STDERR_FILENO, "\n", 1);
  _exit(3);
}

Result<int> Run(const Options& options) {
  env::Env& env = env::RealEnv();
  if (!env.files->Stat(options.data).has_value()) {
    fmt::print("SKIPPED: no Flink cases in {} (MILLRACE_SHARED_DATA names the folder above)\n", options.data);
    return 0;
  }
  const auto& modes = session::SltModes();
  const auto mode =
      std::find_if(modes.begin(), modes.end(), [&](const auto& known) { return known.name == options.mode; });
  if (mode == modes.end() || mode->restarts) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("no mode '{}'", options.mode),
                "modes: those of millrace test without restarts");
  }
  std::set<std::string> expected;
  if (!options.expected.empty()) {
    MR_ASSIGN(const std::string text, env.files->ReadAll(options.expected));
    for (const std::string& line : Lines(text)) {
      if (!line.starts_with('#')) expected.insert(line);
    }
  }
  Counts total;
  int regressions = 0;
  for (const CaseFile& file : kFiles) {
    MR_ASSIGN(const std::string text, env.files->ReadAll(fmt::format("{}/{}", options.data, file.name)));
    std::map<std::string, Counts> suites;
    Counts counts;
    int line = 0;
    for (const std::string& row : Lines(text)) {
      ++line;
      MR_ASSIGN(const Json test, ParseJson(row));
      const std::string id = file.id(test, line);
      if (!options.only.empty() && id != options.only) continue;
      fmt::format_to_n(running_case, sizeof(running_case) - 1, "{}", id);
      alarm(kCaseSeconds);
      const Outcome outcome = file.run({&env, &*mode, options.strict}, test);
      alarm(0);
      counts.Add(outcome.verdict);
      total.Add(outcome.verdict);
      suites[file.name.starts_with("test_programs") ? test["file"].text : LastPart(test["suite"].text)].Add(
          outcome.verdict);
      const bool passed = outcome.verdict == Verdict::kPassed;
      const bool regressed = !passed && expected.contains(id);
      regressions += regressed ? 1 : 0;
      if (options.list_passed && passed) fmt::print("{}\n", id);
      if (regressed || options.verbose || (!options.only.empty() && !options.list_passed)) {
        const std::string sql = file.run == RunScalarCase ? "  " + test["sql_expr"].text : "";
        fmt::print("{}{} {}{}\n    {}\n", regressed ? "REGRESSED " : "",
                   kVerdictNames[static_cast<int>(outcome.verdict)], id, sql, outcome.message);
      }
    }
    if (options.list_passed) continue;
    for (const auto& [suite, suite_counts] : suites) fmt::print("  {}: {}\n", suite, suite_counts.ToString());
    fmt::print("{}: {}\n", file.name, counts.ToString());
  }
  if (!options.list_passed) {
    fmt::print("{} passed, {} failed, {} skipped; {} refused\n", total.Of(Verdict::kPassed),
               total.Of(Verdict::kFailed), total.Of(Verdict::kSkipped), total.Of(Verdict::kRefused));
  }
  if (regressions > 0) fmt::print("ERROR {} cases passed before and do not now\n", regressions);
  return regressions > 0 ? 1 : 0;
}

int Main(int argc, char** argv) {
  signal(SIGALRM, OnAlarm);
  const auto options = ParseOptions(argc, argv);
  const Result<int> code = options.has_value() ? Run(*options) : std::unexpected(options.error());
  if (code.has_value()) return *code;
  fmt::print(stderr, "ERROR {}\n", code.error().ToString());
  return 2;
}

}  // namespace
}  // namespace millrace::flink_cases

int main(int argc, char** argv) {
  return millrace::flink_cases::Main(argc, argv);
}
