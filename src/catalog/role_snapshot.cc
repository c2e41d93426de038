#include "catalog/role_snapshot.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/suggest.h"
#include "sql/printer.h"

namespace millrace::catalog {
namespace {

// Readable by all: what they show depends on who asks, or is the same for everyone.
bool IsOpenSchema(std::string_view schema) {
  return schema == "pg_catalog" || schema == "information_schema";
}

}  // namespace

RolePtr RoleSnapshot::Find(std::string_view role) const {
  const auto found = roles_.find(role);
  return found == roles_.end() ? nullptr : found->second;
}

std::vector<RolePtr> RoleSnapshot::All() const {
  std::vector<RolePtr> all;
  for (const auto& [name, role] : roles_) all.push_back(role);
  std::ranges::sort(all, {}, [](const RolePtr& role) -> const std::string& { return role->name; });
  return all;
}

Result<RolePtr> RoleSnapshot::Get(std::string_view role) const {
  if (RolePtr found = Find(role)) return found;
  std::vector<std::string> names;
  for (const RolePtr& known : All()) names.push_back(known->name);
  return Fail(ErrorCode::kUndefinedObject, fmt::format("there is no role '{}'", role),
              DidYouMean(role, names));
}

bool RoleSnapshot::IsSuperuser(std::string_view role) const {
  const RolePtr found = Find(role);
  return found != nullptr && found->superuser;
}

bool RoleSnapshot::IsMember(std::string_view role, std::string_view group) const {
  const auto closure = closure_.find(role);
  if (closure == closure_.end()) return false;
  return closure->second.contains(group) || IsSuperuser(role);
}

bool RoleSnapshot::IsAdmin(std::string_view role, std::string_view group) const {
  if (IsSuperuser(role)) return true;
  const auto closure = closure_.find(role);
  if (closure == closure_.end()) return false;
  return std::ranges::any_of(closure->second, [&](const std::string& member) {
    const RolePtr found = Find(member);
    return found != nullptr && std::ranges::any_of(found->member_of, [&](const Membership& membership) {
             return membership.admin && membership.group == group;
           });
  });
}

const ObjectAcl* RoleSnapshot::AclOf(const Securable& object) const {
  const auto found = acls_.find(object);
  return found == acls_.end() ? nullptr : &found->second;
}

const std::string& RoleSnapshot::OwnerOf(const Securable& object) const {
  const ObjectAcl* acl = AclOf(object);
  return acl == nullptr ? superuser_ : acl->owner;
}

bool RoleSnapshot::HasBit(std::string_view role, PrivilegeSet bit, const Securable& object,
                          bool option) const {
  const auto closure = closure_.find(role);
  if (closure == closure_.end()) return false;
  if (IsSuperuser(role)) return true;
  const ObjectAcl* acl = AclOf(object);
  if (acl == nullptr) return closure->second.contains(superuser_);
  if (closure->second.contains(acl->owner)) return true;
  return std::ranges::any_of(acl->grants, [&](const Grant& grant) {
    const PrivilegeSet held = option ? grant.options : grant.privileges;
    return (held & bit) != 0 && (grant.grantee == kPublic || closure->second.contains(grant.grantee));
  });
}

bool RoleSnapshot::Has(std::string_view role, Privilege privilege, const Securable& object) const {
  if (IsOpenSchema(object.schema)) {
    return (privilege == Privilege::kSelect || privilege == Privilege::kUsage) && Find(role) != nullptr;
  }
  return HasBit(role, static_cast<PrivilegeSet>(privilege), object, /*option=*/false);
}

bool RoleSnapshot::MayGrant(std::string_view role, Privilege privilege, const Securable& object) const {
  return !IsOpenSchema(object.schema) &&
         HasBit(role, static_cast<PrivilegeSet>(privilege), object, /*option=*/true);
}

Status RoleSnapshot::Check(std::string_view role, Privilege privilege, const Securable& object) const {
  if (object.kind == Securable::Kind::kTable) {
    MR_TRY(Check(role, Privilege::kUsage, Securable::Schema(object.schema)));
  }
  if (Has(role, privilege, object)) return Ok();
  if (Find(role) == nullptr) {
    return Fail(ErrorCode::kInvalidAuthorization, fmt::format("role '{}' does not exist any more", role));
  }
  return Fail(ErrorCode::kInsufficientPrivilege, fmt::format("permission denied for {}", object.Describe()),
              IsOpenSchema(object.schema)
                  ? std::string("what is in it cannot be changed")
                  : fmt::format("its owner can GRANT {} ON {} TO {}", PrivilegeName(privilege),
                                object.GrantText(), sql::PrintName(role)));
}

bool RoleSnapshot::IsOwner(std::string_view role, const Securable& object) const {
  return !IsOpenSchema(object.schema) && IsMember(role, OwnerOf(object));
}

Status RoleSnapshot::CheckOwner(std::string_view role, const Securable& object) const {
  if (IsOwner(role, object)) return Ok();
  return Fail(ErrorCode::kInsufficientPrivilege, fmt::format("must be owner of {}", object.Describe()),
              fmt::format("its owner is role '{}'", OwnerOf(object)));
}

std::vector<Token> RoleSnapshot::Tokens() const {
  std::vector<Token> all;
  for (const auto& [hash, token] : tokens_) all.push_back(token);
  std::ranges::sort(all, {}, &Token::name);
  return all;
}

void RoleSnapshot::Close() {
  closure_.clear();
  for (const auto& [name, role] : roles_) {
    NameSet& reached = closure_[name];
    std::vector<std::string> open = {name};
    while (!open.empty()) {
      const std::string next = std::move(open.back());
      open.pop_back();
      if (!reached.insert(next).second) continue;
      const RolePtr member = Find(next);
      if (member == nullptr) continue;
      for (const Membership& membership : member->member_of) {
        if (membership.inherits) open.push_back(membership.group);
      }
    }
  }
}

void RoleSnapshot::Put(Role role) {
  const std::string name = role.name;
  roles_[name] = std::make_shared<const Role>(std::move(role));
}

Status RoleSnapshot::AddMember(const std::string& member, Membership membership) {
  std::vector<std::string> open = {membership.group};
  NameSet seen;
  while (!open.empty()) {
    const std::string next = std::move(open.back());
    open.pop_back();
    if (next == member) {
      return Fail(ErrorCode::kInvalidGrant,
                  member == membership.group
                      ? fmt::format("role '{}' cannot be a member of itself", member)
                      : fmt::format("role '{}' is a member of role '{}'", membership.group, member));
    }
    if (!seen.insert(next).second) continue;
    if (const RolePtr role = Find(next)) {
      for (const Membership& of : role->member_of) open.push_back(of.group);
    }
  }
  MR_ASSIGN(const RolePtr role, Get(member));
  Role changed = *role;
  auto known = std::ranges::find(changed.member_of, membership.group, &Membership::group);
  if (known == changed.member_of.end()) {
    changed.member_of.push_back(std::move(membership));
  } else {
    known->admin |= membership.admin;
    known->inherits |= membership.inherits;
  }
  Put(std::move(changed));
  return Ok();
}

void RoleSnapshot::Rename(const std::string& from, const std::string& to) {
  for (const RolePtr& role : All()) {
    Role changed = *role;
    if (changed.name == from) {
      roles_.erase(from);
      changed.name = to;
    }
    for (Membership& membership : changed.member_of) {
      if (membership.group == from) membership.group = to;
    }
    Put(std::move(changed));
  }
  for (auto& [object, acl] : acls_) acl.Rename(from, to);
  for (DefaultGrant& grant : defaults_) {
    if (grant.creator == from) grant.creator = to;
    if (grant.grant.grantee == from) grant.grant.grantee = to;
    if (grant.grant.grantor == from) grant.grant.grantor = to;
  }
  for (auto& [hash, token] : tokens_) {
    if (token.role == from) token.role = to;
    if (token.created_by == from) token.created_by = to;
  }
}

std::vector<std::string> RoleSnapshot::DependenciesOf(std::string_view role) const {
  std::vector<std::string> found;
  for (const auto& [object, acl] : acls_) {
    if (acl.owner == role) found.push_back(fmt::format("owner of {}", object.Describe()));
    if (acl.Mentions(role)) found.push_back(fmt::format("privileges for {}", object.Describe()));
  }
  for (const DefaultGrant& grant : defaults_) {
    if (grant.creator == role || grant.grant.grantee == role) {
      found.push_back(fmt::format("default privileges on what role '{}' makes", grant.creator));
    }
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

}  // namespace millrace::catalog
