// DiskTree: the folders and names of a simulated disk, with which of them are safe and what a power loss may
// undo. A creation, rename or removal is seen at once and is safe once its folder has been synced; so is
// everything that was done in the folder before. No lock of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/disk_file.h"
#include "env/files.h"
#include "env/power_loss.h"
#include "env/random.h"

namespace millrace::env {

// A file or folder, whatever names it has; shared by its names and by those who have it open.
struct DiskNode {
  uint64_t inode = 0;
  bool is_directory = false;
  int64_t mtime_micros = 0;
  DiskFile file;           // of a file
  bool is_locked = false;  // a FileLock lives

  using Names = std::map<std::string, std::shared_ptr<DiskNode>>;
  Names names;       // of a folder, as it is seen
  Names safe_names;  // as it is on the device

  FileInfo Info() const;
};
using DiskNodePtr = std::shared_ptr<DiskNode>;

class DiskTree {
 public:
  // What a path leads to.
  struct Place {
    int error_number = 0;   // of its folder: ENOENT or ENOTDIR, and then nothing else is set
    DiskNodePtr directory;  // null for the root
    std::string name;
    DiskNodePtr node;  // null if nothing is there
  };

  DiskTree();
  ~DiskTree();
  DiskTree(const DiskTree&) = delete;
  DiskTree& operator=(const DiskTree&) = delete;

  Place Find(const std::string& path) const;

  // Gives `place`, where nothing is, a new file or folder.
  DiskNodePtr Make(const Place& place, bool is_directory, int64_t now_micros);
  void Remove(const Place& place);
  // Whatever is at `to` goes.
  void Rename(const Place& from, const Place& to);

  // Makes what was done in the folder safe, with what that stands on.
  void Sync(const DiskNode& directory);
  // The same for the bytes and names of everything there is.
  void SyncAll();
  // Becomes what a power loss leaves; that is safe, and nothing is locked.
  void LosePower(Random& random, const PowerLoss& loss);

  // The bytes of all files that have a name.
  uint64_t UsedBytes() const;

 private:
  // One step that is seen and not safe: a node gets a name, loses one, or both at once.
  struct Change {
    DiskNodePtr node;
    DiskNodePtr from;  // null for a creation
    std::string from_name;
    DiskNodePtr to;  // null for a removal
    std::string to_name;
  };

  static void MakeSafe(const Change& change);
  std::vector<bool> DrawSurvivors(Random& random, const PowerLoss& loss) const;
  std::vector<bool> DrawEach(Random& random, const PowerLoss& loss) const;
  void Note(Change change);

  DiskNodePtr root_;
  uint64_t inode_ = 0;
  std::vector<Change> changes_;  // in the order they were made
};

}  // namespace millrace::env
