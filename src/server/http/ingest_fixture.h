// For tests of POST /v1/tables/{table}: a table with two columns behind a Connection.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/fake_backend.h"

namespace millrace::server::http {

inline data::Schema TwoColumns() {
  return data::Schema({{"a", data::DataType::BigInt()}, {"b", data::DataType::String()}});
}

class IngestTest : public testing::Test {
 protected:
  static std::string Request(std::string_view type, std::string_view body, std::string_view query = "",
                             std::string_view headers = "") {
    return fmt::format(
        "POST /v1/tables/public.t{} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n{}\r\n{}", query,
        type.empty() ? "" : fmt::format("Content-Type: {}\r\n", type), body.size(), headers, body);
  }
  // Status and body of the answer.
  std::string Post(std::string_view type, std::string_view body, std::string_view query = "",
                   std::string_view headers = "", size_t piece = SIZE_MAX) {
    const std::string answer = client_.Ask(Request(type, body, query, headers), piece);
    return fmt::format("{} {}", StatusIn(answer), BodyOf(answer));
  }
  std::string PostLines(std::string_view body) { return Post("application/x-ndjson", body); }
  std::vector<std::string> Rows() {
    MutexLock lock(table_.mutex);
    return std::exchange(table_.rows, {});
  }
  std::vector<std::string> DeadLetters() {
    MutexLock lock(table_.mutex);
    return std::exchange(table_.dead_letters, {});
  }

  MemoryClient client_;
  FakeTable& table_ = client_.backend.AddTable("public.t", TwoColumns());
};

// A line of NDJSON with this number.
inline std::string Line(int number) {
  return fmt::format("{{\"a\":{}}}\n", number);
}

inline std::string Gzip(std::string_view text) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

// What is answered when two rows were taken.
inline constexpr std::string_view kBoth = "200 {\"accepted\":2,\"rejected\":0,\"errors\":[]}\n";

// What the answer says of each error: "record/offset/code".
inline std::vector<std::string> Errors(std::string_view answer) {
  std::vector<std::string> errors;
  for (size_t at = answer.find("{\"record\":"); at != std::string_view::npos;
       at = answer.find("{\"record\":", at + 1)) {
    const size_t record = at + 10;
    const size_t offset = answer.find("\"offset\":", at) + 9;
    const size_t code = answer.find("\"code\":\"", at) + 8;
    errors.push_back(fmt::format("{}/{}/{}", answer.substr(record, answer.find(',', record) - record),
                                 answer.substr(offset, answer.find(',', offset) - offset),
                                 answer.substr(code, 5)));
  }
  return errors;
}

}  // namespace millrace::server::http
