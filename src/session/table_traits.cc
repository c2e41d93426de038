#include "session/table_traits.h"

#include "dataflow/pipeline_builder.h"

namespace millrace::session {
namespace {

connectors::TableOptions OptionsOf(const catalog::TableDefinition& table,
                                   const std::vector<catalog::TableOption>& options) {
  connectors::TableOptions result;
  result.table = table.name.ToString();
  for (const auto& option : options) result.with.emplace_back(option.key, option.value);
  return result;
}

}  // namespace

Result<connectors::TableTraits> TraitsOf(const catalog::TableDefinition& table,
                                         const std::vector<catalog::TableOption>& options) {
  return connectors::DescribeTable(OptionsOf(table, options), dataflow::ColumnsOf(table, nullptr));
}

}  // namespace millrace::session
