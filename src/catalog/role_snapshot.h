// RoleSnapshot: all roles, grants and tokens at one moment.
//
// Made by Roles (roles.h) at each change and never changed after; held by shared_ptr and read from any
// thread without a lock. A check looks up the role and the object once each.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "catalog/privileges.h"

namespace millrace::catalog {

// Absent: no limit of its own.
struct RoleLimits {
  std::optional<int64_t> memory_bytes;  // of one statement
  std::optional<int64_t> time_micros;   // of one statement
  std::optional<int64_t> result_rows;   // of one statement
  std::optional<int64_t> connections;
  friend bool operator==(const RoleLimits&, const RoleLimits&) = default;
};

struct Membership {
  std::string group;
  bool admin = false;    // may grant the group on
  bool inherits = true;  // has its privileges; false for what the creator of a role holds on it
};

struct Role {
  std::string name;
  bool superuser = false;
  bool create_role = false;
  bool login = false;
  std::optional<std::string> verifier;  // SCRAM-SHA-256$…; absent: no password
  std::optional<int64_t> valid_until;   // of the password, µs since 1970; absent: for ever
  RoleLimits limits;
  std::vector<Membership> member_of;
  // ALTER ROLE … SET, by name of the parameter: its values as written.
  std::map<std::string, std::vector<std::string>> parameters;
  std::string comment;
};
using RolePtr = std::shared_ptr<const Role>;

struct Token {
  std::string name;
  std::string role;
  std::string created_by;
  std::optional<int64_t> valid_until;  // µs since 1970
};

// What objects get when the creator makes them.
struct DefaultGrant {
  std::string creator;
  std::string schema;  // empty: all
  Securable::Kind kind = Securable::Kind::kTable;
  Grant grant;
};

class RoleSnapshot {
 public:
  // nullptr when there is none.
  RolePtr Find(std::string_view role) const;
  // In order of name.
  std::vector<RolePtr> All() const;
  // 42704 with the nearest name.
  Result<RolePtr> Get(std::string_view role) const;

  // Whether the role is `group`, or a member of it at any remove with its privileges. Superusers are members
  // of everything.
  bool IsMember(std::string_view role, std::string_view group) const;
  // Whether the role may grant membership of `group`.
  bool IsAdmin(std::string_view role, std::string_view group) const;
  bool IsSuperuser(std::string_view role) const;

  // Whether the role holds it: as superuser, owner, by a grant to it or to a role it is in, or to PUBLIC.
  bool Has(std::string_view role, Privilege privilege, const Securable& object) const;
  // Likewise for the right to grant it.
  bool MayGrant(std::string_view role, Privilege privilege, const Securable& object) const;
  // 42501 with the GRANT that would help. A privilege on a table needs USAGE of its schema as well.
  Status Check(std::string_view role, Privilege privilege, const Securable& object) const;
  // Superuser, or a member of the owner: who may drop and replace it.
  bool IsOwner(std::string_view role, const Securable& object) const;
  // 42501 "must be owner of table x".
  Status CheckOwner(std::string_view role, const Securable& object) const;

  // The superuser of the start owns what nobody made.
  const std::string& OwnerOf(const Securable& object) const;
  // nullptr: no grants and no owner but the superuser of the start.
  const ObjectAcl* AclOf(const Securable& object) const;
  const std::vector<DefaultGrant>& default_grants() const { return defaults_; }
  // In order of name.
  std::vector<Token> Tokens() const;

  // What a role still owns, holds or gave: "owner of table ods.t", …
  std::vector<std::string> DependenciesOf(std::string_view role) const;

 private:
  friend class Roles;
  friend class RoleState;
  void Put(Role role);
  // Makes `member` a member; 0LP01 if the group is already in it.
  Status AddMember(const std::string& member, Membership membership);
  void Rename(const std::string& from, const std::string& to);
  // Works the closures out anew; after any change of memberships.
  void Close();
  bool HasBit(std::string_view role, PrivilegeSet bit, const Securable& object, bool option) const;

  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using NameSet = std::unordered_set<std::string, NameHash, std::equal_to<>>;

  std::string superuser_;                                              // of the start
  std::map<std::string, std::vector<std::string>> parameters_of_all_;  // ALTER ROLE ALL SET
  std::unordered_map<std::string, RolePtr, NameHash, std::equal_to<>> roles_;
  // For each role: itself and the roles whose privileges it has.
  std::unordered_map<std::string, NameSet, NameHash, std::equal_to<>> closure_;
  std::unordered_map<Securable, ObjectAcl, SecurableHash> acls_;
  std::vector<DefaultGrant> defaults_;
  std::unordered_map<std::string, Token, NameHash, std::equal_to<>> tokens_;  // by hash
};
using RoleSnapshotPtr = std::shared_ptr<const RoleSnapshot>;

}  // namespace millrace::catalog
