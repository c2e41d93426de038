// Who may do what. A script is its user's own: nothing is refused there.
#include <fmt/format.h>

#include "session/session.h"

namespace millrace::session {

namespace {

// "schema.name"
catalog::ObjectName NameOf(const std::string& name) {
  const size_t dot = name.find('.');
  return {name.substr(0, dot), name.substr(dot + 1)};
}
catalog::Securable TableNamed(const std::string& name) {
  return catalog::Securable::Table(NameOf(name));
}

}  // namespace

Status Session::Check(catalog::Privilege privilege, const catalog::Securable& object) const {
  if (IsUnchecked()) return {};
  return instance_.roles().snapshot()->Check(role_, privilege, object);
}

Status Session::CheckNamed(const std::string& view, const std::string& name) const {
  if (IsUnchecked()) return {};
  const catalog::RoleSnapshotPtr roles = instance_.roles().snapshot();
  if (view.empty()) return roles->Check(role_, catalog::Privilege::kSelect, TableNamed(name));
  const std::string& owner = roles->OwnerOf(TableNamed(view));
  Status allowed = roles->Check(owner, catalog::Privilege::kSelect, TableNamed(name));
  if (allowed.has_value()) return allowed;
  return std::unexpected(
      allowed.error().Within(fmt::format("view '{}', which reads as its owner '{}'", view, owner)));
}

Status Session::CheckRead(const std::string& name, const std::string& view) const {
  if (IsUnchecked()) return {};
  MR_TRY(CheckNamed(view, name));
  const catalog::EntryPtr entry = catalog_.Find(NameOf(name));
  // One that keeps its rows reads nothing.
  if (entry == nullptr || entry->kind != catalog::EntryKind::kView) return {};
  for (const catalog::ObjectName& inner : entry->dependencies) MR_TRY(CheckRead(inner.ToString(), name));
  return {};
}

Status Session::CheckReads(const plan::PlannedQuery& planned) const {
  for (const catalog::ObjectName& name : planned.dependencies) MR_TRY(CheckRead(name.ToString()));
  return {};
}

Status Session::CheckInsert(const catalog::Entry& entry) const {
  return Check(catalog::Privilege::kInsert, catalog::Securable::Table(entry.name));
}

Status Session::CheckCreateIn(const std::string& schema) const {
  return Check(catalog::Privilege::kCreate, catalog::Securable::Schema(schema));
}

Status Session::CheckOwner(const catalog::Securable& object) const {
  if (IsUnchecked()) return {};
  return instance_.roles().snapshot()->CheckOwner(role_, object);
}

// What reads or writes files, sockets or the console of the server's machine is for its administrator.
Status Session::CheckConnector(const catalog::TableDefinition& table) const {
  if (IsUnchecked() || instance_.roles().snapshot()->IsSuperuser(role_)) return {};
  const std::string_view connector = table.connector();
  if (connector.empty() || connector == "http" || connector == "datagen" || connector == "blackhole")
    return {};
  return Fail(ErrorCode::kInsufficientPrivilege,
              fmt::format("permission denied to make a table with connector '{}'", connector),
              "it reaches the server's machine: a superuser can");
}

void Session::Created(const catalog::Securable& object, CatalogChange* change) const {
  if (IsUnchecked()) return;
  change->objects().created.push_back(object);
  change->objects().owner = role_;
}

}  // namespace millrace::session
