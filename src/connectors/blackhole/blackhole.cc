#include "connectors/blackhole/blackhole.h"

namespace millrace::connectors {
namespace {

class BlackholeSink final : public Sink {
 public:
  Status Write(const data::Batch&) override { return {}; }
  Status Flush(uint64_t) override { return {}; }
  Status Close() override { return {}; }
};

Result<TableTraits> DescribeBlackhole(const TableRequest&) {
  TableTraits traits;
  traits.can_write = true;
  traits.accepts = ChangelogMode::kRetract;
  traits.delivery = "none: rows are dropped";
  return traits;
}

Result<std::unique_ptr<Sink>> MakeBlackhole(const TableRequest&, const SinkContext&) {
  return std::make_unique<BlackholeSink>();
}

}  // namespace

const ConnectorType& BlackholeConnector() {
  static constexpr ConnectorType kType = {
      .options = {.connector = "blackhole", .specs = {}},
      .describe = DescribeBlackhole,
      .make_source = nullptr,
      .make_sink = MakeBlackhole,
  };
  return kType;
}

}  // namespace millrace::connectors
