// Bytes that a terminal sends for keys, as keys. Understands the sequences of xterm and its kin, of the Linux
// console, and bracketed paste. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::shell {

struct Key {
  enum class Kind : uint8_t {
    kCharacter,  // text: one code point
    kControl,    // letter: 'A' to 'Z', '_'
    kAlt,        // letter: in lower case, or a symbol
    kPaste,      // text: what was pasted, newlines as \n
    kEnter,
    kAltEnter,
    kTab,
    kBackspace,
    kAltBackspace,
    kDelete,
    kUp,
    kDown,
    kLeft,
    kRight,
    kWordLeft,
    kWordRight,
    kHome,
    kEnd,
    kTextStart,  // Ctrl-Home
    kTextEnd,
    kPageUp,
    kPageDown,
    kEscape,
  };
  Kind kind;
  char letter = 0;
  std::string text = {};

  friend bool operator==(const Key&, const Key&) = default;
};

class KeyDecoder {
 public:
  void Feed(std::string_view bytes) { pending_ += bytes; }
  // The next key, or nothing while bytes of it are missing. What is not understood is left out.
  std::optional<Key> Next();
  // Whether an escape character may be a key of its own: to be asked when nothing has followed for a while.
  bool Waiting() const { return !pending_.empty(); }
  // Takes what is there as it is: the first byte becomes kEscape if it is one, and is dropped otherwise.
  std::optional<Key> Resolve();

 private:
  // Consumes a sequence; nothing if it is not whole (*whole false) or not known.
  std::optional<Key> NextEscape(bool* whole);
  std::optional<Key> NextPaste(bool* whole);

  std::string pending_;
};

}  // namespace millrace::shell
