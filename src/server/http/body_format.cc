#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/suggest.h"
#include "formats/option_reader.h"
#include "server/http/ingest_handler.h"

namespace millrace::server::http {
namespace {

constexpr std::array<std::string_view, 4> kLineTypes = {"application/x-ndjson", "application/ndjson",
                                                        "application/jsonl", "application/x-jsonlines"};
constexpr std::string_view kTaken =
    "application/x-ndjson (an object a line), application/json (an array, or one object), text/csv, or "
    "text/plain for the table's own 'format'";

std::unexpected<HttpFailure> Refuse(int status, ErrorCode code, std::string message, std::string hint) {
  return std::unexpected(HttpFailure{status, Error(code, std::move(message), std::move(hint))});
}

// The option that a query parameter sets, or an error that names those there are.
Status SetOption(std::string_view format, const std::string& key, const std::string& value,
                 formats::Options* options) {
  if (key.starts_with(fmt::format("{}.", format))) {
    (*options)[key] = value;
    return {};
  }
  std::vector<std::string> known = formats::OptionKeys(format);
  known.insert(known.end(), {"visible", "header"});
  std::string hint = DidYouMean(key, known);
  if (hint.empty()) hint = fmt::format("visible, header and the options of {} are", format);
  return Fail(ErrorCode::kUndefinedParameter, fmt::format("query parameter '{}' is not known", key),
              std::move(hint));
}

}  // namespace

std::expected<BodyFormat, HttpFailure> ChooseBodyFormat(const Request& request, const TableWriter& table) {
  BodyFormat format;
  format.options = table.options();
  const std::string* header = request.FindHeader("content-type");
  if (header == nullptr) {
    return Refuse(415, ErrorCode::kNotSupported, "the request has no Content-Type",
                  fmt::format("send {}", kTaken));
  }
  const std::string type = MediaType(*header);
  const auto own = table.options().find("format");
  if (std::ranges::find(kLineTypes, type) != kLineTypes.end()) {
    format.format = "json";
  } else if (type == "application/json") {
    format.format = "json";
    format.is_json_text = true;
  } else if (type == "text/csv") {
    format.format = "csv";
  } else if (type == "text/plain" && own != table.options().end()) {
    format.format = own->second;
  } else {
    return Refuse(415, ErrorCode::kNotSupported, fmt::format("Content-Type '{}' is not taken here", type),
                  fmt::format("send {}", kTaken));
  }
  for (const auto& [key, value] : request.query) {
    if (key == "visible" || key == "header") continue;
    if (const Status set = SetOption(format.format, key, value, &format.options); !set) {
      return std::unexpected(HttpFailure{400, set.error()});
    }
  }
  const auto table_header = format.options.find("csv.header");
  std::string has_header = table_header == format.options.end() ? "false" : table_header->second;
  if (const std::string* asked = request.FindQuery("header"); asked != nullptr) {
    if (format.format != "csv") {
      return Refuse(400, ErrorCode::kInvalidParameter, "only text/csv has a header", "leave 'header' out");
    }
    has_header = *asked;
  }
  if (format.format == "csv" && has_header != "true" && has_header != "false") {
    return Refuse(400, ErrorCode::kInvalidParameter,
                  fmt::format("header is '{}', not true or false", has_header), "");
  }
  format.has_header = format.format == "csv" && has_header == "true";
  return format;
}

}  // namespace millrace::server::http
