// Who may do what. A script is its user's own: nothing is refused there.
#include <fmt/format.h>

#include "session/session.h"

namespace millrace::session {

Status Session::Check(catalog::Privilege privilege, const catalog::Securable& object) const {
  if (options_.script) return {};
  return instance_.roles().snapshot()->Check(role_, privilege, object);
}

Status Session::CheckRead(const std::string& table) const {
  const size_t dot = table.find('.');
  return Check(catalog::Privilege::kSelect,
               catalog::Securable::Table({table.substr(0, dot), table.substr(dot + 1)}));
}

Status Session::CheckReads(const plan::PlannedQuery& planned) const {
  if (options_.script) return {};
  const CatalogVersionPtr now = instance_.catalog();
  for (const catalog::ObjectName& name : planned.dependencies) {
    // A view that is not kept stands for what it reads, which is listed too.
    const catalog::EntryPtr entry = now->catalog.Find(name);
    if (entry != nullptr && entry->kind == catalog::EntryKind::kView) continue;
    MR_TRY(Check(catalog::Privilege::kSelect, catalog::Securable::Table(name)));
  }
  return {};
}

Status Session::CheckInsert(const catalog::Entry& entry) const {
  return Check(catalog::Privilege::kInsert, catalog::Securable::Table(entry.name));
}

Status Session::CheckCreateIn(const std::string& schema) const {
  return Check(catalog::Privilege::kCreate, catalog::Securable::Schema(schema));
}

Status Session::CheckOwner(const catalog::Securable& object) const {
  if (options_.script) return {};
  return instance_.roles().snapshot()->CheckOwner(role_, object);
}

// What reads or writes files, sockets or the console of the server's machine is for its administrator.
Status Session::CheckConnector(const catalog::TableDefinition& table) const {
  if (options_.script || instance_.roles().snapshot()->IsSuperuser(role_)) return {};
  const std::string_view connector = table.connector();
  if (connector.empty() || connector == "http" || connector == "datagen" || connector == "blackhole")
    return {};
  return Fail(ErrorCode::kInsufficientPrivilege,
              fmt::format("permission denied to make a table with connector '{}'", connector),
              "it reaches the server's machine: a superuser can");
}

void Session::Created(const catalog::Securable& object) {
  if (!options_.script) instance_.roles().ObjectCreated(object, role_);
}

}  // namespace millrace::session
