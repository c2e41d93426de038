// REGEXP and the REGEXP_ functions.
//
// An invalid pattern that is constant is an error of REGEXP, REGEXP_EXTRACT and REGEXP_REPLACE; the others
// answer NULL, and so do all (REGEXP: FALSE) where the pattern comes from the data, as in Flink.
#include <fmt/format.h>

#include <array>

#include "functions/builtin.h"
#include "functions/pattern_argument.h"
#include "functions/row_writer.h"
#include "functions/signature.h"
#include "functions/utf8.h"

namespace millrace::functions {

using data::DataType;

namespace {

using Invalid = PatternArgument::Invalid;

// How parts of a text are kept: as parts of its bytes.
void SetGroup(const Regex::Match& match, size_t group, RowWriter& out) {
  std::string_view text;
  if (match.Group(group, &text)) {
    out.SetText(text);
  } else {
    out.SetNull();
  }
}

Result<ExprPtr> BindRegexp(BoundArgs bound) {
  MR_ASSIGN(const PatternArgument pattern, PatternArgument::Bind(&bound, 1, Invalid::kError));
  const DataType type = bound.Nullable(DataType::Boolean());
  return bound.Call(type,
                    RowKernel<bool, std::string_view, std::string_view>(
                        type, [pattern](std::string_view text, std::string_view source) -> Result<bool> {
                          if (source.empty()) return false;
                          const Regex* regex = pattern.For(source);
                          if (regex == nullptr) return false;
                          Regex::Match match;
                          return regex->Find(text, 0, &match);
                        }));
}

// The first match's group, 0 unless given; NULL when there is no such match or group.
void Extract(const PatternArgument& pattern, std::string_view text, std::string_view source, int32_t group,
             RowWriter& out) {
  const Regex* regex = pattern.For(source);
  if (regex == nullptr || group < 0) return out.SetNull();
  Regex::Match match;
  const Result<bool> found = regex->Find(text, 0, &match);
  if (!found) return out.Fail(found.error());
  if (!*found) return out.SetNull();
  SetGroup(match, static_cast<size_t>(group), out);
}

Result<ExprPtr> BindExtract(BoundArgs bound, Invalid invalid) {
  MR_ASSIGN(const PatternArgument pattern, PatternArgument::Bind(&bound, 1, invalid));
  const DataType type = DataType::String();
  if (bound.size() == 2) {
    return bound.Call(type, WriterKernel<2, std::string_view, std::string_view>(
                                type, [pattern](std::string_view text, std::string_view source,
                                                RowWriter& out) { Extract(pattern, text, source, 0, out); }));
  }
  return bound.Call(type,
                    WriterKernel<3, std::string_view, std::string_view, int32_t>(
                        type, [pattern](std::string_view text, std::string_view source, int32_t group,
                                        RowWriter& out) { Extract(pattern, text, source, group, out); }));
}

// Group `group` (1 unless given) of all matches.
void ExtractAll(const PatternArgument& pattern, std::string_view text, std::string_view source, int32_t group,
                RowWriter& out) {
  const Regex* regex = pattern.For(source);
  if (regex == nullptr || group < 0 || static_cast<size_t>(group) > regex->group_count())
    return out.SetNull();
  out.BeginList();
  const Status status = regex->ForEachMatch(text, [&](const Regex::Match& match) {
    std::string_view part;
    if (match.Group(static_cast<size_t>(group), &part)) {
      out.elements().AppendString(part);
    } else {
      out.elements().AppendNull();
    }
    return true;
  });
  if (!status) return out.Fail(status.error());
  out.EndList();
}

Result<ExprPtr> BindExtractAll(BoundArgs bound) {
  MR_ASSIGN(const PatternArgument pattern, PatternArgument::Bind(&bound, 1, Invalid::kNull));
  const DataType type = DataType::Array(DataType::String());
  if (bound.size() == 2) {
    return bound.Call(type,
                      WriterKernel<2, std::string_view, std::string_view>(
                          type, [pattern](std::string_view text, std::string_view source, RowWriter& out) {
                            ExtractAll(pattern, text, source, 1, out);
                          }));
  }
  return bound.Call(type,
                    WriterKernel<3, std::string_view, std::string_view, int32_t>(
                        type, [pattern](std::string_view text, std::string_view source, int32_t group,
                                        RowWriter& out) { ExtractAll(pattern, text, source, group, out); }));
}

Result<ExprPtr> BindReplace(BoundArgs bound) {
  MR_ASSIGN(const PatternArgument pattern, PatternArgument::Bind(&bound, 1, Invalid::kError));
  const DataType type = DataType::String();
  return bound.Call(
      type, WriterKernel<3, std::string_view, std::string_view, std::string_view>(
                type, [pattern](std::string_view text, std::string_view source, std::string_view replacement,
                                RowWriter& out) {
                  const Regex* regex = pattern.For(source);
                  if (regex == nullptr) return out.SetNull();
                  std::string& replaced = out.scratch();
                  replaced.clear();
                  size_t done = 0;
                  const Status status = regex->ForEachMatch(text, [&](const Regex::Match& match) {
                    replaced.append(text.substr(done, match.begin() - done)).append(replacement);
                    done = match.end();
                    return true;
                  });
                  if (!status) return out.Fail(status.error());
                  replaced.append(text.substr(done));
                  out.SetText(replaced);
                }));
}

Result<ExprPtr> BindCount(BoundArgs bound) {
  MR_ASSIGN(const PatternArgument pattern, PatternArgument::Bind(&bound, 1, Invalid::kNull));
  const DataType type = DataType::Int();
  return bound.Call(type,
                    WriterKernel<2, std::string_view, std::string_view>(
                        type, [pattern](std::string_view text, std::string_view source, RowWriter& out) {
                          const Regex* regex = pattern.For(source);
                          if (regex == nullptr) return out.SetNull();
                          int32_t count = 0;
                          const Status status = regex->ForEachMatch(text, [&](const Regex::Match&) {
                            ++count;
                            return true;
                          });
                          if (!status) return out.Fail(status.error());
                          out.Set<int32_t>(count);
                        }));
}

Result<ExprPtr> BindInstr(BoundArgs bound) {
  MR_ASSIGN(const PatternArgument pattern, PatternArgument::Bind(&bound, 1, Invalid::kNull));
  const DataType type = DataType::Int();
  return bound.Call(type,
                    WriterKernel<2, std::string_view, std::string_view>(
                        type, [pattern](std::string_view text, std::string_view source, RowWriter& out) {
                          const Regex* regex = pattern.For(source);
                          if (regex == nullptr) return out.SetNull();
                          Regex::Match match;
                          const Result<bool> found = regex->Find(text, 0, &match);
                          if (!found) return out.Fail(found.error());
                          if (*found) {
                            const std::string_view before = text.substr(0, match.begin());
                            out.Set<int32_t>(static_cast<int32_t>(utf8::Length(before)) + 1);
                          }
                        }));
}

// The text between matches.
Result<ExprPtr> BindSplit(BoundArgs bound) {
  MR_ASSIGN(const PatternArgument pattern, PatternArgument::Bind(&bound, 1, Invalid::kNull));
  const DataType type = DataType::Array(DataType::String());
  return bound.Call(type,
                    WriterKernel<2, std::string_view, std::string_view>(
                        type, [pattern](std::string_view text, std::string_view source, RowWriter& out) {
                          out.BeginList();
                          if (source.empty()) {
                            for (size_t at = 0; at < text.size();) {
                              const size_t size = utf8::LeadBytes(text.substr(at));
                              out.elements().AppendString(text.substr(at, size));
                              at += size;
                            }
                            return out.EndList();
                          }
                          const Regex* regex = pattern.For(source);
                          if (regex == nullptr) return out.SetNull();
                          size_t done = 0;
                          const Status status = regex->ForEachMatch(text, [&](const Regex::Match& match) {
                            // An empty match at the start parts nothing.
                            if (match.end() > 0) {
                              out.elements().AppendString(text.substr(done, match.begin() - done));
                              done = match.end();
                            }
                            return true;
                          });
                          if (!status) return out.Fail(status.error());
                          out.elements().AppendString(text.substr(done));
                          out.EndList();
                        }));
}

}  // namespace

void RegisterRegexp(Registry& registry) {
  Define(registry,
         {"string", "REGEXP(text STRING, pattern STRING)",
          "Whether a part of the text fits a regular expression"},
         BindRegexp);
  Define(registry,
         {"string", "REGEXP_EXTRACT(text STRING, pattern STRING [, group INT])",
          "The first match, or a group of it; NULL when there is none"},
         [](BoundArgs bound) { return BindExtract(std::move(bound), Invalid::kError); });
  Define(registry,
         {"string", "REGEXP_SUBSTR(text STRING, pattern STRING)", "The first match; NULL when there is none"},
         [](BoundArgs bound) { return BindExtract(std::move(bound), Invalid::kNull); });
  Define(registry,
         {"string", "REGEXP_EXTRACT_ALL(text STRING, pattern STRING [, group INT])",
          "A group, the first unless given, of all matches; 0 is the whole match"},
         BindExtractAll);
  Define(registry,
         {"string", "REGEXP_REPLACE(text STRING, pattern STRING, replacement STRING)",
          "Every match replaced by a text, which is taken as it is"},
         BindReplace);
  Define(registry, {"string", "REGEXP_COUNT(text STRING, pattern STRING)", "The number of matches"},
         BindCount);
  Define(registry,
         {"string", "REGEXP_INSTR(text STRING, pattern STRING)",
          "Where the first match starts, from 1; 0: nowhere"},
         BindInstr);
  Define(
      registry,
      {"string", "REGEXP_SPLIT(text STRING, pattern STRING)", "The parts between the matches, as an array"},
      BindSplit);
}

}  // namespace millrace::functions
