// What must hold: at a start, in the middle of work, and when everything has been worked off.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include "sim/simulation.h"

namespace millrace::sim {

void Simulation::CheckStart() {
  if (machine_.epoch() < checkpoint_epoch_) {
    return void(Fault(fmt::format("it goes on from epoch {}, and {} had been made durable", machine_.epoch(),
                                  checkpoint_epoch_)));
  }
  const auto entries = machine_.world().files.List(machine_.options().store.folder);
  const size_t files = machine_.store().Stats().files;
  if (entries.has_value() && entries->size() != files) {
    Fault(fmt::format("{} files of checkpoints are there, {} are in force", entries->size(), files));
  }
}

// Nothing is kept of windows that have closed. An aggregate may have a space of its own in each.
void Simulation::CheckWindows() {
  for (const Object& object : scenario_.objects()) {
    const bool is_window = object.kind == Object::Kind::kView && object.query.kind == Query::Kind::kWindow;
    if (!is_window || TrustOf(object.name) != Trust::kExact) continue;
    const FeedLog& log = fed_[object.query.inputs.front()];
    const auto spaces = machine_.SpacesOf(fmt::format("o{}/WindowAggregate", object.id));
    if (!spaces.has_value()) return void(Fault("saved state cannot be read: " + spaces.error().ToString()));
    const auto seen = SeenBy(object.group, object.query.inputs.front(), log.changes);
    const size_t open = log.is_finished ? 0 : OpenSlices(object.query, seen);
    if (*spaces <= open * (1 + object.query.aggregates.size())) continue;
    return void(
        Fault(fmt::format("{} keeps {} spaces, and only {} slices are open", object.name, *spaces, open)));
  }
}

void Simulation::CheckChapters() {
  if (machine_.warehouse().Checkpoint(0).has_value()) return void(Fault("a checkpoint was made by nobody"));
  if (!machine_.RunFor(3'000'000, 10'000)) return void(Fault("something runs without an end"));
  if (machine_.has_ended()) return;
  std::set<uint64_t> ids;
  for (const Object& object : scenario_.objects()) ids.insert({object.id, object.group});
  for (const std::string& chapter : machine_.store().Chapters()) {
    const std::string_view digits = std::string_view(chapter).substr(1, chapter.find('/') - 1);
    uint64_t id = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (parsed.ec != std::errc() || ids.contains(id)) continue;
    return void(Fault("of what was dropped there is still " + chapter));
  }
  CheckWindows();
  for (const std::string& topic : machine_.Topics()) {
    if (ids.contains(std::strtoull(topic.c_str() + 1, nullptr, 10))) continue;
    return void(Fault("of what was dropped there is still the topic " + topic));
  }
}

Simulation::Trust Simulation::TrustOf(const Query& query) const {
  Trust trust = Trust::kExact;
  for (const std::string& input : query.inputs) trust = std::max(trust, TrustOf(input));
  return trust;
}

Simulation::Trust Simulation::TrustOf(const std::string& name) const {
  const auto found = trust_.find(name);
  return found == trust_.end() ? Trust::kExact : found->second;
}

// Until nothing changes any more: views that were started together fail together.
void Simulation::FindTrust() {
  trust_.clear();
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    const auto lower = [&](const std::string& name, Trust trust) {
      if (TrustOf(name) >= trust) return;
      trust_[name] = trust;
      has_changed = true;
    };
    std::set<uint64_t> broken_groups = failed_groups_;
    for (const Object& object : scenario_.objects()) {
      if (object.kind == Object::Kind::kFeed && fed_[object.name].is_spoiled)
        lower(object.name, Trust::kBroken);
      if (!object.HasQuery()) continue;
      const Trust trust = TrustOf(object.query);
      if (object.kind == Object::Kind::kInsert) {
        if (trust != Trust::kExact) lower(object.name, Trust::kLoose);
        continue;
      }
      lower(object.name, trust);
      if (trust == Trust::kBroken) broken_groups.insert(object.group);
    }
    for (const Object& object : scenario_.objects()) {
      if (object.kind == Object::Kind::kView && broken_groups.contains(object.group)) {
        lower(object.name, Trust::kBroken);
      }
    }
  }
}

void Simulation::CheckJobs() {
  FindTrust();
  std::map<uint64_t, std::string> errors = machine_.JobErrors();
  for (const Object& object : scenario_.objects()) {
    const auto error = errors.find(object.id);
    if (error == errors.end()) continue;
    const bool is_view = object.kind == Object::Kind::kView;
    if (is_view && TrustOf(object.name) == Trust::kBroken) continue;
    if (object.HasQuery() && TrustOf(object.query) == Trust::kBroken) continue;
    return void(Fault(fmt::format("the job of #{} has failed: {}", object.id, error->second)));
  }
}

void Simulation::CompareAll() {
  Note("compare all");
  ++statistics_.comparisons;
  CheckJobs();
  expected_.clear();
  for (const Object& object : scenario_.objects()) {
    if (object.kind != Object::Kind::kTable && object.kind != Object::Kind::kView) continue;
    if (TrustOf(object.name) != Trust::kExact) continue;
    const auto found = machine_.Published(object.name);
    if (!found.has_value()) return void(Fault(object.name + " is not there"));
    const std::string difference = Difference(Expected(object.name), *found);
    if (difference.empty()) continue;
    return void(Fault(fmt::format("{} is not what it must be: {}\n{}", object.name, object.sql, difference)));
  }
  Glance(Moment::kRest);
}

void Simulation::NoteBeginning(const Object& object) {
  for (const std::string& name : object.query.inputs) {
    const Object* input = scenario_.Find(name);
    if (input == nullptr || input->kind != Object::Kind::kHttp) continue;
    uint64_t& gone = gone_rows_[{object.group, name}];
    gone = machine_.GoneRows(name);
    if (gone > 0) ++statistics_.late_beginnings;
  }
}

std::span<const Change> Simulation::SeenBy(uint64_t group, const std::string& source,
                                           std::span<const Change> changes) {
  const auto gone = gone_rows_.find({group, source});
  if (gone == gone_rows_.end()) return changes;
  return changes.subspan(std::min<size_t>(gone->second, changes.size()));
}

Inputs Simulation::InputsOf(const Object& object) {
  Inputs inputs;
  for (const std::string& name : object.query.inputs) {
    const Object& input = *scenario_.Find(name);
    if (input.IsSource()) {
      inputs.changes[name] = SeenBy(object.group, name, fed_[name].changes);
      inputs.rows[name] = RowsOf(inputs.changes[name], input.mode);
    } else {
      inputs.rows[name] = Expected(name);
    }
    if (fed_[name].is_finished) inputs.finished.insert(name);
  }
  return inputs;
}

const Rows& Simulation::Expected(const std::string& name) {
  if (const auto known = expected_.find(name); known != expected_.end()) return known->second;
  const Object& object = *scenario_.Find(name);
  Rows rows;
  switch (object.kind) {
    case Object::Kind::kFeed:
    case Object::Kind::kHttp:
      rows = RowsOf(fed_[name].changes, object.mode);
      break;
    case Object::Kind::kView:
      rows = Evaluate(object.query, InputsOf(object));
      break;
    default:
      rows = RowsOf(fed_[name].changes, object.mode);
      for (const Object* insert : scenario_.InsertsInto(name)) {
        const Rows inserted = Evaluate(insert->query, InputsOf(*insert));
        rows.insert(rows.end(), inserted.begin(), inserted.end());
      }
  }
  return expected_[name] = std::move(rows);
}

void Simulation::Glance(Moment moment) {
  const bool is_start = moment == Moment::kStart;
  ++statistics_.glances;
  CheckJobs();
  const std::map<uint64_t, std::string> errors = machine_.JobErrors();
  std::map<uint64_t, std::vector<const Object*>> groups;
  for (const Object& object : scenario_.objects()) {
    if (!is_well()) return;
    // The tasks of a job that fails end one by one. A restart has all of them as of one checkpoint again, and
    // of the same one what only reads them; but what else it reads has gone on.
    const bool is_view = object.kind == Object::Kind::kView;
    const bool is_broken = is_view && TrustOf(object.name) == Trust::kBroken;
    if (is_broken && (!is_start || object.query.inputs.size() != 1)) continue;
    if (is_view) GlanceAtView(object);
    if (!object.HasQuery() || object.query.inputs.size() != 1) continue;
    if (!scenario_.Find(object.query.inputs.front())->IsSource()) continue;
    // A checkpoint has the table and what its INSERT has read as of one position; an epoch alone has not.
    const bool is_insert = object.kind == Object::Kind::kInsert;
    if (is_insert && (moment == Moment::kWork || scenario_.InsertsInto(object.name).size() > 1)) continue;
    if (is_insert && !fed_[object.name].pushes.empty()) continue;
    // One that has failed does not go on: each of its shards has come as far as it had.
    if (is_insert && errors.contains(object.id)) continue;
    groups[object.group].push_back(&object);
  }
  GlanceAtPushes();
  if (!is_well() || (moment == Moment::kWork && !OneIn(3))) return;
  for (const auto& [group, members] : groups) GlanceAtGroup(group, members);
}

void Simulation::GlanceAtPushes() {
  constexpr size_t kLookedAt = 4;
  std::map<std::string, std::set<Cell>> serials;  // in tables that only take pushes, and only keep rows
  for (const Object& object : scenario_.objects()) {
    if (object.kind != Object::Kind::kTable || object.is_keyed || commits_.empty()) continue;
    if (!scenario_.InsertsInto(object.name).empty()) continue;
    const auto published = machine_.Published(object.name);
    if (!published.has_value()) return void(Fault(object.name + " is not there"));
    for (const Row& row : *published) serials[object.name].insert(row[1]);
    serials[object.name];
  }
  for (size_t i = commits_.size() - std::min(commits_.size(), kLookedAt); i < commits_.size(); ++i) {
    size_t there = 0;
    size_t parts = 0;
    for (const auto& [table, changes] : commits_[i]->parts) {
      const auto found = serials.find(table);
      if (found == serials.end()) continue;
      parts += changes.size();
      for (const Change& change : changes) there += found->second.count(change.row[1]);
    }
    if (there == 0 || there == parts) continue;
    return void(Fault(fmt::format("{} of the {} rows of one push are shown", there, parts)));
  }
}

// A view over stored relations is, in every set of snapshots, what its definition says of theirs.
void Simulation::GlanceAtView(const Object& view) {
  if (machine_.epoch() < shown_from_[view.id]) return;
  Inputs inputs;
  for (const std::string& name : view.query.inputs) {
    if (scenario_.Find(name)->IsSource()) return;
    const auto published = machine_.Published(name);
    if (!published.has_value()) return void(Fault(name + " is not there"));
    inputs.rows[name] = *published;
  }
  const auto found = machine_.Published(view.name);
  if (!found.has_value()) return void(Fault(view.name + " is not there"));
  const std::string difference = Difference(Evaluate(view.query, inputs), *found);
  if (difference.empty()) return;
  Fault(fmt::format("{} does not go with what it reads: {}\n{}", view.name, view.sql, difference));
}

// What shares a feed shows the rows up to one and the same position of it, which does not go back.
void Simulation::GlanceAtGroup(uint64_t group, const std::vector<const Object*>& members) {
  const std::string& feed = members.front()->query.inputs.front();
  const Object& source = *scenario_.Find(feed);
  const FeedLog& log = fed_[feed];
  std::vector<Rows> found;
  for (const Object* member : members) {
    const auto published = machine_.Published(member->name);
    if (!published.has_value()) return void(Fault(member->name + " is not there"));
    found.push_back(*published);
    std::sort(found.back().begin(), found.back().end());
  }
  // The end has a position too.
  const size_t positions = log.ends.size() + (log.is_finished ? 1 : 0);
  for (size_t position = positions_[group]; position <= positions; ++position) {
    Inputs inputs;
    const size_t batches = std::min(position, log.ends.size());
    if (position > batches) inputs.finished.insert(feed);
    const std::span<const Change> changes =
        SeenBy(group, feed, {log.changes.data(), batches == 0 ? 0 : log.ends[batches - 1]});
    inputs.changes[feed] = changes;
    inputs.rows[feed] = RowsOf(changes, source.mode);
    bool agree = true;
    for (size_t i = 0; i < members.size() && agree; ++i) {
      Rows rows = Evaluate(members[i]->query, inputs);
      std::sort(rows.begin(), rows.end());
      agree = rows == found[i];
    }
    if (!agree) continue;
    positions_[group] = position;
    return;
  }
  std::string names;
  for (const Object* member : members) names += " " + member->name;
  Fault(fmt::format("these are of no one position of {} at or behind {}:{}", feed, positions_[group], names));
}

}  // namespace millrace::sim
