// Response: the answer to one request; and BodyStream, for an answer that is made piece by piece.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/http/request.h"

namespace millrace::server::http {

// Told once, from any thread, that something which had to wait may go on.
using Wake = std::function<void()>;

// The body of an answer that is sent as it is made. Owned by the connection; one thread at a time.
class BodyStream {
 public:
  enum class Step : uint8_t { kMore, kLater, kEnd };

  virtual ~BodyStream() = default;
  // Appends the next piece (about kAnswerPieceBytes). kLater: nothing more now, `wake` will be called. An
  // error cuts the answer off, so that the client does not take it for whole.
  virtual Result<Step> Produce(std::string* out, const Wake& wake) = 0;
  // Whether Produce may wait, and so needs a thread of its own.
  virtual bool blocks() const { return false; }
  // Ends Produce early: the client has gone. Any thread.
  virtual void Cancel() {}
  // What is sent when there was nothing to send for HttpLimits::heartbeat_micros; empty: nothing is, and the
  // answer counts as one that must end within HttpLimits::request_micros.
  virtual std::string_view heartbeat() const { return {}; }
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<Header> headers;
  std::string body;
  std::unique_ptr<BodyStream> stream;  // when set: what comes behind `body`
  bool close = false;                  // the connection ends with this answer
};

// Why a request cannot be answered in the ordinary way.
struct HttpFailure {
  int status = 400;
  Error error;
};

// "Not Found"; "" for a status that this server does not send.
std::string_view ReasonOf(int status);
// The status that says best what an error means to a client.
int StatusOf(const Error& error);

// {"error":{"code":"42P01","message":"…","hint":"…","line":1,"column":15}}; members that say nothing are
// left out.
void AppendErrorJson(const Error& error, std::string* out);
Response ErrorResponse(int status, const Error& error);
inline Response ErrorResponse(const Error& error) {
  return ErrorResponse(StatusOf(error), error);
}
Response JsonResponse(int status, std::string body);

// The status line and header fields with the empty line. `length`: of the body; nullopt: unknown, and the
// body is chunked if `chunked`, or ends with the connection.
std::string SerializeHead(const Response& response, int64_t now_micros, std::optional<uint64_t> length,
                          bool chunked, bool keep_alive);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110).
std::string HttpDate(int64_t now_micros);

}  // namespace millrace::server::http
