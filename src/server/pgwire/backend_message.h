// The messages that the server sends, appended to an OutputBuffer. Rows are row_encoder.h's.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/schema.h"
#include "server/pgwire/frontend_message.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

enum class Severity : uint8_t { kError, kFatal, kWarning, kNotice };

void WriteAuthenticationOk(OutputBuffer* out);
void WriteAuthenticationSasl(std::span<const std::string_view> mechanisms, OutputBuffer* out);
void WriteAuthenticationSaslContinue(std::string_view data, OutputBuffer* out);
void WriteAuthenticationSaslFinal(std::string_view data, OutputBuffer* out);
// We speak 3.0; `options` are those that the client named and nobody knows.
void WriteNegotiateProtocolVersion(std::span<const std::string> options, OutputBuffer* out);
void WriteBackendKeyData(int32_t process_id, int32_t secret_key, OutputBuffer* out);
void WriteParameterStatus(std::string_view name, std::string_view value, OutputBuffer* out);
// `status`: 'I' idle, 'T' in a transaction block, 'E' in a failed one.
void WriteReadyForQuery(char status, OutputBuffer* out);

// `position`: of the error in the statement's text, in characters from 1; 0: none. `routine`: the function of
// PostgreSQL that would have found it, for errors that drivers know by it.
void WriteError(Severity severity, const Error& error, size_t position, OutputBuffer* out,
                std::string_view routine = {});
void WriteNotice(Severity severity, std::string_view sqlstate, std::string_view message, OutputBuffer* out);

void WriteParseComplete(OutputBuffer* out);
void WriteBindComplete(OutputBuffer* out);
void WriteCloseComplete(OutputBuffer* out);
void WriteNoData(OutputBuffer* out);
void WriteEmptyQueryResponse(OutputBuffer* out);
void WritePortalSuspended(OutputBuffer* out);
void WriteCommandComplete(std::string_view tag, OutputBuffer* out);
void WriteParameterDescription(std::span<const uint32_t> oids, OutputBuffer* out);
// `formats`: none: all text; one: for all; otherwise one a column.
void WriteRowDescription(const data::Schema& schema, std::span<const WireFormat> formats, OutputBuffer* out);
// CopyInResponse (is_in) or CopyOutResponse.
void WriteCopyResponse(bool is_in, WireFormat format, size_t columns, OutputBuffer* out);
void WriteCopyDone(OutputBuffer* out);

// Where in `text` a place is, in characters from 1; 0 if it is unknown or not within the text.
size_t PositionOf(SourceLocation location, std::string_view text);

}  // namespace millrace::server::pgwire
