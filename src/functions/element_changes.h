// ElementChanges: which elements of a large aggregate state have changed, as bytes.
//
// Filled by an aggregate, read by the operator that writes a checkpoint; reused. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::functions {

class ElementChanges {
 public:
  void Put(std::string_view key, std::string_view value) { Add(key, value, false); }
  void Remove(std::string_view key) { Add(key, {}, true); }
  void Clear() {
    bytes_.clear();
    changes_.clear();
  }

  // All changes of another, with this byte in front of their keys.
  void Append(const ElementChanges& other, char prefix) {
    std::string key;
    for (size_t i = 0; i < other.size(); ++i) {
      key.assign(1, prefix);
      key += other.key(i);
      Add(key, other.value(i), other.is_removed(i));
    }
  }

  size_t size() const { return changes_.size(); }
  bool is_removed(size_t i) const { return changes_[i].is_removed; }
  std::string_view key(size_t i) const {
    return std::string_view(bytes_).substr(changes_[i].begin, changes_[i].key_end - changes_[i].begin);
  }
  std::string_view value(size_t i) const {
    return std::string_view(bytes_).substr(changes_[i].key_end, changes_[i].end - changes_[i].key_end);
  }

 private:
  struct Change {
    size_t begin;
    size_t key_end;
    size_t end;
    bool is_removed;
  };
  void Add(std::string_view key, std::string_view value, bool is_removed) {
    Change change{.begin = bytes_.size(), .key_end = 0, .end = 0, .is_removed = is_removed};
    bytes_ += key;
    change.key_end = bytes_.size();
    bytes_ += value;
    change.end = bytes_.size();
    changes_.push_back(change);
  }

  std::string bytes_;
  std::vector<Change> changes_;
};

}  // namespace millrace::functions
