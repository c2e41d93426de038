// `millrace sql`: statements and backslash commands, from a terminal, a script or the command line, to a
// server and their results to the screen. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "env/env.h"
#include "shell/completer.h"
#include "shell/connection.h"
#include "shell/history.h"
#include "shell/output.h"
#include "shell/script_text.h"
#include "shell/table_printer.h"
#include "shell/terminal.h"

namespace millrace::shell {

struct ShellOptions {
  ConnectOptions connect;
  // Files are run first, then statements; without either it is the standard input, or the terminal.
  std::vector<std::string> files;
  std::vector<std::string> statements;
  OutputFormat format = OutputFormat::kTable;
  std::vector<std::string> functions;  // names of built-in ones, for completion
};

// Exit status: 0; 1 if a statement or command of a script failed, which ends it; 2 if there is no connection.
class Shell {
 public:
  Shell(env::Env& env, ShellOptions options);
  int Run();

 private:
  enum class Outcome : uint8_t { kOk, kFailed, kLost, kQuit };

  // shell.cc
  Outcome RunInteractive();
  Outcome RunScript(ScriptText script, const std::string& name);
  Outcome RunPart(const ScriptText::Part& part, const std::string& name, ScriptText* script);
  Outcome RunStatement(const std::string& sql, size_t line, const std::string& name);
  Outcome Report(const ExecuteOutcome& outcome, const std::string& sql, size_t line, const std::string& name);
  Outcome Complain(const std::string& message, const std::string& hint = {});
  bool Recover();
  void Say(std::string_view text) const;  // to standard error
  void LoadNames();

  // shell_commands.cc
  Outcome RunCommand(std::string_view text);
  Outcome Finished(const Status& status);
  std::optional<Outcome> RunDisplayCommand(std::string_view word, const std::string& argument);
  Outcome Describe(std::string_view word, const std::string& argument);
  Outcome Include(const std::string& path);
  Outcome Subscribe(const std::string& argument);
  Outcome Watch(const std::string& argument);
  Outcome Copy(const std::string& argument);
  Outcome ChangeDatabase(const std::string& name);

  env::Env& env_;
  ShellOptions options_;
  Terminal terminal_;
  Connection connection_;
  Output output_;
  History history_;
  Completer completer_;
  bool interactive_ = false;
  bool timing_ = false;
  bool expanded_ = false;
  bool names_stale_ = true;
  bool once_expanded_ = false;  // \gx
  int include_depth_ = 0;
  std::string last_statement_;
  std::string pending_;  // a statement without its semicolon, before the command that runs it
  size_t pending_line_ = 1;
  // Where COPY … FROM STDIN takes its rows, and where output goes while \copy or \watch takes it.
  std::function<Result<std::optional<std::string>>()> rows_;
  std::function<Status(std::string_view)> capture_;
};

}  // namespace millrace::shell
