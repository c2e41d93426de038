#include "shell/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace millrace::shell {
namespace {

// An escape character that nothing follows for so long is the key.
constexpr int64_t kEscapeMs = 50;

}  // namespace

Terminal::Terminal(env::Env& env) : input_(env.files->StandardInput()) {
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  interactive_ = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && term != nullptr &&
                 std::string_view(term) != "dumb" && tcgetattr(STDIN_FILENO, &before_) == 0;
  colours_ = interactive_ && (no_colour == nullptr || no_colour[0] == '\0');
}

Terminal::~Terminal() {
  EndScreen();
  EndRaw();
}

Terminal::Size Terminal::GetSize() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2 || size.ws_row < 2) return {};
  return {size.ws_col, size.ws_row};
}

void Terminal::BeginRaw() {
  if (raw_ || !interactive_) return;
  termios raw = before_;
  raw.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
  raw.c_cflag |= CS8;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) return;
  raw_ = true;
  Write("\x1b[?2004h");
}

void Terminal::EndRaw() {
  if (!raw_) return;
  Write("\x1b[?2004l");
  tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  raw_ = false;
}

std::optional<Key> Terminal::ReadKey(int64_t timeout_ms) {
  for (;;) {
    if (std::optional<Key> key = decoder_.Next()) return key;
    if (at_end_) return std::nullopt;
    std::array<std::byte, 4096> buffer;
    const auto read = input_->Read(buffer, decoder_.Waiting() ? kEscapeMs : timeout_ms);
    if (!read.has_value() || read->AtEnd()) {
      at_end_ = true;
    } else if (read->HasData()) {
      decoder_.Feed({reinterpret_cast<const char*>(buffer.data()), read->bytes});
    } else if (decoder_.Waiting()) {
      if (std::optional<Key> key = decoder_.Resolve()) return key;
      // A paste goes on.
      if (timeout_ms != env::kForever) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
}

void Terminal::Write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Terminal::BeginScreen() {
  if (screen_ || !interactive_) return;
  Write("\x1b[?1049h\x1b[?25l\x1b[H\x1b[J");
  screen_ = true;
}

void Terminal::EndScreen() {
  if (!screen_) return;
  Write("\x1b[?25h\x1b[?1049l");
  screen_ = false;
}

}  // namespace millrace::shell
