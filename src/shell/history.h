// What was typed before: entries in the order of time, walked with the arrow keys and searched with Ctrl-R,
// and kept in a file that only its owner may read. Bounded: the oldest go. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "env/files.h"

namespace millrace::shell {

class History {
 public:
  // Blank texts, repetitions of the last entry and statements that hold a password are not kept.
  void Add(std::string_view text);
  const std::vector<std::string>& entries() const { return entries_; }

  // The newest entry before entry `before` (entries().size() for all of them) that contains `part`.
  std::optional<size_t> FindBefore(size_t before, std::string_view part) const;

  // Reads the file's entries in front of those at hand. A file that is not there is none.
  Status Load(env::Files& files, const std::string& path);
  // Adds the entries since Load to those that the file has now (other shells may have written), and replaces
  // it.
  Status Save(env::Files& files, const std::string& path);

 private:
  void Bound();

  std::vector<std::string> entries_;
  size_t loaded_ = 0;  // entries that came from the file
};

// $XDG_STATE_HOME/millrace/history, or ~/.local/state/millrace/history; empty if neither is set.
std::string HistoryPath();

}  // namespace millrace::shell
