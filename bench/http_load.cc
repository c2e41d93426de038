// Posts events to a server that runs, as fast as it answers: many connections over one thread, so that what
// is measured is the server and not the load.
//
//   http_load --url 127.0.0.1:8080 --table ods.events [--connections 64] [--events-per-post 20]
//             [--seconds 10 | --events 1000000] [--note-bytes 0]
//
// An event is {"user_id":…,"event":…,"city":…,"amount":…}, with --note-bytes also a "note" of so many random
// letters, which no codec makes smaller. Each connection waits for its answer before it posts again. Prints
// one line of JSON: events, posts, refused (429), seconds, p50_ms, p99_ms of a post, cpu_seconds of this
// program.

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;
  std::string table = "public.events";
  int connections = 64;
  size_t events_per_post = 20;
  double seconds = 10;
  uint64_t events = UINT64_MAX;
  size_t note_bytes = 0;
};

[[noreturn]] void Die(const std::string& message) {
  fmt::print(stderr, "http_load: {}\n", message);
  std::exit(1);
}

class Random {
 public:
  uint64_t Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 24;
  }

 private:
  uint64_t state_ = 42;
};

// Whole requests, head and body, that differ.
std::vector<std::string> MakeRequests(const Arguments& arguments) {
  constexpr std::string_view kEvents[] = {"page_view", "add_to_cart", "purchase", "search"};
  constexpr std::string_view kCities[] = {"beijing", "shanghai", "shenzhen", "hangzhou"};
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr size_t kBytesMax = size_t{256} << 20;  // of all together
  const size_t event_bytes = 90 + arguments.note_bytes;
  const size_t count = std::clamp<size_t>(kBytesMax / (event_bytes * arguments.events_per_post), 2, 64);
  Random random;
  std::vector<std::string> requests;
  for (size_t i = 0; i < count; ++i) {
    std::string body;
    for (size_t event = 0; event < arguments.events_per_post; ++event) {
      const uint64_t r = random.Next();
      body += fmt::format("{{\"user_id\":{},\"event\":\"{}\",\"city\":\"{}\",\"amount\":{}.{:02}",
                          r % 1'000'000, kEvents[r % 4], kCities[r / 4 % 4], r % 900, r % 100);
      if (arguments.note_bytes > 0) {
        body += ",\"note\":\"";
        for (size_t n = 0; n < arguments.note_bytes; ++n) body += kLetters[random.Next() % 64];
        body += '"';
      }
      body += "}\n";
    }
    requests.push_back(fmt::format("POST /v1/tables/{} HTTP/1.1\r\nHost: {}\r\nContent-Type: "
                                   "application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
                                   arguments.table, arguments.host, body.size()) +
                       body);
  }
  return requests;
}

int Connect(const Arguments& arguments) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(arguments.port);
  if (inet_pton(AF_INET, arguments.host.c_str(), &address.sin_addr) != 1) {
    Die("the address is not one in numbers");
  }
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("cannot connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) Die("a connection cannot be made non-blocking");
  return fd;
}

// The number behind a key; absent: 0.
uint64_t NumberBehind(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  return at == std::string_view::npos ? 0 : std::strtoull(text.data() + at + key.size(), nullptr, 10);
}

struct Connection {
  int fd = -1;
  std::string_view left;  // of the request that is being sent
  std::string answer;
  Clock::time_point begun;
};

class Load {
 public:
  explicit Load(const Arguments& arguments)
      : arguments_(arguments), requests_(MakeRequests(arguments)), epoll_(epoll_create1(0)) {}

  void Run() {
    begin_ = Clock::now();
    end_ = begin_ + std::chrono::microseconds(static_cast<int64_t>(arguments_.seconds * 1e6));
    connections_.resize(static_cast<size_t>(arguments_.connections));
    for (Connection& connection : connections_) {
      Open(connection);
      Post(connection);
    }
    epoll_event ready[64];
    while (open_ > 0) {
      const int count = epoll_wait(epoll_, ready, 64, 1000);
      for (int i = 0; i < count; ++i) {
        Connection& connection = connections_[ready[i].data.u64];
        if ((ready[i].events & EPOLLOUT) != 0) Send(connection);
        if ((ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Receive(connection);
      }
    }
  }

  void Print() {
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    std::sort(micros_.begin(), micros_.end());
    const auto at = [&](double part) {
      return micros_.empty() ? 0.0
                             : static_cast<double>(micros_[static_cast<size_t>(part * (micros_.size() - 1))]);
    };
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    fmt::print(
        "{{\"events\":{},\"posts\":{},\"refused\":{},\"seconds\":{:.3f},\"p50_ms\":{:.2f},\"p99_ms\":{:.2f},"
        "\"cpu_seconds\":{:.2f}}}\n",
        events_, posts_, refused_, seconds, at(0.5) / 1000, at(0.99) / 1000, cpu);
  }

 private:
  void Open(Connection& connection) {
    connection.fd = Connect(arguments_);
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.u64 = static_cast<uint64_t>(&connection - connections_.data());
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
    ++open_;
  }
  void Close(Connection& connection) {
    close(connection.fd);
    connection.fd = -1;
    --open_;
  }
  void Watch(const Connection& connection, uint32_t events) {
    epoll_event event = {};
    event.events = events;
    event.data.u64 = static_cast<uint64_t>(&connection - connections_.data());
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
  }

  void Post(Connection& connection) {
    connection.begun = Clock::now();
    if (connection.begun >= end_ || begun_events_ >= arguments_.events) return Close(connection);
    begun_events_ += arguments_.events_per_post;
    connection.left = requests_[next_request_++ % requests_.size()];
    connection.answer.clear();
    Send(connection);
  }
  void Send(Connection& connection) {
    while (!connection.left.empty()) {
      const ssize_t sent = send(connection.fd, connection.left.data(), connection.left.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) return Watch(connection, EPOLLIN | EPOLLOUT);
      if (sent <= 0) break;  // the answer says why
      connection.left.remove_prefix(static_cast<size_t>(sent));
    }
    connection.left = {};
    Watch(connection, EPOLLIN);
  }
  void Receive(Connection& connection) {
    char buffer[16384];
    const ssize_t bytes = recv(connection.fd, buffer, sizeof(buffer), 0);
    if (bytes < 0 && errno == EAGAIN) return;
    if (bytes <= 0) Die("the connection ended without an answer: " + connection.answer);
    connection.answer.append(buffer, static_cast<size_t>(bytes));
    const size_t head = connection.answer.find("\r\n\r\n");
    if (head == std::string::npos) return;
    if (connection.answer.size() < head + 4 + NumberBehind(connection.answer, "Content-Length: ")) return;
    micros_.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.begun).count());
    ++posts_;
    events_ += NumberBehind(connection.answer, "\"accepted\":");
    if (connection.answer.find(" 429 ") < head) {
      ++refused_;
      Close(connection);
      Open(connection);
    } else if (connection.answer.find(" 200 ") > head) {
      Die(connection.answer);
    }
    Post(connection);
  }

  const Arguments arguments_;
  const std::vector<std::string> requests_;
  const int epoll_;
  std::vector<Connection> connections_;
  Clock::time_point begin_;
  Clock::time_point end_;
  int open_ = 0;
  size_t next_request_ = 0;
  uint64_t begun_events_ = 0;
  uint64_t events_ = 0;
  uint64_t posts_ = 0;
  uint64_t refused_ = 0;
  std::vector<int64_t> micros_;
};

Arguments ReadArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    const std::string value = argv[i + 1];
    if (key == "--url") {
      const size_t colon = value.rfind(':');
      if (colon == std::string::npos) Die("--url is address:port");
      arguments.host = value.substr(0, colon);
      arguments.port = static_cast<uint16_t>(std::atoi(value.c_str() + colon + 1));
    } else if (key == "--table") {
      arguments.table = value;
    } else if (key == "--connections") {
      arguments.connections = std::atoi(value.c_str());
    } else if (key == "--events-per-post") {
      arguments.events_per_post = std::strtoull(value.c_str(), nullptr, 10);
    } else if (key == "--seconds") {
      arguments.seconds = std::atof(value.c_str());
    } else if (key == "--events") {
      arguments.events = std::strtoull(value.c_str(), nullptr, 10);
      arguments.seconds = 86'400;
    } else if (key == "--note-bytes") {
      arguments.note_bytes = std::strtoull(value.c_str(), nullptr, 10);
    } else {
      Die(fmt::format("'{}' is not known", key));
    }
  }
  if (argc % 2 == 0) Die(fmt::format("'{}' has no value", argv[argc - 1]));
  if (arguments.connections < 1 || arguments.events_per_post < 1) Die("at least one connection and event");
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  Load load(ReadArguments(argc, argv));
  load.Run();
  load.Print();
  return 0;
}
