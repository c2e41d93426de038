#include "session/start_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "catalog/parameters.h"
#include "session/script.h"
#include "sql/parser.h"
#include "sql/server_statement.h"
#include "sql/statement.h"

namespace millrace::session {
namespace {

class StartPlanner {
 public:
  explicit StartPlanner(Instance* instance)
      : durable_(*instance->durable()),
        catalog_(instance->catalog()->catalog),
        roles_(instance->roles().snapshot()) {
    catalog_.SetCurrentSchema(std::string(catalog::kDefaultSchema));
    for (StatementRecord& record : durable_.records()) {
      if (record.kind == StatementRecord::Kind::kJob) jobs_.push_back(std::move(record));
    }
  }

  // Why the statement need not run; empty: it is to be run.
  Result<std::string> Look(std::string_view text) {
    // One that is not understood fails when it runs, and says why.
    const Result<sql::StatementPtr> parsed = sql::ParseStatement(text);
    if (!parsed.has_value()) return std::string();
    const sql::Statement& statement = **parsed;
    text_ = text.substr(statement.range.begin, statement.range.end - statement.range.begin);
    switch (statement.kind) {
      case sql::StatementKind::kUse: {
        const auto& use = statement.As<sql::UseStatement>();
        if (!use.is_catalog) SetSchema(use.name.Last().text);
        return std::string();
      }
      case sql::StatementKind::kSetParameter:
        SetSearchPath(statement.As<sql::SetParameterStatement>());
        return std::string();
      case sql::StatementKind::kDrop:
        Drop(statement.As<sql::DropStatement>());
        return std::string();
      case sql::StatementKind::kCreateTable: {
        const auto& create = statement.As<sql::CreateTableStatement>();
        return Object(create.name, create.if_not_exists, create.or_replace);
      }
      case sql::StatementKind::kCreateView: {
        const auto& create = statement.As<sql::CreateViewStatement>();
        return Object(create.name, create.if_not_exists, create.or_replace);
      }
      case sql::StatementKind::kCreateMaterializedView: {
        const auto& create = statement.As<sql::CreateMaterializedViewStatement>();
        return Object(create.name, create.if_not_exists, create.or_replace);
      }
      case sql::StatementKind::kCreateSchema:
        return Schema(statement.As<sql::CreateSchemaStatement>());
      case sql::StatementKind::kInsert:
      case sql::StatementKind::kStatementSet:
        return Job();
      case sql::StatementKind::kCreateRole: {
        const std::string& role = statement.As<sql::CreateRoleStatement>().name.text;
        if (roles_->Find(role) == nullptr) return std::string();
        return fmt::format("role '{}' is there already", role);
      }
      case sql::StatementKind::kCreateToken: {
        const std::string& name = statement.As<sql::CreateTokenStatement>().name.text;
        const std::vector<catalog::Token> tokens = roles_->Tokens();
        if (std::ranges::find(tokens, name, &catalog::Token::name) == tokens.end()) return std::string();
        return fmt::format("token '{}' is there already", name);
      }
      default:
        return std::string();
    }
  }

 private:
  bool IsSame(const StatementRecord& record) const {
    return record.current_schema == catalog_.current_schema() &&
           NormalStatement(record.text) == NormalStatement(text_);
  }

  void SetSchema(const std::string& name) {
    catalog_.SetCurrentSchema(name == catalog::kDefaultDatabase ? std::string(catalog::kDefaultSchema)
                                                                : name);
  }

  // As a session does, but for schemas that the files are still to make.
  void SetSearchPath(const sql::SetParameterStatement& statement) {
    if (catalog::Parameters::CanonicalName(statement.name.text) != "search_path") return;
    for (const sql::ParameterValue& value : statement.values) {
      for (const catalog::SchemaInfo& schema : catalog_.Schemas()) {
        if (schema.name == value.text) return SetSchema(value.text);
      }
    }
  }

  void Drop(const sql::DropStatement& statement) {
    if (statement.object == sql::ObjectKind::kSchema) {
      dropped_schemas_.insert(statement.name.Last().text);
    } else if (const auto name = catalog_.Qualify(statement.name, catalog_.current_schema())) {
      dropped_.insert(*name);
    }
  }

  Result<std::string> Object(const sql::QualifiedName& written, bool if_not_exists, bool or_replace) {
    const Result<catalog::ObjectName> name = catalog_.Qualify(written, catalog_.current_schema());
    if (!name.has_value()) return std::string();
    const catalog::EntryPtr entry = catalog_.Find(*name);
    if (entry == nullptr || dropped_.contains(*name) || dropped_schemas_.contains(name->schema)) {
      return std::string();
    }
    const std::string described =
        fmt::format("{} '{}'", catalog::EntryKindName(entry->kind), name->ToString());
    const std::optional<StatementRecord> record = durable_.Find(*name);
    if (record.has_value() && IsSame(*record)) return described + " is there already";
    if (or_replace) return std::string();
    if (if_not_exists) return described + " is there already, with another definition";
    return Fail(ErrorCode::kDuplicateTable, described + " is there with another definition",
                entry->kind == catalog::EntryKind::kTable
                    ? "start without this file and DROP it; or make the file say what is there"
                    : "write CREATE OR REPLACE; or start without this file and DROP it",
                written.location());
  }

  Result<std::string> Schema(const sql::CreateSchemaStatement& statement) {
    const std::string& name = statement.name.Last().text;
    const std::vector<catalog::SchemaInfo> schemas = catalog_.Schemas();
    const auto found = std::ranges::find(schemas, name, &catalog::SchemaInfo::name);
    if (found == schemas.end() || dropped_schemas_.contains(name)) {
      static_cast<void>(catalog_.CreateSchema(statement.name, true, ""));
      return std::string();
    }
    const std::optional<StatementRecord> record = durable_.Find({name, ""});
    if (statement.if_not_exists || (record.has_value() && IsSame(*record))) {
      return fmt::format("schema '{}' is there already", name);
    }
    return Fail(ErrorCode::kDuplicateObject,
                fmt::format("schema '{}' is there with another definition", name),
                "write IF NOT EXISTS; or make the file say what is there", statement.name.location());
  }

  // A job that is there stands for one statement.
  Result<std::string> Job() {
    const auto found = std::ranges::find_if(jobs_, [&](const StatementRecord& job) { return IsSame(job); });
    if (found == jobs_.end()) return std::string();
    std::string why;
    switch (found->state) {
      case StatementRecord::State::kActive:
        why = found->Describe() + " runs already";
        break;
      case StatementRecord::State::kFailed:
        why = found->Describe() + " has failed before; run it from a client to try it again";
        break;
      case StatementRecord::State::kEnded:
        why = found->Describe() + " is done already";
        break;
    }
    jobs_.erase(found);
    return why;
  }

  DurableCatalog& durable_;
  catalog::Catalog catalog_;
  const catalog::RoleSnapshotPtr roles_;
  std::vector<StatementRecord> jobs_;
  std::set<catalog::ObjectName> dropped_;
  std::set<std::string> dropped_schemas_;
  std::string_view text_;  // of the statement that is looked at
};

}  // namespace

Result<std::vector<StartStatement>> PlanStart(Instance* instance, const std::vector<StartFile>& files) {
  std::optional<StartPlanner> planner;
  if (instance->durable() != nullptr) planner.emplace(instance);
  std::vector<StartStatement> statements;
  for (const StartFile& file : files) {
    for (const ScriptPart& part : SplitScript(file.script)) {
      StartStatement statement{file.path, std::string(part.text), part.location, {}};
      if (planner.has_value()) {
        Result<std::string> skipped = planner->Look(part.text);
        if (!skipped.has_value()) {
          const Error error = PlaceInScript(skipped.error(), part.location);
          return Fail(error.code(), fmt::format("{}, in {}", error.message(), file.path), error.hint(),
                      error.location());
        }
        statement.skipped = std::move(*skipped);
      }
      statements.push_back(std::move(statement));
    }
  }
  return statements;
}

}  // namespace millrace::session
