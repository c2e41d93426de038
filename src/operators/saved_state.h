// What operators share in saving and restoring: numbers as bytes, shared values, where the hash of a record
// comes from.
//
// Free functions; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "functions/state_bytes.h"
#include "state/key_table.h"
#include "state/state_reader.h"
#include "state/state_writer.h"

namespace millrace::operators {

template <typename T>
void PutNumber(T value, std::string* out)
  requires std::is_arithmetic_v<T>
{
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Takes a number off the bytes; an error if there are too few.
template <typename T>
Status TakeNumber(std::string_view* in, T* value)
  requires std::is_arithmetic_v<T>
{
  if (in->size() < sizeof(T)) return state::BadState("a value ends too early");
  std::memcpy(value, in->data(), sizeof(T));
  in->remove_prefix(sizeof(T));
  return {};
}

// The same for numbers that are counted up and down from zero: one that no count can reach is an error.
inline Status TakeCount(std::string_view* in, int64_t* value) {
  MR_TRY(TakeNumber(in, value));
  if (!functions::IsRowCount(*value)) return state::BadState("a count is out of all bounds");
  return {};
}

inline void PutSized(std::string_view bytes, std::string* out) {
  PutNumber(static_cast<uint64_t>(bytes.size()), out);
  out->append(bytes);
}

inline Status TakeSized(std::string_view* in, std::string_view* bytes) {
  uint64_t size = 0;
  MR_TRY(TakeNumber(in, &size));
  if (size > in->size()) return state::BadState("a value ends too early");
  *bytes = in->substr(0, size);
  in->remove_prefix(size);
  return {};
}

inline Status ExpectEnd(std::string_view in) {
  if (!in.empty()) return state::BadState("a value is too long");
  return {};
}

// A number that each shard has, such as a watermark.
inline void SaveShared(std::string_view name, int64_t value, state::StateWriter& writer) {
  std::string bytes;
  PutNumber(value, &bytes);
  writer.PutShared(name, bytes);
}

// The least, or greatest, of what the shards have saved under this name; left as it is if none has.
enum class SharedRule : uint8_t { kLeast, kGreatest };
inline Status RestoreShared(const state::StateReader& reader, std::string_view name, SharedRule rule,
                            int64_t* value) {
  bool is_first = true;
  for (std::string_view bytes : reader.shared(name)) {
    int64_t saved = 0;
    MR_TRY(TakeNumber(&bytes, &saved));
    MR_TRY(ExpectEnd(bytes));
    *value = is_first                     ? saved
             : rule == SharedRule::kLeast ? std::min(*value, saved)
                                          : std::max(*value, saved);
    is_first = false;
  }
  return {};
}

// The number of rows so far: of all shards, so that numbers to come are greater than all that were given.
inline Status RestoreSequence(const state::StateReader& reader, int64_t* sequence) {
  int64_t greatest = *sequence;
  for (std::string_view bytes : reader.shared("sequence")) {
    MR_TRY(TakeCount(&bytes, sequence));
    MR_TRY(ExpectEnd(bytes));
    greatest = std::max(greatest, *sequence);
  }
  *sequence = greatest;
  return {};
}

// The places within an operator's keys of the columns by which its rows are spread.
inline std::vector<int> SpreadPlaces(const std::vector<int>& spread_columns, const std::vector<int>& keys) {
  std::vector<int> places;
  for (const int column : spread_columns) {
    const auto found = std::ranges::find(keys, column);
    MR_CHECK(found != keys.end());
    places.push_back(static_cast<int>(found - keys.begin()));
  }
  return places;
}

// Calls f(chunk) for all records; f returns a Status, and says itself which spaces it knows.
template <typename F>
Status ForEachChunk(state::StateReader& reader, F&& f) {
  state::StateChunk chunk;
  while (true) {
    MR_ASSIGN(const bool has_chunk, reader.Next(&chunk));
    if (!has_chunk) return {};
    MR_TRY(f(chunk));
  }
}

// After restoring: entries that only parts of came would have lost their own record.
inline Status CheckAllRestored(const state::KeyTable& table) {
  if (!table.options().track_changes) return {};
  bool is_whole = true;
  table.ForEach([&](state::EntryId id) { is_whole = is_whole && !table.IsChanged(id); });
  if (!is_whole) return state::BadState("elements of a state have lost what they belong to");
  return {};
}

inline std::unexpected<Error> UnknownSpace() {
  return state::BadState("it has a space that the owner does not know");
}

}  // namespace millrace::operators
