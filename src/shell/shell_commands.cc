// The backslash commands of the shell.

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "shell/describe.h"
#include "shell/live_view.h"
#include "shell/shell.h"
#include "shell/text_width.h"

namespace millrace::shell {
namespace {

constexpr int kIncludeDepthMax = 32;

constexpr std::string_view kHelp =
    "Statements end with a semicolon. Commands end with their line:\n"
    "  \\d [NAME]          tables and views, or the columns of one; \\d+ NAME with its query\n"
    "  \\dt \\dv \\dm [NAME] tables, views, materialized views (* and ? stand for others)\n"
    "  \\dn \\df \\du \\l     schemas, functions, roles, databases\n"
    "  \\subscribe VIEW    a view on the screen as it changes; also of SELECT … EMIT CHANGES\n"
    "  \\watch [SECONDS]   the last statement, again and again\n"
    "  \\g  \\gx            runs a statement that has no semicolon; \\gx one column a line\n"
    "  \\x [on|off]        one column a line\n"
    "  \\timing [on|off]   how long statements take\n"
    "  \\format NAME       table, csv or json\n"
    "  \\i FILE            runs a script\n"
    "  \\o [FILE]          results go to the file; without one to the screen again\n"
    "  \\copy TABLE FROM 'FILE' [WITH (…)]    rows of a file of this machine into a table\n"
    "  \\copy TABLE|(QUERY) TO 'FILE' [WITH (…)]\n"
    "  \\c DATABASE        connects to another database of the server\n"
    "  \\conninfo  \\echo TEXT  \\p (the last statement)  \\q\n"
    "Keys: Tab completes, Ctrl-R searches the history, Alt-Enter begins a line, Ctrl-C clears the line or\n"
    "cancels the statement, Ctrl-D leaves.\n";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// An argument in single quotes may hold blanks.
std::string FileArgument(std::string_view text) {
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

bool SameWord(std::string_view text, std::string_view upper) {
  return std::equal(text.begin(), text.end(), upper.begin(), upper.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

// \copy's FROM or TO, outside of parentheses, and the file in quotes behind it.
struct CopyCommand {
  std::string what;
  bool from = false;
  std::string file;
  std::string rest;
};
std::optional<CopyCommand> ParseCopy(std::string_view text) {
  int depth = 0;
  const std::vector<Piece> pieces = ScanSql(text);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view piece = text.substr(pieces[i].begin, pieces[i].end - pieces[i].begin);
    depth += piece == "(" ? 1 : piece == ")" ? -1 : 0;
    const bool from = SameWord(piece, "FROM");
    if (depth != 0 || pieces[i].kind != PieceKind::kWord || !(from || SameWord(piece, "TO"))) continue;
    if (i + 2 >= pieces.size() || pieces[i + 2].kind != PieceKind::kString || pieces[i + 2].open)
      return std::nullopt;
    const Piece& file = pieces[i + 2];
    return CopyCommand{std::string(Trimmed(text.substr(0, pieces[i].begin))), from,
                       std::string(text.substr(file.begin + 1, file.end - file.begin - 2)),
                       std::string(Trimmed(text.substr(file.end)))};
  }
  return std::nullopt;
}

}  // namespace

Shell::Outcome Shell::Finished(const Status& status) {
  if (status.has_value()) return Outcome::kOk;
  return Complain(status.error().message(), status.error().hint());
}

Shell::Outcome Shell::RunCommand(std::string_view text) {
  const size_t blank = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(1, blank - 1);
  std::string argument(Trimmed(text.substr(blank)));
  if (argument.ends_with(';')) argument = Trimmed(std::string_view(argument).substr(0, argument.size() - 1));

  const bool runs_pending = word == "g" || word == "gx" || word == "watch";
  if (!pending_.empty() && !runs_pending) {
    pending_.clear();
    if (word == "r") return Outcome::kOk;
    return Complain(fmt::format("\\{} stands behind a statement that has not ended", word),
                    "end the statement with a semicolon, or run it with \\g");
  }
  if (word == "g" || word == "gx") {
    const std::string sql = pending_.empty() ? last_statement_ : std::exchange(pending_, {});
    if (sql.empty()) return Complain("there is no statement to run");
    once_expanded_ = word == "gx";
    return RunStatement(sql, pending_line_, "");
  }
  if (word == "q" || word == "quit") return Outcome::kQuit;
  if (word == "watch") return Watch(argument);
  if (word == "subscribe") return Subscribe(argument);
  if (word == "i") return Include(FileArgument(argument));
  if (word == "copy") return Copy(argument);
  if (word == "c" || word == "connect") return ChangeDatabase(argument);
  if (const std::optional<Outcome> outcome = RunDisplayCommand(word, argument)) return *outcome;
  return Describe(word, argument);
}

std::optional<Shell::Outcome> Shell::RunDisplayCommand(std::string_view word, const std::string& argument) {
  const auto say = [&](const std::string& text) {
    const Status written = output_.Write(text);
    return Finished(written.has_value() ? output_.Flush() : written);
  };
  const auto toggle = [&](bool* value, std::string_view what) {
    if (argument != "" && argument != "on" && argument != "off") {
      return Complain(fmt::format("\\{} takes on or off, not '{}'", word, argument));
    }
    *value = argument.empty() ? !*value : argument == "on";
    return interactive_ ? say(fmt::format("{} is {}.\n", what, *value ? "on" : "off")) : Outcome::kOk;
  };
  if (word == "?" || word == "h" || word == "help") return say(std::string(kHelp));
  if (word == "timing") return toggle(&timing_, "Timing");
  if (word == "x") return toggle(&expanded_, "Expanded display");
  if (word == "echo" || word == "qecho") return say(argument + '\n');
  if (word == "p") return say(last_statement_.empty() ? "" : last_statement_ + ";\n");
  if (word == "r") return Outcome::kOk;
  if (word == "conninfo") {
    return say(fmt::format("database {} at {} as {}\n", connection_.Database(), connection_.Where(),
                           connection_.User()));
  }
  if (word == "o") {
    const Status flushed = output_.Flush();
    return Finished(flushed.has_value() ? output_.Redirect(FileArgument(argument)) : flushed);
  }
  if (word == "format") {
    const Result<OutputFormat> format = ParseOutputFormat(argument);
    if (!format.has_value()) return Complain(format.error().message(), format.error().hint());
    options_.format = *format;
    return Outcome::kOk;
  }
  return std::nullopt;
}

Shell::Outcome Shell::Describe(std::string_view word, const std::string& argument) {
  const auto queries = DescribeQueries(word, argument);
  if (!queries.has_value()) {
    return Complain(fmt::format("unknown command \\{}", Visible(word)), "\\? lists the commands");
  }
  for (const DescribeQuery& query : *queries) {
    if (query.must_find) {
      const auto found = connection_.Query(query.sql);
      if (found.has_value() && found->empty()) {
        return Complain(fmt::format("there is no table or view '{}'", argument), "\\d lists them");
      }
    }
    if (interactive_) static_cast<void>(output_.Write(query.title + '\n'));
    const std::string last = last_statement_;
    const Outcome outcome = RunStatement(query.sql, 1, "");
    last_statement_ = last;
    if (outcome != Outcome::kOk) return outcome;
  }
  return Outcome::kOk;
}

Shell::Outcome Shell::Include(const std::string& path) {
  if (path.empty()) return Complain("\\i takes the name of a file");
  if (include_depth_ == kIncludeDepthMax) {
    return Complain(fmt::format("scripts include each other {} deep", kIncludeDepthMax));
  }
  const std::string name = path == "-" ? "" : path;
  const bool interactive = std::exchange(interactive_, false);
  ++include_depth_;
  Outcome outcome = Outcome::kOk;
  if (path == "-") {
    outcome = RunScript(ScriptText(env_.files->StandardInput()), name);
  } else {
    Result<std::string> text = env_.files->ReadAll(path);
    outcome =
        text.has_value() ? RunScript(ScriptText(*std::move(text)), name) : Complain(text.error().message());
  }
  --include_depth_;
  interactive_ = interactive;
  if (outcome == Outcome::kLost && interactive_) {
    Recover();
    return Outcome::kFailed;
  }
  return outcome;
}

Shell::Outcome Shell::Subscribe(const std::string& argument) {
  if (argument.empty()) return Complain("\\subscribe takes the name of a view, or SELECT … EMIT CHANGES");
  if (!interactive_) {
    return Complain("\\subscribe draws on a terminal, and this is none",
                    "COPY (SUBSCRIBE TO view) TO STDOUT writes the changes as lines");
  }
  ForgetInterrupt();
  const ExecuteOutcome outcome = FollowView(env_, connection_, terminal_, argument);
  return Report(outcome, "", 1, "");
}

Shell::Outcome Shell::Watch(const std::string& argument) {
  double seconds = 2;
  if (!argument.empty()) {
    const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), seconds);
    if (error != std::errc() || end != argument.data() + argument.size() ||
        !(seconds >= 0.1 && seconds <= 86'400)) {
      pending_.clear();
      return Complain(fmt::format("\\watch takes seconds from 0.1 to 86400, not '{}'", argument));
    }
  }
  const std::string sql = pending_.empty() ? last_statement_ : std::exchange(pending_, {});
  if (sql.empty()) return Complain("there is no statement to watch");
  if (!interactive_) {
    return Complain("\\watch draws on a terminal, and this is none",
                    "let the calling script repeat the statement");
  }
  std::string frame;
  capture_ = [&](std::string_view text) {
    frame += text;
    return Status{};
  };
  Outcome outcome = Outcome::kOk;
  ForgetInterrupt();
  terminal_.BeginScreen();
  for (bool watching = true; watching;) {
    frame = fmt::format("every {} s: {}   (q leaves)\n", seconds, Visible(sql));
    outcome = RunStatement(sql, 1, "");
    if (outcome != Outcome::kOk || Interrupted()) break;
    const int64_t next = env_.clock->MonotonicMicros() + std::llround(seconds * 1e6);
    terminal_.Write("\x1b[H\x1b[J" + CutToScreen(frame, terminal_.GetSize()));
    terminal_.BeginRaw();
    for (int64_t left = 1; watching && left > 0;) {
      left = std::max<int64_t>(0, (next - env_.clock->MonotonicMicros()) / 1000);
      const std::optional<Key> key = terminal_.ReadKey(left);
      if (terminal_.AtEnd()) watching = false;
      if (!key.has_value()) continue;
      watching = !(key->text == "q" || key->kind == Key::Kind::kEscape ||
                   (key->kind == Key::Kind::kControl && (key->letter == 'C' || key->letter == 'D')));
    }
    terminal_.EndRaw();
  }
  capture_ = nullptr;
  terminal_.EndScreen();
  // What was seen last stays; the line about the keys does not.
  terminal_.Write(frame.substr(std::min(frame.find('\n') + 1, frame.size())));
  return outcome;
}

Shell::Outcome Shell::Copy(const std::string& argument) {
  const std::optional<CopyCommand> copy = ParseCopy(argument);
  if (!copy.has_value() || copy->what.empty()) {
    return Complain(
        "\\copy takes: TABLE [(columns)] FROM 'file' [WITH (…)], or TABLE|(QUERY) TO 'file' [WITH (…)]");
  }
  const std::string sql =
      fmt::format("COPY {} {} {}", copy->what, copy->from ? "FROM STDIN" : "TO STDOUT", copy->rest);
  Outcome outcome = Outcome::kOk;
  if (copy->from) {
    auto stream = env_.files->OpenStream(copy->file);
    if (!stream.has_value()) return Complain(stream.error().message());
    std::vector<std::byte> buffer(65536);
    rows_ = [&]() -> Result<std::optional<std::string>> {
      MR_ASSIGN(const env::ReadOutcome read, (*stream)->Read(buffer, env::kForever));
      if (!read.HasData()) return std::nullopt;
      return std::string(reinterpret_cast<const char*>(buffer.data()), read.bytes);
    };
    outcome = RunStatement(sql, 1, "");
    rows_ = nullptr;
    return outcome;
  }
  const auto file = env_.files->OpenWrite(copy->file, env::WriteMode::kTruncate);
  if (!file.has_value()) return Complain(file.error().message());
  capture_ = [&](std::string_view text) { return (*file)->Write(text); };
  outcome = RunStatement(sql, 1, "");
  capture_ = nullptr;
  const Status closed = (*file)->Close();
  return outcome == Outcome::kOk ? Finished(closed) : outcome;
}

Shell::Outcome Shell::ChangeDatabase(const std::string& name) {
  if (name.empty()) return Complain("\\c takes the name of a database");
  ConnectOptions options = options_.connect;
  options.database = name;
  if (const Status connected = connection_.Connect(options); !connected.has_value()) {
    const Outcome failed = Complain(connected.error().message());
    const bool back = connection_.Connect(options_.connect).has_value();
    return back || interactive_ ? failed : Outcome::kLost;
  }
  options_.connect = options;
  names_stale_ = true;
  return Outcome::kOk;
}

}  // namespace millrace::shell
