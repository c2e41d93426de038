// ChangelogNormalize, DropUpdateBefore and UpsertMaterialize: from one kind of changelog to another.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"

namespace millrace::operators {

// From an upsert stream (+I and +U set a key's row, -D removes it and may bear the key alone, -U is
// ignored) to a full changelog: +I, -U/+U with the former row, -D with the whole former row. A change that
// changes nothing, and the deletion of an unknown key, give nothing. One change a key and batch. State TTL as
// in GroupAggregate.
struct ChangelogNormalizeSpec {
  std::vector<data::DataType> input_types;
  std::vector<int> keys;
  bool emit_update_before = true;
};
std::unique_ptr<Operator> MakeChangelogNormalize(std::shared_ptr<const ChangelogNormalizeSpec> spec,
                                                 OperatorContext context);

// Drops -U, for consumers that work by key. Stateless.
struct DropUpdateBeforeSpec {};
std::unique_ptr<Operator> MakeDropUpdateBefore(std::shared_ptr<const DropUpdateBeforeSpec> spec,
                                               OperatorContext context);

// Before a sink whose primary key is not the changelog's own key: of the rows alive under one primary key
// the last arrived is shown; when it goes, the one before it comes back. Input: a full changelog. Output: +I,
// +U (no -U), -D by primary key.
struct UpsertMaterializeSpec {
  std::vector<data::DataType> input_types;
  std::vector<int> primary_key;
};
std::unique_ptr<Operator> MakeUpsertMaterialize(std::shared_ptr<const UpsertMaterializeSpec> spec,
                                                OperatorContext context);

}  // namespace millrace::operators
