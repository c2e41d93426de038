#include "shell/top.h"

#include <fmt/core.h>

#include <cstdio>
#include <optional>

#include "shell/http_get.h"
#include "shell/live_view.h"
#include "shell/terminal.h"
#include "shell/top_frame.h"

namespace millrace::shell {
namespace {

constexpr int64_t kFrameMicros = 1'000'000;
constexpr int64_t kTimeoutMs = 5'000;

Result<TopReading> Read(env::Env& env, const HttpUrl& url, const std::string& token) {
  MR_ASSIGN(const std::string text, HttpGet(*env.net, *env.clock, url, token, kTimeoutMs));
  TopReading reading;
  reading.monotonic_micros = env.clock->MonotonicMicros();
  MR_ASSIGN(reading.samples, ParsePrometheusText(text));
  return reading;
}

bool Leaves(const Key& key) {
  return key.kind == Key::Kind::kEscape || (key.kind == Key::Kind::kCharacter && key.text == "q") ||
         (key.kind == Key::Kind::kControl && (key.letter == 'C' || key.letter == 'D'));
}

void Complain(const Error& error) {
  std::fputs(("ERROR: " + error.message() + '\n').c_str(), stderr);
  if (!error.hint().empty()) std::fputs(("HINT: " + error.hint() + '\n').c_str(), stderr);
}

}  // namespace

int RunTop(env::Env& env, const TopOptions& options) {
  Result<HttpUrl> url = ParseHttpUrl(options.http);
  if (!url.has_value()) {
    Complain(url.error());
    return 2;
  }
  if (url->path.ends_with('/')) url->path.pop_back();
  url->path += "/metrics";
  const std::string where = fmt::format("{}:{}", url->host, url->port);
  Terminal terminal(env);
  Result<TopReading> reading = Read(env, *url, options.token);
  if (!reading.has_value()) {
    Complain(reading.error().WithHint(reading.error().hint().empty()
                                          ? "--http names the server, e.g. http://127.0.0.1:8080"
                                          : reading.error().hint()));
    return 1;
  }
  if (options.once || !terminal.IsInteractive()) {
    terminal.Write(TopFrame(nullptr, *reading, where));
    return 0;
  }
  terminal.BeginRaw();
  terminal.BeginScreen();
  std::optional<TopReading> before;
  std::string frame;
  for (;;) {
    if (reading.has_value()) {
      frame = TopFrame(before.has_value() ? &*before : nullptr, *reading, where);
      before = *std::move(reading);
    } else {
      frame = fmt::format("{}\nit is tried again each second; q leaves\n", reading.error().message());
    }
    terminal.Write("\x1b[H\x1b[J" + CutToScreen(frame, terminal.GetSize()));
    const int64_t next = env.clock->MonotonicMicros() + kFrameMicros;
    for (int64_t left = 1; left > 0;) {
      left = (next - env.clock->MonotonicMicros()) / 1000;
      const std::optional<Key> key = terminal.ReadKey(left > 0 ? left : 0);
      if (terminal.AtEnd() || (key.has_value() && Leaves(*key))) return 0;
    }
    reading = Read(env, *url, options.token);
  }
}

}  // namespace millrace::shell
