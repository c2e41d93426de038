#include "shell/history.h"

#include <algorithm>
#include <cstdlib>

#include "base/limits.h"
#include "shell/sql_scan.h"

namespace millrace::shell {
namespace {

// Whether a string stands right behind the word PASSWORD: CREATE ROLE … PASSWORD '…'.
bool HoldsPassword(std::string_view text) {
  bool after_word = false;
  for (const Piece& piece : ScanSql(text)) {
    if (piece.kind == PieceKind::kBlank || piece.kind == PieceKind::kComment) continue;
    if (after_word && piece.kind == PieceKind::kString) return true;
    const std::string_view word = text.substr(piece.begin, piece.end - piece.begin);
    constexpr std::string_view kWord = "PASSWORD";
    after_word =
        piece.kind == PieceKind::kWord && std::equal(word.begin(), word.end(), kWord.begin(), kWord.end(),
                                                     [](char a, char b) { return (a & ~0x20) == b; });
  }
  return false;
}

// An entry is a line: a newline in it is \n, a backslash two.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\') {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  return out;
}

std::string Unescaped(std::string_view line) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      ++i;
      out += line[i] == 'n' ? '\n' : line[i];
    } else {
      out += line[i];
    }
  }
  return out;
}

Result<std::vector<std::string>> ReadEntries(env::Files& files, const std::string& path) {
  std::vector<std::string> entries;
  const Result<std::string> text = files.ReadAll(path);
  if (!text.has_value()) {
    if (text.error().code() == ErrorCode::kNoSuchFile) return entries;
    return std::unexpected(text.error());
  }
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\n', at), text->size());
    if (end > at) entries.push_back(Unescaped(std::string_view(*text).substr(at, end - at)));
    at = end + 1;
  }
  return entries;
}

}  // namespace

void History::Bound() {
  size_t bytes = 0;
  size_t keep = 0;
  while (keep < entries_.size() && keep < limits::kShellHistoryEntries) {
    bytes += entries_[entries_.size() - 1 - keep].size();
    if (bytes > limits::kShellHistoryBytes) break;
    ++keep;
  }
  const size_t gone = entries_.size() - keep;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(gone));
  loaded_ -= std::min(loaded_, gone);
}

void History::Add(std::string_view text) {
  if (text.find_first_not_of(" \t\n") == std::string_view::npos || HoldsPassword(text)) return;
  if (!entries_.empty() && entries_.back() == text) return;
  entries_.emplace_back(text);
  Bound();
}

std::optional<size_t> History::FindBefore(size_t before, std::string_view part) const {
  for (size_t i = std::min(before, entries_.size()); i-- > 0;) {
    if (entries_[i].find(part) != std::string::npos) return i;
  }
  return std::nullopt;
}

Status History::Load(env::Files& files, const std::string& path) {
  MR_ASSIGN(std::vector<std::string> read, ReadEntries(files, path));
  loaded_ = read.size();
  read.insert(read.end(), entries_.begin(), entries_.end());
  entries_ = std::move(read);
  Bound();
  return Ok();
}

Status History::Save(env::Files& files, const std::string& path) {
  if (entries_.size() == loaded_) return Ok();
  MR_TRY(files.MakeDirs(env::DirName(path)));
  History merged;
  MR_TRY(merged.Load(files, path));
  for (size_t i = loaded_; i < entries_.size(); ++i) merged.Add(entries_[i]);
  const std::string fresh = path + ".new";
  MR_ASSIGN(const bool left_over, files.Exists(fresh));
  if (left_over) MR_TRY(files.Remove(fresh));
  MR_ASSIGN(const auto file, files.OpenWrite(fresh, env::WriteMode::kCreatePrivate));
  for (const std::string& entry : merged.entries_) MR_TRY(file->Write(Escaped(entry) + "\n"));
  MR_TRY(file->Close());
  MR_TRY(files.Rename(fresh, path));
  loaded_ = entries_.size();
  return Ok();
}

std::string HistoryPath() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && state[0] == '/') {
    return env::JoinPath(state, "millrace/history");
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') {
    return env::JoinPath(home, ".local/state/millrace/history");
  }
  return {};
}

}  // namespace millrace::shell
