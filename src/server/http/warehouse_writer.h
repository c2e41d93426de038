// The TableWriter of a table of the warehouse: one that users write to, or one with 'connector' = 'http'.
#pragma once

#include <memory>

#include "catalog/catalog.h"
#include "dataflow/warehouse.h"
#include "server/http/backend.h"

namespace millrace::server::http {

// `zone` is where text without a time zone is read; it and the warehouse outlive the writer. kNotSupported
// for a table with another connector, kUndefinedTable for one that was dropped meanwhile.
Result<std::unique_ptr<TableWriter>> OpenWarehouseTable(dataflow::Warehouse* warehouse,
                                                        const catalog::TableDefinition& table,
                                                        const data::TimeZone& zone);

}  // namespace millrace::server::http
