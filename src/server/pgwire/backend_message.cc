#include "server/pgwire/backend_message.h"

#include "server/pgwire/startup_packet.h"
#include "server/pgwire/wire_type.h"

namespace millrace::server::pgwire {

namespace {

enum Authentication : int32_t { kOk = 0, kSasl = 10, kSaslContinue = 11, kSaslFinal = 12 };

// Messages of their type alone.
void WriteBare(char type, OutputBuffer* out) {
  out->EndMessage(out->BeginMessage(type));
}

void WriteAuthenticationData(Authentication kind, std::string_view data, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('R');
  out->Int32(kind);
  out->Bytes(data);
  out->EndMessage(begin);
}

std::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "ERROR";
    case Severity::kFatal:
      return "FATAL";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kNotice:
      return "NOTICE";
  }
  return "ERROR";
}

void WriteField(char kind, std::string_view text, OutputBuffer* out) {
  out->Byte(kind);
  out->CString(text);
}

}  // namespace

void WriteAuthenticationOk(OutputBuffer* out) {
  WriteAuthenticationData(kOk, {}, out);
}

void WriteAuthenticationSasl(std::span<const std::string_view> mechanisms, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('R');
  out->Int32(kSasl);
  for (const std::string_view mechanism : mechanisms) out->CString(mechanism);
  out->Byte('\0');
  out->EndMessage(begin);
}

void WriteAuthenticationSaslContinue(std::string_view data, OutputBuffer* out) {
  WriteAuthenticationData(kSaslContinue, data, out);
}

void WriteAuthenticationSaslFinal(std::string_view data, OutputBuffer* out) {
  WriteAuthenticationData(kSaslFinal, data, out);
}

void WriteNegotiateProtocolVersion(std::span<const std::string> options, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('v');
  out->Int32(kProtocol30);
  out->Int32(static_cast<int32_t>(options.size()));
  for (const std::string& option : options) out->CString(option);
  out->EndMessage(begin);
}

void WriteBackendKeyData(int32_t process_id, int32_t secret_key, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('K');
  out->Int32(process_id);
  out->Int32(secret_key);
  out->EndMessage(begin);
}

void WriteParameterStatus(std::string_view name, std::string_view value, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('S');
  out->CString(name);
  out->CString(value);
  out->EndMessage(begin);
}

void WriteReadyForQuery(char status, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('Z');
  out->Byte(status);
  out->EndMessage(begin);
}

void WriteError(Severity severity, const Error& error, size_t position, OutputBuffer* out,
                std::string_view routine) {
  const size_t begin = out->BeginMessage('E');
  WriteField('S', NameOf(severity), out);
  WriteField('V', NameOf(severity), out);
  WriteField('C', SqlState(error.code()), out);
  WriteField('M', error.message(), out);
  if (!error.hint().empty()) WriteField('H', error.hint(), out);
  if (position > 0) WriteField('P', std::to_string(position), out);
  if (!routine.empty()) WriteField('R', routine, out);
  out->Byte('\0');
  out->EndMessage(begin);
}

void WriteNotice(Severity severity, std::string_view sqlstate, std::string_view message, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('N');
  WriteField('S', NameOf(severity), out);
  WriteField('V', NameOf(severity), out);
  WriteField('C', sqlstate, out);
  WriteField('M', message, out);
  out->Byte('\0');
  out->EndMessage(begin);
}

void WriteParseComplete(OutputBuffer* out) {
  WriteBare('1', out);
}
void WriteBindComplete(OutputBuffer* out) {
  WriteBare('2', out);
}
void WriteCloseComplete(OutputBuffer* out) {
  WriteBare('3', out);
}
void WriteNoData(OutputBuffer* out) {
  WriteBare('n', out);
}
void WriteEmptyQueryResponse(OutputBuffer* out) {
  WriteBare('I', out);
}
void WritePortalSuspended(OutputBuffer* out) {
  WriteBare('s', out);
}
void WriteCopyDone(OutputBuffer* out) {
  WriteBare('c', out);
}

void WriteCommandComplete(std::string_view tag, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('C');
  out->CString(tag);
  out->EndMessage(begin);
}

void WriteParameterDescription(std::span<const uint32_t> oids, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('t');
  out->Int16(static_cast<int16_t>(oids.size()));
  for (const uint32_t oid : oids) out->Int32(static_cast<int32_t>(oid));
  out->EndMessage(begin);
}

void WriteRowDescription(const data::Schema& schema, std::span<const WireFormat> formats, OutputBuffer* out) {
  const size_t begin = out->BeginMessage('T');
  out->Int16(static_cast<int16_t>(schema.size()));
  for (size_t i = 0; i < schema.size(); ++i) {
    const WireType type = WireTypeOf(schema[i].type);
    const WireFormat format = formats.empty() ? WireFormat::kText : formats[formats.size() == 1 ? 0 : i];
    out->CString(schema[i].name);
    out->Int32(0);  // no table, and no column of one
    out->Int16(0);
    out->Int32(static_cast<int32_t>(type.oid));
    out->Int16(type.size);
    out->Int32(type.modifier);
    out->Int16(static_cast<int16_t>(format));
  }
  out->EndMessage(begin);
}

void WriteCopyResponse(bool is_in, WireFormat format, size_t columns, OutputBuffer* out) {
  const size_t begin = out->BeginMessage(is_in ? 'G' : 'H');
  out->Byte(static_cast<char>(format));
  out->Int16(static_cast<int16_t>(columns));
  for (size_t i = 0; i < columns; ++i) out->Int16(static_cast<int16_t>(format));
  out->EndMessage(begin);
}

size_t PositionOf(SourceLocation location, std::string_view text) {
  if (!location.IsKnown()) return 0;
  size_t position = 1;
  uint32_t line = 1;
  uint32_t column = 1;
  for (const char c : text) {
    if (line == location.line && column == location.column) return position;
    const bool begins_next = (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // counted at its first byte
    if (c == '\n') {
      ++line;
      column = 1;
      ++position;
    } else if (begins_next) {
      ++column;
      ++position;
    }
  }
  return line == location.line && column == location.column ? position : 0;
}

}  // namespace millrace::server::pgwire
