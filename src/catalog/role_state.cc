#include "catalog/role_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/byte_coding.h"

namespace millrace::catalog {
namespace {

constexpr uint8_t kVersion = 1;
constexpr PrivilegeSet kAllPrivileges = 63;

enum RoleFlag : uint8_t {
  kSuperuser = 1,
  kCreateRole = 2,
  kLogin = 4,
  kVerifier = 8,
  kRoleValidUntil = 16,
  kRoleFlags = 31
};
enum MemberFlag : uint8_t { kAdmin = 1, kInherits = 2, kMemberFlags = 3 };

using ParameterValues = std::map<std::string, std::vector<std::string>>;

std::unexpected<Error> Damaged(std::string what) {
  return Fail(ErrorCode::kDataCorrupted, fmt::format("the kept roles cannot be read: {}", std::move(what)),
              "restore the data folder from a copy");
}

void AppendParameters(const ParameterValues& parameters, std::string* bytes) {
  AppendVarint(parameters.size(), bytes);
  for (const auto& [name, values] : parameters) {
    AppendString(name, bytes);
    AppendVarint(values.size(), bytes);
    for (const std::string& value : values) AppendString(value, bytes);
  }
}

ParameterValues ReadParameters(ByteReader& reader) {
  ParameterValues parameters;
  for (size_t left = reader.Count(2); left > 0; --left) {
    std::vector<std::string>& values = parameters[std::string(reader.String())];
    for (size_t count = reader.Count(1); count > 0; --count) values.emplace_back(reader.String());
  }
  return parameters;
}

void AppendRole(const Role& role, std::string* bytes) {
  AppendString(role.name, bytes);
  uint8_t flags = 0;
  if (role.superuser) flags |= kSuperuser;
  if (role.create_role) flags |= kCreateRole;
  if (role.login) flags |= kLogin;
  if (role.verifier.has_value()) flags |= kVerifier;
  if (role.valid_until.has_value()) flags |= kRoleValidUntil;
  AppendFixed(flags, bytes);
  if (role.verifier.has_value()) AppendString(*role.verifier, bytes);
  if (role.valid_until.has_value()) AppendFixed(*role.valid_until, bytes);
  const std::optional<int64_t> limits[] = {role.limits.memory_bytes, role.limits.time_micros,
                                           role.limits.result_rows, role.limits.connections};
  for (const std::optional<int64_t>& limit : limits) {
    AppendFixed(static_cast<uint8_t>(limit.has_value() ? 1 : 0), bytes);
    if (limit.has_value()) AppendFixed(*limit, bytes);
  }
  AppendVarint(role.member_of.size(), bytes);
  for (const Membership& membership : role.member_of) {
    AppendString(membership.group, bytes);
    uint8_t member = 0;
    if (membership.admin) member |= kAdmin;
    if (membership.inherits) member |= kInherits;
    AppendFixed(member, bytes);
  }
  AppendParameters(role.parameters, bytes);
  AppendString(role.comment, bytes);
}

// False where a flag is none.
bool ReadRole(ByteReader& reader, Role* role) {
  role->name = reader.String();
  const auto flags = reader.Fixed<uint8_t>();
  role->superuser = (flags & kSuperuser) != 0;
  role->create_role = (flags & kCreateRole) != 0;
  role->login = (flags & kLogin) != 0;
  if ((flags & kVerifier) != 0) role->verifier = reader.String();
  if ((flags & kRoleValidUntil) != 0) role->valid_until = reader.Fixed<int64_t>();
  bool known = flags <= kRoleFlags;
  for (std::optional<int64_t>* limit : {&role->limits.memory_bytes, &role->limits.time_micros,
                                        &role->limits.result_rows, &role->limits.connections}) {
    const auto is_set = reader.Fixed<uint8_t>();
    known = known && is_set <= 1;
    if (is_set == 1) *limit = reader.Fixed<int64_t>();
  }
  for (size_t left = reader.Count(2); left > 0; --left) {
    Membership membership;
    membership.group = reader.String();
    const auto member = reader.Fixed<uint8_t>();
    known = known && member <= kMemberFlags;
    membership.admin = (member & kAdmin) != 0;
    membership.inherits = (member & kInherits) != 0;
    role->member_of.push_back(std::move(membership));
  }
  role->parameters = ReadParameters(reader);
  role->comment = reader.String();
  return known;
}

void AppendGrant(const Grant& grant, std::string* bytes) {
  AppendString(grant.grantee, bytes);
  AppendString(grant.grantor, bytes);
  AppendFixed(grant.privileges, bytes);
  AppendFixed(grant.options, bytes);
}

bool ReadGrant(ByteReader& reader, Grant* grant) {
  grant->grantee = reader.String();
  grant->grantor = reader.String();
  grant->privileges = reader.Fixed<PrivilegeSet>();
  grant->options = reader.Fixed<PrivilegeSet>();
  return grant->privileges <= kAllPrivileges && (grant->options & ~grant->privileges) == 0;
}

bool ReadKind(ByteReader& reader, Securable::Kind* kind) {
  const auto number = reader.Fixed<uint8_t>();
  *kind = static_cast<Securable::Kind>(number);
  return number <= static_cast<uint8_t>(Securable::Kind::kTable);
}

}  // namespace

std::string RoleState::Encode(const RoleSnapshot& roles) {
  std::string bytes;
  AppendFixed(kVersion, &bytes);
  AppendString(roles.superuser_, &bytes);
  AppendParameters(roles.parameters_of_all_, &bytes);

  AppendVarint(roles.roles_.size(), &bytes);
  for (const RolePtr& role : roles.All()) AppendRole(*role, &bytes);

  const std::map<Securable, ObjectAcl> acls(roles.acls_.begin(), roles.acls_.end());
  AppendVarint(acls.size(), &bytes);
  for (const auto& [object, acl] : acls) {
    AppendFixed(static_cast<uint8_t>(object.kind), &bytes);
    AppendString(object.schema, &bytes);
    AppendString(object.name, &bytes);
    AppendString(acl.owner, &bytes);
    AppendVarint(acl.grants.size(), &bytes);
    for (const Grant& grant : acl.grants) AppendGrant(grant, &bytes);
  }

  AppendVarint(roles.defaults_.size(), &bytes);
  for (const DefaultGrant& grant : roles.defaults_) {
    AppendString(grant.creator, &bytes);
    AppendString(grant.schema, &bytes);
    AppendFixed(static_cast<uint8_t>(grant.kind), &bytes);
    AppendGrant(grant.grant, &bytes);
  }

  const std::map<std::string, Token> tokens(roles.tokens_.begin(), roles.tokens_.end());
  AppendVarint(tokens.size(), &bytes);
  for (const auto& [hash, token] : tokens) {
    AppendString(hash, &bytes);
    AppendString(token.name, &bytes);
    AppendString(token.role, &bytes);
    AppendString(token.created_by, &bytes);
    AppendFixed(static_cast<uint8_t>(token.valid_until.has_value() ? 1 : 0), &bytes);
    if (token.valid_until.has_value()) AppendFixed(*token.valid_until, &bytes);
  }
  return bytes;
}

Result<std::shared_ptr<RoleSnapshot>> RoleState::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  auto roles = std::make_shared<RoleSnapshot>();
  const auto version = reader.Fixed<uint8_t>();
  if (version != kVersion) {
    return Damaged(fmt::format("they are of version {}, this Millrace knows {}", version, kVersion));
  }
  bool known = true;
  roles->superuser_ = reader.String();
  roles->parameters_of_all_ = ReadParameters(reader);
  for (size_t left = reader.Count(8); left > 0; --left) {
    Role role;
    known = ReadRole(reader, &role) && known;
    if (roles->Find(role.name) != nullptr) return Damaged(fmt::format("role '{}' is there twice", role.name));
    roles->Put(std::move(role));
  }
  for (size_t left = reader.Count(5); left > 0; --left) {
    Securable object;
    ObjectAcl acl;
    known = ReadKind(reader, &object.kind) && known;
    object.schema = reader.String();
    object.name = reader.String();
    acl.owner = reader.String();
    for (size_t grants = reader.Count(4); grants > 0; --grants) {
      known = ReadGrant(reader, &acl.grants.emplace_back()) && known;
    }
    known = roles->acls_.emplace(std::move(object), std::move(acl)).second && known;
  }
  for (size_t left = reader.Count(7); left > 0; --left) {
    DefaultGrant& grant = roles->defaults_.emplace_back();
    grant.creator = reader.String();
    grant.schema = reader.String();
    known = ReadKind(reader, &grant.kind) && known;
    known = ReadGrant(reader, &grant.grant) && known;
  }
  for (size_t left = reader.Count(5); left > 0; --left) {
    std::string hash(reader.String());
    Token token;
    token.name = reader.String();
    token.role = reader.String();
    token.created_by = reader.String();
    const auto has_end = reader.Fixed<uint8_t>();
    known = known && has_end <= 1;
    if (has_end == 1) token.valid_until = reader.Fixed<int64_t>();
    known = roles->tokens_.emplace(std::move(hash), std::move(token)).second && known;
  }
  if (!known || !reader.ok() || !reader.AtEnd()) return Damaged("the bytes are not what was written");
  MR_TRY(CheckReferences(*roles));
  roles->Close();
  return roles;
}

Status RoleState::CheckReferences(const RoleSnapshot& roles) {
  if (!roles.IsSuperuser(roles.superuser_)) {
    return Damaged(fmt::format("there is no superuser '{}'", roles.superuser_));
  }
  const auto check = [&](const std::string& role) -> Status {
    if (roles.Find(role) != nullptr) return Ok();
    return Damaged(fmt::format("role '{}' is named and is not there", role));
  };
  for (const RolePtr& role : roles.All()) {
    for (const Membership& membership : role->member_of) MR_TRY(check(membership.group));
  }
  for (const auto& [object, acl] : roles.acls_) MR_TRY(check(acl.owner));
  for (const auto& [hash, token] : roles.tokens_) MR_TRY(check(token.role));
  return Ok();
}

}  // namespace millrace::catalog
