#include "session/table_traits.h"

#include "dataflow/pipeline_builder.h"

namespace millrace::session {

Result<connectors::TableTraits> TraitsOf(const catalog::TableDefinition& table,
                                         const std::vector<catalog::TableOption>& options) {
  return connectors::DescribeTable(dataflow::ConnectorOptionsOf(table.name, options),
                                   dataflow::ColumnsOf(table, nullptr));
}

}  // namespace millrace::session
