#include "server/instance_backend.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <utility>

#include "data/text.h"
#include "server/auth/scram.h"
#include "server/http/warehouse_writer.h"
#include "server/pgwire/json_decoder.h"
#include "server/pgwire/value_decoder.h"
#include "server/process_metrics.h"
#include "session/session.h"
#include "sql/statement.h"

namespace millrace::server {
namespace {

constexpr size_t kTokenBytes = 32;

std::string Sha256(std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

// "orders", "ods.orders", "default_catalog.ods.orders": no quotes, for a URL has its own.
sql::QualifiedName NameOf(std::string_view text) {
  sql::QualifiedName name;
  while (true) {
    const size_t dot = text.find('.');
    name.parts.push_back({std::string(text.substr(0, dot)), {}, true});
    if (dot == std::string_view::npos) return name;
    text.remove_prefix(dot + 1);
  }
}

// A text as a value of a parameter's type; what is not a scalar is JSON.
Result<data::Value> ParameterValue(const http::Parameter& text, const data::DataType& type,
                                   const data::TimeZone& zone, size_t number) {
  if (!text.has_value()) return data::Value::Null();
  if (type.IsCharacter()) return data::Value::String(*text);
  auto column = data::Column::Make(type, 1);
  Status parsed = type.IsNested() ? pgwire::DecodeJson(*text, type, zone, column.get())
                  : type.kind() == data::TypeKind::kInterval
                      ? pgwire::DecodeText(*text, type, zone, column.get())
                      : data::AppendParsed(*text, type, zone, column.get());
  if (!parsed.has_value())
    return std::unexpected(parsed.error().Within(fmt::format("parameter ${}", number)));
  return column->GetValue(0);
}

class Client final : public http::SqlClient {
 public:
  Client(session::Instance* instance, session::SessionOptions options)
      : session_(instance, std::move(options)) {}
  Status Start() { return session_.Start(); }

  Result<http::SqlResult> Execute(const http::SqlStatement& statement) override {
    std::vector<std::optional<data::DataType>> types(statement.types.begin(), statement.types.end());
    MR_ASSIGN(const session::PreparedPtr prepared, session_.Prepare(statement.text, std::move(types)));
    if (statement.parameters.size() != prepared->parameters.size()) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("the statement has {} parameters, {} were given", prepared->parameters.size(),
                              statement.parameters.size()));
    }
    std::vector<data::Value> values;
    for (size_t i = 0; i < statement.parameters.size(); ++i) {
      MR_ASSIGN(data::Value value,
                ParameterValue(statement.parameters[i], prepared->parameters[i], session_.zone(), i + 1));
      values.push_back(std::move(value));
    }
    MR_ASSIGN(session::Outcome outcome, session_.Open(prepared, values));
    if (outcome.copy.has_value() || outcome.copy_in != nullptr) {
      return Fail(ErrorCode::kNotSupported, "COPY is for PostgreSQL's protocol",
                  "GET /v1/views/<name>?format=csv reads, POST /v1/tables/<name> writes");
    }
    http::SqlResult result;
    result.tag = std::move(outcome.tag);
    result.counts_rows = outcome.counts_rows;
    result.warnings = std::move(outcome.warnings);
    result.zone = &session_.zone();
    result.rows = std::move(outcome.rows);
    return result;
  }
  void Cancel() override { session_.Cancel(); }
  int64_t time_micros_max() const override { return session_.statement_timeout_micros(); }

 private:
  session::Session session_;
};

}  // namespace

Result<session::NewToken> MakeToken() {
  MR_ASSIGN(const std::string bytes, auth::RandomBytes(kTokenBytes));
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text = "mr_";
  uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text += kLetters[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += kLetters[(bits << (6 - count)) & 63];
  return session::NewToken{text, Sha256(text)};
}

Result<http::Caller> InstanceBackend::Authenticate(const std::optional<std::string>& token,
                                                   const http::Peer& peer) {
  if (token.has_value()) {
    const int64_t now = instance_.env().clock->NowMicros();
    MR_ASSIGN(const catalog::RolePtr role, instance_.roles().FindToken(Sha256(*token), now));
    return http::Caller{role->name, false};
  }
  if (trust_loopback_ && peer.is_loopback) return http::Caller{trusted_role_, true};
  return Fail(ErrorCode::kInvalidAuthorization, "a bearer token is needed",
              "CREATE TOKEN name FOR ROLE r makes one; send it as 'Authorization: Bearer <token>'");
}

Result<catalog::EntryPtr> InstanceBackend::Find(const http::Caller& caller, std::string_view name,
                                                catalog::Privilege privilege) const {
  const session::CatalogVersionPtr version = instance_.catalog();
  MR_ASSIGN(catalog::EntryPtr entry, version->catalog.Resolve(NameOf(name), catalog::kDefaultSchema));
  MR_TRY(instance_.roles().Check(caller.role, privilege, catalog::Securable::Table(entry->name)));
  return entry;
}

Result<std::unique_ptr<http::TableWriter>> InstanceBackend::OpenTable(const http::Caller& caller,
                                                                      std::string_view name) {
  MR_ASSIGN(const catalog::EntryPtr entry, Find(caller, name, catalog::Privilege::kInsert));
  if (entry->kind != catalog::EntryKind::kTable) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("'{}' is a {}: rows go into tables", name, catalog::EntryKindName(entry->kind)));
  }
  catalog::Settings settings;
  for (const auto& [key, value] : instance_.options().settings) MR_TRY(settings.Set(key, value));
  MR_ASSIGN(const data::TimeZone* const zone, data::TimeZone::Find(settings.time_zone()));
  return http::OpenWarehouseTable(&instance_.warehouse(), *entry->table, *zone);
}

Result<http::Relation> InstanceBackend::Describe(const http::Caller& caller, std::string_view name) {
  MR_ASSIGN(const catalog::EntryPtr entry, Find(caller, name, catalog::Privilege::kSelect));
  return http::Relation{entry->name.schema, entry->name.name, entry->schema};
}

Result<std::unique_ptr<http::SqlClient>> InstanceBackend::OpenClient(const http::Caller& caller) {
  session::SessionOptions options;
  options.role = caller.role;
  options.database = "millrace";
  auto client = std::make_unique<Client>(&instance_, std::move(options));
  MR_TRY(client->Start());
  return client;
}

void InstanceBackend::CollectMetrics() {
  if (instance_.options().metrics == nullptr) return;
  instance_.warehouse().CollectMetrics();
  CollectProcessMetrics(instance_.options().metrics);
}

Status InstanceBackend::Ready() {
  if (!started_.load()) return Fail(ErrorCode::kCannotConnectNow, "the statements of the start are running");
  for (const auto& job : instance_.warehouse().jobs()) {
    MutexLock lock(job->mutex);
    // One whose failure somebody was told of, who waited for it, says nothing of the others.
    if (job->error.has_value() && !job->error_told) {
      return std::unexpected(job->error->Within(fmt::format("job '{}' has failed", job->name)));
    }
  }
  return {};
}

}  // namespace millrace::server
