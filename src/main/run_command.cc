#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "data/datetime.h"
#include "env/env.h"
#include "main/commands.h"
#include "main/stream_output.h"
#include "session/result_printer.h"
#include "session/script.h"
#include "session/session.h"

namespace millrace {
namespace {

// Set by the first SIGINT or SIGTERM; the second ends the process at once.
volatile std::sig_atomic_t interrupted = 0;

void Interrupt(int signal) {
  interrupted = 1;
  std::signal(signal, SIG_DFL);
}

void Complain(const std::string& text) {
  fmt::print(stderr, "{}\n", text);
}

// One line on a terminal, redrawn about ten times a second.
class ProgressLine {
 public:
  ProgressLine(env::Clock* clock, bool enabled) : clock_(*clock), enabled_(enabled) {}
  ~ProgressLine() { Clear(); }

  void Show(const dataflow::Progress& progress) {
    if (!enabled_) return;
    const int64_t now = clock_.MonotonicMicros();
    if (started_micros_ == 0) started_micros_ = now;
    // A run that is over at once shows nothing.
    if (now - started_micros_ < 500'000) return;
    if (last_micros_ != 0) {
      const double seconds = static_cast<double>(now - last_micros_) / 1e6;
      const double rate = static_cast<double>(progress.rows_read - last_rows_) / seconds;
      rate_ = rate_ == 0 ? rate : 0.7 * rate_ + 0.3 * rate;
    }
    last_micros_ = now;
    last_rows_ = progress.rows_read;
    std::string line = fmt::format("\r\x1b[K{} rows, {:.0f}/s", progress.rows_read, rate_);
    uint64_t read = 0;
    uint64_t total = 0;
    for (const auto& [table, source] : progress.sources) {
      read += source.bytes_read;
      total += source.bytes_total.value_or(0);
    }
    if (total > 0)
      line += fmt::format(", {:.0f}% of {:.1f} MB",
                          100.0 * static_cast<double>(read) / static_cast<double>(total),
                          static_cast<double>(total) / 1e6);
    if (progress.watermark != data::kMinWatermark) {
      line += ", watermark ";
      data::AppendTimestamp(progress.watermark, 0, ' ', &line);
      const int64_t lag = clock_.NowMicros() - progress.watermark;
      if (lag >= 0 && lag < data::kMicrosPerDay)
        line += fmt::format(" (lag {:.1f} s)", static_cast<double>(lag) / 1e6);
    }
    if (progress.dead_letters > 0) line += fmt::format(", {} dead letters", progress.dead_letters);
    if (progress.late_rows > 0) line += fmt::format(", {} late", progress.late_rows);
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
    shown_ = true;
  }

  void Clear() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
    shown_ = false;
    started_micros_ = 0;
    last_micros_ = 0;
    rate_ = 0;
  }

 private:
  env::Clock& clock_;
  bool enabled_;
  bool shown_ = false;
  int64_t started_micros_ = 0;
  int64_t last_micros_ = 0;
  int64_t last_rows_ = 0;
  double rate_ = 0;
};

struct Runner {
  session::Session& session;
  session::ResultFormat format;
  StreamOutput& output;
  ProgressLine& progress;

  Status Show(const session::StatementResult& result) {
    progress.Clear();
    for (const std::string& warning : result.warnings) Complain("WARNING: " + warning);
    if (!result.text.empty()) return output.Write(result.text);
    if (!result.has_rows) return {};
    std::string text;
    session::AppendRows(result.schema, result.batches, format, session.zone(), &text);
    return output.Write(text);
  }

  // Whether all went well; what did not is on standard error.
  bool Run(const std::string& name, const std::string& script) {
    for (const session::ScriptPart& part : session::SplitScript(script)) {
      Result<session::StatementResult> result = session.Execute(part.text);
      Status shown = result.has_value() ? Show(*result) : Status{};
      if (interrupted != 0) return false;
      if (result.has_value() && shown.has_value()) continue;
      progress.Clear();
      const Error error =
          result.has_value() ? shown.error() : session::PlaceInScript(result.error(), part.location);
      const std::string prefix = name.empty() ? "" : name + ": ";
      Complain("ERROR " + prefix + error.ToString());
      return false;
    }
    return true;
  }
};

// What went aside is told, as it is easily overlooked.
void ReportSideRows(const dataflow::Progress& progress) {
  if (progress.dead_letters > 0) {
    Complain(fmt::format("NOTICE: {} record(s) could not be processed: SELECT * FROM sys.dead_letters",
                         progress.dead_letters));
  }
  if (progress.late_rows > 0) {
    Complain(fmt::format("NOTICE: {} row(s) came too late: SELECT * FROM sys.late_rows", progress.late_rows));
  }
}

}  // namespace

int RunCommand(const RunOptions& options) {
  env::Env& env = env::RealEnv();
  const auto format = session::ParseResultFormat(options.format);
  if (!format.has_value()) {
    Complain("ERROR " + format.error().ToString());
    return 2;
  }
  if (options.files.empty() && options.statements.empty()) {
    Complain("ERROR nothing to run: name an SQL file, or give SQL with -e");
    return 2;
  }
  StreamOutput standard_output(stdout);
  StreamOutput standard_error(stderr);
  ProgressLine progress(env.clock, !options.no_progress && isatty(STDERR_FILENO) == 1);

  session::InstanceOptions instance_options;
  instance_options.env = &env;
  instance_options.threads = ThreadsOrProcessors(options.threads);
  instance_options.queries.threads = instance_options.threads;
  instance_options.queries.host_access = true;
  instance_options.standard_output = &standard_output;
  instance_options.standard_error = &standard_error;
  session::SessionOptions session_options{.script = true};
  session::Session* running = nullptr;
  session_options.on_progress = [&](const dataflow::Progress& now) {
    if (interrupted != 0) running->Stop();
    progress.Show(now);
  };
  for (const std::string& setting : options.settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      Complain(fmt::format("ERROR --set wants key=value, not '{}'", setting));
      return 2;
    }
    instance_options.settings.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  session::Instance instance(std::move(instance_options));
  session::Session session(&instance, std::move(session_options));
  running = &session;
  std::signal(SIGINT, Interrupt);
  std::signal(SIGTERM, Interrupt);
  Status started = instance.Start();
  if (started.has_value()) started = session.Start();
  if (!started.has_value()) {
    Complain("ERROR " + started.error().ToString());
    return 2;
  }

  Runner runner{session, *format, standard_output, progress};
  bool ok = true;
  for (const std::string& path : options.files) {
    const auto script = ReadScript(env, path);
    if (!script.has_value()) {
      Complain("ERROR " + script.error().ToString());
      ok = false;
    } else {
      ok = runner.Run(path, *script);
    }
    if (!ok) break;
  }
  for (const std::string& statement : options.statements) ok = ok && runner.Run("", statement);
  if (ok) {
    const Status ended = session.RunToEnd();
    progress.Clear();
    if (!ended.has_value()) Complain("ERROR " + ended.error().ToString());
    ok = ended.has_value();
  }
  ReportSideRows(instance.warehouse().GetProgress());
  if (interrupted != 0) return 130;
  return ok ? 0 : 1;
}

}  // namespace millrace
