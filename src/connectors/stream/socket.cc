#include "connectors/stream/socket.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "connectors/stream/logged_source.h"
#include "connectors/stream/socket_client.h"
#include "connectors/stream/socket_listener.h"
#include "connectors/stream/stream_table.h"

namespace millrace::connectors {
namespace {

constexpr OptionSpec kOptions[] = {
    {.key = "hostname",
     .type = OptionType::kString,
     .default_text = "localhost",
     .doc = "the server to connect to; with 'mode' = 'listen' the address of this machine to listen on"},
    {.key = "port",
     .type = OptionType::kInteger,
     .required = true,
     .min = 0,
     .max = 65535,
     .doc = "the TCP port; with 'mode' = 'listen', 0 takes any free one"},
    {.key = "format",
     .type = OptionType::kString,
     .required = true,
     .doc = "json, csv, raw or grok, with the options of the format"},
    {.key = "byte-delimiter",
     .type = OptionType::kInteger,
     .default_text = "10",
     .min = 0,
     .max = 255,
     .doc = "the byte between two records; 10 is the line end"},
    {.key = "mode",
     .type = OptionType::kChoice,
     .default_text = "connect",
     .choices = "connect; listen",
     .doc = "connect to a server, or listen for clients, each of which is a partition; not in Flink"},
    {.key = "bounded",
     .type = OptionType::kBoolean,
     .default_text = "false",
     .doc = "the table ends when the server closes the connection (listening: when there was a client and "
            "none is "
            "left); not in Flink"},
    {.key = "connect.timeout",
     .type = OptionType::kDuration,
     .default_text = "1 s",
     .min = 1'000,
     .max = 60'000'000,
     .doc = "how long one attempt to connect may take; not in Flink"},
    {.key = "reconnect.delay",
     .type = OptionType::kDuration,
     .default_text = "100 ms",
     .min = 1'000,
     .doc = "the pause before connecting again; doubles with each attempt in vain; not in Flink"},
    {.key = "reconnect.max-delay",
     .type = OptionType::kDuration,
     .default_text = "10 s",
     .min = 1'000,
     .doc = "the longest pause before connecting again; not in Flink"},
};

bool Listens(const ParsedOptions& parsed) {
  return parsed.GetString("mode") == "listen";
}

// Lines are left to the format, which may know of line ends within a record (csv).
std::optional<char> Delimiter(const ParsedOptions& parsed) {
  const int64_t byte = parsed.GetInt("byte-delimiter");
  if (byte == '\n') return std::nullopt;
  return static_cast<char>(byte);
}

Status CheckMode(const ParsedOptions& parsed) {
  if (!Listens(parsed)) {
    if (parsed.GetInt("port") == 0) return BadOption("port", "0", "is no port to connect to");
    if (parsed.GetMicros("reconnect.delay") > parsed.GetMicros("reconnect.max-delay")) {
      return BadOption("reconnect.delay", parsed.GetString("reconnect.delay"),
                       "is longer than 'reconnect.max-delay'");
    }
    return {};
  }
  for (const std::string_view key : {"connect.timeout", "reconnect.delay", "reconnect.max-delay"}) {
    if (parsed.IsWritten(key)) {
      return BadOption(key, parsed.GetString(key), "does not apply with 'mode' = 'listen'");
    }
  }
  return {};
}

Result<TableTraits> DescribeSocket(const TableRequest& request) {
  MR_TRY(CheckMode(request.parsed));
  MR_TRY(CheckStreamFormat(request));
  TableTraits traits;
  traits.can_read = true;
  traits.reading =
      "exactly-once from receipt: what has been received is in the durable log before it is given on, and "
      "counts once; TCP does not tell a sender of it, so what was on its way at a crash is lost, or counts "
      "twice where the sender sends again what had arrived";
  traits.bounded = request.parsed.GetBool("bounded");
  for (const std::string_view key :
       {"mode", "bounded", "connect.timeout", "reconnect.delay", "reconnect.max-delay"}) {
    if (request.parsed.IsWritten(key)) {
      traits.warnings.push_back(fmt::format("option '{}' of socket is not portable to Flink", key));
    }
  }
  return traits;
}

Result<std::unique_ptr<Source>> MakeSocket(const TableRequest& request, const std::vector<bool>& needed,
                                           const SourceContext& context) {
  const ParsedOptions& parsed = request.parsed;
  MR_ASSIGN(StreamReading reading, MakeStreamReading(request, needed, *context.zone));
  const std::string& host = parsed.GetString("hostname");
  const auto port = static_cast<uint16_t>(parsed.GetInt("port"));
  if (Listens(parsed)) {
    MR_ASSIGN(auto listener, context.env->net->Listen(host, port));
    return KeepInLog(std::make_unique<SocketListenerSource>(std::move(reading), std::move(listener), host,
                                                            Delimiter(parsed), parsed.GetBool("bounded")),
                     context);
  }
  SocketClientConfig config;
  config.host = host;
  config.port = port;
  config.delimiter = Delimiter(parsed);
  config.bounded = parsed.GetBool("bounded");
  config.connect_timeout_micros = parsed.GetMicros("connect.timeout");
  config.reconnect_delay_micros = parsed.GetMicros("reconnect.delay");
  config.reconnect_delay_max_micros = parsed.GetMicros("reconnect.max-delay");
  return KeepInLog(std::make_unique<SocketClientSource>(*context.env, std::move(reading), std::move(config)),
                   context);
}

}  // namespace

const ConnectorType& SocketConnector() {
  static constexpr ConnectorType kType = {
      .options = {.connector = "socket", .specs = kOptions, .takes_format = true},
      .describe = DescribeSocket,
      .make_source = MakeSocket,
      .make_sink = nullptr,
  };
  return kType;
}

}  // namespace millrace::connectors
