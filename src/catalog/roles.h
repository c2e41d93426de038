// Roles: who may connect, and who may do what. Owned by the instance; thread-safe.
//
// Roles and grants follow PostgreSQL: a role may log in, be a superuser, be a member of others; privileges
// are on schemas, tables and the database; who makes an object owns it. Each change makes a new RoleSnapshot
// (role_snapshot.h), which readers take without waiting for writers. Names of objects are resolved by the
// caller. Passwords are kept as SCRAM-SHA-256 verifiers, tokens by their SHA-256; both are made elsewhere.
//
// Codes: 42501 for what the actor may not do, 42704 for roles that there are not, 42710 for those there are,
// 0LP01 for grants that cannot be, 2BP01 for what still depends on a role, 28000 for logins.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "catalog/role_snapshot.h"
#include "data/datetime.h"
#include "sql/server_statement.h"

namespace millrace::catalog {

// Who executes a statement.
struct RoleContext {
  std::string current;  // CURRENT_USER: whose privileges count
  std::string session;  // SESSION_USER: who logged in, or SET SESSION AUTHORIZATION
  const data::TimeZone* zone = &data::TimeZone::Utc();  // of times without a zone
};

struct RolesOptions {
  std::string superuser = "millrace";  // always there; cannot be dropped
  // The verifier of a clear password. Without it only verifiers are taken.
  std::function<Result<std::string>(std::string_view password)> make_verifier;
  RoleLimits default_limits;  // of roles without their own that are not superusers
};

// Makes the state (RoleState::Encode) that is about to come into force durable. With an error it does not
// come into force, and what wanted it fails.
using RoleSaver = std::function<Status(const std::string& state)>;

// Objects that come and go together.
struct ObjectChanges {
  std::vector<Securable> created;
  std::string owner;               // of the created ones
  std::vector<Securable> dropped;  // a schema takes along what is in it
  bool empty() const { return created.empty() && dropped.empty(); }
};

class Roles {
 public:
  explicit Roles(RolesOptions options);

  // Takes up what an earlier process has kept; before anybody else calls. kDataCorrupted.
  Status Restore(std::string_view state);
  // From now on each change is saved before it is seen; before anybody else calls.
  void SaveWith(RoleSaver save) { save_ = std::move(save); }

  RoleSnapshotPtr snapshot() const;

  // ---- roles (roles.cc)
  // False if it is there already and IF NOT EXISTS was written.
  Result<bool> Create(const RoleContext& actor, const sql::CreateRoleStatement& statement);
  // ALTER ROLE … SET and RESET: the caller has checked name and values of the parameter. ALTER ROLE ALL is
  // the superuser's.
  Status Alter(const RoleContext& actor, const sql::AlterRoleStatement& statement);
  // Refused while a role owns objects, holds or gave grants, or is connected. Returns the names that were not
  // there (IF EXISTS).
  Result<std::vector<std::string>> Drop(const RoleContext& actor, const sql::DropRoleStatement& statement);
  Status Comment(const RoleContext& actor, std::string_view role, std::string_view text);
  // The role that a RoleSpec names.
  Result<std::string> Resolve(const RoleContext& actor, const sql::RoleSpec& role) const;
  // SET ROLE: the session's role must be it, or a member of it.
  Status CheckSetRole(std::string_view session, std::string_view role) const;
  // SET SESSION AUTHORIZATION: for superusers by login, or to themselves.
  Status CheckSetSession(std::string_view login, std::string_view role) const;

  // ---- connections (roles.cc)
  // The role, if it may log in at `now` (µs since 1970); `by_password`: its password must still be valid.
  Result<RolePtr> CheckLogin(std::string_view role, int64_t now, bool by_password) const;
  // Counts a connection; 53300 past the role's limit.
  Status Connect(std::string_view role);
  void Disconnect(std::string_view role);
  int64_t ConnectionsOf(std::string_view role) const;
  // Its own limits, and the defaults where it has none.
  RoleLimits LimitsOf(std::string_view role) const;
  // Parameters that a session of the role begins with: those of ALTER ROLE ALL, then its own.
  std::map<std::string, std::vector<std::string>> ParametersOf(std::string_view role) const;

  // ---- privileges (roles_grant.cc)
  // All or nothing. `objects` are what the statement names; with ALL TABLES IN SCHEMA the tables there are.
  Status GrantPrivileges(const RoleContext& actor, const sql::GrantStatement& statement,
                         std::span<const Securable> objects);
  Status GrantRoles(const RoleContext& actor, const sql::GrantRoleStatement& statement);
  Status SetDefaultPrivileges(const RoleContext& actor, const sql::DefaultPrivilegesStatement& statement);
  // Who created objects owns them, and others get what the default privileges say. `save`, if given, is asked
  // in the place of that of SaveWith.
  Status ChangeObjects(const ObjectChanges& changes, const RoleSaver& save = {});
  Status SetOwner(const RoleContext& actor, const Securable& object, const sql::RoleSpec& owner);
  // REASSIGN OWNED.
  Status Reassign(const RoleContext& actor, const sql::OwnedStatement& statement);
  // DROP OWNED: takes back what the roles were granted, and returns what they own, for the caller to drop.
  Result<std::vector<Securable>> ReleaseOwned(const RoleContext& actor, const sql::OwnedStatement& statement);

  Status Check(std::string_view role, Privilege privilege, const Securable& object) const {
    return snapshot()->Check(role, privilege, object);
  }

  // ---- tokens (roles_token.cc)
  // `hash`: SHA-256 of the token, 32 bytes. A role makes tokens for itself, a superuser for any.
  Status AddToken(const RoleContext& actor, const sql::CreateTokenStatement& statement, std::string hash);
  // False if it is not there and IF EXISTS was written.
  Result<bool> DropToken(const RoleContext& actor, const sql::DropTokenStatement& statement);
  // The role of a token that is valid at `now` and whose role may log in; 28000 otherwise.
  Result<RolePtr> FindToken(std::string_view hash, int64_t now) const;

 private:
  // A copy of the newest snapshot to change, then made the newest by Publish.
  std::shared_ptr<RoleSnapshot> Copy() const MR_REQUIRES(change_mutex_);
  Status Publish(std::shared_ptr<RoleSnapshot> next) MR_REQUIRES(change_mutex_) {
    return Publish(std::move(next), save_);
  }
  Status Publish(std::shared_ptr<RoleSnapshot> next, const RoleSaver& save) MR_REQUIRES(change_mutex_);
  static void AddOwner(const Securable& object, const std::string& owner, RoleSnapshot* roles);
  static void Forget(const Securable& object, RoleSnapshot* roles);
  Status ApplyOptions(const RoleContext& actor, const RoleSnapshot& roles, const sql::RoleOptions& options,
                      Role* role) const;
  static Result<std::optional<int64_t>> ParseUntil(const RoleContext& actor, const std::string& text,
                                                   SourceLocation location);

  const RolesOptions options_;
  RoleSaver save_;       // empty: nothing is kept
  Mutex change_mutex_;   // held by who makes the next snapshot
  mutable Mutex mutex_;  // of the fields below, for as long as it takes to copy them
  RoleSnapshotPtr current_ MR_GUARDED_BY(mutex_);
  std::unordered_map<std::string, int64_t> connections_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::catalog
