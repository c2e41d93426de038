// The messages that a client sends once it is connected: their bodies taken apart. Pure functions; what they
// answer points into the body, and the vectors are reused by the caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::server::pgwire {

enum class MessageType : char {
  kBind = 'B',
  kClose = 'C',
  kCopyData = 'd',
  kCopyDone = 'c',
  kCopyFail = 'f',
  kDescribe = 'D',
  kExecute = 'E',
  kFlush = 'H',
  kFunctionCall = 'F',
  kParse = 'P',
  kPassword = 'p',  // all answers to authentication requests
  kQuery = 'Q',
  kSync = 'S',
  kTerminate = 'X',
};

enum class WireFormat : int16_t { kText = 0, kBinary = 1 };

struct ParseMessage {
  std::string_view statement;
  std::string_view text;
  std::vector<uint32_t> parameter_oids;
};

struct BindMessage {
  std::string_view portal;
  std::string_view statement;
  std::vector<WireFormat> parameter_formats;                // none: all text; one: for all
  std::vector<std::optional<std::string_view>> parameters;  // nothing: NULL
  std::vector<WireFormat> result_formats;

  WireFormat ParameterFormat(size_t i) const;
};

struct ExecuteMessage {
  std::string_view portal;
  int32_t row_limit = 0;  // 0 or less: none
};

// Describe and Close.
struct NamedMessage {
  bool is_portal = false;  // otherwise a statement
  std::string_view name;
};

struct SaslInitialResponse {
  std::string_view mechanism;
  std::optional<std::string_view> data;
};

// Each: 08P01 when the body is not of the form, the message names what.
Status ReadParse(std::string_view body, ParseMessage* message);
Status ReadBind(std::string_view body, BindMessage* message);
Result<ExecuteMessage> ReadExecute(std::string_view body);
Result<NamedMessage> ReadNamed(MessageType type, std::string_view body);
Result<std::string_view> ReadQuery(std::string_view body);
Result<std::string_view> ReadCopyFail(std::string_view body);
Result<SaslInitialResponse> ReadSaslInitialResponse(std::string_view body);

}  // namespace millrace::server::pgwire
