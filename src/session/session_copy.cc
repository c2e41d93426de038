// COPY ... FROM STDIN and TO STDOUT.
#include <fmt/format.h>

#include "session/copy_in_rows.h"
#include "session/session.h"

namespace millrace::session {
namespace {

CopyOptions OptionsOf(const sql::CopyClauses& clauses) {
  CopyOptions options;
  switch (clauses.format) {
    case sql::CopyFormat::kText:
      options.format = CopyOptions::Format::kText;
      break;
    case sql::CopyFormat::kCsv:
      options.format = CopyOptions::Format::kCsv;
      break;
    case sql::CopyFormat::kBinary:
      options.format = CopyOptions::Format::kBinary;
      break;
  }
  options.delimiter = clauses.delimiter;
  options.null_text = clauses.null_text;
  options.header = clauses.header != sql::CopyHeader::kNone;
  options.quote = clauses.quote;
  options.escape = clauses.escape;
  return options;
}

// The clauses that ask for more than CopyOptions says.
Status CheckClauses(const sql::CopyStatement& statement) {
  const sql::CopyClauses& clauses = statement.options;
  const char* refused = clauses.header == sql::CopyHeader::kMatch ? "HEADER MATCH"
                        : clauses.force_quote_all                 ? "FORCE_QUOTE"
                        : !clauses.force_quote.empty()            ? "FORCE_QUOTE"
                        : !clauses.force_not_null.empty()         ? "FORCE_NOT_NULL"
                        : !clauses.force_null.empty()             ? "FORCE_NULL"
                                                                  : nullptr;
  if (refused == nullptr) return {};
  return Fail(ErrorCode::kNotSupported, fmt::format("COPY with {} is not supported", refused),
              "FORMAT, DELIMITER, NULL, HEADER, QUOTE and ESCAPE are", statement.location);
}

}  // namespace

Result<Outcome> Session::Copy(const sql::CopyStatement& statement) {
  MR_TRY(CheckClauses(statement));
  if (statement.is_from) return CopyFrom(statement);
  std::string text;
  if (statement.query.has_value()) {
    text = statement.query->text;
  } else {
    MR_ASSIGN(const catalog::EntryPtr entry, catalog().Resolve(statement.table));
    std::string columns;
    for (const sql::Name& name : statement.columns) {
      columns += (columns.empty() ? "" : ", ") + query::QuoteIdentifier(name.text);
    }
    text = fmt::format("SELECT {} FROM {}.{}", columns.empty() ? "*" : columns,
                       query::QuoteIdentifier(entry->name.schema), query::QuoteIdentifier(entry->name.name));
  }
  MR_ASSIGN(const PreparedPtr prepared, Prepare(text));
  MR_ASSIGN(Outcome outcome, Run(*prepared, {}));
  if (outcome.rows == nullptr) {
    return Fail(ErrorCode::kNotSupported, "COPY (...) TO wants a query or SUBSCRIBE", "", statement.location);
  }
  outcome.tag = "COPY";
  outcome.counts_rows = true;
  outcome.copy = OptionsOf(statement.options);
  return outcome;
}

Result<Outcome> Session::CopyFrom(const sql::CopyStatement& statement) {
  MR_TRY(CheckWritable("COPY FROM"));
  MR_ASSIGN(const catalog::EntryPtr entry, catalog().Resolve(statement.table));
  MR_TRY(CheckInsert(*entry));
  MR_ASSIGN(auto ingest, OpenIngest(*entry, statement.table.location()));
  std::vector<int> columns;
  for (const sql::Name& name : statement.columns) {
    const int column = ingest->schema().Find(name.text);
    if (column < 0) {
      return Fail(ErrorCode::kUndefinedColumn,
                  fmt::format("no column '{}' to write in '{}'", name.text, entry->name.name), "",
                  name.location);
    }
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      return Fail(ErrorCode::kDuplicateColumn, fmt::format("column '{}' is named twice", name.text), "",
                  name.location);
    }
    columns.push_back(column);
  }
  if (columns.empty()) {
    for (size_t i = 0; i < ingest->schema().size(); ++i) columns.push_back(static_cast<int>(i));
  }
  Outcome outcome{.tag = "COPY", .counts_rows = true};
  outcome.copy = OptionsOf(statement.options);
  outcome.copy_in = std::make_unique<CopyInRows>(&writes_, std::move(ingest), std::move(columns),
                                                 transaction_ != TransactionState::kIdle);
  return outcome;
}

}  // namespace millrace::session
