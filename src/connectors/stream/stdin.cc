#include "connectors/stream/stdin.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <utility>

#include "connectors/stream/logged_source.h"
#include "connectors/stream/record_stream.h"
#include "connectors/stream/stream_table.h"

namespace millrace::connectors {
namespace {

constexpr OptionSpec kOptions[] = {
    {.key = "format",
     .type = OptionType::kString,
     .required = true,
     .doc = "json, csv, raw or grok, with the options of the format"},
};

class StdinSource final : public Source {
 public:
  StdinSource(StreamReading reading, std::unique_ptr<env::ByteStream> input)
      : reading_(std::move(reading)), input_(std::move(input)) {
    Restart(0);
  }

  const data::Schema& schema() const override { return reading_.forwarder->schema(); }
  bool bounded() const override { return true; }

  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override {
    reading_.forwarder->SetSink(&sink);
    int64_t timeout_ms = WaitMillis(limits.wait_micros_max);
    while (reading_.forwarder->rows() < limits.rows_max) {
      if (ended_) return ReadStatus::End();
      MR_ASSIGN(const StreamRead read, stream_->ReadOnce(*input_, timeout_ms));
      if (read.broken) return std::unexpected(*read.broken);
      if (read.outcome.TimedOut()) return ReadStatus::Idle(kRetryMicros);
      if (read.outcome.AtEnd()) {
        ended_ = true;
        MR_TRY(stream_->Finish());
      }
      timeout_ms = 0;
    }
    return ReadStatus::More();
  }

  std::string Position() const override { return std::to_string(stream_->offset()); }

  Status Seek(std::string_view position) override {
    uint64_t offset = 0;
    const auto [end, error] = std::from_chars(position.data(), position.data() + position.size(), offset);
    if (error != std::errc() || end != position.data() + position.size()) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("'{}' is no position in standard input", position));
    }
    Restart(offset);
    return {};
  }

  SourceProgress Progress() const override {
    return {stream_->bytes_read(), std::nullopt, fmt::format("byte {}", stream_->offset())};
  }

 private:
  static constexpr int64_t kRetryMicros = 2'000;

  void Restart(uint64_t offset) {
    const RecordStream::Config config{reading_.decoder.get(), reading_.forwarder.get(), std::nullopt};
    stream_ = std::make_unique<RecordStream>(config, 0, "stdin", offset);
  }

  const StreamReading reading_;
  const std::unique_ptr<env::ByteStream> input_;
  std::unique_ptr<RecordStream> stream_;
  bool ended_ = false;
};

Result<TableTraits> DescribeStdin(const TableRequest& request) {
  MR_TRY(CheckStreamFormat(request));
  TableTraits traits;
  traits.can_read = true;
  traits.reading =
      "exactly-once from receipt: what has been read is in the durable log before it is given on, and counts "
      "once; what the process had not read of standard input at a crash is not read again";
  traits.bounded = true;
  traits.warnings.push_back("connector 'stdin' is not portable to Flink");
  return traits;
}

Result<std::unique_ptr<Source>> MakeStdin(const TableRequest& request, const std::vector<bool>& needed,
                                          const SourceContext& context) {
  MR_ASSIGN(StreamReading reading, MakeStreamReading(request, needed, *context.zone));
  return KeepInLog(std::make_unique<StdinSource>(std::move(reading), context.env->files->StandardInput()),
                   context);
}

}  // namespace

const ConnectorType& StdinConnector() {
  static constexpr ConnectorType kType = {
      .options = {.connector = "stdin", .specs = kOptions, .takes_format = true},
      .describe = DescribeStdin,
      .make_source = MakeStdin,
      .make_sink = nullptr,
  };
  return kType;
}

}  // namespace millrace::connectors
