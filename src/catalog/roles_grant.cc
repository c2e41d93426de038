// Grants, owners and default privileges of roles.h.
#include <fmt/core.h>

#include <algorithm>

#include "catalog/roles.h"

namespace millrace::catalog {
namespace {

Privilege PrivilegeOf(sql::PrivilegeKind kind) {
  switch (kind) {
    case sql::PrivilegeKind::kSelect:
      return Privilege::kSelect;
    case sql::PrivilegeKind::kInsert:
      return Privilege::kInsert;
    case sql::PrivilegeKind::kUsage:
      return Privilege::kUsage;
    case sql::PrivilegeKind::kCreate:
      return Privilege::kCreate;
    case sql::PrivilegeKind::kConnect:
      return Privilege::kConnect;
    case sql::PrivilegeKind::kTemporary:
      return Privilege::kTemporary;
  }
  return Privilege::kSelect;
}

PrivilegeSet SetOf(bool all, const std::vector<sql::PrivilegeName>& names, PrivilegeSet everything) {
  if (all) return everything;
  PrivilegeSet set = 0;
  for (const sql::PrivilegeName& name : names) set |= static_cast<PrivilegeSet>(PrivilegeOf(name.kind));
  return set;
}

std::unexpected<Error> Denied(std::string message, std::string hint = {}) {
  return Fail(ErrorCode::kInsufficientPrivilege, std::move(message), std::move(hint));
}

}  // namespace

Status Roles::GrantPrivileges(const RoleContext& actor, const sql::GrantStatement& statement,
                              std::span<const Securable> objects) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  if (statement.granted_by) {
    MR_ASSIGN(const std::string grantor, Resolve(actor, *statement.granted_by));
    if (grantor != actor.current) {
      return Fail(ErrorCode::kNotSupported, "the grantor must be the current role", "SET ROLE to it first",
                  statement.granted_by->name.location);
    }
  }
  std::vector<std::string> grantees;
  for (const sql::RoleSpec& spec : statement.roles) {
    MR_ASSIGN(std::string grantee, Resolve(actor, spec));
    if (statement.with_option && grantee == kPublic) {
      return Fail(ErrorCode::kInvalidGrant, "PUBLIC cannot grant on: WITH GRANT OPTION is for roles");
    }
    grantees.push_back(std::move(grantee));
  }
  for (const Securable& object : objects) {
    const PrivilegeSet privileges =
        SetOf(statement.all_privileges, statement.privileges, object.AllPrivileges());
    const bool is_owner = next->IsOwner(actor.current, object);
    if (!is_owner) {
      for (PrivilegeSet bit = 1; bit != 0; bit = static_cast<PrivilegeSet>(bit << 1)) {
        if ((privileges & bit) == 0 || next->MayGrant(actor.current, static_cast<Privilege>(bit), object))
          continue;
        return Denied(fmt::format("permission denied for {}", object.Describe()),
                      fmt::format("its owner, or who has {} WITH GRANT OPTION, can",
                                  PrivilegeName(static_cast<Privilege>(bit))));
      }
    }
    ObjectAcl& acl = next->acls_.try_emplace(object, ObjectAcl{options_.superuser, {}}).first->second;
    const std::string& grantor = is_owner ? acl.owner : actor.current;
    for (const std::string& grantee : grantees) {
      if (statement.is_revoke) {
        // The owner takes back what anyone granted, others what they granted.
        MR_TRY(acl.Revoke(grantee, is_owner ? std::string() : actor.current, privileges,
                          statement.option_only, statement.cascade));
      } else {
        acl.Add(grantee, grantor, privileges, statement.with_option);
      }
    }
  }
  return Publish(std::move(next));
}

Status Roles::GrantRoles(const RoleContext& actor, const sql::GrantRoleStatement& statement) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  for (const sql::Name& granted : statement.granted) {
    const Result<RolePtr> group = next->Get(granted.text);
    if (!group) return std::unexpected(group.error().At(granted.location));
    if (!next->IsAdmin(actor.current, granted.text)) {
      return Denied(fmt::format("permission denied to {} role '{}'", statement.is_revoke ? "revoke" : "grant",
                                granted.text),
                    "a superuser, or who has it WITH ADMIN OPTION, can");
    }
    if ((*group)->superuser && !next->IsSuperuser(actor.current)) {
      return Denied(fmt::format("only a superuser can grant superuser '{}'", granted.text));
    }
    for (const sql::RoleSpec& spec : statement.roles) {
      MR_ASSIGN(const std::string member, Resolve(actor, spec));
      if (!statement.is_revoke) {
        const Status added = next->AddMember(member, {granted.text, statement.with_option, true});
        if (!added) return std::unexpected(added.error().At(granted.location));
        continue;
      }
      MR_ASSIGN(const RolePtr role, next->Get(member));
      Role changed = *role;
      if (statement.option_only) {
        for (Membership& of : changed.member_of) {
          if (of.group == granted.text) of.admin = false;
        }
      } else {
        std::erase_if(changed.member_of, [&](const Membership& of) { return of.group == granted.text; });
      }
      next->Put(std::move(changed));
    }
  }
  return Publish(std::move(next));
}

Status Roles::SetDefaultPrivileges(const RoleContext& actor,
                                   const sql::DefaultPrivilegesStatement& statement) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  std::vector<std::string> creators;
  for (const sql::RoleSpec& spec : statement.creators) {
    MR_ASSIGN(std::string creator, Resolve(actor, spec));
    if (!next->IsMember(actor.current, creator)) {
      return Denied(fmt::format("permission denied to change default privileges of role '{}'", creator),
                    "a member of it can");
    }
    creators.push_back(std::move(creator));
  }
  if (creators.empty()) creators.push_back(actor.current);
  std::vector<std::string> schemas;
  for (const sql::Name& schema : statement.schemas) schemas.push_back(schema.text);
  if (schemas.empty()) schemas.emplace_back();
  const auto kind = statement.on_schemas ? Securable::Kind::kSchema : Securable::Kind::kTable;
  const PrivilegeSet privileges =
      SetOf(statement.all_privileges, statement.privileges, Securable{kind, {}, {}}.AllPrivileges());
  for (const sql::RoleSpec& spec : statement.roles) {
    MR_ASSIGN(const std::string grantee, Resolve(actor, spec));
    if (statement.with_option && grantee == kPublic) {
      return Fail(ErrorCode::kInvalidGrant, "PUBLIC cannot grant on: WITH GRANT OPTION is for roles");
    }
    for (const std::string& creator : creators) {
      for (const std::string& schema : schemas) {
        auto known = std::ranges::find_if(next->defaults_, [&](const DefaultGrant& grant) {
          return grant.creator == creator && grant.schema == schema && grant.kind == kind &&
                 grant.grant.grantee == grantee;
        });
        if (known == next->defaults_.end()) {
          if (statement.is_revoke) continue;
          known = next->defaults_.insert(known, {creator, schema, kind, {grantee, creator, 0, 0}});
        }
        if (!statement.is_revoke) {
          known->grant.privileges |= privileges;
          if (statement.with_option) known->grant.options |= privileges;
          continue;
        }
        known->grant.options &= static_cast<PrivilegeSet>(~privileges);
        if (!statement.option_only) known->grant.privileges &= static_cast<PrivilegeSet>(~privileges);
      }
    }
  }
  std::erase_if(next->defaults_, [](const DefaultGrant& grant) { return grant.grant.privileges == 0; });
  return Publish(std::move(next));
}

void Roles::AddOwner(const Securable& object, const std::string& owner, RoleSnapshot* roles) {
  ObjectAcl acl{owner, {}};
  for (const DefaultGrant& grant : roles->default_grants()) {
    if (grant.creator != owner || grant.kind != object.kind) continue;
    if (!grant.schema.empty() && grant.schema != object.schema) continue;
    acl.Add(grant.grant.grantee, acl.owner, grant.grant.privileges, /*with_option=*/false);
    if (grant.grant.options != 0) acl.Add(grant.grant.grantee, acl.owner, grant.grant.options, true);
  }
  roles->acls_.insert_or_assign(object, std::move(acl));
}

void Roles::Forget(const Securable& object, RoleSnapshot* roles) {
  roles->acls_.erase(object);
  if (object.kind != Securable::Kind::kSchema) return;
  std::erase_if(roles->acls_, [&](const auto& entry) {
    return entry.first.kind == Securable::Kind::kTable && entry.first.schema == object.schema;
  });
  std::erase_if(roles->defaults_, [&](const DefaultGrant& grant) { return grant.schema == object.schema; });
}

Status Roles::ChangeObjects(const ObjectChanges& changes, const RoleSaver& save) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  for (const Securable& object : changes.dropped) Forget(object, next.get());
  for (const Securable& object : changes.created) AddOwner(object, changes.owner, next.get());
  return Publish(std::move(next), save ? save : save_);
}

Status Roles::SetOwner(const RoleContext& actor, const Securable& object, const sql::RoleSpec& owner) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  MR_ASSIGN(const std::string name, Resolve(actor, owner));
  MR_TRY(next->CheckOwner(actor.current, object));
  if (!next->IsMember(actor.current, name)) {
    return Denied(fmt::format("must be a member of role '{}' to give it something", name));
  }
  if (!next->IsSuperuser(actor.current) && object.kind == Securable::Kind::kTable) {
    MR_TRY(next->Check(name, Privilege::kCreate, Securable::Schema(object.schema)));
  }
  ObjectAcl& acl = next->acls_.try_emplace(object, ObjectAcl{options_.superuser, {}}).first->second;
  acl.ChangeOwner(name);
  return Publish(std::move(next));
}

Status Roles::Reassign(const RoleContext& actor, const sql::OwnedStatement& statement) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  MR_ASSIGN(const std::string to, Resolve(actor, statement.new_owner));
  if (!next->IsMember(actor.current, to)) {
    return Denied(fmt::format("must be a member of role '{}' to give it something", to));
  }
  for (const sql::RoleSpec& spec : statement.roles) {
    MR_ASSIGN(const std::string from, Resolve(actor, spec));
    if (!next->IsMember(actor.current, from)) {
      return Denied(fmt::format("must be a member of role '{}' to give away what it owns", from));
    }
    for (auto& [object, acl] : next->acls_) {
      if (acl.owner == from) acl.ChangeOwner(to);
    }
  }
  return Publish(std::move(next));
}

Result<std::vector<Securable>> Roles::ReleaseOwned(const RoleContext& actor,
                                                   const sql::OwnedStatement& statement) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  std::vector<Securable> owned;
  for (const sql::RoleSpec& spec : statement.roles) {
    MR_ASSIGN(const std::string role, Resolve(actor, spec));
    if (!next->IsMember(actor.current, role)) {
      return Denied(fmt::format("must be a member of role '{}' to drop what it owns", role));
    }
    if (role == options_.superuser) {
      return Fail(ErrorCode::kDependentObjects,
                  fmt::format("what role '{}' owns cannot be dropped: the warehouse needs it", role));
    }
    for (auto& [object, acl] : next->acls_) {
      if (acl.owner == role) owned.push_back(object);
      acl.Forget(role);
    }
    std::erase_if(next->defaults_, [&](const DefaultGrant& grant) {
      return grant.creator == role || grant.grant.grantee == role;
    });
  }
  std::ranges::sort(owned);
  MR_TRY(Publish(std::move(next)));
  return owned;
}

}  // namespace millrace::catalog
