#include "catalog/privileges.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "sql/printer.h"

namespace millrace::catalog {
namespace {

constexpr Privilege kAll[] = {Privilege::kSelect, Privilege::kInsert,  Privilege::kUsage,
                              Privilege::kCreate, Privilege::kConnect, Privilege::kTemporary};

constexpr PrivilegeSet Bit(Privilege privilege) {
  return static_cast<PrivilegeSet>(privilege);
}

}  // namespace

std::string_view PrivilegeName(Privilege privilege) {
  switch (privilege) {
    case Privilege::kSelect:
      return "SELECT";
    case Privilege::kInsert:
      return "INSERT";
    case Privilege::kUsage:
      return "USAGE";
    case Privilege::kCreate:
      return "CREATE";
    case Privilege::kConnect:
      return "CONNECT";
    case Privilege::kTemporary:
      return "TEMPORARY";
  }
  return {};
}

std::string PrivilegeNames(PrivilegeSet privileges) {
  std::string text;
  for (const Privilege privilege : kAll) {
    if ((privileges & Bit(privilege)) == 0) continue;
    if (!text.empty()) text += ", ";
    text += PrivilegeName(privilege);
  }
  return text;
}

std::string Securable::Describe() const {
  switch (kind) {
    case Kind::kDatabase:
      return "database";
    case Kind::kSchema:
      return fmt::format("schema {}", schema);
    case Kind::kTable:
      return fmt::format("table {}.{}", schema, name);
  }
  return {};
}

std::string Securable::GrantText() const {
  switch (kind) {
    case Kind::kDatabase:
      return "DATABASE millrace";
    case Kind::kSchema:
      return fmt::format("SCHEMA {}", sql::PrintName(schema));
    case Kind::kTable:
      return fmt::format("{}.{}", sql::PrintName(schema), sql::PrintName(name));
  }
  return {};
}

PrivilegeSet Securable::AllPrivileges() const {
  switch (kind) {
    case Kind::kDatabase:
      return Bit(Privilege::kConnect) | Bit(Privilege::kCreate) | Bit(Privilege::kTemporary);
    case Kind::kSchema:
      return Bit(Privilege::kUsage) | Bit(Privilege::kCreate);
    case Kind::kTable:
      return Bit(Privilege::kSelect) | Bit(Privilege::kInsert);
  }
  return 0;
}

void ObjectAcl::Add(const std::string& grantee, const std::string& grantor, PrivilegeSet privileges,
                    bool with_option) {
  if (grantee == owner) return;
  auto grant = std::ranges::find_if(
      grants, [&](const Grant& g) { return g.grantee == grantee && g.grantor == grantor; });
  if (grant == grants.end()) grant = grants.insert(grants.end(), Grant{grantee, grantor, 0, 0});
  grant->privileges |= privileges;
  if (with_option) grant->options |= privileges;
}

PrivilegeSet ObjectAcl::OptionsOf(std::string_view role) const {
  if (role == owner) return 0xFF;
  PrivilegeSet options = 0;
  for (const Grant& grant : grants) {
    if (grant.grantee == role) options |= grant.options;
  }
  return options;
}

Status ObjectAcl::Revoke(const std::string& grantee, const std::string& grantor, PrivilegeSet privileges,
                         bool option_only, bool cascade) {
  for (Grant& grant : grants) {
    if (grant.grantee != grantee || (!grantor.empty() && grant.grantor != grantor)) continue;
    grant.options &= static_cast<PrivilegeSet>(~privileges);
    if (!option_only) grant.privileges &= static_cast<PrivilegeSet>(~privileges);
  }
  // What was granted on without the right to is gone as well; once more for each link of the chain.
  for (bool changed = true; changed;) {
    changed = false;
    for (Grant& grant : grants) {
      const PrivilegeSet groundless =
          grant.privileges & privileges & static_cast<PrivilegeSet>(~OptionsOf(grant.grantor));
      if (groundless == 0) continue;
      if (!cascade) {
        return Fail(ErrorCode::kDependentObjects,
                    fmt::format("role '{}' granted {} on to role '{}'", grant.grantor,
                                PrivilegeNames(groundless), grant.grantee),
                    "REVOKE … CASCADE takes it from both");
      }
      grant.privileges &= static_cast<PrivilegeSet>(~groundless);
      grant.options &= static_cast<PrivilegeSet>(~groundless);
      changed = true;
    }
  }
  std::erase_if(grants, [](const Grant& grant) { return grant.privileges == 0; });
  return Ok();
}

void ObjectAcl::Forget(const std::string& role) {
  std::erase_if(grants, [&](const Grant& grant) { return grant.grantee == role; });
  for (Grant& grant : grants) {
    if (grant.grantor == role) grant.grantor = owner;
  }
}

bool ObjectAcl::Mentions(std::string_view role) const {
  return std::ranges::any_of(
      grants, [&](const Grant& grant) { return grant.grantee == role || grant.grantor == role; });
}

void ObjectAcl::ChangeOwner(const std::string& to) {
  const std::string from = std::exchange(owner, to);
  std::vector<Grant> old = std::exchange(grants, {});
  for (const Grant& grant : old) {
    const std::string& grantor = grant.grantor == from ? to : grant.grantor;
    Add(grant.grantee, grantor, grant.privileges, /*with_option=*/false);
    if (grant.options != 0) Add(grant.grantee, grantor, grant.options, /*with_option=*/true);
  }
}

void ObjectAcl::Rename(const std::string& from, const std::string& to) {
  if (owner == from) owner = to;
  for (Grant& grant : grants) {
    if (grant.grantee == from) grant.grantee = to;
    if (grant.grantor == from) grant.grantor = to;
  }
}

}  // namespace millrace::catalog
