#include "catalog/roles.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/role_state.h"
#include "catalog/settings.h"

namespace millrace::catalog {
namespace {

constexpr size_t kDependenciesNamed = 10;

std::unexpected<Error> Denied(std::string message, std::string hint = {}) {
  return Fail(ErrorCode::kInsufficientPrivilege, std::move(message), std::move(hint));
}

bool IsBase64(std::string_view text) {
  return !text.empty() && text.size() % 4 == 0 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
}

constexpr std::string_view kScram = "SCRAM-SHA-256$";

// SCRAM-SHA-256$iterations:salt$stored key:server key (RFC 5803), the last three in base 64.
bool IsVerifier(std::string_view text) {
  if (!text.starts_with(kScram)) return false;
  text.remove_prefix(kScram.size());
  const size_t colon = text.find(':');
  const size_t dollar = text.find('$');
  if (colon == std::string_view::npos || dollar == std::string_view::npos || colon > dollar) return false;
  const size_t keys = text.find(':', dollar);
  if (keys == std::string_view::npos || colon == 0 || colon > 9) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::ranges::all_of(text.substr(0, colon), is_digit) &&
         IsBase64(text.substr(colon + 1, dollar - colon - 1)) &&
         IsBase64(text.substr(dollar + 1, keys - dollar - 1)) && IsBase64(text.substr(keys + 1));
}

bool IsMd5(std::string_view text) {
  return text.size() == 35 && text.starts_with("md5") && std::ranges::all_of(text.substr(3), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::vector<std::string> TextsOf(const std::vector<sql::ParameterValue>& values) {
  std::vector<std::string> texts;
  for (const sql::ParameterValue& value : values) texts.push_back(value.text);
  return texts;
}

template <typename T>
Status ApplyLimit(const std::optional<sql::RoleLimit<T>>& written, Result<int64_t> (*parse)(std::string_view),
                  std::optional<int64_t>* limit) {
  if (!written) return Ok();
  if (written->none) {
    limit->reset();
    return Ok();
  }
  int64_t value = 0;
  if constexpr (std::is_same_v<T, std::string>) {
    Result<int64_t> parsed = parse(written->value);
    if (!parsed) return std::unexpected(parsed.error().At(written->location));
    value = *parsed;
  } else {
    value = written->value;
  }
  *limit = value;
  return Ok();
}

}  // namespace

Roles::Roles(RolesOptions options) : options_(std::move(options)) {
  auto first = std::make_shared<RoleSnapshot>();
  first->superuser_ = options_.superuser;
  Role superuser;
  superuser.name = options_.superuser;
  superuser.superuser = true;
  superuser.create_role = true;
  superuser.login = true;
  first->Put(std::move(superuser));
  const std::string everyone(kPublic);
  const auto open_to_all = [&](const Securable& object, PrivilegeSet privileges) {
    ObjectAcl acl{options_.superuser, {}};
    acl.Add(everyone, options_.superuser, privileges, /*with_option=*/false);
    first->acls_.emplace(object, std::move(acl));
  };
  open_to_all(Securable::Database(), static_cast<PrivilegeSet>(Privilege::kConnect) |
                                         static_cast<PrivilegeSet>(Privilege::kTemporary));
  open_to_all(Securable::Schema(std::string(kDefaultSchema)), static_cast<PrivilegeSet>(Privilege::kUsage));
  first->Close();
  const MutexLock lock(mutex_);
  current_ = std::move(first);
}

Status Roles::Restore(std::string_view state) {
  MR_ASSIGN(std::shared_ptr<RoleSnapshot> restored, RoleState::Decode(state));
  if (!restored->IsSuperuser(options_.superuser)) {
    return Fail(ErrorCode::kDataCorrupted,
                fmt::format("the kept roles have no superuser '{}'", options_.superuser),
                "restore the data folder from a copy");
  }
  const MutexLock lock(mutex_);
  current_ = std::move(restored);
  return Ok();
}

RoleSnapshotPtr Roles::snapshot() const {
  const MutexLock lock(mutex_);
  return current_;
}

std::shared_ptr<RoleSnapshot> Roles::Copy() const {
  return std::make_shared<RoleSnapshot>(*snapshot());
}

Status Roles::Publish(std::shared_ptr<RoleSnapshot> next, const RoleSaver& save) {
  next->Close();
  if (save) MR_TRY(save(RoleState::Encode(*next)));
  const MutexLock lock(mutex_);
  current_ = std::move(next);
  return Ok();
}

Result<std::string> Roles::Resolve(const RoleContext& actor, const sql::RoleSpec& role) const {
  switch (role.kind) {
    case sql::RoleSpec::Kind::kCurrentUser:
      return actor.current;
    case sql::RoleSpec::Kind::kSessionUser:
      return actor.session;
    case sql::RoleSpec::Kind::kPublic:
      return std::string(kPublic);
    case sql::RoleSpec::Kind::kName:
      break;
  }
  const Result<RolePtr> found = snapshot()->Get(role.name.text);
  if (!found) return std::unexpected(found.error().At(role.name.location));
  return (*found)->name;
}

// What a statement says of a role, without memberships. The caller has checked that the actor may.
Status Roles::ApplyOptions(const RoleContext& actor, const RoleSnapshot& roles,
                           const sql::RoleOptions& options, Role* role) const {
  if (options.superuser) {
    if (!roles.IsSuperuser(actor.current)) return Denied("only a superuser can make or unmake superusers");
    if (role->name == options_.superuser && !*options.superuser) {
      return Denied(fmt::format("role '{}' is always a superuser", role->name));
    }
    role->superuser = *options.superuser;
  }
  if (options.create_role) role->create_role = *options.create_role;
  if (options.login) role->login = *options.login;
  if (options.password) {
    const sql::RolePassword& password = *options.password;
    const auto refuse = [&](std::string message, std::string hint) {
      return Fail(ErrorCode::kInvalidParameter, std::move(message), std::move(hint), password.location);
    };
    if (!password.text) {
      role->verifier.reset();
    } else if (password.text->empty()) {
      return refuse("a password cannot be empty", "PASSWORD NULL takes it away");
    } else if (IsVerifier(*password.text)) {
      role->verifier = *password.text;
    } else if (password.text->starts_with(kScram)) {
      return refuse("this is not a SCRAM-SHA-256 verifier",
                    "it reads SCRAM-SHA-256$iterations:salt$stored key:server key");
    } else if (IsMd5(*password.text)) {
      return refuse("MD5 verifiers are not supported", "give the password or a SCRAM-SHA-256 verifier");
    } else if (!options_.make_verifier) {
      return refuse("passwords cannot be taken here", "give a SCRAM-SHA-256 verifier");
    } else {
      MR_ASSIGN(role->verifier, options_.make_verifier(*password.text));
    }
  }
  if (options.valid_until) {
    MR_ASSIGN(role->valid_until, ParseUntil(actor, *options.valid_until, options.valid_until_location));
  }
  MR_TRY(ApplyLimit(options.memory_limit, &ParseMemorySize, &role->limits.memory_bytes));
  MR_TRY(ApplyLimit(options.time_limit, &ParseDuration, &role->limits.time_micros));
  MR_TRY(ApplyLimit(options.row_limit, nullptr, &role->limits.result_rows));
  MR_TRY(ApplyLimit(options.connection_limit, nullptr, &role->limits.connections));
  if (roles.IsSuperuser(actor.current)) return Ok();
  // Who makes roles gives them no more than it has, or it could pass its own limits by way of them.
  const RoleLimits own = LimitsOf(actor.current);
  const auto exceeds = [](const std::optional<int64_t>& given, const std::optional<int64_t>& held) {
    return given && held && *given > *held;
  };
  if (exceeds(role->limits.memory_bytes, own.memory_bytes) ||
      exceeds(role->limits.time_micros, own.time_micros) ||
      exceeds(role->limits.result_rows, own.result_rows) ||
      exceeds(role->limits.connections, own.connections)) {
    return Denied(fmt::format("role '{}' cannot have higher limits than role '{}', which gives them",
                              role->name, actor.current));
  }
  return Ok();
}

Result<std::optional<int64_t>> Roles::ParseUntil(const RoleContext& actor, const std::string& text,
                                                 SourceLocation location) {
  if (text == "infinity") return std::nullopt;
  std::optional<int64_t> time = data::ParseTimestampLtz(text, *actor.zone);
  if (!time) time = data::ParseTimestampLtz(text + " 00:00:00", *actor.zone);
  if (time) return time;
  return Fail(ErrorCode::kInvalidDatetime, fmt::format("'{}' is not a time", text),
              "write '2030-01-31', '2030-01-31 12:00:00', '2030-01-31 12:00:00+08:00' or 'infinity'",
              location);
}

Result<bool> Roles::Create(const RoleContext& actor, const sql::CreateRoleStatement& statement) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  const bool is_superuser = next->IsSuperuser(actor.current);
  const RolePtr creator = next->Find(actor.current);
  if (!is_superuser && (creator == nullptr || !creator->create_role)) {
    return Denied("permission denied to create a role", "a superuser, or a role with CREATEROLE, can");
  }
  const std::string& name = statement.name.text;
  if (next->Find(name) != nullptr) {
    if (statement.if_not_exists) return false;
    return Fail(ErrorCode::kDuplicateObject, fmt::format("role '{}' exists already", name),
                "ALTER ROLE changes it", statement.name.location);
  }
  if (name.starts_with("pg_")) {
    return Fail(ErrorCode::kReservedName,
                fmt::format("role '{}': names that begin with pg_ are reserved", name), {},
                statement.name.location);
  }
  Role role;
  role.name = name;
  role.login = statement.keyword == sql::RoleKeyword::kUser;
  MR_TRY(ApplyOptions(actor, *next, statement.options, &role));
  if (role.create_role && !is_superuser && !creator->create_role) {
    return Denied("only a role with CREATEROLE can give it");
  }
  next->Put(std::move(role));
  for (const sql::RoleSpec& spec : statement.options.in_roles) {
    MR_ASSIGN(const std::string group, Resolve(actor, spec));
    if (!next->IsAdmin(actor.current, group)) {
      return Denied(fmt::format("permission denied to make a member of role '{}'", group),
                    "it takes the ADMIN OPTION of that role");
    }
    if (next->IsSuperuser(group) && !is_superuser) {
      return Denied(fmt::format("only a superuser can make members of superuser '{}'", group));
    }
    MR_TRY(next->AddMember(name, {group, false, true}));
  }
  for (const auto& [list, admin] :
       {std::pair{&statement.options.members, false}, std::pair{&statement.options.admins, true}}) {
    for (const sql::RoleSpec& spec : *list) {
      MR_ASSIGN(const std::string member, Resolve(actor, spec));
      MR_TRY(next->AddMember(member, {name, admin, true}));
    }
  }
  if (!is_superuser) MR_TRY(next->AddMember(actor.current, {name, /*admin=*/true, /*inherits=*/false}));
  MR_TRY(Publish(std::move(next)));
  return true;
}

Status Roles::Alter(const RoleContext& actor, const sql::AlterRoleStatement& statement) {
  using Action = sql::AlterRoleStatement::Action;
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  const bool is_superuser = next->IsSuperuser(actor.current);
  const auto change_parameters = [&](std::map<std::string, std::vector<std::string>>* parameters) {
    if (statement.action == Action::kSet && !statement.values.empty()) {
      (*parameters)[statement.parameter->text] = TextsOf(statement.values);
    } else if (statement.parameter) {
      parameters->erase(statement.parameter->text);
    } else {
      parameters->clear();
    }
  };
  if (!statement.role) {
    if (!is_superuser) return Denied("only a superuser can alter all roles");
    change_parameters(&next->parameters_of_all_);
    return Publish(std::move(next));
  }
  MR_ASSIGN(const std::string name, Resolve(actor, *statement.role));
  MR_ASSIGN(const RolePtr role, next->Get(name));
  const sql::RoleOptions& options = statement.options;
  const bool only_password = statement.action == Action::kOptions && options.password && !options.superuser &&
                             !options.create_role && !options.login && !options.valid_until &&
                             !options.connection_limit && !options.memory_limit && !options.time_limit &&
                             !options.row_limit;
  const bool is_own = name == actor.current && (only_password || statement.action == Action::kSet ||
                                                statement.action == Action::kReset);
  const RolePtr acting = next->Find(actor.current);
  const bool may =
      is_superuser || is_own ||
      (acting != nullptr && acting->create_role && !role->superuser && next->IsAdmin(actor.current, name));
  if (!may) {
    return Denied(fmt::format("permission denied to alter role '{}'", name),
                  role->superuser
                      ? "a superuser can"
                      : "a superuser, or a role with CREATEROLE and its ADMIN OPTION, can; one's own "
                        "password and parameters can be changed");
  }
  if (statement.action == Action::kRename) {
    const std::string& to = statement.new_name.text;
    if (name == options_.superuser || name == actor.current || name == actor.session) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("role '{}' cannot be renamed while it is in use", name));
    }
    if (next->Find(to) != nullptr) {
      return Fail(ErrorCode::kDuplicateObject, fmt::format("role '{}' exists already", to), {},
                  statement.new_name.location);
    }
    if (ConnectionsOf(name) > 0) {
      return Fail(ErrorCode::kObjectInUse, fmt::format("role '{}' is connected", name));
    }
    next->Rename(name, to);
    return Publish(std::move(next));
  }
  Role changed = *role;
  if (statement.action == Action::kOptions) {
    if (options.create_role && *options.create_role && !is_superuser && !acting->create_role) {
      return Denied("only a role with CREATEROLE can give it");
    }
    MR_TRY(ApplyOptions(actor, *next, options, &changed));
  } else {
    change_parameters(&changed.parameters);
  }
  next->Put(std::move(changed));
  return Publish(std::move(next));
}

Result<std::vector<std::string>> Roles::Drop(const RoleContext& actor,
                                             const sql::DropRoleStatement& statement) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  const RolePtr acting = next->Find(actor.current);
  std::vector<std::string> missing;
  for (const sql::Name& dropped : statement.names) {
    const std::string& name = dropped.text;
    const Result<RolePtr> role = next->Get(name);
    if (!role) {
      if (!statement.if_exists) return std::unexpected(role.error().At(dropped.location));
      missing.push_back(name);
      continue;
    }
    const bool may =
        next->IsSuperuser(actor.current) || (acting != nullptr && acting->create_role &&
                                             !(*role)->superuser && next->IsAdmin(actor.current, name));
    if (!may) {
      return Denied(fmt::format("permission denied to drop role '{}'", name),
                    "a superuser, or a role with CREATEROLE and its ADMIN OPTION, can");
    }
    if (name == options_.superuser) {
      return Fail(ErrorCode::kDependentObjects,
                  fmt::format("role '{}' cannot be dropped: it is needed", name));
    }
    if (name == actor.current || name == actor.session || ConnectionsOf(name) > 0) {
      return Fail(ErrorCode::kObjectInUse, fmt::format("role '{}' cannot be dropped: it is in use", name), {},
                  dropped.location);
    }
    std::vector<std::string> dependencies = next->DependenciesOf(name);
    if (!dependencies.empty()) {
      const size_t more =
          dependencies.size() > kDependenciesNamed ? dependencies.size() - kDependenciesNamed : 0;
      dependencies.resize(dependencies.size() - more);
      return Fail(ErrorCode::kDependentObjects,
                  fmt::format("role '{}' cannot be dropped: {}{}", name, fmt::join(dependencies, ", "),
                              more > 0 ? fmt::format(" and {} more", more) : std::string()),
                  fmt::format("REASSIGN OWNED BY {0} TO another role, then DROP OWNED BY {0}", name),
                  dropped.location);
    }
    next->roles_.erase(name);
    std::erase_if(next->tokens_, [&](const auto& entry) { return entry.second.role == name; });
    for (const RolePtr& other : next->All()) {
      Role changed = *other;
      if (std::erase_if(changed.member_of, [&](const Membership& of) { return of.group == name; }) > 0) {
        next->Put(std::move(changed));
      }
    }
  }
  MR_TRY(Publish(std::move(next)));
  return missing;
}

Status Roles::Comment(const RoleContext& actor, std::string_view role, std::string_view text) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  MR_ASSIGN(const RolePtr found, next->Get(role));
  if (!next->IsSuperuser(actor.current) && !next->IsAdmin(actor.current, role)) {
    return Denied(fmt::format("permission denied to comment on role '{}'", role));
  }
  Role changed = *found;
  changed.comment = text;
  next->Put(std::move(changed));
  return Publish(std::move(next));
}

Status Roles::CheckSetRole(std::string_view session, std::string_view role) const {
  const RoleSnapshotPtr roles = snapshot();
  MR_ASSIGN(const RolePtr found, roles->Get(role));
  if (roles->IsMember(session, role)) return Ok();
  return Denied(fmt::format("permission denied to set role '{}'", role),
                fmt::format("GRANT {} TO {} makes it a member", role, session));
}

Status Roles::CheckSetSession(std::string_view login, std::string_view role) const {
  const RoleSnapshotPtr roles = snapshot();
  MR_ASSIGN(const RolePtr found, roles->Get(role));
  if (login == role || roles->IsSuperuser(login)) return Ok();
  return Denied(fmt::format("permission denied to set session authorization '{}'", role),
                "who logged in as a superuser can");
}

// ---------------------------------------------------------------- connections

Result<RolePtr> Roles::CheckLogin(std::string_view role, int64_t now, bool by_password) const {
  const RolePtr found = snapshot()->Find(role);
  if (found == nullptr) {
    return Fail(ErrorCode::kInvalidAuthorization, fmt::format("role '{}' does not exist", role));
  }
  if (!found->login) {
    return Fail(ErrorCode::kInvalidAuthorization, fmt::format("role '{}' is not permitted to log in", role),
                fmt::format("ALTER ROLE {} LOGIN permits it", role));
  }
  if (by_password && found->valid_until && *found->valid_until <= now) {
    return Fail(ErrorCode::kInvalidPassword, fmt::format("the password of role '{}' has expired", role));
  }
  return found;
}

Status Roles::Connect(std::string_view role) {
  const RoleLimits limits = LimitsOf(role);
  const MutexLock lock(mutex_);
  int64_t& count = connections_[std::string(role)];
  if (limits.connections && count >= *limits.connections) {
    return Fail(ErrorCode::kTooManyConnections,
                fmt::format("role '{}' has {} connections already, its limit", role, count),
                "close one, or raise CONNECTION LIMIT");
  }
  ++count;
  return Ok();
}

void Roles::Disconnect(std::string_view role) {
  const MutexLock lock(mutex_);
  const auto found = connections_.find(std::string(role));
  if (found != connections_.end() && --found->second <= 0) connections_.erase(found);
}

int64_t Roles::ConnectionsOf(std::string_view role) const {
  const MutexLock lock(mutex_);
  const auto found = connections_.find(std::string(role));
  return found == connections_.end() ? 0 : found->second;
}

RoleLimits Roles::LimitsOf(std::string_view role) const {
  const RolePtr found = snapshot()->Find(role);
  if (found == nullptr) return options_.default_limits;
  RoleLimits limits = found->limits;
  if (found->superuser) return limits;
  const RoleLimits& defaults = options_.default_limits;
  if (!limits.memory_bytes) limits.memory_bytes = defaults.memory_bytes;
  if (!limits.time_micros) limits.time_micros = defaults.time_micros;
  if (!limits.result_rows) limits.result_rows = defaults.result_rows;
  if (!limits.connections) limits.connections = defaults.connections;
  return limits;
}

std::map<std::string, std::vector<std::string>> Roles::ParametersOf(std::string_view role) const {
  const RoleSnapshotPtr roles = snapshot();
  auto parameters = roles->parameters_of_all_;
  if (const RolePtr found = roles->Find(role)) {
    for (const auto& [name, values] : found->parameters) parameters[name] = values;
  }
  return parameters;
}

}  // namespace millrace::catalog
