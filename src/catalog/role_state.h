// RoleState: all roles, grants and tokens as bytes, in which a warehouse keeps them
// (docs/formats/catalog.md). Pure functions; any thread. The same roles give the same bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "catalog/role_snapshot.h"

namespace millrace::catalog {

class RoleState {
 public:
  static std::string Encode(const RoleSnapshot& roles);
  // kDataCorrupted for bytes that are not what Encode gives, or that no statements could have led to.
  static Result<std::shared_ptr<RoleSnapshot>> Decode(std::string_view bytes);

 private:
  static Status CheckReferences(const RoleSnapshot& roles);
};

}  // namespace millrace::catalog
