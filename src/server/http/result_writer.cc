#include "server/http/result_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_text.h"
#include "server/http/json_result.h"

namespace millrace::server::http {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"json", "ndjson", "csv", "arrow"};
constexpr std::array<std::string_view, 4> kMediaTypes = {"application/json", "application/x-ndjson",
                                                         "text/csv", "application/vnd.apache.arrow.stream"};

class JsonWriter final : public ResultWriter {
 public:
  explicit JsonWriter(data::Schema schema) : schema_(std::move(schema)) {}
  void Begin(std::string* out) override {
    *out += "{\"columns\":";
    AppendJsonColumns(schema_, out);
    *out += ",\"rows\":[";
  }
  void Append(const data::Batch& batch, std::string* out) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      *out += std::exchange(is_first_, false) ? "\n[" : ",\n[";
      for (size_t i = 0; i < schema_.size(); ++i) {
        if (i > 0) out->push_back(',');
        AppendJsonValue(*batch.columns[i], row, out);
      }
      out->push_back(']');
    }
  }
  void End(std::string_view tag, const std::vector<std::string>& warnings, std::string* out) override {
    *out += "],\"tag\":";
    AppendJsonString(tag, out);
    AppendWarnings(warnings, out);
    *out += "}\n";
  }

 private:
  const data::Schema schema_;
  bool is_first_ = true;
};

class NdjsonWriter final : public ResultWriter {
 public:
  explicit NdjsonWriter(data::Schema schema) : schema_(std::move(schema)) {}
  void Begin(std::string*) override {}
  void Append(const data::Batch& batch, std::string* out) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      AppendJsonRow(schema_, batch, row, 0, out);
      out->push_back('\n');
    }
  }
  void End(std::string_view, const std::vector<std::string>&, std::string*) override {}

 private:
  const data::Schema schema_;
};

// RFC 4180, with \n; NULL is an empty field, an empty string "".
class CsvWriter final : public ResultWriter {
 public:
  explicit CsvWriter(data::Schema schema) : schema_(std::move(schema)) {}
  void Begin(std::string* out) override {
    for (size_t i = 0; i < schema_.size(); ++i) {
      if (i > 0) out->push_back(',');
      AppendField(schema_[i].name, out);
    }
    out->push_back('\n');
  }
  void Append(const data::Batch& batch, std::string* out) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      for (size_t i = 0; i < schema_.size(); ++i) {
        if (i > 0) out->push_back(',');
        const data::Column& column = *batch.columns[i];
        if (column.IsNull(row)) continue;
        if (column.type().IsCharacter()) {
          AppendField(data::ColumnView<data::StringRef>(column)[row].view(), out);
          continue;
        }
        field_.clear();
        AppendJsonValue(column, row, &field_);
        // What JSON writes as a string needs no quotes of its own here.
        const bool is_string = field_.size() >= 2 && field_.front() == '"' && !column.type().IsNested();
        AppendField(is_string ? std::string_view(field_).substr(1, field_.size() - 2) : field_, out);
      }
      out->push_back('\n');
    }
  }
  void End(std::string_view, const std::vector<std::string>&, std::string*) override {}

 private:
  static void AppendField(std::string_view text, std::string* out) {
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
      *out += text;
      return;
    }
    out->push_back('"');
    for (const char c : text) {
      if (c == '"') out->push_back('"');
      out->push_back(c);
    }
    out->push_back('"');
  }

  const data::Schema schema_;
  std::string field_;
};

}  // namespace

std::span<const std::string_view> ResultFormatNames() {
  return kNames;
}

std::span<const std::string_view> ResultMediaTypes() {
  return kMediaTypes;
}

Result<ResultFormat> ChooseResultFormat(const Request& request) {
  if (const std::string* name = request.FindQuery("format"); name != nullptr) {
    const auto found = std::ranges::find(kNames, std::string_view(*name));
    if (found != kNames.end()) return static_cast<ResultFormat>(found - kNames.begin());
    return Fail(ErrorCode::kInvalidParameter, fmt::format("there is no format '{}'", *name),
                fmt::format("there are: {}", fmt::join(kNames, ", ")));
  }
  const auto chosen = Negotiate(request.FindHeader("accept"), kMediaTypes);
  if (chosen) return static_cast<ResultFormat>(*chosen);
  return Fail(ErrorCode::kNotSupported, "nothing that the Accept header names can be given",
              fmt::format("there are: {}", fmt::join(kMediaTypes, ", ")));
}

std::unique_ptr<ResultWriter> ResultWriter::Make(ResultFormat format, data::Schema schema) {
  switch (format) {
    case ResultFormat::kJson:
      return std::make_unique<JsonWriter>(std::move(schema));
    case ResultFormat::kNdjson:
      return std::make_unique<NdjsonWriter>(std::move(schema));
    case ResultFormat::kCsv:
      return std::make_unique<CsvWriter>(std::move(schema));
    case ResultFormat::kArrow:
      return MakeArrowWriter(std::move(schema));
  }
  std::unreachable();
}

}  // namespace millrace::server::http
