// Any bytes on a connection are answered or refused, whole or in any pieces, and never take more than they
// may.
//
// The first byte says how the rest is cut into pieces and whether tables, statements and views have room and
// rows at once; then come the bytes, as a client sends them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/fake_backend.h"

namespace {

namespace http = millrace::server::http;
using millrace::data::DataType;

millrace::data::Schema TableSchema() {
  return millrace::data::Schema({{"a", DataType::BigInt()},
                                 {"b", DataType::String()},
                                 {"c", DataType::Decimal(10, 2)},
                                 {"d", DataType::Timestamp(3)}});
}

http::HttpLimits SmallLimits() {
  http::HttpLimits limits;
  limits.header_bytes = 4096;
  limits.header_fields = 32;
  limits.table_body_bytes = 1 << 20;
  limits.sql_body_bytes = 1 << 16;
  limits.unpack_free_bytes = 1 << 16;
  return limits;
}

void FillBackend(http::FakeBackend* backend, bool has_room) {
  backend->AddTable("t", TableSchema()).AllowBatches(has_room ? SIZE_MAX : 1);
  backend->AddTable("public.own", TableSchema(), {{"format", "csv"}, {"csv.field-delimiter", "|"}});
  backend->AddTable("public.raw", millrace::data::Schema({{"line", DataType::String()}}),
                    {{"format", "raw"}});
  backend->relations = {{"public", "v", TableSchema()}};
  backend->on_execute = [](const http::SqlStatement& statement) -> millrace::Result<http::SqlResult> {
    if (statement.text.size() % 3 == 0) {
      return millrace::Fail(millrace::ErrorCode::kSyntaxError, statement.text.substr(0, 100));
    }
    http::SqlResult result;
    result.tag = "SELECT";
    result.counts_rows = true;
    if (statement.text.size() % 3 == 1) return result;
    const bool is_subscription = statement.text.starts_with("SUBSCRIBE");
    millrace::data::Schema schema({{"mr_epoch", DataType::BigInt()}, {"mr_op", DataType::String()}});
    auto rows = std::make_unique<http::FakeRows>(schema, std::vector<millrace::data::Batch>());
    rows->is_open = is_subscription;
    result.rows = std::move(rows);
    return result;
  };
}

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t choice = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  http::MemoryClient client(SmallLimits());
  FillBackend(&client.backend, (choice & 1) != 0);
  client.Open();
  constexpr size_t kPieces[] = {SIZE_MAX, 1, 3, 64};
  client.Send(bytes, kPieces[choice >> 1 & 3]);
  // Time passes until nothing is expected any more.
  for (int i = 0; i < 4 && !client.connection->is_closed(); ++i) {
    client.Advance(30'000'000);
    if (client.received.size() > (size_t{64} << 20)) std::abort();
  }
  const std::string& answer = client.received;
  Check(answer.empty() || answer.starts_with("HTTP/1.1 "));
  if (!client.connection->is_closed()) client.connection->ReceivedEnd();
  client.connection->Abandon();
  Check(client.connection->is_closed());
  client.connection.reset();
  Check(client.backend.open_clients == 0);
  return 0;
}
