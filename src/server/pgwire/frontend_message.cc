#include "server/pgwire/frontend_message.h"

#include <fmt/format.h>

#include "server/pgwire/wire_reader.h"

namespace millrace::server::pgwire {

namespace {

std::unexpected<Error> Malformed(std::string_view message, std::string_view what) {
  return Fail(ErrorCode::kProtocolViolation, fmt::format("malformed {} message: {}", message, what));
}

Status ReadFormats(WireReader& reader, std::string_view what, std::vector<WireFormat>* formats) {
  formats->clear();
  const auto count = static_cast<uint16_t>(reader.Int16());
  if (reader.rest().size() < size_t{count} * 2)
    return Malformed("Bind", fmt::format("cut within its {} formats", what));
  for (uint16_t i = 0; i < count; ++i) {
    const int16_t format = reader.Int16();
    if (format != 0 && format != 1) {
      return Malformed("Bind", fmt::format("{} format {} is neither 0 (text) nor 1 (binary)", what, format));
    }
    formats->push_back(static_cast<WireFormat>(format));
  }
  return Ok();
}

// A body that is one zero-terminated string.
Result<std::string_view> ReadOneString(std::string_view name, std::string_view body) {
  WireReader reader(body);
  const std::string_view text = reader.CString();
  if (!reader.AtEnd()) return Malformed(name, "it is not one zero-terminated string");
  return text;
}

}  // namespace

WireFormat BindMessage::ParameterFormat(size_t i) const {
  if (parameter_formats.empty()) return WireFormat::kText;
  return parameter_formats.size() == 1 ? parameter_formats[0] : parameter_formats[i];
}

Status ReadParse(std::string_view body, ParseMessage* message) {
  WireReader reader(body);
  message->statement = reader.CString();
  message->text = reader.CString();
  const auto count = static_cast<uint16_t>(reader.Int16());
  if (!reader.ok()) return Malformed("Parse", "cut short");
  if (reader.rest().size() != size_t{count} * 4)
    return Malformed("Parse", "its parameter types do not fill it");
  message->parameter_oids.clear();
  for (uint16_t i = 0; i < count; ++i)
    message->parameter_oids.push_back(static_cast<uint32_t>(reader.Int32()));
  return Ok();
}

Status ReadBind(std::string_view body, BindMessage* message) {
  WireReader reader(body);
  message->portal = reader.CString();
  message->statement = reader.CString();
  if (!reader.ok()) return Malformed("Bind", "cut within its names");
  MR_TRY(ReadFormats(reader, "parameter", &message->parameter_formats));
  const auto count = static_cast<uint16_t>(reader.Int16());
  message->parameters.clear();
  for (uint16_t i = 0; i < count; ++i) {
    const int32_t length = reader.Int32();
    if (!reader.ok() || length < -1) return Malformed("Bind", "cut within its parameters");
    if (length == -1) {
      message->parameters.emplace_back(std::nullopt);
      continue;
    }
    const std::string_view bytes = reader.Bytes(static_cast<size_t>(length));
    if (!reader.ok())
      return Malformed("Bind", fmt::format("parameter ${} is longer than the message", i + 1));
    message->parameters.emplace_back(bytes);
  }
  const size_t formats = message->parameter_formats.size();
  if (formats > 1 && formats != count) {
    return Malformed("Bind", fmt::format("{} parameter formats for {} parameters", formats, count));
  }
  MR_TRY(ReadFormats(reader, "result", &message->result_formats));
  if (!reader.AtEnd()) return Malformed("Bind", "bytes behind its end");
  return Ok();
}

Result<ExecuteMessage> ReadExecute(std::string_view body) {
  WireReader reader(body);
  ExecuteMessage message;
  message.portal = reader.CString();
  message.row_limit = reader.Int32();
  if (!reader.AtEnd()) return Malformed("Execute", "it is not a name and a number");
  return message;
}

Result<NamedMessage> ReadNamed(MessageType type, std::string_view body) {
  const std::string_view name = type == MessageType::kDescribe ? "Describe" : "Close";
  WireReader reader(body);
  const char kind = reader.Byte();
  NamedMessage message;
  message.name = reader.CString();
  if (!reader.AtEnd()) return Malformed(name, "it is not a kind and a name");
  if (kind != 'S' && kind != 'P') return Malformed(name, "its kind is neither S (statement) nor P (portal)");
  message.is_portal = kind == 'P';
  return message;
}

Result<std::string_view> ReadQuery(std::string_view body) {
  return ReadOneString("Query", body);
}

Result<std::string_view> ReadCopyFail(std::string_view body) {
  return ReadOneString("CopyFail", body);
}

Result<SaslInitialResponse> ReadSaslInitialResponse(std::string_view body) {
  WireReader reader(body);
  SaslInitialResponse response;
  response.mechanism = reader.CString();
  const int32_t length = reader.Int32();
  if (!reader.ok() || length < -1) return Malformed("SASLInitialResponse", "cut short");
  if (length >= 0) response.data = reader.Bytes(static_cast<size_t>(length));
  if (!reader.AtEnd()) return Malformed("SASLInitialResponse", "its length is not that of its data");
  return response;
}

}  // namespace millrace::server::pgwire
