// The registry of connectors: one ConnectorType each, found by the value of 'connector'.
//
// To add one: a folder of its own with a `const ConnectorType& XConnector()`, its line in registry.cc,
// and its section in docs/connectors.md and docs/zh-CN/connectors.md (a test compares them).
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "connectors/connector.h"
#include "connectors/options.h"
#include "formats/format.h"

namespace millrace::connectors {

// What a factory is given: the options as written and as checked.
struct TableRequest {
  const TableOptions& options;
  const ParsedOptions& parsed;
  const TableColumns& columns;
};

struct ConnectorType {
  OptionTable options;
  Result<TableTraits> (*describe)(const TableRequest& request);
  // Null: the connector only writes.
  Result<std::unique_ptr<Source>> (*make_source)(const TableRequest& request, const std::vector<bool>& needed,
                                                 const SourceContext& context);
  // Null: the connector only reads.
  Result<std::unique_ptr<Sink>> (*make_sink)(const TableRequest& request, const SinkContext& context);
};

// In the order of the documentation.
std::span<const ConnectorType* const> AllConnectors();

// Options that every readable connector takes besides its own.
std::span<const OptionSpec> CommonSourceOptions();

// The needed physical columns, then the metadata columns: Source::schema().
data::Schema ReadSchema(const TableColumns& columns, const std::vector<bool>& needed);

// The whole WITH clause in the form that formats take.
formats::Options FormatOptions(const TableOptions& options);

}  // namespace millrace::connectors
