// Partitions in paths, as Hive and Flink write them: /table/dt=2020-01-01/hour=12/part-0.
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/datetime.h"
#include "data/value.h"

namespace millrace::connectors {

// The text of partition `key` in a path; nullopt: the path has no folder "key=…". Escapes (%3A) are undone.
std::optional<std::string> PartitionText(std::string_view path, std::string_view key);

// The value of a partition column; text that is `default_name` is NULL. The error names path and column.
Result<data::Value> PartitionValue(std::string_view path, std::string_view key, const data::DataType& type,
                                   std::string_view default_name, const data::TimeZone& zone);

// "key=value" with what cannot stand in a name escaped; an empty value is `default_name`.
std::string PartitionFolder(std::string_view key, std::string_view text, std::string_view default_name);

}  // namespace millrace::connectors
