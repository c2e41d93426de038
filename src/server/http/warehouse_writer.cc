#include "server/http/warehouse_writer.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"

namespace millrace::server::http {
namespace {

class WarehouseWriter final : public TableWriter {
 public:
  WarehouseWriter(dataflow::Warehouse* warehouse, std::shared_ptr<dataflow::Ingest> ingest,
                  data::Schema schema, formats::Options options, const data::TimeZone& zone)
      : warehouse_(*warehouse),
        ingest_(std::move(ingest)),
        schema_(std::move(schema)),
        options_(std::move(options)),
        zone_(zone) {}

  const std::string& name() const override { return ingest_->table(); }
  const data::Schema& schema() const override { return schema_; }
  const formats::Options& options() const override { return options_; }
  const data::TimeZone& zone() const override { return zone_; }
  Result<size_t> TryPush(std::span<data::Batch> batches, const Wake& wake,
                         const connectors::PushReceiptPtr& receipt) override {
    return ingest_->TryPush(batches, wake, receipt);
  }
  bool is_durable() const override { return ingest_->is_durable(); }
  Result<bool> TryPushOnce(std::span<data::Batch> batches, const std::string& key, const Wake& wake,
                           const connectors::PushReceiptPtr& receipt) override {
    return ingest_->TryPushOnce(batches, key, wake, receipt);
  }
  void Reject(const connectors::MalformedRecord& record, const Error& reason) override {
    warehouse_.side_tables().Malformed(ingest_->table(), record, reason);
  }
  void WhenVisible(Wake done) override { warehouse_.WhenVisible(std::move(done)); }

 private:
  dataflow::Warehouse& warehouse_;
  const std::shared_ptr<dataflow::Ingest> ingest_;
  const data::Schema schema_;
  const formats::Options options_;
  const data::TimeZone& zone_;
};

// The columns that a writer gives. Those of the key take no NULL, so a record without one is wrong by itself.
data::Schema WrittenColumns(const catalog::TableDefinition& table, const data::Schema& physical) {
  std::vector<data::Field> fields = physical.fields();
  for (const int key : table.primary_key) {
    const int column = physical.Find(table.columns[key].name);
    MR_CHECK_GE(column, 0);
    fields[column].type = fields[column].type.NotNull();
  }
  return data::Schema(std::move(fields));
}

}  // namespace

Result<std::unique_ptr<TableWriter>> OpenWarehouseTable(dataflow::Warehouse* warehouse,
                                                        const catalog::TableDefinition& table,
                                                        const data::TimeZone& zone) {
  if (!table.connector().empty() && table.connector() != "http") {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("table '{}' has the connector '{}', to which rows are not posted",
                            table.name.ToString(), table.connector()),
                "tables without a connector and those with 'connector' = 'http' take rows");
  }
  MR_ASSIGN(std::shared_ptr<dataflow::Ingest> ingest, warehouse->OpenIngest(table.name.ToString()));
  formats::Options options;
  for (const catalog::TableOption& option : table.options) options[option.key] = option.value;
  data::Schema schema = WrittenColumns(table, ingest->schema());
  return std::make_unique<WarehouseWriter>(warehouse, std::move(ingest), std::move(schema),
                                           std::move(options), zone);
}

}  // namespace millrace::server::http
