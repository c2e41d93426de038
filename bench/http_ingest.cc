// How fast rows come in over HTTP: NDJSON bodies over one or several connections, kept alive.
//
//   http_ingest [--connections N] [--seconds S] [--io-threads N] [--body-mb MB]
//   http_ingest --url 127.0.0.1:8080 --table public.events …      against a server that runs
//
// Without --url the server runs in this process and its table drops the rows, so the figure is that of
// reading, decoding and counting; CPU seconds of the server's and of the clients' threads are told apart, and
// the rate for each second of the server's CPU is what one core takes when nothing else uses it.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/http/fake_backend.h"
#include "server/http/server.h"

namespace {

using millrace::data::DataType;
namespace http = millrace::server::http;

struct Arguments {
  int connections = 1;
  double seconds = 5;
  int io_threads = 1;
  double body_mb = 8;
  std::string url;
  std::string table = "public.events";
};

double ThreadCpuSeconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

millrace::data::Schema EventSchema() {
  return millrace::data::Schema({{"user_id", DataType::BigInt()},
                                 {"event", DataType::String()},
                                 {"page", DataType::String()},
                                 {"city", DataType::String()},
                                 {"amount", DataType::Decimal(10, 2)},
                                 {"duration_ms", DataType::Int()},
                                 {"ts", DataType::Timestamp(3)}});
}

// Events of some 150 bytes, as a web shop's.
std::string MakeBody(size_t bytes, size_t* events) {
  constexpr std::string_view kEvents[] = {"page_view", "add_to_cart", "purchase", "search"};
  constexpr std::string_view kCities[] = {"beijing", "shanghai", "shenzhen", "hangzhou", "chengdu"};
  std::string body;
  uint64_t state = 42;
  *events = 0;
  while (body.size() < bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint64_t r = state >> 24;
    body += fmt::format(
        "{{\"user_id\":{},\"event\":\"{}\",\"page\":\"/items/{}\",\"city\":\"{}\",\"amount\":{}.{:02},"
        "\"duration_ms\":{},\"ts\":\"2026-01-{:02} {:02}:{:02}:{:02}.{:03}\"}}\n",
        r % 1'000'000, kEvents[r % 4], r % 50'000, kCities[r % 5], r % 900, r % 100, r % 30'000, r % 28 + 1,
        r % 24, r % 60, r / 7 % 60, r % 1000);
    ++*events;
  }
  return body;
}

[[noreturn]] void Die(const std::string& message) {
  fmt::print(stderr, "http_ingest: {}\n", message);
  std::exit(1);
}

int Connect(const std::string& host, uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) Die("the address is not one in numbers");
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("cannot connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

struct ClientFigures {
  uint64_t requests = 0;
  uint64_t accepted = 0;
  uint64_t refused = 0;  // 429
  double cpu_seconds = 0;
};

// Posts the same body again and again until the time is over.
ClientFigures RunClient(const Arguments& arguments, const std::string& host, uint16_t port,
                        const std::string& body, std::chrono::steady_clock::time_point end) {
  ClientFigures figures;
  const double cpu_before = ThreadCpuSeconds();
  int fd = Connect(host, port);
  const std::string head = fmt::format(
      "POST /v1/tables/{} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: {}\r\n\r\n",
      arguments.table, host, body.size());
  while (std::chrono::steady_clock::now() < end) {
    for (std::string_view part : {std::string_view(head), std::string_view(body)}) {
      while (!part.empty()) {
        const ssize_t sent = send(fd, part.data(), part.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;  // the answer says why
        part.remove_prefix(static_cast<size_t>(sent));
      }
    }
    std::string answer;
    char buffer[4096];
    while (answer.find("}\n") == std::string::npos) {
      const ssize_t bytes = recv(fd, buffer, sizeof(buffer), 0);
      if (bytes <= 0) Die("the connection ended without an answer: " + answer);
      answer.append(buffer, static_cast<size_t>(bytes));
    }
    ++figures.requests;
    const size_t accepted = answer.find("\"accepted\":");
    if (accepted == std::string::npos) Die(answer);
    figures.accepted += std::strtoull(answer.c_str() + accepted + 11, nullptr, 10);
    if (answer.find(" 429 ") != std::string::npos) {
      ++figures.refused;
      close(fd);
      fd = Connect(host, port);
    } else if (answer.find(" 200 ") == std::string::npos) {
      Die(answer);
    }
  }
  close(fd);
  figures.cpu_seconds = ThreadCpuSeconds() - cpu_before;
  return figures;
}

void Run(const Arguments& arguments, const std::string& host, uint16_t port,
         const std::function<double()>& server_cpu_seconds) {
  size_t events = 0;
  const std::string body = MakeBody(static_cast<size_t>(arguments.body_mb * 1e6), &events);
  std::vector<ClientFigures> figures(arguments.connections);
  std::vector<std::thread> clients;
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + std::chrono::microseconds(static_cast<int64_t>(arguments.seconds * 1e6));
  for (int i = 0; i < arguments.connections; ++i) {
    clients.emplace_back([&, i] { figures[i] = RunClient(arguments, host, port, body, end); });
  }
  for (std::thread& client : clients) client.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ClientFigures all;
  for (const ClientFigures& one : figures) {
    all.requests += one.requests;
    all.accepted += one.accepted;
    all.refused += one.refused;
    all.cpu_seconds += one.cpu_seconds;
  }
  const double megabytes = static_cast<double>(all.accepted) * body.size() / events / 1e6;
  fmt::print("connections {}  body {:.1f} MB of {} events  requests {} ({} refused)  {:.1f} s\n",
             arguments.connections, body.size() / 1e6, events, all.requests, all.refused, seconds);
  fmt::print("rate         {:.0f} MB/s  {:.0f} events/s\n", megabytes / seconds, all.accepted / seconds);
  fmt::print("client CPU   {:.2f} s\n", all.cpu_seconds);
  if (!server_cpu_seconds) return;
  const double server_seconds = server_cpu_seconds();
  fmt::print("server CPU   {:.2f} s: {:.0f} MB and {:.0f} events for each second of it\n", server_seconds,
             megabytes / server_seconds, all.accepted / server_seconds);
}

void RunHere(const Arguments& arguments) {
  http::FakeBackend backend;
  backend.AddTable(arguments.table, EventSchema()).keeps_rows = false;
  millrace::telemetry::MetricsRegistry registry;
  boost::asio::io_context io;
  auto guard = boost::asio::make_work_guard(io);
  std::atomic<double> cpu_seconds{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < arguments.io_threads; ++i) {
    threads.emplace_back([&] {
      io.run();
      cpu_seconds += ThreadCpuSeconds();
    });
  }
  http::HttpServer server({.io = &io,
                           .env = &millrace::env::RealEnv(),
                           .backend = &backend,
                           .metrics = &registry,
                           .run_waiting = [](std::function<void()>) { return false; }},
                          {});
  if (const auto started = server.Start(); !started) Die(started.error().ToString());
  Run(arguments, "127.0.0.1", server.port(), [&] {
    server.Stop();
    guard.reset();
    io.stop();
    for (std::thread& thread : threads) thread.join();
    return cpu_seconds.load();
  });
}

Arguments ReadArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    const char* const value = argv[i + 1];
    if (key == "--connections") {
      arguments.connections = std::atoi(value);
    } else if (key == "--seconds") {
      arguments.seconds = std::atof(value);
    } else if (key == "--io-threads") {
      arguments.io_threads = std::atoi(value);
    } else if (key == "--body-mb") {
      arguments.body_mb = std::atof(value);
    } else if (key == "--url") {
      arguments.url = value;
    } else if (key == "--table") {
      arguments.table = value;
    } else {
      Die(fmt::format("'{}' is not known", key));
    }
  }
  if (argc % 2 == 0) Die(fmt::format("'{}' has no value", argv[argc - 1]));
  if (arguments.connections < 1 || arguments.io_threads < 1) Die("at least one connection and thread");
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = ReadArguments(argc, argv);
  if (arguments.url.empty()) {
    RunHere(arguments);
    return 0;
  }
  const size_t colon = arguments.url.rfind(':');
  if (colon == std::string::npos) Die("--url is address:port");
  Run(arguments, arguments.url.substr(0, colon),
      static_cast<uint16_t>(std::atoi(arguments.url.c_str() + colon + 1)), nullptr);
  return 0;
}
