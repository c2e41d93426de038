#include <fmt/format.h>

#include <map>

#include "query/pgcatalog/native.h"
#include "query/pgcatalog/rewrite_steps.h"
#include "query/pgcatalog/system_relations.h"

namespace millrace::query::pgcatalog {
namespace {

// The first and last token of a dotted name.
struct Chain {
  size_t first;
  size_t last;
};

Chain ChainAt(const Statement& statement, size_t i) {
  size_t last = i;
  while (statement.at(last + 1).Is('.') && statement.at(last + 2).IsName()) last += 2;
  return {i, last};
}

std::string SchemaOf(const Statement& statement, const Chain& chain) {
  return chain.last >= chain.first + 2 ? statement.at(chain.last - 2).name : "";
}

// Takes the schema and what is before it off a dotted name.
void DropSchema(Statement* statement, const Chain& chain) {
  for (size_t i = chain.first; i < chain.last; ++i) statement->at(i).Delete();
}

// Relations by the name that the statement gives them.
using Aliases = std::map<std::string, uint32_t, std::less<>>;

Token* BareAlias(Statement* statement, size_t i);

Status RewriteRelation(Statement* statement, const Chain& chain, Aliases* aliases) {
  Token& last = statement->at(chain.last);
  const std::string schema = SchemaOf(*statement, chain);
  const bool system = schema == "pg_catalog" || schema == "information_schema";
  if (!schema.empty() && !system) return {};
  const uint32_t oid = schema == "information_schema" ? kInformationNamespace : kCatalogNamespace;
  const SystemRelation* relation = FindSystemRelation(oid, last.name);
  if (relation == nullptr) {
    if (!system) return {};
    return Fail(ErrorCode::kUndefinedTable,
                fmt::format("relation \"{}.{}\" does not exist", schema, last.name), "",
                LocationOf(statement->sql(), statement->at(chain.first).begin));
  }
  DropSchema(statement, chain);
  const Token* alias = BareAlias(statement, chain.last + 1);
  (*aliases)[alias == nullptr ? last.name : alias->name] = relation->oid;
  last.before =
      fmt::format("{}.", oid == kCatalogNamespace ? kCatalogSchema : kInformationSchema) + last.before;
  return {};
}

// The alias behind token `i`, which has no list of columns with it; nullptr when there is none.
Token* BareAlias(Statement* statement, size_t i) {
  if (statement->at(i).IsWord("as")) ++i;
  Token& alias = statement->at(i);
  const bool is_alias = alias.IsName() && !IsConnective(alias) && !statement->at(i + 1).Is('(') &&
                        !alias.IsWord("order") && !alias.IsWord("limit") && !alias.IsWord("tablesample");
  return is_alias ? &alias : nullptr;
}

// PostgreSQL allows any function in FROM; there its alias names its column too.
void RewriteFunction(Statement* statement, const Chain& chain) {
  Token& name = statement->at(chain.last);
  const size_t open = chain.last + 1;
  const auto close = static_cast<size_t>(statement->at(open).partner);
  const std::string schema = SchemaOf(*statement, chain);
  const bool ordinality =
      statement->at(close + 1).IsWord("with") && statement->at(close + 2).IsWord("ordinality");
  Token* alias = BareAlias(statement, ordinality ? close + 3 : close + 1);
  const bool table_function = name.name == "unnest" || name.name == "generate_series";
  if (table_function) {
    if (schema == "pg_catalog") DropSchema(statement, chain);
    if (alias != nullptr)
      alias->after += fmt::format("({}{})", alias->text, ordinality ? ", ordinality" : "");
    return;
  }
  if (name.name == "pg_get_keywords" || name.name == "pg_options_to_table" ||
      name.name == "pg_show_all_settings" || (!schema.empty() && schema != "pg_catalog")) {
    return;  // the calls' step names them
  }
  if (TargetOf(name.name).empty() && schema.empty() && name.name != "generate_subscripts" &&
      name.name != "string_to_array" && name.name != "regexp_split_to_array") {
    return;  // DuckDB's own table function, or nobody's
  }
  // Any other gives one value, or is unnested in a SELECT list. A list of columns names that one.
  std::string column = alias != nullptr ? alias->text : name.text;
  const size_t behind = statement->at(close + 1).IsWord("as") ? close + 2 : close + 1;
  if (alias == nullptr && statement->at(behind).IsName() && statement->at(behind + 1).Is('(')) {
    column = statement->at(behind + 2).text;
  }
  Token& first = statement->at(chain.first);
  first.before = "(SELECT " + first.before;
  statement->at(close).after += fmt::format(" AS {})", column);
  if (alias == nullptr && !statement->at(behind + 1).Is('('))
    statement->at(close).after += " AS " + name.text;
}

// Columns that name their relation with its schema, and those that every relation of PostgreSQL has unseen.
void RewriteColumn(Statement* statement, const Chain& chain, const Aliases& aliases) {
  Token& last = statement->at(chain.last);
  size_t first = chain.first;
  const std::string& schema = statement->at(first).name;
  if (chain.last >= first + 4 && (schema == "pg_catalog" || schema == "information_schema")) {
    statement->at(first).Delete();
    statement->at(first + 1).Delete();
    first += 2;
  }
  if (chain.last != first + 2) return;
  const auto relation = aliases.find(statement->at(first).name);
  if (relation == aliases.end()) return;
  std::string value;
  if (last.name == "tableoid") value = fmt::format("{}", relation->second);
  if (last.name == "xmin" || last.name == "xmax" || last.name == "cmin" || last.name == "cmax") value = "0";
  if (value.empty()) return;
  for (size_t i = first; i < chain.last; ++i) statement->at(i).Delete();
  last.text = value;
}

}  // namespace

Status RewriteTables(Statement* statement) {
  Aliases aliases;
  for (size_t i = 0; i + 1 < statement->size(); ++i) {
    if (!statement->place(i).table || !statement->at(i).IsName()) {
      // TABLE pg_class
      if (!(i > 0 && statement->at(i - 1).IsWord("table") &&
            statement->place(i - 1).clause == Clause::kNone && statement->at(i).IsName())) {
        continue;
      }
    }
    if (statement->at(i).IsWord("only")) {
      statement->at(i).Delete();
      continue;
    }
    if (statement->at(i).IsWord("lateral") || statement->at(i).IsWord("select") ||
        statement->at(i).IsWord("join"))
      continue;
    const Chain chain = ChainAt(*statement, i);
    if (statement->at(chain.last + 1).Is('(')) {
      RewriteFunction(statement, chain);
    } else {
      MR_TRY(RewriteRelation(statement, chain, &aliases));
    }
    i = chain.last;
  }
  for (size_t i = 0; i + 1 < statement->size(); ++i) {
    if (!statement->at(i).IsName() || statement->place(i).table) continue;
    const Chain chain = ChainAt(*statement, i);
    if (chain.last > chain.first && !statement->at(chain.last + 1).Is('('))
      RewriteColumn(statement, chain, aliases);
    i = chain.last;
  }
  return {};
}

}  // namespace millrace::query::pgcatalog
