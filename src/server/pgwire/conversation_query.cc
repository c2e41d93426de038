// Simple queries, and the rows of both protocols (conversation.h).
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "server/pgwire/backend_message.h"
#include "server/pgwire/conversation.h"

namespace millrace::server::pgwire {

namespace {

// A place in a part of a text as a place in the whole.
SourceLocation PlaceIn(SourceLocation inner, SourceLocation part) {
  if (!inner.IsKnown() || !part.IsKnown()) return inner;
  if (inner.line == 1) return {part.line, part.column + inner.column - 1};
  return {part.line + inner.line - 1, inner.column};
}

std::string TagOf(const Outcome& outcome, uint64_t rows) {
  return outcome.counts_rows ? fmt::format("{} {}", outcome.tag, rows) : outcome.tag;
}

}  // namespace

Conversation::Flow Conversation::BeginScript(std::string_view body) {
  const auto text = ReadQuery(body);
  if (!text) return CloseWith(text.error());
  // A simple query drops what is unnamed.
  unnamed_statement_.reset();
  DropPortal(std::move(unnamed_portal_));
  script_ = std::make_unique<Script>();
  script_->text = *text;
  if (text->size() > limits::kSqlBytesMax) {
    FailScript(Error(ErrorCode::kProgramLimitExceeded, fmt::format("a statement of {} bytes; the limit is {}",
                                                                   text->size(), limits::kSqlBytesMax)));
    return std::nullopt;
  }
  script_->parts = session_->Split(script_->text);
  if (script_->parts.empty()) WriteEmptyQueryResponse(&output_);
  return std::nullopt;
}

// Runs the next statement, or ends the query.
Conversation::Flow Conversation::StepScript() {
  Script& script = *script_;
  if (script.next == script.parts.size()) {
    script_.reset();
    DropPortal(std::move(script_portal_));
    if (session_->transaction() == TransactionState::kIdle) DropPortals();
    WriteReady();
    return std::nullopt;
  }
  const StatementText& part = script.parts[script.next];
  if (!script.prepared) {
    if (!MayPrepare(part.text)) return Next::kPool;
    auto prepared = PrepareText(part.text, {});
    if (!prepared) {
      FailScript(prepared.error());
      return std::nullopt;
    }
    script.prepared = std::move(*prepared);
  }
  if (!script.prepared->quick() && !may_wait_) return Next::kPool;
  const StatementPtr statement = std::move(script.prepared);
  script.prepared = nullptr;
  if (!statement->parameters().empty()) {
    FailScript(Error(ErrorCode::kUndefinedParameter, "there is no parameter $1",
                     "parameters take a prepared statement of the extended protocol"));
    return std::nullopt;
  }
  auto outcome = OpenStatement(statement, {});
  if (!outcome) {
    FailScript(outcome.error());
    return std::nullopt;
  }
  ++script.next;
  WriteWarnings(outcome->warnings);
  DropPortal(std::move(script_portal_));
  script_portal_ = NewPortal();
  Portal& portal = *script_portal_;
  auto prepared = std::make_shared<Prepared>();
  prepared->statement = statement;
  portal.prepared = std::move(prepared);
  portal.never_waits = statement->quick();
  portal.is_open = true;
  portal.outcome = std::move(*outcome);
  if (StartCopy(&portal)) return std::nullopt;
  if (portal.outcome.rows) {
    WriteRowDescription(portal.outcome.rows->schema(), {}, &output_);
    StartRows(&portal, -1);
  } else if (statement->empty()) {
    WriteEmptyQueryResponse(&output_);
  } else {
    WriteCommandComplete(TagOf(portal.outcome, 0), &output_);
  }
  return std::nullopt;
}

void Conversation::FailScript(const Error& error) {
  size_t position = 0;
  if (script_->next < script_->parts.size()) {
    position = PositionOf(PlaceIn(error.location(), script_->parts[script_->next].location), script_->text);
  }
  FailStatement(error, position);
  skip_until_sync_ = false;
  script_.reset();
  DropPortal(std::move(script_portal_));
  if (session_->transaction() == TransactionState::kIdle) DropPortals();
  WriteReady();
}

void Conversation::StartRows(Portal* portal, int64_t row_limit) {
  running_ = portal;
  rows_left_ = row_limit;
  rows_sent_ = 0;
}

// COPY in either direction, if the statement is one.
bool Conversation::StartCopy(Portal* portal) {
  Outcome& outcome = portal->outcome;
  if (outcome.copy_in) {
    const CopyOptions options = outcome.copy.value_or(CopyOptions());
    const WireFormat format =
        options.format == CopyOptions::Format::kBinary ? WireFormat::kBinary : WireFormat::kText;
    WriteCopyResponse(true, format, outcome.copy_in->schema().size(), &output_);
    copy_in_ = std::make_unique<CopyIn>(options, std::move(outcome.copy_in), session_->zone());
    portal->is_ended = true;
    return true;
  }
  if (!outcome.copy || !outcome.rows) return false;
  portal->copy.emplace(*outcome.copy, outcome.rows->schema());
  WriteCopyResponse(false, portal->copy->format(), outcome.rows->schema().size(), &output_);
  portal->copy->Begin(&output_);
  StartRows(portal, -1);
  return true;
}

Conversation::Flow Conversation::StepRows() {
  Portal& portal = *running_;
  const auto fail = [&](const Error& error) -> Flow {
    portal.is_ended = true;
    portal.outcome.rows.reset();
    running_ = nullptr;
    if (script_) {
      script_->parts.resize(
          script_->next);  // the place of the error is not that of the statement that follows
      FailScript(error);
    } else {
      FailStatement(error, 0);
    }
    return std::nullopt;
  };
  if (portal.batch_row == portal.batch.rows) {
    if (!may_wait_ && !portal.never_waits) return Next::kPool;
    portal.batch = {};
    portal.batch_row = 0;
    if (portal.is_stream) {
      if (const Status going = CheckCancelled(); !going) return fail(going.error());
    }
    auto step = portal.outcome.rows->Next(wake_);
    if (!step) return fail(step.error());
    if (step->kind == ResultStream::Step::Kind::kEnd) {
      FinishRows(false);
      return std::nullopt;
    }
    if (step->kind == ResultStream::Step::Kind::kLater) {
      portal.never_waits = true;
      portal.is_stream = true;
      return Next::kWait;
    }
    portal.batch = std::move(step->batch);
    return std::nullopt;
  }
  size_t count = portal.batch.rows - portal.batch_row;
  if (rows_left_ > 0) count = std::min(count, static_cast<size_t>(rows_left_));
  const auto encode = [&](auto& encoder) {
    return encoder.Encode(portal.batch, portal.batch_row, count, session_->zone(), limits::kWireOutputBytes,
                          &output_);
  };
  const Result<size_t> done = portal.copy ? encode(*portal.copy) : encode(portal.encoder);
  if (!done) return fail(done.error());
  portal.batch_row += *done;
  rows_sent_ += *done;
  if (rows_left_ > 0) {
    rows_left_ -= static_cast<int64_t>(*done);
    if (rows_left_ == 0) FinishRows(true);
  }
  return std::nullopt;
}

void Conversation::FinishRows(bool suspended) {
  Portal& portal = *running_;
  running_ = nullptr;
  if (suspended) return WritePortalSuspended(&output_);
  portal.is_ended = true;
  portal.outcome.rows.reset();
  portal.batch = {};
  portal.batch_row = 0;
  if (portal.copy) {
    portal.copy->End(&output_);
    WriteCopyDone(&output_);
  }
  WriteCommandComplete(TagOf(portal.outcome, rows_sent_), &output_);
}

}  // namespace millrace::server::pgwire
