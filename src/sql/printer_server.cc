// Printing of the statements of server_statement.h, but for roles and privileges.
#include "sql/printer.h"
#include "sql/printer_internal.h"

namespace millrace::sql {
namespace {

std::string_view IsolationText(IsolationLevel level) {
  switch (level) {
    case IsolationLevel::kReadUncommitted:
      return "READ UNCOMMITTED";
    case IsolationLevel::kReadCommitted:
      return "READ COMMITTED";
    case IsolationLevel::kRepeatableRead:
      return "REPEATABLE READ";
    case IsolationLevel::kSerializable:
      return "SERIALIZABLE";
  }
  return {};
}

bool HasUpperCase(std::string_view text) {
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') return true;
  }
  return false;
}

}  // namespace

// A name that the parser folds: in back-quotes also when it has capitals.
void Printer::WriteFolded(const Name& name) {
  if (!HasUpperCase(name.text)) return Text(PrintName(name.text));
  WriteQuoted(name.text);
}

// a.b: each part by itself, and in back-quotes where it is a word that SET, SHOW or RESET would take
// otherwise. `strict`: unless it has a '_', since SHOW takes what is nearly one of its words for a slip.
void Printer::WriteParameterName(const Name& name, bool strict) {
  const bool is_whole = name.quoted || name.text.starts_with('.') || name.text.ends_with('.') ||
                        name.text.find("..") != std::string::npos;
  if (is_whole) return WriteQuoted(name.text);
  size_t begin = 0;
  while (true) {
    const size_t dot = name.text.find('.', begin);
    const std::string part = name.text.substr(begin, dot == std::string::npos ? dot : dot - begin);
    if (FindWord(part) != Word::kNone || (strict && part.find('_') == std::string::npos)) {
      WriteQuoted(part);
    } else {
      WriteFolded(Name{part, {}, false});
    }
    if (dot == std::string::npos) return;
    Text(".");
    begin = dot + 1;
  }
}

void Printer::WriteParameterValues(const std::vector<ParameterValue>& values) {
  Text(" = ");
  if (values.empty()) return Text("DEFAULT");
  Separated(values, ", ", [this](const ParameterValue& value) {
    switch (value.kind) {
      case ParameterValue::Kind::kWord:
      case ParameterValue::Kind::kNumber:
        return Text(value.text);
      case ParameterValue::Kind::kString:
        return String(value.text);
      case ParameterValue::Kind::kName:
        return WriteQuoted(value.text);
    }
  });
}

void Printer::WriteQuoted(std::string_view name) {
  Text("`");
  for (const char c : name) {
    if (c == '`') out_ += c;
    out_ += c;
  }
  Text("`");
}

void Printer::WriteModes(const TransactionModes& modes) {
  std::string_view before = " ";
  if (modes.isolation) {
    Text(before);
    before = ", ";
    Text("ISOLATION LEVEL ");
    Text(IsolationText(*modes.isolation));
  }
  if (modes.read_only) {
    Text(before);
    before = ", ";
    Text(*modes.read_only ? "READ ONLY" : "READ WRITE");
  }
  if (modes.deferrable) {
    Text(before);
    Text(*modes.deferrable ? "DEFERRABLE" : "NOT DEFERRABLE");
  }
}

void Printer::WriteTransaction(const TransactionStatement& node) {
  switch (node.action) {
    case TransactionAction::kBegin:
      Text("BEGIN");
      return WriteModes(node.modes);
    case TransactionAction::kCommit:
      return Text(node.chain ? "COMMIT AND CHAIN" : "COMMIT");
    case TransactionAction::kRollback:
      return Text(node.chain ? "ROLLBACK AND CHAIN" : "ROLLBACK");
    case TransactionAction::kSavepoint:
      Text("SAVEPOINT ");
      return WriteFolded(node.savepoint);
    case TransactionAction::kRelease:
      Text("RELEASE SAVEPOINT ");
      return WriteFolded(node.savepoint);
    case TransactionAction::kRollbackTo:
      Text("ROLLBACK TO SAVEPOINT ");
      return WriteFolded(node.savepoint);
    case TransactionAction::kSetTransaction:
      Text("SET TRANSACTION");
      return WriteModes(node.modes);
    case TransactionAction::kSetSessionCharacteristics:
      Text("SET SESSION CHARACTERISTICS AS TRANSACTION");
      return WriteModes(node.modes);
  }
}

void Printer::WriteInner(const InnerStatement& inner) {
  if (inner.statement != nullptr) return Write(*inner.statement);
  Text(inner.text);
}

void Printer::WriteSubscribe(const SubscribeStatement& node) {
  if (node.query != nullptr) {
    Write(*node.query);
    Text(" EMIT CHANGES");
  } else {
    Text("SUBSCRIBE TO ");
    WriteName(node.name);
  }
  if (node.snapshot && !node.progress) return;
  Text(" WITH (");
  if (!node.snapshot) Text("SNAPSHOT = FALSE");
  if (!node.snapshot && node.progress) Text(", ");
  if (node.progress) Text("PROGRESS = TRUE");
  Text(")");
}

void Printer::WriteDeclare(const DeclareCursorStatement& node) {
  Text("DECLARE ");
  WriteFolded(node.name);
  if (node.binary) Text(" BINARY");
  if (node.scroll) Text(*node.scroll ? " SCROLL" : " NO SCROLL");
  Text(node.hold ? " CURSOR WITH HOLD FOR " : " CURSOR FOR ");
  WriteInner(node.inner);
}

void Printer::WriteFetch(const FetchStatement& node) {
  Text(node.is_move ? "MOVE " : "FETCH ");
  switch (node.direction) {
    case FetchDirection::kForward:
      Text("FORWARD ");
      break;
    case FetchDirection::kBackward:
      Text("BACKWARD ");
      break;
    case FetchDirection::kAbsolute:
      Text("ABSOLUTE ");
      break;
    case FetchDirection::kRelative:
      Text("RELATIVE ");
      break;
  }
  if (node.all) {
    Text("ALL");
  } else {
    Number(node.count);
  }
  Text(" FROM ");
  WriteFolded(node.cursor);
  if (!node.timeout) return;
  Text(" WITH (TIMEOUT = ");
  String(*node.timeout);
  Text(")");
}

void Printer::WriteCopy(const CopyStatement& node) {
  Text("COPY ");
  if (node.query) {
    Text("(");
    WriteInner(*node.query);
    Text(")");
  } else {
    WriteName(node.table);
    if (!node.columns.empty()) {
      Text(" ");
      WriteNames(node.columns);
    }
  }
  Text(node.is_from ? " FROM STDIN" : " TO STDOUT");
  WriteCopyOptions(node.options);
}

void Printer::WriteCopyOptions(const CopyClauses& options) {
  const bool is_csv = options.format == CopyFormat::kCsv;
  std::string_view before = " WITH (";
  const auto option = [&](std::string_view name) {
    Text(before);
    before = ", ";
    Text(name);
  };
  const auto character = [&](std::string_view name, char c) {
    option(name);
    String(std::string_view(&c, 1));
  };
  const auto columns = [&](std::string_view name, const std::vector<Name>& names) {
    if (names.empty()) return;
    option(name);
    WriteNames(names);
  };
  if (is_csv) option("FORMAT csv");
  if (options.format == CopyFormat::kBinary) option("FORMAT binary");
  if (options.format != CopyFormat::kBinary) {
    if (options.delimiter != (is_csv ? ',' : '\t')) character("DELIMITER ", options.delimiter);
    if (options.null_text != (is_csv ? "" : "\\N")) {
      option("NULL ");
      String(options.null_text);
    }
    if (options.header == CopyHeader::kLine) option("HEADER TRUE");
    if (options.header == CopyHeader::kMatch) option("HEADER MATCH");
  }
  if (is_csv) {
    if (options.quote != '"') character("QUOTE ", options.quote);
    if (options.escape != options.quote) character("ESCAPE ", options.escape);
    if (options.force_quote_all) option("FORCE_QUOTE *");
    columns("FORCE_QUOTE ", options.force_quote);
    columns("FORCE_NOT_NULL ", options.force_not_null);
    columns("FORCE_NULL ", options.force_null);
  }
  if (before == ", ") Text(")");
}

void Printer::WriteServerStatement(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kTransaction:
      return WriteTransaction(statement.As<TransactionStatement>());
    case StatementKind::kSetParameter: {
      const auto& node = statement.As<SetParameterStatement>();
      Text(node.local ? "SET LOCAL " : "SET ");
      WriteParameterName(node.name);
      return WriteParameterValues(node.values);
    }
    case StatementKind::kShowParameter:
      Text("SHOW ");
      return WriteParameterName(statement.As<ShowParameterStatement>().name, /*strict=*/true);
    case StatementKind::kResetParameter: {
      const auto& node = statement.As<ResetParameterStatement>();
      Text("RESET ");
      return node.name ? WriteParameterName(*node.name) : Text("ALL");
    }
    case StatementKind::kSetRole: {
      const auto& node = statement.As<SetRoleStatement>();
      Text(node.local ? "SET LOCAL " : "SET ");
      Text(node.is_session_authorization ? "SESSION AUTHORIZATION " : "ROLE ");
      if (!node.role) return Text(node.is_session_authorization ? "DEFAULT" : "NONE");
      return WriteFolded(*node.role);
    }
    case StatementKind::kDiscard: {
      constexpr std::string_view kTargets[] = {"ALL", "PLANS", "SEQUENCES", "TEMPORARY"};
      Text("DISCARD ");
      return Text(kTargets[static_cast<size_t>(statement.As<DiscardStatement>().target)]);
    }
    case StatementKind::kUnlisten: {
      const auto& node = statement.As<UnlistenStatement>();
      Text("UNLISTEN ");
      return node.channel ? WriteFolded(*node.channel) : Text("*");
    }
    case StatementKind::kPrepare: {
      const auto& node = statement.As<PrepareStatement>();
      Text("PREPARE ");
      WriteFolded(node.name);
      if (!node.types.empty()) {
        Text(" (");
        Separated(node.types, ", ", [this](const std::optional<TypeSpec>& type) {
          return type ? Write(*type) : Text("UNKNOWN");
        });
        Text(")");
      }
      Text(" AS ");
      return WriteInner(node.inner);
    }
    case StatementKind::kExecute: {
      const auto& node = statement.As<ExecuteStatement>();
      Text("EXECUTE ");
      WriteFolded(node.name);
      if (node.arguments.empty()) return;
      Text("(");
      List(node.arguments);
      return Text(")");
    }
    case StatementKind::kDeallocate: {
      const auto& node = statement.As<DeallocateStatement>();
      Text("DEALLOCATE ");
      return node.name ? WriteFolded(*node.name) : Text("ALL");
    }
    case StatementKind::kSubscribe:
      return WriteSubscribe(statement.As<SubscribeStatement>());
    case StatementKind::kDeclareCursor:
      return WriteDeclare(statement.As<DeclareCursorStatement>());
    case StatementKind::kFetch:
      return WriteFetch(statement.As<FetchStatement>());
    case StatementKind::kCloseCursor: {
      const auto& node = statement.As<CloseCursorStatement>();
      Text("CLOSE ");
      return node.name ? WriteFolded(*node.name) : Text("ALL");
    }
    case StatementKind::kCopy:
      return WriteCopy(statement.As<CopyStatement>());
    default:
      return WriteRoleStatement(statement);
  }
}

}  // namespace millrace::sql
