// Privileges: what may be granted on what, and the list of grants that one object has.
//
// Plain values, owned by a RoleSnapshot (role_snapshot.h); immutable once published.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"

namespace millrace::catalog {

enum class Privilege : uint8_t {
  kSelect = 1,      // tables and views: reading, subscribing, COPY TO
  kInsert = 2,      // tables: INSERT, COPY FROM, events over HTTP
  kUsage = 4,       // schemas: naming what is in them
  kCreate = 8,      // schemas: making objects in them; the database: making schemas
  kConnect = 16,    // the database
  kTemporary = 32,  // the database: making temporary tables
};

// Bits of Privilege.
using PrivilegeSet = uint8_t;

std::string_view PrivilegeName(Privilege privilege);
// "SELECT, INSERT".
std::string PrivilegeNames(PrivilegeSet privileges);

// What privileges are on. There is one database.
struct Securable {
  enum class Kind : uint8_t { kDatabase, kSchema, kTable };  // kTable: views too
  Kind kind = Kind::kDatabase;
  std::string schema;
  std::string name;

  static Securable Database() { return {}; }
  static Securable Schema(std::string schema) { return {Kind::kSchema, std::move(schema), {}}; }
  static Securable Table(const ObjectName& name) { return {Kind::kTable, name.schema, name.name}; }

  // "database", "schema ods", "table ods.orders".
  std::string Describe() const;
  // As GRANT names it: "DATABASE", "SCHEMA ods", "ods.orders".
  std::string GrantText() const;
  // All that it has.
  PrivilegeSet AllPrivileges() const;

  friend auto operator<=>(const Securable&, const Securable&) = default;
};

struct SecurableHash {
  size_t operator()(const Securable& object) const {
    const std::hash<std::string> hash;
    return (hash(object.schema) * 31 + hash(object.name)) * 31 + static_cast<size_t>(object.kind);
  }
};

// The role that stands for all; in no snapshot.
inline constexpr std::string_view kPublic = "public";

// What one role was granted by another.
struct Grant {
  std::string grantee;  // may be kPublic
  std::string grantor;
  PrivilegeSet privileges = 0;
  PrivilegeSet options = 0;  // may be granted on; a subset of the privileges
};

// The owner of an object, and its grants. The owner holds everything without a grant.
struct ObjectAcl {
  std::string owner;
  std::vector<Grant> grants;

  // Adds to what there is. Granting to the owner changes nothing.
  void Add(const std::string& grantee, const std::string& grantor, PrivilegeSet privileges, bool with_option);
  // Takes from `grantee` what `grantor` granted (empty: whoever did), or only the right to grant it on. What
  // the grantee granted on by that right goes too with `cascade`, and is error 2BP01 without.
  Status Revoke(const std::string& grantee, const std::string& grantor, PrivilegeSet privileges,
                bool option_only, bool cascade);
  // Everything that names the role as grantee or grantor.
  void Forget(const std::string& role);
  bool Mentions(std::string_view role) const;
  // What the old owner granted counts as granted by the new one, whose own grants are needed no more.
  void ChangeOwner(const std::string& to);
  void Rename(const std::string& from, const std::string& to);

 private:
  PrivilegeSet OptionsOf(std::string_view role) const;
};

}  // namespace millrace::catalog
