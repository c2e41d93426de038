// Messages as clients write them, for tests. Header only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire::client {

inline std::string Message(char type, std::string_view body) {
  OutputBuffer out;
  if (type != '\0') out.Byte(type);
  out.Int32(static_cast<int32_t>(body.size() + 4));
  out.Bytes(body);
  return std::string(out.view());
}

inline std::string Zero(std::string_view text) {
  return std::string(text) + '\0';
}
inline std::string Int16(int value) {
  OutputBuffer out;
  out.Int16(static_cast<int16_t>(value));
  return std::string(out.view());
}
inline std::string Int32(int64_t value) {
  OutputBuffer out;
  out.Int32(static_cast<int32_t>(value));
  return std::string(out.view());
}

inline std::string Startup(std::string_view user, int minor = 0) {
  return Message(
      '\0', Int16(3) + Int16(minor) + Zero("user") + Zero(user) + Zero("database") + Zero("shop") + '\0');
}
inline std::string TlsRequest() {
  return Message('\0', Int16(1234) + Int16(5679));
}
inline std::string CancelRequest(std::string_view key) {  // process and secret, as BackendKeyData had them
  return Message('\0', Int16(1234) + Int16(5678) + std::string(key));
}
inline std::string Query(std::string_view text) {
  return Message('Q', Zero(text));
}
inline std::string Parse(std::string_view name, std::string_view text,
                         const std::vector<uint32_t>& oids = {}) {
  std::string body = Zero(name) + Zero(text) + Int16(static_cast<int>(oids.size()));
  for (const uint32_t oid : oids) body += Int32(oid);
  return Message('P', body);
}
// Parameters as text; results in `result_format`.
inline std::string Bind(std::string_view portal, std::string_view name,
                        const std::vector<std::optional<std::string>>& parameters = {}, int result_format = 0,
                        int parameter_format = 0) {
  std::string body = Zero(portal) + Zero(name) + Int16(1) + Int16(parameter_format) +
                     Int16(static_cast<int>(parameters.size()));
  for (const auto& parameter : parameters) {
    body += parameter ? Int32(static_cast<int64_t>(parameter->size())) + *parameter : Int32(-1);
  }
  return Message('B', body + Int16(1) + Int16(result_format));
}
inline std::string Describe(char kind, std::string_view name) {
  return Message('D', kind + Zero(name));
}
inline std::string Close(char kind, std::string_view name) {
  return Message('C', kind + Zero(name));
}
inline std::string Execute(std::string_view portal, int row_limit = 0) {
  return Message('E', Zero(portal) + Int32(row_limit));
}
inline std::string Sync() {
  return Message('S', "");
}
inline std::string Flush() {
  return Message('H', "");
}
inline std::string Terminate() {
  return Message('X', "");
}
inline std::string CopyData(std::string_view data) {
  return Message('d', data);
}
inline std::string CopyDone() {
  return Message('c', "");
}
inline std::string CopyFail(std::string_view reason) {
  return Message('f', Zero(reason));
}

}  // namespace millrace::server::pgwire::client
