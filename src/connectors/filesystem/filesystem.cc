#include "connectors/filesystem/filesystem.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/filesystem/bounded_file_source.h"
#include "connectors/filesystem/file_decoder.h"
#include "connectors/filesystem/file_selection.h"
#include "connectors/filesystem/file_sink.h"
#include "connectors/filesystem/followed_file_source.h"
#include "env/glob.h"

namespace millrace::connectors {
namespace {

constexpr OptionSpec kOptions[] = {
    {.key = "path",
     .type = OptionType::kString,
     .required = true,
     .doc = "a file, a folder or a glob pattern; for INSERT INTO, a folder"},
    {.key = "format",
     .type = OptionType::kString,
     .required = true,
     .doc = "json, csv, raw or grok, with the options of the format; for INSERT INTO also parquet"},
    {.key = "source.monitor-interval",
     .type = OptionType::kDuration,
     .min = 1'000,
     .doc = "look for new files so often, and follow files that grow: the table never ends"},
    {.key = "source.path.regex-pattern",
     .type = OptionType::kString,
     .doc = "read only files whose whole path matches this regular expression"},
    {.key = "partition.default-name",
     .type = OptionType::kString,
     .default_text = "__HIVE_DEFAULT_PARTITION__",
     .doc = "the folder name that stands for NULL or an empty text in a partition column"},
    {.key = "sink.rolling-policy.file-size",
     .type = OptionType::kMemorySize,
     .default_text = "128MB",
     .min = 1,
     .doc = "a part file is finished when it has this size"},
    {.key = "sink.rolling-policy.rollover-interval",
     .type = OptionType::kDuration,
     .default_text = "30 min",
     .min = 1'000,
     .doc = "a part file is finished when it has been open so long"},
    {.key = "sink.rolling-policy.inactivity-interval",
     .type = OptionType::kDuration,
     .default_text = "30 min",
     .min = 1'000,
     .doc = "a part file is finished when nothing has been written to it for so long"},
    {.key = "sink.rolling-policy.check-interval",
     .type = OptionType::kDuration,
     .default_text = "1 min",
     .min = 1'000,
     .doc = "how often the two intervals are looked at"},
    {.key = "sink.parallelism",
     .type = OptionType::kInteger,
     .min = 1,
     .max = 1,
     .doc = "files are written by one task; only 1 is possible"},
};

constexpr RefusedOption kRefused[] = {
    {"auto-compaction", "part files are not compacted"},
    {"compaction.*", "part files are not compacted"},
    {"sink.partition-commit.*", "a file is visible as soon as it is finished, there is no partition commit"},
    {"partition.time-extractor.*", "there is no partition commit"},
    {"sink.shuffle-by-partition.enable", "files are written by one task"},
    {"source.report-statistics", "there are no statistics of files"},
};

bool IsParquet(const ParsedOptions& parsed) {
  return parsed.GetString("format") == "parquet";
}

bool IsFollowed(const ParsedOptions& parsed) {
  return parsed.Has("source.monitor-interval");
}

Result<FileSelection> MakeSelection(const ParsedOptions& parsed) {
  std::optional<std::string_view> regex;
  if (parsed.Has("source.path.regex-pattern")) regex = parsed.GetString("source.path.regex-pattern");
  return FileSelection::Make(parsed.GetString("path"), regex);
}

Status CheckPartitionKeys(const TableColumns& columns) {
  for (const std::string& key : columns.partition_keys) {
    const int column = columns.physical.Find(key);
    if (column < 0) {
      return Fail(ErrorCode::kUndefinedColumn,
                  fmt::format("PARTITIONED BY names no physical column '{}'", key));
    }
    const data::DataType& type = columns.physical[static_cast<size_t>(column)].type;
    if (type.IsNested() || type.IsBinary() || type.IsInterval()) {
      return Fail(ErrorCode::kNotSupported, fmt::format("column '{}' of type {} cannot partition files", key,
                                                        type.WithNullable(true).ToString()));
    }
  }
  if (columns.partition_keys.size() == columns.physical.size()) {
    return Fail(ErrorCode::kInvalidTableDefinition,
                "every column is a partition column: the files would hold none");
  }
  return {};
}

// Whether the format reads and writes these columns; it must do one of both.
Status CheckFormat(const TableRequest& request, TableTraits* traits) {
  if (IsParquet(request.parsed)) {
    traits->can_write = true;
    return {};
  }
  const std::string& format = request.parsed.GetString("format");
  const data::Schema schema = FileSchema(request.columns);
  const auto decoder = formats::MakeDecoder(format, schema, FormatOptions(request.options));
  const auto encoder = formats::MakeEncoder(format, schema, FormatOptions(request.options));
  traits->can_read = decoder.has_value();
  traits->can_write = encoder.has_value();
  if (!traits->can_read && !traits->can_write) return std::unexpected(decoder.error());
  return {};
}

Result<TableTraits> DescribeFilesystem(const TableRequest& request) {
  TableTraits traits;
  MR_TRY(MakeSelection(request.parsed));
  MR_TRY(CheckPartitionKeys(request.columns));
  MR_TRY(CheckFormat(request, &traits));
  traits.bounded = !IsFollowed(request.parsed);
  traits.metadata_keys = FileMetadataKeys();
  traits.accepts = ChangelogMode::kAppend;
  traits.reading = "exactly-once: read again from the position in the last checkpoint";
  traits.delivery = "exactly-once: a file appears when the checkpoint with its rows is durable";
  return traits;
}

Result<std::unique_ptr<Source>> MakeFileSource(const TableRequest& request, const std::vector<bool>& needed,
                                               const SourceContext& context) {
  if (IsParquet(request.parsed)) {
    return Fail(ErrorCode::kNotSupported, "format 'parquet' cannot be read as a stream of events",
                "read it with a query: SELECT … FROM read_parquet('…')");
  }
  MR_ASSIGN(FileSelection selection, MakeSelection(request.parsed));
  MR_ASSIGN(auto decoder, FileDecoder::Make(request, needed, *context.zone));
  if (IsFollowed(request.parsed)) {
    return std::make_unique<FollowedFileSource>(*context.env, std::move(selection), std::move(decoder),
                                                request.parsed.GetMicros("source.monitor-interval"));
  }
  MR_ASSIGN(std::vector<std::string> paths, selection.List(*context.env->files));
  return std::make_unique<BoundedFileSource>(*context.env->files, std::move(paths), std::move(decoder));
}

FileSinkConfig SinkConfig(const TableRequest& request, std::string folder) {
  const ParsedOptions& parsed = request.parsed;
  FileSinkConfig config;
  config.table = request.options.table;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  config.folder = std::move(folder);
  config.extension = parsed.GetString("format");
  config.partition_keys = request.columns.partition_keys;
  for (const std::string& key : config.partition_keys) {
    config.partition_columns.push_back(request.columns.physical.Find(key));
  }
  config.file_schema = FileSchema(request.columns);
  for (const data::Field& field : config.file_schema) {
    config.file_columns.push_back(request.columns.physical.Find(field.name));
  }
  config.default_partition = parsed.GetString("partition.default-name");
  config.size_max = static_cast<uint64_t>(parsed.GetBytes("sink.rolling-policy.file-size"));
  config.open_micros_max = parsed.GetMicros("sink.rolling-policy.rollover-interval");
  config.idle_micros_max = parsed.GetMicros("sink.rolling-policy.inactivity-interval");
  config.check_micros = parsed.GetMicros("sink.rolling-policy.check-interval");
  return config;
}

Result<std::unique_ptr<Sink>> MakeFileSink(const TableRequest& request, const SinkContext& context) {
  if (!request.columns.metadata.empty()) {
    return Fail(
        ErrorCode::kNotSupported,
        fmt::format("column '{}': metadata of files cannot be written", request.columns.metadata[0].name),
        "declare it METADATA VIRTUAL");
  }
  MR_ASSIGN(std::string folder, LocalPath(request.parsed.GetString("path")));
  if (env::IsGlobPattern(folder)) {
    return BadOption("path", folder, "is a pattern: rows are written into one folder");
  }
  const auto info = context.env->files->Stat(folder);
  if (info.has_value() && !info->is_directory) {
    return BadOption("path", folder, "is a file: rows are written into part files of a folder");
  }
  std::unique_ptr<formats::Encoder> encoder;
  if (!IsParquet(request.parsed)) {
    formats::EncodeContext encode;
    encode.zone = context.zone;
    MR_ASSIGN(encoder, formats::MakeEncoder(request.parsed.GetString("format"), FileSchema(request.columns),
                                            FormatOptions(request.options), encode));
  } else if (context.whole_files == nullptr) {
    return Fail(ErrorCode::kNotSupported, "format 'parquet' cannot be written here");
  }
  return std::make_unique<FileSink>(context, SinkConfig(request, std::move(folder)), std::move(encoder));
}

}  // namespace

const ConnectorType& FilesystemConnector() {
  static constexpr ConnectorType kType = {
      .options = {.connector = "filesystem", .specs = kOptions, .refused = kRefused, .takes_format = true},
      .describe = DescribeFilesystem,
      .make_source = MakeFileSource,
      .make_sink = MakeFileSink,
  };
  return kType;
}

}  // namespace millrace::connectors
