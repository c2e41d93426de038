#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/limits.h"
#include "catalog/settings.h"
#include "main/commands.h"
#include "main/stream_output.h"
#include "server/auth/scram.h"
#include "server/http/limit_option.h"
#include "server/http/server.h"
#include "server/instance_backend.h"
#include "server/instance_port.h"
#include "server/server.h"
#include "session/data_folder.h"
#include "session/script.h"
#include "session/session.h"
#include "session/start_files.h"

namespace millrace {
namespace {

constexpr const char* kSuperuser = "millrace";
constexpr size_t kSaltBytes = 16;
constexpr int64_t kLoginMicrosLeast = 100'000;
constexpr int kDataFailed = 74;  // EX_IOERR
constexpr int64_t kMaintenanceMicros = 1'000'000;

void Complain(const std::string& text) {
  fmt::print(stderr, "{}\n", text);
}

struct Endpoint {
  std::string address;
  uint16_t port = 0;
};

// "127.0.0.1:5433", "[::1]:5433", "5433".
Result<Endpoint> ParseEndpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  Endpoint endpoint;
  endpoint.address = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  if (endpoint.address.starts_with('[') && endpoint.address.ends_with(']')) {
    endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
  }
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  char* end = nullptr;
  const long number = std::strtol(port.c_str(), &end, 10);
  if (port.empty() || *end != '\0' || number < 0 || number > 65535) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is no address to listen on", text),
                "write host:port, e.g. 127.0.0.1:5433");
  }
  endpoint.port = static_cast<uint16_t>(number);
  return endpoint;
}

Result<std::string> MakeVerifier(std::string_view password) {
  MR_ASSIGN(const std::string salt, server::auth::RandomBytes(kSaltBytes));
  return server::auth::FormatScramVerifier(server::auth::MakeScramVerifier(password, salt));
}

// A quarter of the machine's memory, at least 256 MB.
std::string QueryMemory() {
  const int64_t bytes = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return fmt::format("{}MB", std::max<int64_t>(256, bytes / 4 / 1'000'000));
}

// As ServeOptions say.
Result<size_t> HeldBytes(const ServeOptions& options) {
  if (!options.held_memory.empty()) {
    MR_ASSIGN(const int64_t bytes, catalog::ParseMemorySize(options.held_memory));
    return static_cast<size_t>(bytes);
  }
  // DuckDB knows ways to say it that we do not ("80%").
  Result<int64_t> bytes = catalog::ParseMemorySize(options.query_memory);
  if (!bytes.has_value()) bytes = catalog::ParseMemorySize(QueryMemory());
  MR_TRY(bytes);
  return static_cast<size_t>(*bytes / 4);
}

// Runs the statements of the start that are still to be run.
Status RunFiles(session::Instance* instance, const std::vector<std::string>& paths) {
  std::vector<session::StartFile> files;
  for (const std::string& path : paths) {
    MR_ASSIGN(std::string script, ReadScript(instance->env(), path));
    files.push_back({path, std::move(script)});
  }
  MR_ASSIGN(const std::vector<session::StartStatement> statements, session::PlanStart(instance, files));
  session::SessionOptions options;
  options.role = kSuperuser;
  options.database = "millrace";
  options.of_start = true;
  session::Session session(instance, std::move(options));
  MR_TRY(session.Start());
  for (const session::StartStatement& statement : statements) {
    if (!statement.skipped.empty()) {
      Complain(fmt::format("NOTICE: {}: {}", statement.path, statement.skipped));
      continue;
    }
    Result<session::StatementResult> result = session.Execute(statement.text);
    if (!result.has_value()) {
      const Error error = session::PlaceInScript(result.error(), statement.location);
      return Fail(error.code(), fmt::format("{}, in {}", error.message(), statement.path), error.hint(),
                  error.location());
    }
    for (const std::string& warning : result->warnings) Complain("WARNING: " + warning);
  }
  return {};
}

// Nothing that is said from now on could be kept: the process ends at once, as in a crash, and the next start
// goes on from what is safe.
[[noreturn]] void EndForData(const Error& error) {
  Complain("ERROR " + error.ToString());
  Complain("the data folder takes nothing any more: millrace ends; what was acknowledged is safe");
  _exit(kDataFailed);
}

Result<std::unique_ptr<session::DataFolder>> OpenData(const ServeOptions& options, env::Env& env,
                                                      telemetry::MetricsRegistry* metrics) {
  if (options.data.empty()) {
    if (options.checkpoint_interval.empty()) return nullptr;
    return Fail(ErrorCode::kInvalidParameter,
                "--checkpoint-interval takes --data: without it nothing is kept");
  }
  session::DataFolderOptions folder;
  folder.path = options.data;
  folder.metrics = metrics;
  folder.on_failure = [](const Error& error) { EndForData(error); };
  return session::DataFolder::Open(env, std::move(folder));
}

Result<int64_t> CheckpointMicros(const ServeOptions& options) {
  if (options.checkpoint_interval.empty()) return limits::kCheckpointMicros;
  MR_ASSIGN(const int64_t micros, catalog::ParseDuration(options.checkpoint_interval));
  if (micros < limits::kCheckpointMicrosMin || micros > limits::kCheckpointMicrosMax) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("--checkpoint-interval cannot be '{}'", options.checkpoint_interval),
                fmt::format("it may be from {} ms to {} s", limits::kCheckpointMicrosMin / 1000,
                            limits::kCheckpointMicrosMax / 1'000'000));
  }
  return micros;
}

Status SetPassword(session::Instance* instance, std::string_view password) {
  MR_ASSIGN(const std::string verifier, MakeVerifier(password));
  session::SessionOptions options;
  options.role = kSuperuser;
  session::Session session(instance, std::move(options));
  MR_TRY(session.Start());
  MR_TRY(session.Execute(fmt::format("ALTER ROLE {} PASSWORD '{}'", kSuperuser, verifier)));
  return {};
}

// What the options say of HTTP, but for TLS.
Result<server::http::HttpServerOptions> HttpOptionsOf(const ServeOptions& options, const Endpoint& endpoint) {
  server::http::HttpServerOptions http;
  http.address = endpoint.address;
  http.port = endpoint.port;
  http.router.version = MILLRACE_VERSION;
  for (const std::string& limit : options.http_limits)
    MR_TRY(server::http::SetHttpLimit(limit, &http.limits));
  for (const std::string& origin : options.http_origins) {
    MR_TRY(server::http::CheckOrigin(origin));
    if (origin == "*" && options.auth != "scram") {
      return Fail(
          ErrorCode::kInvalidParameter,
          "--http-cors '*' takes --auth scram: without it any web page that is opened on this machine "
          "could use the warehouse as its superuser",
          "name the origins");
    }
  }
  http.router.allowed_origins = options.http_origins;
  return http;
}

Result<int64_t> LoginMicros(const ServeOptions& options) {
  if (options.login_time.empty()) return limits::kAuthenticationMicrosMax;
  MR_ASSIGN(const int64_t micros, catalog::ParseDuration(options.login_time));
  if (micros < kLoginMicrosLeast || micros > limits::kAuthenticationMicrosMax) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("--login-time cannot be '{}'", options.login_time),
                fmt::format("it may be from {} ms to {} s", kLoginMicrosLeast / 1000,
                            limits::kAuthenticationMicrosMax / 1'000'000));
  }
  return micros;
}

// Waits at most so long for SIGINT or SIGTERM, which every thread has blocked; whether one came.
bool AwaitSignal(const sigset_t& signals, int64_t micros) {
  const timespec timeout{static_cast<time_t>(micros / 1'000'000),
                         static_cast<long>(micros % 1'000'000) * 1000};
  return sigtimedwait(&signals, nullptr, &timeout) >= 0;
}

// Until a signal, or `seconds` (0: for ever) have passed.
void AwaitEnd(session::Instance* instance, const session::DataFolder* data, const sigset_t& signals,
              int64_t seconds) {
  const env::Clock& clock = *instance->env().clock;
  const int64_t end = seconds > 0 ? clock.MonotonicMicros() + seconds * 1'000'000 : INT64_MAX;
  bool was_told = false;
  while (true) {
    const int64_t left = end - clock.MonotonicMicros();
    if (left <= 0 || AwaitSignal(signals, std::min(left, kMaintenanceMicros))) return;
    if (data == nullptr) continue;
    if (const Status status = data->status(); !status.has_value()) EndForData(status.error());
    // Tried again in a second; said once.
    const Status forgotten = instance->ForgetEndedJobs();
    if (!forgotten.has_value() && !was_told) {
      Complain("WARNING: the end of a job cannot be kept yet: " + forgotten.error().ToString());
    }
    was_told = !forgotten.has_value();
  }
}

// Clients have gone. What has been taken is in a checkpoint, so that the next start is quick; where that
// fails it is in the log all the same.
Status StopInstance(session::Instance* instance, const session::DataFolder* data) {
  if (data == nullptr) {
    instance->warehouse().Stop();
    return {};
  }
  const Status saved = instance->warehouse().Checkpoint(limits::kCheckpointWaitMicros);
  if (saved.has_value()) return {};
  if (const Status status = data->status(); !status.has_value()) EndForData(status.error());
  Complain("WARNING: no checkpoint at the end: " + saved.error().ToString());
  return {};
}

// What the options say, once it has been checked.
struct CheckedOptions {
  Endpoint listen;
  Endpoint http;
  server::http::HttpServerOptions http_options;
  int64_t login_micros = 0;
  int64_t checkpoint_micros = 0;
  bool trusts = true;
};

Result<CheckedOptions> CheckOptions(const ServeOptions& options) {
  CheckedOptions checked;
  MR_ASSIGN(checked.listen, ParseEndpoint(options.listen));
  MR_ASSIGN(checked.http, ParseEndpoint(options.http));
  MR_ASSIGN(checked.http_options, HttpOptionsOf(options, checked.http));
  MR_ASSIGN(checked.login_micros, LoginMicros(options));
  MR_ASSIGN(checked.checkpoint_micros, CheckpointMicros(options));
  checked.trusts = options.auth != "scram";
  MR_TRY(server::CheckExposure(checked.http.address, !options.tls_key.empty(), checked.trusts));
  return checked;
}

Result<session::InstanceOptions> InstanceOptionsOf(const ServeOptions& options) {
  session::InstanceOptions instance_options;
  instance_options.env = &env::RealEnv();
  instance_options.threads = ThreadsOrProcessors(options.threads);
  instance_options.queries.threads = instance_options.threads;
  instance_options.queries.memory = options.query_memory.empty() ? QueryMemory() : options.query_memory;
  MR_ASSIGN(instance_options.held_bytes_max, HeldBytes(options));
  instance_options.version = MILLRACE_VERSION;
  instance_options.roles.superuser = kSuperuser;
  instance_options.roles.make_verifier = MakeVerifier;
  instance_options.make_token = server::MakeToken;
  for (const std::string& setting : options.settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return Fail(ErrorCode::kInvalidParameter, fmt::format("--set wants key=value, not '{}'", setting));
    }
    instance_options.settings.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return instance_options;
}

// Serves over what the folder keeps, until it is to end.
Status ServeFrom(const ServeOptions& options, CheckedOptions checked, session::DataFolder* data,
                 telemetry::MetricsRegistry* metrics, const sigset_t& signals) {
  env::Env& env = env::RealEnv();
  StreamOutput standard_output(stdout);
  StreamOutput standard_error(stderr);
  MR_ASSIGN(session::InstanceOptions instance_options, InstanceOptionsOf(options));
  instance_options.standard_output = &standard_output;
  instance_options.standard_error = &standard_error;
  instance_options.metrics = metrics;
  instance_options.data = data;
  instance_options.checkpoint_interval_micros = checked.checkpoint_micros;
  session::Instance instance(std::move(instance_options));
  MR_TRY(instance.Start());
  for (const std::string& failed : instance.FailedJobs()) Complain("WARNING: " + failed);

  server::InstancePort port(&instance);
  server::ServerOptions server_options;
  server_options.env = &env;
  server_options.sessions = &port;
  server_options.address = checked.listen.address;
  server_options.port = checked.listen.port;
  server_options.trust_loopback = checked.trusts;
  server_options.authentication_micros = checked.login_micros;
  server_options.tls_certificate_file = options.tls_certificate;
  server_options.tls_key_file = options.tls_key;
  server::Server server(std::move(server_options));
  MR_TRY(RunFiles(&instance, options.files));
  if (const char* password = std::getenv("MILLRACE_PASSWORD"); password != nullptr) {
    MR_TRY(SetPassword(&instance, password));
  }
  if (!checked.trusts && !instance.roles().snapshot()->Find(kSuperuser)->verifier.has_value()) {
    return Fail(ErrorCode::kInvalidParameter, "nobody could log in: the superuser 'millrace' has no password",
                "set MILLRACE_PASSWORD, or ALTER ROLE millrace PASSWORD '...' in an SQL file of the start");
  }
  MR_TRY(server.Start());

  server::InstanceBackend backend(&instance, checked.trusts, kSuperuser);
  backend.SetStarted();
  checked.http_options.tls = server.tls() == nullptr ? nullptr : server.tls()->native();
  server::http::HttpServer::Context context;
  context.io = &server.io_threads().context();
  context.env = &env;
  context.backend = &backend;
  context.metrics = metrics;
  context.run_waiting = [&server](std::function<void()> job) {
    server.query_pool().Post(std::move(job));
    return true;
  };
  server::http::HttpServer http_server(context, std::move(checked.http_options));
  MR_TRY(http_server.Start());

  fmt::print("millrace {} is ready\n  PostgreSQL  postgresql://{}@{}:{}/millrace\n  HTTP        {}://{}:{}\n",
             MILLRACE_VERSION, kSuperuser, checked.listen.address, server.port(),
             server.tls() == nullptr ? "http" : "https", checked.http.address, http_server.port());
  fmt::print("  data        {}\n", data == nullptr ? "in memory only; --data DIR keeps it" : data->path());
  std::fflush(stdout);
  AwaitEnd(&instance, data, signals, options.seconds);
  http_server.Stop();
  server.Stop();
  return StopInstance(&instance, data);
}

Status Serve(const ServeOptions& options, const sigset_t& signals) {
  MR_ASSIGN(CheckedOptions checked, CheckOptions(options));
  telemetry::MetricsRegistry metrics;
  MR_ASSIGN(const std::unique_ptr<session::DataFolder> data, OpenData(options, env::RealEnv(), &metrics));
  if (data != nullptr) {
    for (const std::string& notice : data->notices()) Complain("WARNING: " + notice);
  }
  MR_TRY(ServeFrom(options, std::move(checked), data.get(), &metrics, signals));
  return data == nullptr ? Status{} : data->Close();
}

}  // namespace

int ServeCommand(const ServeOptions& options) {
  // Threads inherit the mask: only the one that waits for a signal gets it.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const Status served = Serve(options, signals);
  if (served.has_value()) return 0;
  Complain("ERROR " + served.error().ToString());
  return 1;
}

}  // namespace millrace
