#include "shell/script_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace millrace::shell {

Status ScriptText::ReadMore() {
  std::array<std::byte, 65536> buffer;
  MR_ASSIGN(const env::ReadOutcome read, stream_->Read(buffer, env::kForever));
  if (read.HasData()) text_.append(reinterpret_cast<const char*>(buffer.data()), read.bytes);
  at_end_ = read.AtEnd();
  return Ok();
}

void ScriptText::Consume(size_t bytes) {
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(bytes);
  line_ += static_cast<size_t>(std::count(text_.begin(), end, '\n'));
  text_.erase(0, bytes);
}

Result<std::optional<ScriptText::Part>> ScriptText::Next() {
  for (;;) {
    size_t at = 0;
    const std::optional<InputPart> part = NextPart(text_, &at);
    // More could still belong to what reaches to the end.
    const bool whole = part.has_value() && (part->complete || at < text_.size()) &&
                       (part->kind == InputPart::Kind::kStatement || at < text_.size());
    if (!whole && !at_end_) {
      if (text_.size() > limits::kSqlBytesMax) {
        return Fail(ErrorCode::kProgramLimitExceeded,
                    fmt::format("a statement has more than {} bytes", limits::kSqlBytesMax));
      }
      MR_TRY(ReadMore());
      continue;
    }
    if (!part.has_value()) {
      Consume(text_.size());
      return std::nullopt;
    }
    const auto lines_before =
        std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(part->begin), '\n');
    Part out{part->kind, part->complete, std::string(part->text), line_ + static_cast<size_t>(lines_before)};
    if (out.text.size() > limits::kSqlBytesMax) {
      return Fail(ErrorCode::kProgramLimitExceeded,
                  fmt::format("a statement has more than {} bytes", limits::kSqlBytesMax));
    }
    Consume(at);
    return out;
  }
}

Result<std::optional<std::string>> ScriptText::NextRow() {
  size_t end = 0;
  while ((end = text_.find('\n')) == std::string::npos && !at_end_) {
    if (text_.size() > limits::kRecordBytesMax) {
      return Fail(ErrorCode::kProgramLimitExceeded,
                  fmt::format("a row has more than {} bytes", limits::kRecordBytesMax));
    }
    MR_TRY(ReadMore());
  }
  if (text_.empty()) return std::nullopt;
  std::string row = text_.substr(0, end == std::string::npos ? end : end + 1);
  Consume(row.size());
  if (row == "\\.\n" || row == "\\.\r\n" || row == "\\.") return std::nullopt;
  if (row.back() != '\n') row += '\n';
  return row;
}

}  // namespace millrace::shell
