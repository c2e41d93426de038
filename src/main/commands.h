// What the subcommands of `millrace` do. Each returns the exit code: 0 for success, 1 for a failure that was
// reported on standard error, 2 for wrong usage. docs/operations.md has those of `serve`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

struct RunOptions {
  std::vector<std::string> files;
  std::vector<std::string> statements;
  std::string format = "table";
  std::vector<std::string> settings;
  int threads = 0;
  bool no_progress = false;
};
int RunCommand(const RunOptions& options);

struct TestOptions {
  std::vector<std::string> paths;
  std::vector<std::string> modes;
};
int TestCommand(const TestOptions& options);

struct ServeOptions {
  std::vector<std::string> files;
  std::string listen = "127.0.0.1:5433";
  std::string http = "127.0.0.1:8080";
  std::string auth = "trust";  // or scram
  std::string tls_certificate;
  std::string tls_key;
  std::string query_memory;               // e.g. "4GB"; empty: a quarter of the machine's
  std::string held_memory;                // likewise; empty: a quarter of query_memory
  std::vector<std::string> http_limits;   // "body=64mb"
  std::vector<std::string> http_origins;  // whose web pages may ask: "https://app.example.com", "*"
  std::string login_time;                 // "60 s": until a client of PostgreSQL's protocol has logged in
  std::vector<std::string> settings;
  int threads = 0;
  int64_t seconds = 0;              // 0: until a signal
  std::string data;                 // the data folder; empty: nothing is kept
  std::string checkpoint_interval;  // "1 s"; empty: limits::kCheckpointMicros
};
int ServeCommand(const ServeOptions& options);

int FunctionsCommand();

struct SqlOptions {
  std::string url;
  std::string host;
  std::string port;
  std::string user;
  std::string database;
  std::vector<std::string> files;
  std::vector<std::string> statements;
  std::string format = "table";
};
int SqlCommand(const SqlOptions& options);

struct TopOptions {
  std::string http = "http://127.0.0.1:8080";
  std::string token;
  bool once = false;
};
int TopCommand(const TopOptions& options);

}  // namespace millrace
