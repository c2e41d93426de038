// Catalog: a CatalogView and a SessionView with object identifiers given out, and look-ups by oid and name.
//
// Immutable once made (MakeCatalog in install.h), so any thread may read it; plans share it.
//
// Oids of Millrace's objects are a hash of their kind and name, from kFirstOid on and below 2^31, so that
// they stay the same from one catalog version to the next. When two names meet on one oid, the one that comes
// later in order of name takes the next that is free.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "query/pgcatalog/catalog_view.h"
#include "query/pgcatalog/system_relations.h"

namespace millrace::query::pgcatalog {

inline constexpr uint32_t kFirstOid = 16384;
inline constexpr uint32_t kBootstrapRole = 10;
inline constexpr uint32_t kTypeCatalog =
    1247;  // the oids of pg_type, pg_proc ..., as pg_description names them
inline constexpr uint32_t kProcCatalog = 1255;
inline constexpr uint32_t kClassCatalog = 1259;
inline constexpr uint32_t kRoleCatalog = 1260;
inline constexpr uint32_t kDatabaseCatalog = 1262;
inline constexpr uint32_t kConstraintCatalog = 2606;
inline constexpr uint32_t kNamespaceCatalog = 2615;

struct NamespaceEntry {
  uint32_t oid;
  uint32_t owner;
  std::string name;
  const SchemaInfo* info;  // nullptr for PostgreSQL's own
};

struct RelationEntry {
  uint32_t oid;
  uint32_t schema;
  uint32_t owner;
  uint32_t row_type;
  uint32_t row_array_type;
  const RelationInfo* info;
  // Of the primary key; 0 without one.
  uint32_t index = 0;
  uint32_t constraint = 0;
  uint32_t rule = 0;  // of a view

  std::string KeyName() const { return info->name + "_pkey"; }
};

struct RoleEntry {
  uint32_t oid;
  const RoleInfo* info;
};

struct FunctionEntry {
  uint32_t oid;
  const FunctionInfo* info;
};

class Catalog {
 public:
  Catalog(std::shared_ptr<const CatalogView> view, SessionView session);

  const CatalogView& view() const { return *view_; }
  const SessionView& session() const { return session_; }
  const std::string& database() const {
    return session_.database.empty() ? view_->database : session_.database;
  }
  uint32_t database_oid() const { return database_oid_; }

  // In order of name; PostgreSQL's own schemas are among them.
  const std::vector<NamespaceEntry>& namespaces() const { return namespaces_; }
  const std::vector<RelationEntry>& relations() const { return relations_; }
  const std::vector<RoleEntry>& roles() const { return roles_; }
  const std::vector<FunctionEntry>& functions() const { return functions_; }

  const NamespaceEntry* FindNamespace(uint32_t oid) const;
  const NamespaceEntry* FindNamespace(std::string_view name) const;
  const RelationEntry* FindRelation(uint32_t oid) const;
  const RelationEntry* FindIndex(uint32_t oid) const;
  const RelationEntry* FindConstraint(uint32_t oid) const;
  const RelationEntry* FindRowType(uint32_t oid) const;  // the type of its rows, or of arrays of them
  const RoleEntry* FindRole(uint32_t oid) const;
  const RoleEntry* FindRole(std::string_view name) const;
  const FunctionEntry* FindFunction(uint32_t oid) const;
  std::string RoleName(uint32_t oid) const;       // "unknown (OID=n)" when there is none
  std::string NamespaceName(uint32_t oid) const;  // "" when there is none
  uint32_t RoleOid(std::string_view name) const;  // that of the bootstrap role for ""; 0 when there is none

  // The relation (or index) that a text names, as ::regclass reads it: "orders", "ods.orders",
  // "\"Ods\".\"Orders\"", "pg_class", "16402". 0 when there is none.
  uint32_t RelationOid(std::string_view text) const;
  // As shown: qualified and quoted where that is needed; digits for an unknown oid.
  std::string RelationName(uint32_t oid) const;
  // The type that a text names, as ::regtype reads it; 0 when there is none.
  uint32_t TypeOid(std::string_view text) const;
  std::string TypeName(uint32_t oid, int32_t typmod = -1) const;

  // Whether a schema is on the search path.
  bool IsVisible(uint32_t schema) const;
  // Whether a bare name finds this relation and no other first.
  bool IsVisible(const RelationEntry& relation) const;

  // Whether a role has a privilege, itself, by membership, by ownership or as a superuser.
  bool MayUse(const RoleEntry& role, const RelationEntry& relation, std::string_view privilege,
              bool grantable = false) const;
  bool MayUse(const RoleEntry& role, const NamespaceEntry& schema, std::string_view privilege,
              bool grantable = false) const;
  // Whether a role is another or a member of it, directly or not. A superuser is a member of all.
  bool IsMember(const RoleEntry& role, std::string_view of) const;
  // The role whose statement it is; nullptr when the view does not have it.
  const RoleEntry* current_role() const { return FindRole(session_.current_user); }
  // Whether the current user has any privilege on a relation, as information_schema asks.
  bool MaySee(const RelationEntry& relation) const;

 private:
  uint32_t NewOid(std::string_view kind, std::string_view name);
  void CollectRoles(const RoleEntry& role, std::set<std::string, std::less<>>* names) const;
  bool IsGranted(const RoleEntry& role, const std::vector<Grant>& grants, std::string_view privilege,
                 bool grantable) const;

  std::shared_ptr<const CatalogView> view_;
  SessionView session_;
  uint32_t database_oid_ = 0;
  std::set<uint32_t> taken_;
  std::vector<NamespaceEntry> namespaces_;
  std::vector<RelationEntry> relations_;
  std::vector<RoleEntry> roles_;
  std::vector<FunctionEntry> functions_;
  std::unordered_map<uint32_t, size_t>
      relation_of_;  // by the oid of the relation, index, constraint, row type
  std::map<std::pair<uint32_t, std::string>, size_t, std::less<>> relation_names_;
};

}  // namespace millrace::query::pgcatalog
