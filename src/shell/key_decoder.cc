#include "shell/key_decoder.h"

#include <algorithm>

#include "base/limits.h"
#include "shell/text_width.h"

namespace millrace::shell {
namespace {

using Kind = Key::Kind;

constexpr std::string_view kPasteBegin = "\x1b[200~";
constexpr std::string_view kPasteEnd = "\x1b[201~";
// Longer than any key's.
constexpr size_t kSequenceBytesMax = 32;

std::optional<Key> ControlKey(char c) {
  switch (c) {
    case '\r':
    case '\n':
      return Key{Kind::kEnter};
    case '\t':
      return Key{Kind::kTab};
    case 0x08:
    case 0x7f:
      return Key{Kind::kBackspace};
    case 0x00:
      return std::nullopt;
    default:
      return Key{Kind::kControl, static_cast<char>(c + '@')};
  }
}

// The final byte of CSI and SS3 sequences; `modified` with Ctrl or Alt.
std::optional<Key> FinalKey(char c, bool modified) {
  switch (c) {
    case 'A':
      return Key{Kind::kUp};
    case 'B':
      return Key{Kind::kDown};
    case 'C':
      return Key{modified ? Kind::kWordRight : Kind::kRight};
    case 'D':
      return Key{modified ? Kind::kWordLeft : Kind::kLeft};
    case 'H':
      return Key{modified ? Kind::kTextStart : Kind::kHome};
    case 'F':
      return Key{modified ? Kind::kTextEnd : Kind::kEnd};
    case 'M':
      return Key{Kind::kEnter};
    default:
      return std::nullopt;
  }
}

std::optional<Key> NumberedKey(std::string_view number, bool modified) {
  if (number == "1" || number == "7") return Key{modified ? Kind::kTextStart : Kind::kHome};
  if (number == "4" || number == "8") return Key{modified ? Kind::kTextEnd : Kind::kEnd};
  if (number == "3") return Key{Kind::kDelete};
  if (number == "5") return Key{Kind::kPageUp};
  if (number == "6") return Key{Kind::kPageDown};
  return std::nullopt;
}

// Whether the bytes are the first of a character and nothing else.
bool IsBegun(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (lead < 0xC2 || lead > 0xF4) return false;
  const size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  return bytes.size() < wanted &&
         std::all_of(bytes.begin() + 1, bytes.end(), [](char c) { return (c & 0xC0) == 0x80; });
}

}  // namespace

std::optional<Key> KeyDecoder::NextPaste(bool* whole) {
  const size_t end = pending_.find(kPasteEnd);
  if (end == std::string::npos) {
    // A paste that never ends is not waited for beyond any statement's length.
    *whole = pending_.size() > limits::kSqlBytesMax;
    if (*whole) pending_.clear();
    return std::nullopt;
  }
  Key key{Kind::kPaste};
  for (size_t at = kPasteBegin.size(); at < end; ++at) {
    const char c = pending_[at];
    if (c == '\r') {
      if (at + 1 == end || pending_[at + 1] != '\n') key.text += '\n';
    } else if (c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20) {
      key.text += c == '\t' ? ' ' : c;
    }
  }
  pending_.erase(0, end + kPasteEnd.size());
  return key;
}

std::optional<Key> KeyDecoder::NextEscape(bool* whole) {
  *whole = false;
  if (pending_.size() < 2) return std::nullopt;
  if (pending_.starts_with(kPasteBegin)) return NextPaste(whole);
  const char second = pending_[1];
  if (second != '[' && second != 'O') {
    *whole = true;
    if (second == 0x1b) {
      pending_.erase(0, 1);
      return Key{Kind::kEscape};
    }
    pending_.erase(0, 2);
    if (second == '\r' || second == '\n') return Key{Kind::kAltEnter};
    if (second == 0x08 || second == 0x7f) return Key{Kind::kAltBackspace};
    if (second >= 'A' && second <= 'Z') return Key{Kind::kAlt, static_cast<char>(second - 'A' + 'a')};
    if (second > ' ') return Key{Kind::kAlt, second};
    return std::nullopt;
  }
  size_t final = 2;
  // The Linux console sends its function keys as ESC [ [ A.
  if (second == '[' && pending_.size() > 2 && pending_[2] == '[') final = 3;
  while (final < pending_.size() && (pending_[final] < 0x40 || pending_[final] > 0x7e)) ++final;
  if (final >= pending_.size()) {
    *whole = pending_.size() > kSequenceBytesMax;
    if (*whole) pending_.clear();
    return std::nullopt;
  }
  *whole = true;
  const std::string parameters = pending_.substr(2, final - 2);
  const char last = pending_[final];
  pending_.erase(0, final + 1);
  const size_t semicolon = parameters.find(';');
  // Modifier 2 is Shift alone.
  const bool modified = semicolon != std::string::npos && parameters.substr(semicolon + 1) != "2";
  if (last == '~') return NumberedKey(std::string_view(parameters).substr(0, semicolon), modified);
  if (parameters.starts_with('[')) return std::nullopt;
  return FinalKey(last, modified);
}

std::optional<Key> KeyDecoder::Next() {
  while (!pending_.empty()) {
    const auto lead = static_cast<unsigned char>(pending_[0]);
    if (lead == 0x1b) {
      bool whole = false;
      std::optional<Key> key = NextEscape(&whole);
      if (key.has_value() || !whole) return key;
      continue;
    }
    if (lead < 0x20 || lead == 0x7f) {
      std::optional<Key> key = ControlKey(pending_[0]);
      pending_.erase(0, 1);
      if (key.has_value()) return key;
      continue;
    }
    const CodePoint point = CodePointAt(pending_, 0);
    if (point.value == 0xFFFD && point.bytes == 1 && IsBegun(pending_)) return std::nullopt;
    Key key{Kind::kCharacter, 0, pending_.substr(0, point.bytes)};
    pending_.erase(0, point.bytes);
    if (point.value == 0xFFFD && point.bytes == 1) continue;
    return key;
  }
  return std::nullopt;
}

std::optional<Key> KeyDecoder::Resolve() {
  if (pending_.empty() || pending_.starts_with(kPasteBegin)) return std::nullopt;
  const bool escape = pending_[0] == 0x1b;
  pending_.erase(0, 1);
  if (escape) return Key{Kind::kEscape};
  return std::nullopt;
}

}  // namespace millrace::shell
