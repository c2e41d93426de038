// The `millrace` command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "env/env.h"
#include "env/fault_points.h"
#include "env/recording_files.h"
#include "main/commands.h"

namespace {

// What crash tests of the whole command ask for, by the environment:
// MILLRACE_FAULT=<point>:<count>:<action>,… (env/fault_points.h);
// MILLRACE_IO_TRACE=<folder>:<trace> (env/recording_files.h).
millrace::Status PrepareForTests() {
  using millrace::env::RealEnv;
  using millrace::env::RecordingFiles;
  if (const char* script = std::getenv("MILLRACE_FAULT")) {
    MR_TRY(millrace::env::RealFaults().Arm(script));
  }
  if (const char* text = std::getenv("MILLRACE_IO_TRACE")) {
    const std::string_view paths = text;
    const size_t colon = std::min(paths.find(':'), paths.size());
    const std::string folder(paths.substr(0, colon));
    const std::string trace(paths.substr(std::min(colon + 1, paths.size())));
    static std::unique_ptr<RecordingFiles> recording;
    MR_ASSIGN(recording, RecordingFiles::Start(*RealEnv().files, *RealEnv().clock, folder, trace));
    RealEnv().files = recording.get();
  }
  return millrace::Ok();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Millrace: the real-time data warehouse in one binary"};
  app.set_version_flag("--version", "millrace " MILLRACE_VERSION);
  app.require_subcommand(1);

  millrace::RunOptions run;
  CLI::App* run_command = app.add_subcommand("run", "Execute SQL files in order, to the end of their input");
  run_command->add_option("files", run.files, "SQL files; - reads standard input");
  run_command->add_option("-e,--execute", run.statements, "SQL text, executed after the files");
  run_command->add_option("--format", run.format, "How rows are printed: table, csv or json")
      ->capture_default_str();
  run_command->add_option("--set", run.settings, "A setting, key=value");
  run_command->add_option("--threads", run.threads, "Worker threads; 0: one a processor")
      ->capture_default_str();
  run_command->add_flag("--no-progress", run.no_progress, "No progress line, also on a terminal");

  millrace::TestOptions test;
  CLI::App* test_command = app.add_subcommand("test", "Run .slt tests of streaming SQL");
  test_command->add_option("paths", test.paths, ".slt files, or folders of them")->required();
  test_command->add_option("--mode", test.modes,
                           "default, batch1, shards2, batch1-shards2; all unless given");

  millrace::ServeOptions serve;
  CLI::App* serve_command =
      app.add_subcommand("serve", "Run a warehouse that clients use over PostgreSQL's protocol and HTTP");
  serve_command->add_option("files", serve.files, "SQL files, executed before clients are let in");
  serve_command->add_option("--listen", serve.listen, "Where PostgreSQL's protocol is spoken, host:port")
      ->capture_default_str();
  serve_command->add_option("--http", serve.http, "Where HTTP is spoken, host:port")->capture_default_str();
  serve_command
      ->add_option("--auth", serve.auth,
                   "trust: clients of this machine need no password; scram: everyone has one")
      ->check(CLI::IsMember({"trust", "scram"}))
      ->capture_default_str();
  serve_command->add_option("--tls-cert", serve.tls_certificate, "Certificate chain, PEM");
  serve_command->add_option("--tls-key", serve.tls_key, "Private key, PEM");
  serve_command->add_option(
      "--query-memory", serve.query_memory,
      "Memory of all queries together, e.g. 4GB; a quarter of the machine's if not given");
  serve_command->add_option(
      "--held-memory", serve.held_memory,
      "What readers of old snapshots may keep of rows that have changed since, e.g. 1GB; a quarter of "
      "--query-memory if not given");
  serve_command->add_option("--http-limit", serve.http_limits,
                            "A limit of HTTP, name=value, e.g. body=64mb; docs/http-api.md lists them");
  serve_command->add_option("--http-cors", serve.http_origins,
                            "An origin whose web pages may ask over HTTP, e.g. https://app.example.com; none "
                            "unless given");
  serve_command->add_option(
      "--login-time", serve.login_time,
      "How long a client of PostgreSQL's protocol may take to log in; 60 s if not given");
  serve_command->add_option("--data", serve.data,
                            "The folder that keeps everything; without it all is gone when the server ends");
  serve_command->add_option("--checkpoint-interval", serve.checkpoint_interval,
                            "The pause between two checkpoints, with --data; 1 s if not given");
  serve_command->add_option("--set", serve.settings, "A setting, key=value");
  serve_command->add_option("--threads", serve.threads, "Worker threads; 0: one a processor")
      ->capture_default_str();
  serve_command->add_option("--seconds", serve.seconds, "Stop after so many seconds; 0: at a signal")
      ->capture_default_str();

  CLI::App* functions_command = app.add_subcommand("functions", "List the built-in functions as Markdown");

  millrace::SqlOptions sql;
  CLI::App* sql_command = app.add_subcommand("sql", "A shell for a server: interactive, or for scripts");
  // -h is the host, as in psql.
  sql_command->set_help_flag("--help", "Print this help message and exit");
  sql_command->add_option("url", sql.url, "postgresql://user@host:port/database, or a database's name");
  sql_command->add_option("-h,--host", sql.host, "Host; else PGHOST, else localhost");
  sql_command->add_option("-p,--port", sql.port, "Port; else PGPORT, else 5433");
  sql_command->add_option("-U,--username", sql.user, "Role; else PGUSER, else millrace");
  sql_command->add_option("-d,--dbname", sql.database, "Database; else PGDATABASE, else millrace");
  sql_command->add_option("-f,--file", sql.files, "Runs a script and leaves; - is standard input");
  sql_command->add_option("-c,--command", sql.statements,
                          "Runs SQL or a command and leaves, after the files");
  sql_command->add_option("--format", sql.format, "How rows are printed: table, csv or json")
      ->capture_default_str();

  millrace::TopOptions top;
  CLI::App* top_command = app.add_subcommand("top", "Tables, views and jobs of a server, once a second");
  top_command->add_option("--http,url", top.http, "HTTP address of the server")->capture_default_str();
  top_command->add_option("--token", top.token, "Bearer token for it");
  top_command->add_flag("--once", top.once, "One frame as text");

  CLI11_PARSE(app, argc, argv);
  if (const millrace::Status prepared = PrepareForTests(); !prepared) {
    std::fprintf(stderr, "millrace: %s\n", prepared.error().ToString().c_str());
    return 2;
  }
  if (run_command->parsed()) return millrace::RunCommand(run);
  if (test_command->parsed()) return millrace::TestCommand(test);
  if (serve_command->parsed()) return millrace::ServeCommand(serve);
  if (functions_command->parsed()) return millrace::FunctionsCommand();
  if (sql_command->parsed()) return millrace::SqlCommand(sql);
  if (top_command->parsed()) return millrace::TopCommand(top);
  return 2;
}
