#include "connectors/registry.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "base/suggest.h"
#include "connectors/blackhole/blackhole.h"
#include "connectors/datagen/datagen.h"
#include "connectors/feed/feed.h"
#include "connectors/filesystem/filesystem.h"
#include "connectors/ingest/http.h"
#include "connectors/print/print.h"
#include "connectors/stream/socket.h"
#include "connectors/stream/stdin.h"

namespace millrace::connectors {
namespace {

constexpr std::string_view kIdleTimeout = "scan.watermark.idle-timeout";

constexpr OptionSpec kCommonSourceOptions[] = {
    {.key = kIdleTimeout,
     .type = OptionType::kDuration,
     .doc = "a partition without rows for so long no longer holds the watermark back"},
};

Result<const ConnectorType*> FindConnector(const TableOptions& options) {
  std::vector<std::string> names;
  for (const ConnectorType* type : AllConnectors()) names.emplace_back(type->options.connector);
  const std::string* name = options.Find("connector");
  if (name == nullptr) {
    return Fail(ErrorCode::kInvalidTableDefinition, "the WITH clause names no connector",
                fmt::format("add 'connector' = one of: {}", fmt::join(names, ", ")));
  }
  for (const ConnectorType* type : AllConnectors()) {
    if (type->options.connector == *name) return type;
  }
  std::string hint = DidYouMean(*name, names);
  if (hint.empty()) hint = fmt::format("there are: {}", fmt::join(names, ", "));
  return Fail(ErrorCode::kUndefinedObject, fmt::format("there is no connector '{}'", *name), std::move(hint));
}

Status CheckDuplicates(const TableOptions& options) {
  for (size_t i = 0; i < options.with.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (options.with[i].first != options.with[j].first) continue;
      return Fail(ErrorCode::kDuplicateObject,
                  fmt::format("option '{}' is given twice", options.with[i].first), "keep one of them");
    }
  }
  return {};
}

Result<ParsedOptions> ParseAll(const TableOptions& options, const ConnectorType& type) {
  MR_TRY(CheckDuplicates(options));
  std::vector<OptionSpec> specs(type.options.specs.begin(), type.options.specs.end());
  if (type.make_source != nullptr) {
    specs.insert(specs.end(), std::begin(kCommonSourceOptions), std::end(kCommonSourceOptions));
  }
  OptionTable table = type.options;
  table.specs = specs;
  return ParseOptions(options, table);
}

Status CheckMetadata(const TableColumns& columns, const TableTraits& traits, std::string_view connector) {
  for (const MetadataColumn& column : columns.metadata) {
    std::vector<std::string> keys;
    const data::DataType* type = nullptr;
    for (const auto& [key, key_type] : traits.metadata_keys) {
      keys.push_back(key);
      if (key == column.key) type = &key_type;
    }
    if (type == nullptr) {
      std::string hint = DidYouMean(column.key, keys);
      if (hint.empty() && !keys.empty()) hint = fmt::format("it has: {}", fmt::join(keys, ", "));
      if (keys.empty()) hint = "it has no metadata; make the column a physical or computed one";
      return Fail(
          ErrorCode::kUndefinedColumn,
          fmt::format("column '{}': connector '{}' has no metadata '{}'", column.name, connector, column.key),
          std::move(hint));
    }
    if (!type->SameAs(column.type)) {
      return Fail(ErrorCode::kDatatypeMismatch,
                  fmt::format("column '{}': metadata '{}' is {}, not {}", column.name, column.key,
                              type->WithNullable(true).ToString(), column.type.WithNullable(true).ToString()),
                  fmt::format("declare it as {}", type->WithNullable(true).ToString()));
    }
  }
  return {};
}

Result<TableTraits> Describe(const TableRequest& request, const ConnectorType& type) {
  MR_ASSIGN(TableTraits traits, type.describe(request));
  MR_TRY(CheckMetadata(request.columns, traits, type.options.connector));
  if (request.parsed.Has(kIdleTimeout)) {
    traits.watermark_idle_timeout_micros = request.parsed.GetMicros(kIdleTimeout);
  }
  return traits;
}

template <typename T>
Result<T> WithinTable(const TableOptions& options, Result<T> result) {
  if (result.has_value() || options.table.empty()) return result;
  return std::unexpected(result.error().Within(fmt::format("table '{}'", options.table)));
}

Result<TableTraits> DescribeUnnamed(const TableOptions& options, const TableColumns& columns) {
  MR_ASSIGN(const ConnectorType* const type, FindConnector(options));
  MR_ASSIGN(const ParsedOptions parsed, ParseAll(options, *type));
  return Describe({options, parsed, columns}, *type);
}

Result<std::unique_ptr<Source>> MakeUnnamedSource(const TableOptions& options, const TableColumns& columns,
                                                  const std::vector<bool>& needed,
                                                  const SourceContext& context) {
  MR_CHECK_EQ(needed.size(), columns.physical.size());
  MR_ASSIGN(const ConnectorType* const type, FindConnector(options));
  MR_ASSIGN(const ParsedOptions parsed, ParseAll(options, *type));
  if (type->make_source == nullptr) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("connector '{}' only writes: it cannot be read", type->options.connector));
  }
  const TableRequest request{options, parsed, columns};
  MR_TRY(Describe(request, *type));
  return type->make_source(request, needed, context);
}

Result<std::unique_ptr<Sink>> MakeUnnamedSink(const TableOptions& options, const TableColumns& columns,
                                              const SinkContext& context) {
  MR_ASSIGN(const ConnectorType* const type, FindConnector(options));
  MR_ASSIGN(const ParsedOptions parsed, ParseAll(options, *type));
  if (type->make_sink == nullptr) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("connector '{}' only reads: nothing can be inserted", type->options.connector));
  }
  const TableRequest request{options, parsed, columns};
  MR_TRY(Describe(request, *type));
  return type->make_sink(request, context);
}

}  // namespace

const std::string* TableOptions::Find(std::string_view key) const {
  for (const auto& [name, value] : with) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::span<const ConnectorType* const> AllConnectors() {
  static const ConnectorType* const kTypes[] = {
      &FilesystemConnector(), &StdinConnector(), &SocketConnector(),    &HttpConnector(),
      &DatagenConnector(),    &PrintConnector(), &BlackholeConnector(), &FeedConnector(),
  };
  return kTypes;
}

std::span<const OptionSpec> CommonSourceOptions() {
  return kCommonSourceOptions;
}

data::Schema ReadSchema(const TableColumns& columns, const std::vector<bool>& needed) {
  data::Schema schema;
  for (size_t i = 0; i < columns.physical.size(); ++i) {
    if (needed[i]) schema.Add(columns.physical[i].name, columns.physical[i].type);
  }
  for (const MetadataColumn& column : columns.metadata) schema.Add(column.name, column.type);
  return schema;
}

formats::Options FormatOptions(const TableOptions& options) {
  return {options.with.begin(), options.with.end()};
}

Result<TableTraits> DescribeTable(const TableOptions& options, const TableColumns& columns) {
  return WithinTable(options, DescribeUnnamed(options, columns));
}

Result<std::unique_ptr<Source>> MakeSource(const TableOptions& options, const TableColumns& columns,
                                           const std::vector<bool>& needed, const SourceContext& context) {
  return WithinTable(options, MakeUnnamedSource(options, columns, needed, context));
}

Result<std::unique_ptr<Sink>> MakeSink(const TableOptions& options, const TableColumns& columns,
                                       const SinkContext& context) {
  return WithinTable(options, MakeUnnamedSink(options, columns, context));
}

}  // namespace millrace::connectors
