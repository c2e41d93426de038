// The terminal: keys one by one while it is raw, its size, and a screen of its own for live views. One
// thread.
#pragma once

#include <termios.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "env/env.h"
#include "shell/key_decoder.h"

namespace millrace::shell {

class Terminal {
 public:
  explicit Terminal(env::Env& env);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Whether standard input and output are one, and can move a cursor.
  bool IsInteractive() const { return interactive_; }
  // Whether colours are wanted: on a terminal, without NO_COLOR.
  bool HasColours() const { return colours_; }

  struct Size {
    size_t columns = 80;
    size_t rows = 24;
  };
  Size GetSize() const;

  // Raw: every key is read as it is pressed, Ctrl-C too, and pastes are marked. Nothing if it is so already.
  void BeginRaw();
  void EndRaw();

  // The next key. Nothing: `timeout_ms` milliseconds have passed (env::kForever: never), or the input has
  // ended.
  std::optional<Key> ReadKey(int64_t timeout_ms);
  bool AtEnd() const { return at_end_; }

  // Written at once.
  void Write(std::string_view text);
  // Leaves what was on the screen for later, and comes back to it.
  void BeginScreen();
  void EndScreen();

 private:
  std::unique_ptr<env::ByteStream> input_;
  KeyDecoder decoder_;
  termios before_{};
  bool interactive_ = false;
  bool colours_ = false;
  bool raw_ = false;
  bool screen_ = false;
  bool at_end_ = false;
};

}  // namespace millrace::shell
