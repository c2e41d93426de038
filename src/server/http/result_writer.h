// ResultWriter: the rows of a result as JSON, lines of JSON, CSV or an Arrow IPC stream.
//
// One result each; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/schema.h"
#include "server/http/request.h"

namespace millrace::server::http {

enum class ResultFormat : uint8_t { kJson, kNdjson, kCsv, kArrow };

// "json", "ndjson", "csv", "arrow"; and their media types, in this order.
std::span<const std::string_view> ResultFormatNames();
std::span<const std::string_view> ResultMediaTypes();
// What ?format= or else Accept asks for. kInvalidParameter: no such format; kNotSupported: nothing that is
// offered is accepted.
Result<ResultFormat> ChooseResultFormat(const Request& request);

class ResultWriter {
 public:
  static std::unique_ptr<ResultWriter> Make(ResultFormat format, data::Schema schema);
  virtual ~ResultWriter() = default;

  virtual void Begin(std::string* out) = 0;
  virtual void Append(const data::Batch& batch, std::string* out) = 0;
  // `tag`: "SELECT 3".
  virtual void End(std::string_view tag, const std::vector<std::string>& warnings, std::string* out) = 0;
};

// arrow_stream.cc
std::unique_ptr<ResultWriter> MakeArrowWriter(data::Schema schema);

}  // namespace millrace::server::http
