// The bytes of a commit journal (docs/formats/commit_journal.md): its head and its records. Plain functions
// over memory; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "state/commit_store.h"

namespace millrace::state {

using CommitEntries = std::map<std::string, std::string, std::less<>>;

struct JournalRecord {
  uint64_t sequence = 0;
  std::string_view payload;
  size_t bytes = 0;  // of the whole record
};

// The head of a journal whose first record has the number `first`.
std::string JournalHead(uint64_t first);
// Appends a record.
void AppendJournalRecord(uint64_t sequence, std::string_view payload, std::string* bytes);
// The record that begins at the front of `bytes`, if it is whole and matches its checksum.
std::optional<JournalRecord> ParseJournalRecord(std::string_view bytes);

// Payloads: a transaction, or all entries that there are.
std::string EncodeChanges(const CommitBatch& batch);
std::string EncodeEntries(const CommitEntries& entries);
// Applies a payload; false, with some of it applied, if it breaks the grammar.
bool ApplyChanges(std::string_view payload, CommitEntries* entries);

// What a journal's records make of the entries, and how far it is good.
struct JournalContents {
  CommitEntries entries;
  uint64_t sequence = 0;    // of the last record; 0: none
  size_t good_bytes = 0;    // up to the end of the last record that is whole
  bool is_damaged = false;  // a copy of a record is missing, or there is something behind the last one
};

// Reads a whole journal. kDataCorrupted if it is none, or a record that later ones build on is lost.
Result<JournalContents> ReadJournal(std::string_view bytes, const std::string& path);

}  // namespace millrace::state
