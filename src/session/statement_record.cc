#include "session/statement_record.h"

#include <fmt/format.h>

#include "base/byte_coding.h"
#include "sql/lexer.h"

namespace millrace::session {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kTextShown = 60;

std::unexpected<Error> Damaged(std::string what) {
  return Fail(ErrorCode::kDataCorrupted, fmt::format("a kept statement cannot be read: {}", std::move(what)),
              "restore the data folder from a copy");
}

}  // namespace

std::string StatementRecord::Encode() const {
  std::string bytes;
  AppendFixed(kVersion, &bytes);
  AppendFixed(static_cast<uint8_t>(kind), &bytes);
  AppendFixed(static_cast<uint8_t>(state), &bytes);
  AppendFixed(static_cast<uint8_t>(of_start ? 1 : 0), &bytes);
  AppendVarint(id, &bytes);
  AppendVarint(ids, &bytes);
  AppendString(name.schema, &bytes);
  AppendString(name.name, &bytes);
  AppendString(text, &bytes);
  AppendString(expanded_text, &bytes);
  AppendString(current_schema, &bytes);
  AppendVarint(settings.size(), &bytes);
  for (const auto& [key, value] : settings) {
    AppendString(key, &bytes);
    AppendString(value, &bytes);
  }
  AppendVarint(names.size(), &bytes);
  for (const catalog::ObjectName& named : names) {
    AppendString(named.schema, &bytes);
    AppendString(named.name, &bytes);
  }
  AppendString(error, &bytes);
  return bytes;
}

Result<StatementRecord> StatementRecord::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.Fixed<uint8_t>();
  if (version != kVersion) {
    return Damaged(fmt::format("it is of version {}, this Millrace knows {}", version, kVersion));
  }
  StatementRecord record;
  const auto kind = reader.Fixed<uint8_t>();
  const auto state = reader.Fixed<uint8_t>();
  const auto of_start = reader.Fixed<uint8_t>();
  record.kind = static_cast<Kind>(kind);
  record.state = static_cast<State>(state);
  record.of_start = of_start == 1;
  record.id = reader.Varint();
  const uint64_t ids = reader.Varint();
  record.ids = static_cast<uint32_t>(ids);
  record.name.schema = reader.String();
  record.name.name = reader.String();
  record.text = reader.String();
  record.expanded_text = reader.String();
  record.current_schema = reader.String();
  for (size_t left = reader.Count(2); left > 0; --left) {
    std::string key(reader.String());
    record.settings.emplace_back(std::move(key), reader.String());
  }
  for (size_t left = reader.Count(2); left > 0; --left) {
    std::string schema(reader.String());
    record.names.push_back({std::move(schema), std::string(reader.String())});
  }
  record.error = reader.String();
  const bool known =
      kind >= static_cast<uint8_t>(Kind::kSchema) && kind <= static_cast<uint8_t>(Kind::kDroppedSchema) &&
      state >= static_cast<uint8_t>(State::kActive) && state <= static_cast<uint8_t>(State::kEnded) &&
      of_start <= 1 && record.id > 0 && ids > 0 && ids <= UINT32_MAX && record.id <= UINT64_MAX - ids;
  if (!known || !reader.ok() || !reader.AtEnd()) return Damaged("the bytes are not what was written");
  return record;
}

std::string StatementRecord::Describe() const {
  switch (kind) {
    case Kind::kSchema:
    case Kind::kDroppedSchema:
      return fmt::format("schema '{}'", name.schema);
    case Kind::kTable:
      return fmt::format("table '{}'", name.ToString());
    case Kind::kView:
      return fmt::format("view '{}'", name.ToString());
    case Kind::kMaterializedView:
      return fmt::format("materialized view '{}'", name.ToString());
    case Kind::kJob:
      break;
  }
  std::string shown = NormalStatement(text);
  if (shown.size() > kTextShown) {
    size_t end = kTextShown;
    while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;
    shown = shown.substr(0, end) + " ...";
  }
  return fmt::format("job {} ({})", id, shown);
}

std::string NormalStatement(std::string_view text) {
  sql::Lexer lexer(text);
  std::vector<sql::Token> tokens;
  if (!lexer.Check().has_value()) return std::string(text);
  std::string normal;
  while (true) {
    if (!lexer.NextStatement(&tokens).has_value()) return std::string(text);
    for (const sql::Token& token : tokens) {
      if (token.kind == sql::TokenKind::kEnd) return normal;
      if (!normal.empty()) normal += ' ';
      normal += lexer.TextOf(token);
    }
  }
}

}  // namespace millrace::session
