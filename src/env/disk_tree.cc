#include "env/disk_tree.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/check.h"

namespace millrace::env {

namespace {

using Names = DiskNode::Names;

// Calls `function` for every node below, once each, before what is below it.
template <typename Function>
void ForEachBelow(const DiskNodePtr& top, Names DiskNode::* names, Function function) {
  function(*top);
  for (const auto& [name, node] : (*top).*names) ForEachBelow(node, names, function);
}

}  // namespace

FileInfo DiskNode::Info() const {
  return FileInfo{.size = file.size(),
                  .mtime_micros = mtime_micros,
                  .device = 1,
                  .inode = inode,
                  .is_directory = is_directory,
                  .is_regular = !is_directory};
}

DiskTree::DiskTree() : root_(std::make_shared<DiskNode>()) {
  root_->inode = ++inode_;
  root_->is_directory = true;
}

// A folder may be below another as it is seen and above it on the device, so they must be parted.
DiskTree::~DiskTree() {
  std::set<DiskNodePtr> found{root_};
  for (const Change& change : changes_) found.insert(change.node);
  std::vector<DiskNodePtr> unseen(found.begin(), found.end());
  while (!unseen.empty()) {
    const DiskNodePtr node = std::move(unseen.back());
    unseen.pop_back();
    for (Names* names : {&node->names, &node->safe_names}) {
      for (auto& [name, below] : *names) {
        if (found.insert(below).second) unseen.push_back(below);
      }
      names->clear();
    }
  }
}

DiskTree::Place DiskTree::Find(const std::string& path) const {
  Place place{.error_number = 0, .directory = nullptr, .name = {}, .node = root_};
  for (size_t start = 1; start < path.size();) {
    const size_t slash = std::min(path.find('/', start), path.size());
    if (!place.node) return {.error_number = ENOENT, .directory = nullptr, .name = {}, .node = nullptr};
    if (!place.node->is_directory) {
      return {.error_number = ENOTDIR, .directory = nullptr, .name = {}, .node = nullptr};
    }
    place.directory = std::move(place.node);
    place.name = path.substr(start, slash - start);
    const auto found = place.directory->names.find(place.name);
    place.node = found == place.directory->names.end() ? nullptr : found->second;
    start = slash + 1;
  }
  return place;
}

void DiskTree::Note(Change change) {
  if (change.from) change.from->names.erase(change.from_name);
  if (change.to) change.to->names[change.to_name] = change.node;
  changes_.push_back(std::move(change));
}

DiskNodePtr DiskTree::Make(const Place& place, bool is_directory, int64_t now_micros) {
  auto node = std::make_shared<DiskNode>();
  node->inode = ++inode_;
  node->is_directory = is_directory;
  node->mtime_micros = now_micros;
  Note({.node = node, .from = nullptr, .from_name = {}, .to = place.directory, .to_name = place.name});
  return node;
}

void DiskTree::Remove(const Place& place) {
  Note({.node = place.node, .from = place.directory, .from_name = place.name, .to = nullptr, .to_name = {}});
}

void DiskTree::Rename(const Place& from, const Place& to) {
  Note({.node = from.node,
        .from = from.directory,
        .from_name = from.name,
        .to = to.directory,
        .to_name = to.name});
}

void DiskTree::MakeSafe(const Change& change) {
  if (change.from) {
    const auto found = change.from->safe_names.find(change.from_name);
    if (found != change.from->safe_names.end() && found->second == change.node) {
      change.from->safe_names.erase(found);
    }
  }
  if (change.to) change.to->safe_names[change.to_name] = change.node;
}

void DiskTree::Sync(const DiskNode& directory) {
  // A rename between two folders takes along what was done before it in the other one.
  std::set<const DiskNode*> synced{&directory};
  std::vector<bool> is_safe(changes_.size());
  for (size_t i = changes_.size(); i-- > 0;) {
    const Change& change = changes_[i];
    is_safe[i] = synced.contains(change.from.get()) || synced.contains(change.to.get());
    if (!is_safe[i]) continue;
    if (change.from) synced.insert(change.from.get());
    if (change.to) synced.insert(change.to.get());
  }
  std::vector<Change> left;
  for (size_t i = 0; i < changes_.size(); ++i) {
    if (is_safe[i]) {
      MakeSafe(changes_[i]);
    } else {
      left.push_back(std::move(changes_[i]));
    }
  }
  changes_ = std::move(left);
}

void DiskTree::SyncAll() {
  for (const Change& change : changes_) MakeSafe(change);
  changes_.clear();
  ForEachBelow(root_, &DiskNode::names, [](DiskNode& node) { node.file.Sync(); });
}

void DiskTree::LosePower(Random& random, const PowerLoss& loss) {
  const std::vector<bool> survives = DrawSurvivors(random, loss);
  for (size_t i = 0; i < changes_.size(); ++i) {
    if (survives[i]) MakeSafe(changes_[i]);
  }
  ForEachBelow(root_, &DiskNode::safe_names, [&](DiskNode& node) {
    node.names = node.safe_names;
    node.file.LosePower(random, loss);
    node.is_locked = false;
  });
  changes_.clear();
}

std::vector<bool> DiskTree::DrawSurvivors(Random& random, const PowerLoss& loss) const {
  std::vector<bool> survives(changes_.size());
  switch (random.Below(4)) {
    case 0:
      return survives;
    case 1:
      survives.flip();
      return survives;
    case 2:  // as with one journal for all folders
      std::fill_n(survives.begin(), random.Below(changes_.size() + 1), true);
      return survives;
    default:
      return DrawEach(random, loss);
  }
}

std::vector<bool> DiskTree::DrawEach(Random& random, const PowerLoss& loss) const {
  // A change is lost if one is lost that it stands on: a former one of the same file, and of the same folder
  // or, with scattered names, of the same name. Folders that move do so in order: none ends up in itself.
  using Key = std::pair<uint64_t, std::string>;
  const auto name_key = [&](const DiskNodePtr& directory, const std::string& name) {
    return Key(directory->inode, loss.scatters_names ? name : "");
  };
  std::set<Key> lost;
  std::vector<bool> survives;
  for (const Change& change : changes_) {
    std::vector<Key> keys{Key(change.node->inode, "/")};
    if (change.from) keys.push_back(name_key(change.from, change.from_name));
    if (change.to) keys.push_back(name_key(change.to, change.to_name));
    if (change.from && change.to && change.node->is_directory) keys.emplace_back(0, "/");
    const bool stands = std::ranges::none_of(keys, [&](const Key& key) { return lost.contains(key); });
    survives.push_back(stands && random.Chance(0.5));
    if (!survives.back()) lost.insert(keys.begin(), keys.end());
  }
  return survives;
}

uint64_t DiskTree::UsedBytes() const {
  uint64_t bytes = 0;
  ForEachBelow(root_, &DiskNode::names, [&](const DiskNode& node) { bytes += node.file.size(); });
  return bytes;
}

}  // namespace millrace::env
