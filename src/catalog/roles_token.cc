// Bearer tokens of roles.h.
#include <fmt/core.h>

#include <algorithm>

#include "base/suggest.h"
#include "catalog/roles.h"

namespace millrace::catalog {

Status Roles::AddToken(const RoleContext& actor, const sql::CreateTokenStatement& statement,
                       std::string hash) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  MR_ASSIGN(const std::string role, Resolve(actor, statement.role));
  if (role != actor.current && !next->IsSuperuser(actor.current)) {
    return Fail(ErrorCode::kInsufficientPrivilege,
                fmt::format("permission denied to make a token of role '{}'", role),
                "a role makes tokens for itself, a superuser for any role");
  }
  const std::string& name = statement.name.text;
  for (const Token& known : next->Tokens()) {
    if (known.name != name) continue;
    return Fail(ErrorCode::kDuplicateObject, fmt::format("token '{}' exists already", name),
                "DROP TOKEN ends it", statement.name.location);
  }
  Token token{name, role, actor.current, std::nullopt};
  if (statement.valid_until) {
    MR_ASSIGN(token.valid_until, ParseUntil(actor, *statement.valid_until, statement.valid_until_location));
  }
  next->tokens_.insert_or_assign(std::move(hash), std::move(token));
  return Publish(std::move(next));
}

Result<bool> Roles::DropToken(const RoleContext& actor, const sql::DropTokenStatement& statement) {
  const MutexLock lock(change_mutex_);
  auto next = Copy();
  const std::string& name = statement.name.text;
  const auto found =
      std::ranges::find_if(next->tokens_, [&](const auto& entry) { return entry.second.name == name; });
  const bool may = found != next->tokens_.end() &&
                   (found->second.role == actor.current || next->IsSuperuser(actor.current));
  if (found == next->tokens_.end()) {
    if (statement.if_exists) return false;
    std::vector<std::string> names;
    for (const Token& known : next->Tokens()) {
      if (known.role == actor.current || next->IsSuperuser(actor.current)) names.push_back(known.name);
    }
    return Fail(ErrorCode::kUndefinedObject, fmt::format("there is no token '{}'", name),
                DidYouMean(name, names), statement.name.location);
  }
  if (!may) {
    return Fail(ErrorCode::kInsufficientPrivilege, fmt::format("permission denied to drop token '{}'", name),
                "its role and superusers can", statement.name.location);
  }
  next->tokens_.erase(found);
  MR_TRY(Publish(std::move(next)));
  return true;
}

Result<RolePtr> Roles::FindToken(std::string_view hash, int64_t now) const {
  const RoleSnapshotPtr roles = snapshot();
  const auto found = roles->tokens_.find(hash);
  // One answer, so that it tells nothing about tokens there are.
  const auto unknown = [] {
    return Fail(ErrorCode::kInvalidAuthorization, "this token is not valid",
                "CREATE TOKEN name FOR ROLE role makes one");
  };
  if (found == roles->tokens_.end()) return unknown();
  const Token& token = found->second;
  if (token.valid_until && *token.valid_until <= now) return unknown();
  const RolePtr role = roles->Find(token.role);
  if (role == nullptr || !role->login) return unknown();
  return role;
}

}  // namespace millrace::catalog
