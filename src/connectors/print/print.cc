#include "connectors/print/print.h"

#include <string>
#include <utility>

#include "connectors/print/print_output.h"
#include "connectors/print/print_text.h"

namespace millrace::connectors {
namespace {

constexpr OptionSpec kOptions[] = {
    {.key = "print-identifier",
     .type = OptionType::kString,
     .doc = "text before each row: \"identifier> +I[…]\""},
    {.key = "standard-error",
     .type = OptionType::kBoolean,
     .default_text = "false",
     .doc = "print to standard error instead of standard output"},
    {.key = "sink.parallelism",
     .type = OptionType::kInteger,
     .min = 1,
     .max = 1,
     .doc = "rows are printed by one task; only 1 is possible"},
};

class PrintSink final : public Sink {
 public:
  PrintSink(PrintOutput& output, std::string prefix) : output_(output), prefix_(std::move(prefix)) {}

  Status Write(const data::Batch& batch) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      lines_.append(prefix_);
      AppendPrintedRow(batch, row, &lines_);
      lines_.push_back('\n');
    }
    const Status status = output_.Write(lines_);
    lines_.clear();
    return status;
  }
  Status Flush(uint64_t) override { return {}; }
  Status Close() override { return {}; }

 private:
  PrintOutput& output_;
  const std::string prefix_;
  std::string lines_;
};

Result<TableTraits> DescribePrint(const TableRequest&) {
  TableTraits traits;
  traits.can_write = true;
  traits.accepts = ChangelogMode::kRetract;
  traits.delivery = "at-least-once: after a crash, rows since the last checkpoint are printed again";
  return traits;
}

Result<std::unique_ptr<Sink>> MakePrint(const TableRequest& request, const SinkContext& context) {
  PrintOutput* output =
      request.parsed.GetBool("standard-error") ? context.standard_error : context.standard_output;
  MR_CHECK(output != nullptr);
  std::string prefix;
  if (request.parsed.Has("print-identifier")) prefix = request.parsed.GetString("print-identifier");
  if (!prefix.empty()) prefix += "> ";
  return std::make_unique<PrintSink>(*output, std::move(prefix));
}

}  // namespace

const ConnectorType& PrintConnector() {
  static constexpr ConnectorType kType = {
      .options = {.connector = "print", .specs = kOptions},
      .describe = DescribePrint,
      .make_source = nullptr,
      .make_sink = MakePrint,
  };
  return kType;
}

}  // namespace millrace::connectors
