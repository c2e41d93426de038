#include "shell/shell.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/limits.h"
#include "shell/describe.h"
#include "shell/line_editor.h"
#include "shell/shell_sink.h"

namespace millrace::shell {
namespace {

constexpr std::string_view kBanner = "millrace sql: \\? lists the commands, Tab completes, Ctrl-D leaves\n";

std::string FirstWord(std::string_view sql) {
  for (const Piece& piece : ScanSql(sql)) {
    if (piece.kind != PieceKind::kWord) continue;
    std::string word(sql.substr(piece.begin, piece.end - piece.begin));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return word;
  }
  return {};
}

// Results without an end, whose rows are shown as they come.
bool IsLive(std::string_view sql) {
  if (FirstWord(sql) == "SUBSCRIBE") return true;
  std::string last;
  std::string before;
  for (const Piece& piece : ScanSql(sql)) {
    if (piece.kind == PieceKind::kBlank || piece.kind == PieceKind::kComment) continue;
    before = std::move(last);
    last = sql.substr(piece.begin, piece.end - piece.begin);
  }
  const auto same = [](const std::string& a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x & ~0x20) == y; });
  };
  return same(before, "EMIT") && same(last, "CHANGES");
}

bool ChangesNames(std::string_view tag) {
  return tag.starts_with("CREATE") || tag.starts_with("DROP") || tag.starts_with("ALTER");
}

}  // namespace

Shell::Shell(env::Env& env, ShellOptions options)
    : env_(env),
      options_(std::move(options)),
      terminal_(env),
      connection_([this](const ServerError& notice) {
        ServerError shown = notice;
        shown.sqlstate.clear();
        Say(ErrorText(shown, ""));
      }),
      output_(*env.files),
      completer_(options_.functions) {}

void Shell::Say(std::string_view text) const {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

Shell::Outcome Shell::Complain(const std::string& message, const std::string& hint) {
  ServerError error;
  error.message = message;
  error.hint = hint;
  Say(ErrorText(error, ""));
  return Outcome::kFailed;
}

int Shell::Run() {
  const bool from_options = !options_.files.empty() || !options_.statements.empty();
  interactive_ = !from_options && terminal_.IsInteractive();
  CatchInterrupts();
  if (const Status connected = connection_.Connect(options_.connect); !connected.has_value()) {
    Complain(connected.error().message(), "a server is started with: millrace serve");
    return 2;
  }
  Outcome outcome = Outcome::kOk;
  if (interactive_) {
    outcome = RunInteractive();
  } else if (!from_options) {
    outcome = RunScript(ScriptText(env_.files->StandardInput()), "");
  }
  for (const std::string& path : options_.files) {
    if (outcome == Outcome::kOk) outcome = Include(path);
  }
  for (const std::string& statement : options_.statements) {
    if (outcome == Outcome::kOk) outcome = RunScript(ScriptText(statement), "");
  }
  const Status closed = output_.Redirect("");
  const Status flushed = output_.Flush();
  if (!closed.has_value()) outcome = Complain(closed.error().message());
  if (!flushed.has_value() && outcome == Outcome::kOk) outcome = Complain(flushed.error().message());
  if (outcome == Outcome::kLost) return 2;
  return outcome == Outcome::kFailed ? 1 : 0;
}

Shell::Outcome Shell::RunInteractive() {
  const std::string history_path = HistoryPath();
  if (!history_path.empty()) {
    const Status loaded = history_.Load(*env_.files, history_path);
    if (!loaded.has_value()) Complain(loaded.error().message());
  }
  Say(fmt::format("connected to {} as {}\n{}", connection_.Where(), connection_.User(), kBanner));
  LineEditor editor(terminal_, history_, [this](std::string_view before, std::string_view after) {
    if (names_stale_) LoadNames();
    return completer_.Complete(before, after);
  });
  Outcome outcome = Outcome::kOk;
  while (outcome != Outcome::kQuit) {
    std::string text;
    const std::string mark(connection_.TransactionMark());
    const std::string name = connection_.IsAlive() ? connection_.Database() : "(no connection)";
    const LineEditor::Outcome read =
        editor.Read(fmt::format("{}={}> ", name, mark), fmt::format("{}-{}> ", name, mark), &text);
    if (read == LineEditor::Outcome::kEnd) break;
    if (read == LineEditor::Outcome::kCleared) continue;
    history_.Add(text);
    ForgetInterrupt();
    ScriptText script(std::move(text));
    outcome = Outcome::kOk;
    while (outcome == Outcome::kOk) {
      const auto part = script.Next();
      if (!part.has_value()) {
        outcome = Complain(part.error().message());
      } else if (!part->has_value()) {
        break;
      } else {
        outcome = RunPart(**part, "", nullptr);
      }
    }
    pending_.clear();
  }
  if (!history_path.empty()) {
    const Status saved = history_.Save(*env_.files, history_path);
    if (!saved.has_value()) Complain(saved.error().message());
  }
  return Outcome::kOk;
}

Shell::Outcome Shell::RunScript(ScriptText script, const std::string& name) {
  for (;;) {
    const auto part = script.Next();
    if (!part.has_value()) return Complain(part.error().message());
    if (!part->has_value()) return Outcome::kOk;
    const Outcome outcome = RunPart(**part, name, &script);
    if (outcome != Outcome::kOk) return outcome;
    if (Interrupted() && !interactive_) return Outcome::kFailed;
  }
}

Shell::Outcome Shell::RunPart(const ScriptText::Part& part, const std::string& name, ScriptText* script) {
  if (part.kind == InputPart::Kind::kCommand) return RunCommand(part.text);
  // Without its semicolon it waits for \g or \watch; at the end of a script it runs.
  if (!part.complete) {
    if (script == nullptr) {
      pending_ = part.text;
      pending_line_ = part.line;
      return Outcome::kOk;
    }
    ScriptText& rest = *script;
    const auto next = rest.Next();
    if (!next.has_value()) return Complain(next.error().message());
    if (next->has_value()) {
      pending_ = part.text;
      pending_line_ = part.line;
      return RunPart(**next, name, script);
    }
  }
  if (script != nullptr) {
    rows_ = [script, first = true]() mutable -> Result<std::optional<std::string>> {
      // The rest of the statement's own line is no row.
      if (std::exchange(first, false)) {
        MR_ASSIGN(const auto rest_of_line, script->NextRow());
        if (!rest_of_line.has_value()) return std::nullopt;
      }
      return script->NextRow();
    };
  }
  const Outcome outcome = RunStatement(part.text, part.line, name);
  rows_ = nullptr;
  return outcome;
}

bool Shell::Recover() {
  Say("the connection to the server was lost; connecting again: ");
  const Status again = connection_.Reconnect();
  Say(again.has_value() ? "done\n" : "failed\n" + again.error().message() + '\n');
  names_stale_ = true;
  return again.has_value();
}

Shell::Outcome Shell::Report(const ExecuteOutcome& outcome, const std::string& sql, size_t line,
                             const std::string& name) {
  if (outcome.ok()) return Outcome::kOk;
  if (outcome.kind == ExecuteOutcome::Kind::kSinkError) {
    return Complain(outcome.sink_error->message(), outcome.sink_error->hint());
  }
  if (!name.empty()) Say(name + ": ");
  Say(ErrorText(outcome.error, sql, line));
  if (outcome.kind != ExecuteOutcome::Kind::kLost) return Outcome::kFailed;
  // A script is not taken up in the middle: what it has set and begun is gone.
  if (!interactive_) return Outcome::kLost;
  Recover();
  return Outcome::kFailed;
}

Shell::Outcome Shell::RunStatement(const std::string& sql, size_t line, const std::string& name) {
  if (!connection_.IsAlive() && !(interactive_ && Recover())) return Outcome::kLost;
  last_statement_ = sql;
  SinkOptions options;
  const bool is_table = options_.format == OutputFormat::kTable;
  options.format = is_table && (expanded_ || once_expanded_) ? OutputFormat::kExpanded : options_.format;
  once_expanded_ = false;
  options.live = IsLive(sql);
  options.tags = interactive_ && !capture_;
  options.write = capture_ ? capture_ : [this](std::string_view text) { return output_.Write(text); };
  options.flush = [this] { return output_.Flush(); };
  options.rows = rows_;
  ShellSink sink(std::move(options));
  const int64_t begin = env_.clock->MonotonicMicros();
  const ExecuteOutcome outcome = connection_.Execute(sql, &sink);
  const Outcome reported = Report(outcome, sql, line, name);
  if (ChangesNames(sink.tag())) names_stale_ = true;
  if (timing_ && outcome.ok()) {
    const int64_t micros = env_.clock->MonotonicMicros() - begin;
    const std::string text = fmt::format("Time: {}.{:03} ms\n", micros / 1000, micros % 1000);
    const Status written = capture_ ? capture_(text) : output_.Write(text);
    const Status flushed = output_.Flush();
    if (!written.has_value() || !flushed.has_value()) return Outcome::kFailed;
  }
  return reported == Outcome::kLost && interactive_ ? Outcome::kFailed : reported;
}

void Shell::LoadNames() {
  names_stale_ = false;
  ServerNames names;
  const auto schemas = connection_.Query(SchemaNamesQuery());
  const auto columns = connection_.Query(ColumnNamesQuery(limits::kShellNamesMax));
  // Completion goes on without what the server does not tell.
  if (schemas.has_value()) {
    for (const auto& row : *schemas) names.schemas.push_back(row[0].value_or(""));
  }
  if (columns.has_value()) {
    for (const auto& row : *columns) {
      const std::string schema = row[0].value_or("");
      const std::string table = row[1].value_or("");
      if (names.tables.empty() || names.tables.back().name != table || names.tables.back().schema != schema) {
        names.tables.push_back({schema, table, {}});
      }
      names.tables.back().columns.push_back(row[2].value_or(""));
    }
  }
  completer_.SetNames(std::move(names));
}

}  // namespace millrace::shell
