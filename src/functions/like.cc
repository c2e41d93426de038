// LIKE, NOT LIKE and SIMILAR TO.
#include <fmt/format.h>

#include <memory>

#include "functions/builtin.h"
#include "functions/like_pattern.h"
#include "functions/pattern_argument.h"
#include "functions/regex.h"
#include "functions/row_writer.h"
#include "functions/signature.h"
#include "functions/similar_pattern.h"

namespace millrace::functions {

using data::DataType;

namespace {

constexpr std::string_view kLikeForm = "text LIKE pattern [ESCAPE character]";

Result<ExprPtr> BindLike(BoundArgs bound, bool negated) {
  const DataType type = bound.Nullable(DataType::Boolean());
  const bool has_escape = bound.size() == 3;
  const std::optional<std::string> pattern = ConstantText(&bound, 1);
  const std::optional<std::string> escape = has_escape ? ConstantText(&bound, 2) : std::string();
  if (pattern && escape) {
    MR_ASSIGN(LikePattern compiled, LikePattern::Compile(*pattern, *escape));
    auto like = std::make_shared<const LikePattern>(std::move(compiled));
    if (!has_escape) {
      return bound.Call(type, RowKernel<bool, std::string_view, std::string_view>(
                                  type, [like, negated](std::string_view text, std::string_view) {
                                    return like->Matches(text) != negated;
                                  }));
    }
    return bound.Call(type,
                      RowKernel<bool, std::string_view, std::string_view, std::string_view>(
                          type, [like, negated](std::string_view text, std::string_view, std::string_view) {
                            return like->Matches(text) != negated;
                          }));
  }
  const auto match = [negated](std::string_view text, std::string_view pattern,
                               std::string_view escape) -> Result<bool> {
    MR_ASSIGN(const LikePattern like, LikePattern::Compile(pattern, escape));
    return like.Matches(text) != negated;
  };
  if (!has_escape) {
    return bound.Call(type, RowKernel<bool, std::string_view, std::string_view>(
                                type, [match](std::string_view text, std::string_view pattern) {
                                  return match(text, pattern, {});
                                }));
  }
  return bound.Call(type, RowKernel<bool, std::string_view, std::string_view, std::string_view>(type, match));
}

Result<ExprPtr> BindSimilar(BoundArgs bound) {
  const DataType type = bound.Nullable(DataType::Boolean());
  const std::optional<std::string> pattern = ConstantText(&bound, 1);
  const std::optional<std::string> escape = bound.size() == 3 ? ConstantText(&bound, 2) : std::string();
  if (!pattern || !escape) {
    return Fail(ErrorCode::kNotSupported, "SIMILAR TO takes a constant pattern and escape character",
                "REGEXP(text, pattern) takes a pattern from the data");
  }
  MR_ASSIGN(const RegexPtr regex, CompileSimilar(*pattern, *escape));
  const auto match = [regex](std::string_view text) -> Result<bool> {
    Regex::Match found;
    return regex->Find(text, 0, &found);
  };
  if (bound.size() == 2) {
    return bound.Call(type,
                      RowKernel<bool, std::string_view, std::string_view>(
                          type, [match](std::string_view text, std::string_view) { return match(text); }));
  }
  return bound.Call(type, RowKernel<bool, std::string_view, std::string_view, std::string_view>(
                              type, [match](std::string_view text, std::string_view, std::string_view) {
                                return match(text);
                              }));
}

}  // namespace

void RegisterLike(Registry& registry) {
  Define(registry,
         {"comparison", "LIKE(text STRING, pattern STRING [, escape STRING])",
          "Whether the whole text fits a pattern: % is any text, _ any character", kLikeForm},
         [](BoundArgs bound) { return BindLike(std::move(bound), false); });
  Define(registry,
         {"comparison", "NOT LIKE(text STRING, pattern STRING [, escape STRING])",
          "Whether the text does not fit a pattern", "text NOT LIKE pattern [ESCAPE character]"},
         [](BoundArgs bound) { return BindLike(std::move(bound), true); });
  Define(registry,
         {"comparison", "SIMILAR TO(text STRING, pattern STRING [, escape STRING])",
          "Whether the whole text fits a regular expression of the SQL standard",
          "text SIMILAR TO pattern [ESCAPE character]"},
         BindSimilar);
}

}  // namespace millrace::functions
