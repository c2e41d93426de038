// The extended query protocol (conversation.h).
#include <fmt/format.h>

#include <algorithm>

#include "server/pgwire/backend_message.h"
#include "server/pgwire/conversation.h"
#include "server/pgwire/value_decoder.h"
#include "server/pgwire/wire_type.h"

namespace millrace::server::pgwire {

namespace {

// The texts of all named statements of a connection, and the parameters of all named portals, take no more
// than one message may.
constexpr size_t kKeptBytesMax = limits::kWireMessageBytesMax;

// PostgreSQL's function that finds a prepared statement outdated: drivers prepare anew when an error names
// it.
constexpr std::string_view kOutdatedRoutine = "RevalidateCachedQuery";

// Whether rows are what a client was told that they are, or would be if it asked.
bool HaveSameWireTypes(const data::Schema& told, const data::Schema& rows) {
  if (told.size() != rows.size()) return false;
  for (size_t i = 0; i < told.size(); ++i) {
    if (WireTypeOf(told[i].type).oid != WireTypeOf(rows[i].type).oid) return false;
  }
  return true;
}

}  // namespace

Conversation::Flow Conversation::HandleParse(std::string_view body) {
  ParseMessage& message = parse_message_;
  if (const Status read = ReadParse(body, &message); !read) {
    FailStatement(read.error(), 0);
    return std::nullopt;
  }
  if (!MayPrepare(message.text)) return Next::kPool;
  const auto fail = [&](const Error& error) -> Flow {
    FailStatement(error, PositionOf(error.location(), message.text));
    return std::nullopt;
  };
  std::string name(message.statement);
  if (!name.empty() && statements_.contains(name)) {
    return fail(
        Error(ErrorCode::kDuplicatePrepared, fmt::format("prepared statement \"{}\" already exists", name)));
  }
  if (!name.empty() && statements_.size() >= limits::kWireStatementsMax) {
    return fail(
        Error(ErrorCode::kConfigurationLimitExceeded,
              fmt::format("there are {} prepared statements, and there may be no more", statements_.size()),
              "close those that are not needed, or run DEALLOCATE ALL"));
  }
  if (!name.empty() && statement_bytes_ + message.text.size() > kKeptBytesMax) {
    return fail(Error(ErrorCode::kConfigurationLimitExceeded,
                      fmt::format("prepared statements take {} bytes, and may take no more than {}",
                                  statement_bytes_, kKeptBytesMax),
                      "close those that are not needed, or run DEALLOCATE ALL"));
  }
  std::vector<std::optional<data::DataType>> types;
  types.reserve(message.parameter_oids.size());
  for (const uint32_t oid : message.parameter_oids) types.push_back(DeclaredTypeOf(oid).type);
  auto statement = PrepareText(message.text, std::move(types));
  if (!statement) return fail(statement.error());
  auto prepared = std::make_shared<Prepared>();
  prepared->statement = std::move(*statement);
  prepared->text = message.text;
  prepared->declared_oids = message.parameter_oids;
  if (name.empty()) {
    unnamed_statement_ = std::move(prepared);
  } else {
    statement_bytes_ += message.text.size();
    statements_.emplace(std::move(name), std::move(prepared));
  }
  WriteParseComplete(&output_);
  return std::nullopt;
}

Result<Conversation::PreparedPtr> Conversation::FindPrepared(std::string_view name) const {
  if (name.empty()) {
    if (unnamed_statement_) return unnamed_statement_;
    return Fail(ErrorCode::kUndefinedPrepared, "unnamed prepared statement does not exist");
  }
  const auto found = statements_.find(std::string(name));
  if (found != statements_.end()) return found->second;
  return Fail(ErrorCode::kUndefinedPrepared, fmt::format("prepared statement \"{}\" does not exist", name));
}

Result<Conversation::Portal*> Conversation::FindPortal(std::string_view name) {
  if (name.empty() && unnamed_portal_) return unnamed_portal_.get();
  const auto found = portals_.find(std::string(name));
  if (found != portals_.end()) return found->second.get();
  return Fail(ErrorCode::kInvalidCursor, fmt::format("portal \"{}\" does not exist", name));
}

Status Conversation::HandleBind(std::string_view body) {
  BindMessage& message = bind_message_;
  MR_TRY(ReadBind(body, &message));
  MR_ASSIGN(PreparedPtr prepared, FindPrepared(message.statement));
  std::string name(message.portal);
  if (!name.empty() && portals_.contains(name)) {
    return Fail(ErrorCode::kDuplicateCursor, fmt::format("portal \"{}\" already exists", name));
  }
  if (portals_.size() >= limits::kWirePortalsMax) {
    return Fail(ErrorCode::kConfigurationLimitExceeded,
                fmt::format("there are {} portals, and there may be no more", portals_.size()),
                "close those that are not needed");
  }
  if (!name.empty() && portal_bytes_ + body.size() > kKeptBytesMax) {
    return Fail(ErrorCode::kConfigurationLimitExceeded,
                fmt::format("the parameters of portals take {} bytes, and may take no more than {}",
                            portal_bytes_, kKeptBytesMax),
                "close those that are not needed");
  }
  const Statement& statement = *prepared->statement;
  const size_t columns = statement.has_rows() ? statement.schema().size() : 0;
  const size_t formats = message.result_formats.size();
  if (statement.has_rows() && formats > 1 && formats != columns) {
    return Fail(
        ErrorCode::kProtocolViolation,
        fmt::format("bind message has {} result formats but the query has {} columns", formats, columns));
  }
  DropPortal(name.empty() ? std::move(unnamed_portal_) : nullptr);
  PortalPtr portal = NewPortal();
  MR_TRY(DecodeParameters(message, *prepared, &portal->parameters));
  portal->encoder.SetFormats(message.result_formats);
  portal->never_waits = statement.quick();
  portal->prepared = std::move(prepared);
  if (name.empty()) {
    unnamed_portal_ = std::move(portal);
  } else {
    portal->bind_bytes = body.size();
    portal_bytes_ += body.size();
    portals_.emplace(std::move(name), std::move(portal));
  }
  WriteBindComplete(&output_);
  return Ok();
}

Status Conversation::DecodeParameters(const BindMessage& message, const Prepared& prepared,
                                      std::vector<data::Value>* values) {
  const auto& types = prepared.statement->parameters();
  if (message.parameters.size() != types.size()) {
    return Fail(ErrorCode::kProtocolViolation,
                fmt::format("bind message supplies {} parameters, but the prepared statement requires {}",
                            message.parameters.size(), types.size()));
  }
  for (size_t i = 0; i < types.size(); ++i) {
    if (!message.parameters[i]) {
      values->emplace_back();
      continue;
    }
    const WireFormat format = message.ParameterFormat(i);
    if (format == WireFormat::kBinary && i < prepared.declared_oids.size() &&
        !DeclaredTypeOf(prepared.declared_oids[i]).known) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("parameter ${}: values of the type with OID {} are taken as text only", i + 1,
                              prepared.declared_oids[i]));
    }
    auto value = DecodeParameter(*message.parameters[i], format, types[i], session_->zone());
    if (!value) return std::unexpected(value.error().Within(fmt::format("parameter ${}", i + 1)));
    values->push_back(std::move(*value));
  }
  return Ok();
}

Status Conversation::HandleDescribe(std::string_view body) {
  MR_ASSIGN(const NamedMessage message, ReadNamed(MessageType::kDescribe, body));
  if (message.is_portal) {
    const auto found = FindPortal(message.name);
    if (!found) {
      // To PostgreSQL a cursor is a portal.
      const data::Schema* cursor = session_->CursorSchema(message.name);
      if (cursor == nullptr) return std::unexpected(found.error());
      WriteRowDescription(*cursor, {}, &output_);
      return Ok();
    }
    const Portal* portal = *found;
    const Statement& statement = *portal->prepared->statement;
    if (statement.has_rows()) {
      WriteRowDescription(statement.schema(), portal->encoder.formats(), &output_);
    } else {
      WriteNoData(&output_);
    }
    return Ok();
  }
  MR_ASSIGN(const PreparedPtr prepared, FindPrepared(message.name));
  const Statement& statement = *prepared->statement;
  std::vector<uint32_t> oids;
  for (size_t i = 0; i < statement.parameters().size(); ++i) {
    const uint32_t declared = i < prepared->declared_oids.size() ? prepared->declared_oids[i] : 0;
    const bool is_open = declared == 0 || declared == oid::kUnknown;
    oids.push_back(is_open ? WireTypeOf(statement.parameters()[i]).oid : declared);
  }
  WriteParameterDescription(oids, &output_);
  if (statement.has_rows()) {
    WriteRowDescription(statement.schema(), {}, &output_);
  } else {
    WriteNoData(&output_);
  }
  return Ok();
}

Conversation::Flow Conversation::HandleExecute(std::string_view body) {
  const auto message = ReadExecute(body);
  if (!message) {
    FailStatement(message.error(), 0);
    return std::nullopt;
  }
  const auto found = FindPortal(message->portal);
  if (!found) {
    FailStatement(found.error(), 0);
    return std::nullopt;
  }
  Portal& portal = **found;
  const Statement& statement = *portal.prepared->statement;
  if (statement.empty()) {
    WriteEmptyQueryResponse(&output_);
    return std::nullopt;
  }
  if (portal.is_ended) {
    if (statement.has_rows() && portal.outcome.counts_rows) {
      WriteCommandComplete(portal.outcome.tag + " 0", &output_);
    } else {
      FailStatement(Error(ErrorCode::kInvalidCursor, "the portal has been run, and cannot be run again"), 0);
    }
    return std::nullopt;
  }
  if (!portal.is_open) {
    if (!statement.quick() && !may_wait_) return Next::kPool;
    auto outcome = OpenStatement(portal.prepared->statement, portal.parameters);
    if (!outcome) {
      FailStatement(outcome.error(), PositionOf(outcome.error().location(), portal.prepared->text));
      return std::nullopt;
    }
    if (outcome->rows && !outcome->copy && statement.has_rows() &&
        !HaveSameWireTypes(statement.schema(), outcome->rows->schema())) {
      FailStatement(Error(ErrorCode::kNotSupported, "cached plan must not change result type",
                          "what the statement reads was made anew with other columns: prepare it again"),
                    0, kOutdatedRoutine);
      return std::nullopt;
    }
    portal.is_open = true;
    portal.outcome = std::move(*outcome);
    WriteWarnings(portal.outcome.warnings);
    if (StartCopy(&portal)) return std::nullopt;
  }
  if (portal.outcome.rows) {
    StartRows(&portal, message->row_limit > 0 ? message->row_limit : -1);
    return std::nullopt;
  }
  portal.is_ended = true;
  WriteCommandComplete(portal.outcome.counts_rows ? portal.outcome.tag + " 0" : portal.outcome.tag, &output_);
  return std::nullopt;
}

Status Conversation::HandleClose(std::string_view body) {
  MR_ASSIGN(const NamedMessage message, ReadNamed(MessageType::kClose, body));
  if (message.name.empty()) {
    if (message.is_portal) {
      DropPortal(std::move(unnamed_portal_));
    } else {
      unnamed_statement_.reset();
    }
  } else if (message.is_portal) {
    const auto found = portals_.find(std::string(message.name));
    if (found != portals_.end()) {
      portal_bytes_ -= found->second->bind_bytes;
      portals_.erase(found);
    } else {
      session_->CloseCursor(message.name);
    }
  } else {
    EraseStatement(std::string(message.name));
  }
  WriteCloseComplete(&output_);
  return Ok();
}

Conversation::Flow Conversation::HandleSync() {
  skip_until_sync_ = false;
  if (session_->transaction() == TransactionState::kIdle) DropPortals();
  WriteReady();
  return std::nullopt;
}

Conversation::PortalPtr Conversation::NewPortal() {
  if (spare_portal_) return std::move(spare_portal_);
  return std::make_unique<Portal>();
}

// Lets go of all that a portal holds, and keeps its encoder's memory for the next.
void Conversation::DropPortal(PortalPtr portal) {
  if (!portal) return;
  portal->outcome = {};
  portal->prepared.reset();
  portal->parameters.clear();
  portal->copy.reset();
  portal->is_open = false;
  portal->is_ended = false;
  portal->never_waits = false;
  portal->is_stream = false;
  portal->batch = {};
  portal->batch_row = 0;
  portal->bind_bytes = 0;
  spare_portal_ = std::move(portal);
}

void Conversation::DropPortals() {
  DropPortal(std::move(unnamed_portal_));
  portals_.clear();
  portal_bytes_ = 0;
}

void Conversation::EraseStatement(const std::string& name) {
  const auto found = statements_.find(name);
  if (found == statements_.end()) return;
  statement_bytes_ -= found->second->text.size();
  statements_.erase(found);
}

}  // namespace millrace::server::pgwire
