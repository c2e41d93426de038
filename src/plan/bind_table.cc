// CREATE TABLE: columns, key, watermark, options, LIKE.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/suggest.h"
#include "plan/bind_expression.h"
#include "plan/bind_type.h"
#include "plan/binder.h"
#include "plan/node_factory.h"
#include "plan/planner.h"
#include "sql/parser.h"

namespace millrace::plan {

namespace {

using catalog::Column;
using catalog::ColumnKind;
using functions::ExprPtr;

// A column with its expression still unbound.
struct Draft {
  Column column;
  const sql::Expr* expr = nullptr;
  SourceLocation location;
};

struct WatermarkDraft {
  std::string column;
  const sql::Expr* expr = nullptr;
  std::string text;
  SourceLocation location;
  SourceLocation column_location;
};

std::string TextOf(std::string_view text, sql::TextRange range) {
  if (range.end > text.size() || range.begin > range.end) return {};
  return std::string(text.substr(range.begin, range.end - range.begin));
}

// What LIKE takes over of each kind.
class LikeActions {
 public:
  static Result<LikeActions> Make(const std::vector<sql::LikeOption>& options) {
    LikeActions actions;
    std::array<bool, 8> given = {};
    for (const bool all : {true, false}) {
      for (const sql::LikeOption& option : options) {
        if ((option.feature == sql::LikeFeature::kAll) != all) continue;
        if (all) {
          if (option.action == sql::LikeAction::kOverwriting) {
            return Fail(ErrorCode::kInvalidTableDefinition, "OVERWRITING ALL is not an option of LIKE",
                        "write INCLUDING ALL or EXCLUDING ALL", option.location);
          }
          actions.actions_.fill(option.action);
          continue;
        }
        const bool may_overwrite =
            option.feature == sql::LikeFeature::kGenerated || option.feature == sql::LikeFeature::kOptions ||
            option.feature == sql::LikeFeature::kMetadata || option.feature == sql::LikeFeature::kWatermarks;
        if (option.action == sql::LikeAction::kOverwriting && !may_overwrite) {
          return Fail(ErrorCode::kInvalidTableDefinition,
                      "only GENERATED, METADATA, OPTIONS and WATERMARKS can be "
                      "OVERWRITING",
                      "write INCLUDING or EXCLUDING", option.location);
        }
        bool& seen = given[static_cast<size_t>(option.feature)];
        if (seen) {
          return Fail(ErrorCode::kInvalidTableDefinition, "the same part is named twice in LIKE", {},
                      option.location);
        }
        seen = true;
        actions.actions_[static_cast<size_t>(option.feature)] = option.action;
      }
    }
    return actions;
  }

  bool Takes(sql::LikeFeature feature) const { return action(feature) != sql::LikeAction::kExcluding; }
  bool Overwrites(sql::LikeFeature feature) const { return action(feature) == sql::LikeAction::kOverwriting; }

 private:
  LikeActions() {
    actions_.fill(sql::LikeAction::kIncluding);
    actions_[static_cast<size_t>(sql::LikeFeature::kOptions)] = sql::LikeAction::kOverwriting;
  }
  sql::LikeAction action(sql::LikeFeature feature) const { return actions_[static_cast<size_t>(feature)]; }

  std::array<sql::LikeAction, 8> actions_;
};

class TableBinder {
 public:
  TableBinder(const sql::CreateTableStatement& statement, const catalog::Catalog& catalog,
              const PlanContext& context, std::vector<std::string>* warnings)
      : statement_(statement), catalog_(catalog), context_(context), warnings_(warnings) {
    bind_context_.zone = context.zone;
  }

  Result<catalog::TableDefinition> Bind() {
    if (statement_.as_query != nullptr) {
      return Fail(ErrorCode::kNotSupported, "CREATE TABLE … AS is not supported",
                  "use CREATE MATERIALIZED VIEW … AS, or CREATE TABLE and INSERT INTO", statement_.location);
    }
    MR_ASSIGN(table_.name, catalog_.ResolveNew(statement_.name));
    if (statement_.like) MR_TRY(TakeLike(*statement_.like));
    MR_TRY(AddColumns());
    MR_TRY(AddOptions());
    MR_TRY(BindPrimaryKey());
    MR_TRY(BindComputed());
    MR_TRY(BindWatermark());
    for (Draft& draft : drafts_) table_.columns.push_back(std::move(draft.column));
    if (table_.columns.empty()) {
      return Fail(ErrorCode::kInvalidTableDefinition,
                  fmt::format("table '{}' has no columns", table_.name.ToString()), {},
                  statement_.name.location());
    }
    MR_TRY(CheckKept());
    MR_TRY(AddPartitions());
    if (statement_.comment) table_.comment = *statement_.comment;
    table_.temporary = statement_.temporary;
    table_.ddl = TextOf(context_.text, statement_.range);
    return std::move(table_);
  }

 private:
  int Find(std::string_view name) const {
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].column.name == name) return static_cast<int>(i);
    }
    return -1;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Draft& draft : drafts_) names.push_back(draft.column.name);
    return names;
  }

  // Expressions of another table are kept as text; they are read again here.
  Result<const sql::Expr*> Reparse(const std::string& text) {
    MR_ASSIGN(sql::ExprPtr expr, sql::ParseExpression(text));
    owned_.push_back(std::move(expr));
    return owned_.back().get();
  }

  Status TakeLike(const sql::LikeClause& like) {
    MR_ASSIGN(const catalog::EntryPtr entry, catalog_.Resolve(like.table));
    MR_ASSIGN(const LikeActions actions, LikeActions::Make(like.options));
    like_actions_ = actions;
    if (entry->kind != catalog::EntryKind::kTable) {
      // A view gives its columns and nothing else.
      for (const data::Field& field : entry->schema) {
        Draft draft;
        draft.column.name = field.name;
        draft.column.type = field.type;
        draft.location = like.table.location();
        drafts_.push_back(std::move(draft));
      }
      return Ok();
    }
    const catalog::TableDefinition& source = *entry->table;
    for (const Column& column : source.columns) {
      if (column.kind == ColumnKind::kComputed && !actions.Takes(sql::LikeFeature::kGenerated)) continue;
      if (column.kind == ColumnKind::kMetadata && !actions.Takes(sql::LikeFeature::kMetadata)) continue;
      Draft draft;
      draft.column = column;
      draft.location = like.table.location();
      if (column.kind == ColumnKind::kComputed) {
        MR_ASSIGN(draft.expr, Reparse(column.expr_text));
      }
      drafts_.push_back(std::move(draft));
    }
    if (actions.Takes(sql::LikeFeature::kConstraints)) {
      for (const int key : source.primary_key) {
        like_key_.push_back(source.columns[static_cast<size_t>(key)].name);
      }
    }
    if (actions.Takes(sql::LikeFeature::kOptions)) table_.options = source.options;
    if (actions.Takes(sql::LikeFeature::kPartitions)) table_.partitioned_by = source.partitioned_by;
    if (source.watermark && actions.Takes(sql::LikeFeature::kWatermarks)) {
      WatermarkDraft draft;
      draft.column = source.columns[static_cast<size_t>(source.watermark->column)].name;
      MR_ASSIGN(draft.expr, Reparse(source.watermark->expr_text));
      draft.text = source.watermark->expr_text;
      draft.location = draft.column_location = like.table.location();
      watermark_ = std::move(draft);
    }
    return Ok();
  }

  bool MayOverwrite(const Draft& old, ColumnKind kind) const {
    if (!like_actions_ || old.column.kind != kind) return false;
    if (kind == ColumnKind::kComputed) return like_actions_->Overwrites(sql::LikeFeature::kGenerated);
    if (kind == ColumnKind::kMetadata) return like_actions_->Overwrites(sql::LikeFeature::kMetadata);
    return false;
  }

  Status AddColumns() {
    const size_t from_like = drafts_.size();
    for (const sql::ColumnDefinition& definition : statement_.columns) {
      Draft draft;
      draft.location = definition.name.location;
      Column& column = draft.column;
      column.name = definition.name.text;
      column.comment = definition.comment.value_or("");
      switch (definition.kind) {
        case sql::ColumnKind::kPhysical: {
          MR_ASSIGN(column.type, BindType(definition.type));
          break;
        }
        case sql::ColumnKind::kMetadata: {
          column.kind = ColumnKind::kMetadata;
          MR_ASSIGN(column.type, BindType(definition.type));
          column.metadata_key = definition.metadata_key.value_or(column.name);
          column.is_virtual = definition.is_virtual;
          break;
        }
        case sql::ColumnKind::kComputed:
          column.kind = ColumnKind::kComputed;
          draft.expr = definition.expr.get();
          column.expr_text = TextOf(context_.text, definition.expr->range);
          break;
        case sql::ColumnKind::kBare:
          return Fail(ErrorCode::kInvalidTableDefinition, fmt::format("column '{}' has no type", column.name),
                      "write it behind the name", draft.location);
      }
      if (definition.primary_key) inline_key_.push_back(definition.name);
      const int old = Find(column.name);
      if (old >= 0 && static_cast<size_t>(old) < from_like &&
          MayOverwrite(drafts_[static_cast<size_t>(old)], column.kind)) {
        drafts_[static_cast<size_t>(old)] = std::move(draft);
        continue;
      }
      if (old >= 0) {
        return Fail(ErrorCode::kDuplicateColumn, fmt::format("column '{}' is defined twice", column.name),
                    static_cast<size_t>(old) < from_like ? "LIKE has brought one of that name" : "",
                    draft.location);
      }
      drafts_.push_back(std::move(draft));
    }
    if (drafts_.size() > limits::kColumnsMax) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("a table has at most {} columns", limits::kColumnsMax), {},
                  statement_.name.location());
    }
    return Ok();
  }

  Status AddOptions() {
    std::map<std::string, bool> own;
    for (const sql::Option& option : statement_.options) {
      if (!own.emplace(option.key, true).second) {
        return Fail(ErrorCode::kDuplicateObject, fmt::format("option '{}' is given twice", option.key), {},
                    option.key_location);
      }
      catalog::TableOption added{option.key, option.value, option.key_location, option.value_location};
      const auto old = std::ranges::find(table_.options, option.key, &catalog::TableOption::key);
      if (old == table_.options.end()) {
        table_.options.push_back(std::move(added));
      } else if (like_actions_ && like_actions_->Overwrites(sql::LikeFeature::kOptions)) {
        *old = std::move(added);
      } else {
        return Fail(ErrorCode::kDuplicateObject,
                    fmt::format("LIKE has brought an option '{}' already", option.key),
                    "write OVERWRITING OPTIONS", option.key_location);
      }
    }
    return Ok();
  }

  Status BindPrimaryKey() {
    std::vector<sql::Name> names;
    if (statement_.primary_key) {
      if (!inline_key_.empty()) {
        return Fail(ErrorCode::kInvalidTableDefinition, "the primary key is defined twice", {},
                    statement_.primary_key->location);
      }
      names = statement_.primary_key->columns;
    } else if (inline_key_.size() > 1) {
      return Fail(ErrorCode::kInvalidTableDefinition, "the primary key is defined twice",
                  "write PRIMARY KEY (a, b) NOT ENFORCED for a key of several columns",
                  inline_key_[1].location);
    } else {
      names = inline_key_;
    }
    if (!names.empty() && !like_key_.empty()) {
      return Fail(ErrorCode::kInvalidTableDefinition, "LIKE has brought a primary key already",
                  "write EXCLUDING CONSTRAINTS", names.front().location);
    }
    for (const std::string& name : like_key_) names.push_back({name, statement_.name.location(), false});
    for (const sql::Name& name : names) {
      const int column = Find(name.text);
      if (column < 0) {
        return Fail(ErrorCode::kUndefinedColumn, fmt::format("no column '{}' for the primary key", name.text),
                    DidYouMean(name.text, Names()), name.location);
      }
      Column& definition = drafts_[static_cast<size_t>(column)].column;
      if (definition.kind != ColumnKind::kPhysical) {
        return Fail(
            ErrorCode::kInvalidTableDefinition,
            fmt::format("column '{}' is not physical: it cannot be part of the primary key", name.text), {},
            name.location);
      }
      if (std::ranges::find(table_.primary_key, column) != table_.primary_key.end()) {
        return Fail(ErrorCode::kDuplicateColumn,
                    fmt::format("column '{}' is twice in the primary key", name.text), {}, name.location);
      }
      definition.type = definition.type.NotNull();
      table_.primary_key.push_back(column);
    }
    return Ok();
  }

  // A relation of the columns for which `known` holds, at their places.
  template <typename F>
  Relation Columns(const F& known) const {
    data::Schema schema;
    Relation relation;
    for (const Draft& draft : drafts_) {
      schema.Add(draft.column.name, draft.column.type);
      // No name can be asked for that is empty.
      relation.names.push_back(known(draft) ? draft.column.name : std::string());
    }
    relation.node = FinishNode(std::make_shared<ValuesNode>(), {}, std::move(schema));
    relation.tables = {{{table_.name.name}, 0, relation.width()}};
    return relation;
  }

  Status BindComputed() {
    const Relation relation =
        Columns([](const Draft& draft) { return draft.column.kind != ColumnKind::kComputed; });
    for (Draft& draft : drafts_) {
      if (draft.column.kind != ColumnKind::kComputed) continue;
      ExpressionBinder binder(&relation, bind_context_,
                              fmt::format("the computed column '{}'", draft.column.name));
      Result<ExprPtr> bound = binder.Bind(*draft.expr);
      if (!bound) {
        const Error& error = bound.error();
        for (const Draft& other : drafts_) {
          if (other.column.kind == ColumnKind::kComputed && error.code() == ErrorCode::kUndefinedColumn &&
              error.message() == fmt::format("no column '{}'", other.column.name)) {
            return Fail(ErrorCode::kInvalidTableDefinition,
                        fmt::format("a computed column cannot read another one, '{}'", other.column.name),
                        "repeat its expression", error.location());
          }
        }
        return std::unexpected(error.At(draft.location));
      }
      draft.column.expr = *std::move(bound);
      draft.column.type = draft.column.expr->type();
    }
    return Ok();
  }

  Status BindWatermark() {
    if (statement_.watermarks.size() > 1) {
      return Fail(ErrorCode::kInvalidTableDefinition, "a table has one WATERMARK at most", {},
                  statement_.watermarks[1].location);
    }
    if (!statement_.watermarks.empty()) {
      const sql::WatermarkDefinition& definition = statement_.watermarks.front();
      if (watermark_ && !like_actions_->Overwrites(sql::LikeFeature::kWatermarks)) {
        return Fail(ErrorCode::kInvalidTableDefinition, "LIKE has brought a WATERMARK already",
                    "write EXCLUDING WATERMARKS or OVERWRITING WATERMARKS", definition.location);
      }
      if (definition.column.size() > 1) {
        return Fail(ErrorCode::kNotSupported, "a watermark on a field of a row is not supported",
                    "make it a computed column: ts AS row_column.field", definition.location);
      }
      watermark_ = WatermarkDraft{definition.column.front().text, definition.expr.get(),
                                  TextOf(context_.text, definition.expr->range), definition.location,
                                  definition.column.front().location};
    }
    if (!watermark_) return Ok();
    const int column = Find(watermark_->column);
    if (column < 0) {
      return Fail(ErrorCode::kUndefinedColumn,
                  fmt::format("no column '{}' for the watermark", watermark_->column),
                  DidYouMean(watermark_->column, Names()), watermark_->column_location);
    }
    const data::DataType type = drafts_[static_cast<size_t>(column)].column.type;
    if (!type.IsTimestamp()) {
      return Fail(ErrorCode::kDatatypeMismatch,
                  fmt::format("the watermark column '{}' must be TIMESTAMP or TIMESTAMP_LTZ, not {}",
                              watermark_->column, type.ToString()),
                  type.IsInteger() ? fmt::format("add a computed column: ts AS TO_TIMESTAMP_LTZ({}, 3)",
                                                 watermark_->column)
                                   : "add a computed column: ts AS TO_TIMESTAMP(...)",
                  watermark_->column_location);
    }
    if (type.precision() > 3 && warnings_ != nullptr) {
      warnings_->push_back(
          fmt::format("not portable to Flink: the watermark column '{}' is {}; Flink takes a precision of "
                      "3 at most",
                      watermark_->column, type.ToString()));
    }
    const Relation relation = Columns([](const Draft&) { return true; });
    ExpressionBinder binder(&relation, bind_context_, "WATERMARK");
    MR_ASSIGN(ExprPtr expr, binder.Bind(*watermark_->expr));
    if (expr->type().kind() != type.kind()) {
      return Fail(ErrorCode::kDatatypeMismatch,
                  fmt::format("the watermark of '{}' must be a {}, not {}", watermark_->column,
                              type.kind() == data::TypeKind::kTimestamp ? "TIMESTAMP" : "TIMESTAMP_LTZ",
                              expr->type().ToString()),
                  fmt::format("write e.g. {} - INTERVAL '5' SECOND", watermark_->column),
                  watermark_->expr->location);
    }
    if (!expr->type().SameAs(type)) {
      MR_ASSIGN(expr, functions::MakeCast(std::move(expr), type, false, bind_context_));
    }
    table_.watermark = catalog::Watermark{column, std::move(expr), watermark_->text};
    return Ok();
  }

  // A table without a connector is kept in Millrace.
  Status CheckKept() const {
    if (!table_.connector().empty()) return Ok();
    for (const catalog::TableOption& option : table_.options) {
      return Fail(
          ErrorCode::kInvalidTableDefinition, fmt::format("option '{}' needs a 'connector'", option.key),
          "a table without a connector is kept in Millrace and takes no options", option.key_location);
    }
    for (const Column& column : table_.columns) {
      if (column.kind == ColumnKind::kMetadata) {
        return Fail(ErrorCode::kInvalidTableDefinition,
                    fmt::format("the metadata column '{}' needs a 'connector'", column.name),
                    "a table without a connector has no metadata", statement_.name.location());
      }
    }
    return Ok();
  }

  Status AddPartitions() {
    if (!statement_.partitioned_by.empty()) table_.partitioned_by.clear();
    for (const sql::Name& name : statement_.partitioned_by) {
      const auto it = std::ranges::find(table_.columns, name.text, &Column::name);
      if (it == table_.columns.end()) {
        return Fail(ErrorCode::kUndefinedColumn, fmt::format("no column '{}' for PARTITIONED BY", name.text),
                    DidYouMean(name.text, TableNames()), name.location);
      }
      if (it->kind != ColumnKind::kPhysical) {
        return Fail(ErrorCode::kInvalidTableDefinition,
                    fmt::format("column '{}' is not physical: it cannot be in PARTITIONED BY", name.text), {},
                    name.location);
      }
      table_.partitioned_by.push_back(name.text);
    }
    if (!table_.partitioned_by.empty() && table_.connector().empty()) {
      return Fail(ErrorCode::kNotSupported, "PARTITIONED BY needs a 'connector'",
                  "a table without a connector is kept in Millrace as a whole", statement_.name.location());
    }
    return Ok();
  }

  std::vector<std::string> TableNames() const {
    std::vector<std::string> names;
    for (const Column& column : table_.columns) names.push_back(column.name);
    return names;
  }

  const sql::CreateTableStatement& statement_;
  const catalog::Catalog& catalog_;
  const PlanContext& context_;
  functions::BindContext bind_context_;
  std::vector<std::string>* warnings_;
  catalog::TableDefinition table_;
  std::vector<Draft> drafts_;
  std::vector<sql::Name> inline_key_;
  std::vector<std::string> like_key_;
  std::optional<LikeActions> like_actions_;
  std::optional<WatermarkDraft> watermark_;
  std::vector<sql::ExprPtr> owned_;
};

}  // namespace

Result<catalog::TableDefinition> BindCreateTable(const sql::CreateTableStatement& statement,
                                                 const catalog::Catalog& catalog, const PlanContext& context,
                                                 std::vector<std::string>* warnings) {
  return TableBinder(statement, catalog, context, warnings).Bind();
}

}  // namespace millrace::plan
