// Texts in parts: SPLIT, SPLIT_INDEX, STR_TO_MAP, ELT.
#include <fmt/format.h>

#include <memory>

#include "functions/builtin.h"
#include "functions/partial_evaluation.h"
#include "functions/pattern_argument.h"
#include "functions/row_writer.h"
#include "functions/signature.h"
#include "functions/utf8.h"

namespace millrace::functions {

using data::DataType;

namespace {

// Calls each(part) for the parts of `text` between separators, an empty last one included.
template <typename F>
void ForEachPart(std::string_view text, std::string_view separator, F each) {
  size_t from = 0;
  for (size_t at; (at = text.find(separator, from)) != std::string_view::npos; from = at + separator.size()) {
    each(text.substr(from, at - from));
  }
  each(text.substr(from));
}

// Without a delimiter, into characters.
void Split(std::string_view text, std::string_view delimiter, RowWriter& out) {
  out.BeginList();
  if (delimiter.empty()) {
    for (size_t at = 0; at < text.size();) {
      const size_t size = utf8::LeadBytes(text.substr(at));
      out.elements().AppendString(text.substr(at, size));
      at += size;
    }
  } else {
    ForEachPart(text, delimiter, [&](std::string_view part) { out.elements().AppendString(part); });
  }
  out.EndList();
}

// Part `index`, from 0. An empty delimiter splits at blanks; the empty text has no parts.
std::optional<std::string_view> SplitIndex(std::string_view text, std::string_view delimiter, int32_t index) {
  if (index < 0 || text.empty()) return std::nullopt;
  size_t from = 0;
  while (true) {
    const size_t at =
        delimiter.empty() ? text.find_first_of(" \t\n\v\f\r", from) : text.find(delimiter, from);
    if (index == 0) return text.substr(from, at == std::string_view::npos ? at : at - from);
    if (at == std::string_view::npos) return std::nullopt;
    from = at + (delimiter.empty() ? 1 : delimiter.size());
    --index;
  }
}

Result<ExprPtr> BindSplitIndex(BoundArgs bound) {
  const DataType type = DataType::String();
  if (bound.type(1).IsCharacter()) {
    return bound.Call(type, ViewKernel<std::string_view, std::string_view, int32_t>(type, SplitIndex));
  }
  return bound.Call(type, ViewKernel<std::string_view, int32_t, int32_t>(
                              type, [](std::string_view text, int32_t character, int32_t index) {
                                if (character < 1 || character > 255)
                                  return std::optional<std::string_view>();
                                std::string delimiter;
                                utf8::Append(static_cast<char32_t>(character), &delimiter);
                                return SplitIndex(text, delimiter, index);
                              }));
}

// --- STR_TO_MAP ---

// A delimiter: a regular expression, or a byte that stands for itself.
class Delimiter {
 public:
  static Result<Delimiter> Bind(BoundArgs* bound, size_t i) {
    Delimiter delimiter;
    if (const std::optional<std::string> text = ConstantText(bound, i); text && IsPlain(*text)) {
      delimiter.plain_ = (*text)[0];
    } else {
      MR_ASSIGN(delimiter.pattern_, PatternArgument::Bind(bound, i, PatternArgument::Invalid::kError));
    }
    return delimiter;
  }

  static Delimiter Plain(char c) {
    Delimiter delimiter;
    delimiter.plain_ = c;
    return delimiter;
  }

  // The next delimiter at or after `from`; false: none.
  Result<bool> Find(std::string_view text, size_t from, std::string_view source, size_t* begin,
                    size_t* end) const {
    if (plain_ != '\0') {
      *begin = text.find(plain_, from);
      *end = *begin + 1;
      return *begin != std::string_view::npos;
    }
    const Regex* regex = pattern_.For(source);
    if (regex == nullptr) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("STR_TO_MAP: invalid regular expression '{}'", source));
    }
    // An empty match at the start parts nothing.
    for (size_t start = from; start <= text.size();) {
      Regex::Match match;
      MR_ASSIGN(const bool found, regex->Find(text, start, &match));
      if (!found) return false;
      if (match.end() > from) {
        *begin = match.begin();
        *end = match.end();
        return true;
      }
      start = from + (from < text.size() ? utf8::LeadBytes(text.substr(from)) : 1);
    }
    return false;
  }

 private:
  static bool IsPlain(std::string_view text) {
    return text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 && text[0] != '\0' &&
           std::string_view("<([{\\^-=$!|]})?*+.>").find(text[0]) == std::string_view::npos;
  }

  char plain_ = '\0';
  PatternArgument pattern_;
};

struct MapCall {
  Delimiter pairs = Delimiter::Plain(',');
  Delimiter values = Delimiter::Plain('=');

  Status Run(std::string_view text, std::string_view pair_source, std::string_view value_source,
             RowWriter& out) const {
    std::vector<std::pair<std::string_view, std::optional<std::string_view>>> entries;
    size_t from = 0;
    size_t kept = 0;  // Java drops empty parts at the end
    bool more = !text.empty();
    while (more) {
      size_t begin = text.size();
      size_t end = text.size();
      MR_ASSIGN(more, pairs.Find(text, from, pair_source, &begin, &end));
      if (!more) begin = text.size();
      const std::string_view pair = text.substr(from, begin - from);
      size_t value_begin = 0;
      size_t value_end = 0;
      MR_ASSIGN(const bool has_value, values.Find(pair, 0, value_source, &value_begin, &value_end));
      if (has_value) {
        entries.emplace_back(pair.substr(0, value_begin), pair.substr(value_end));
      } else {
        entries.emplace_back(pair, std::nullopt);
      }
      if (!pair.empty()) kept = entries.size();
      from = end;
    }
    entries.resize(kept);
    out.BeginList();
    for (size_t i = 0; i < entries.size(); ++i) {
      // The last of equal keys stays.
      bool again = false;
      for (size_t j = i + 1; j < entries.size() && !again; ++j) again = entries[j].first == entries[i].first;
      if (again) continue;
      out.elements(0).AppendString(entries[i].first);
      if (entries[i].second) {
        out.elements(1).AppendString(*entries[i].second);
      } else {
        out.elements(1).AppendNull();
      }
    }
    out.EndList();
    return Ok();
  }
};

Result<ExprPtr> BindStrToMap(BoundArgs bound) {
  const DataType type = DataType::Map(DataType::String().NotNull(), DataType::String());
  if (bound.size() == 2)
    return std::unexpected(BadArguments(bound.name, bound.args, "STR_TO_MAP(text [, pairs, values])"));
  MapCall call;
  if (bound.size() == 1) {
    return bound.Call(type,
                      WriterKernel<1, std::string_view>(type, [call](std::string_view text, RowWriter& out) {
                        const Status status = call.Run(text, {}, {}, out);
                        if (!status) out.Fail(status.error());
                      }));
  }
  MR_ASSIGN(call.pairs, Delimiter::Bind(&bound, 1));
  MR_ASSIGN(call.values, Delimiter::Bind(&bound, 2));
  return bound.Call(type, WriterKernel<3, std::string_view, std::string_view, std::string_view>(
                              type, [call](std::string_view text, std::string_view pairs,
                                           std::string_view values, RowWriter& out) {
                                const Status status = call.Run(text, pairs, values, out);
                                if (!status) out.Fail(status.error());
                              }));
}

// --- ELT(index, text...) ---

Result<ExprPtr> BindElt(BoundArgs bound) {
  const bool bytes = bound.type(1).IsBinary();
  for (size_t i = 2; i < bound.size(); ++i) {
    if (bound.type(i).IsBinary() != bytes) {
      return std::unexpected(
          BadArguments(bound.name, bound.args, "ELT(index, text...) or ELT(index, bytes...)"));
    }
  }
  if (bound.IsLiteral(0) && !bound.LiteralValue(0).is_null() && bound.LiteralValue(0).as_int() < 0) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("ELT: the index counts from 1, but is {}", bound.LiteralValue(0).as_int()));
  }
  // The type of the texts where they agree.
  DataType type = bound.type(1).WithNullable(true);
  for (size_t i = 2; i < bound.size(); ++i) {
    if (!type.SameAs(bound.type(i))) type = bytes ? DataType::Bytes() : DataType::String();
  }
  return bound.Call(
      type, [type](const std::vector<data::ColumnPtr>& args, size_t rows, EvalContext&) -> data::ColumnPtr {
        auto result = MakeResult(type, rows);
        auto* out = result->mutable_values<data::StringRef>();
        const data::ColumnView<int64_t> index(*args[0]);
        std::vector<data::ColumnView<data::StringRef>> texts;
        for (size_t i = 1; i < args.size(); ++i) {
          texts.emplace_back(*args[i]);
          result->AddOwnersOf(*args[i]);
        }
        for (size_t row = 0; row < rows; ++row) {
          const int64_t i = index.IsNull(row) ? 0 : index[row];
          if (i < 1 || static_cast<size_t>(i) > texts.size() ||
              texts[static_cast<size_t>(i - 1)].IsNull(row)) {
            result->SetNull(row);
          } else {
            out[row] = texts[static_cast<size_t>(i - 1)][row];
          }
        }
        return result;
      });
}

}  // namespace

void RegisterStringSplit(Registry& registry) {
  Define(registry,
         {"string", "SPLIT(text STRING, delimiter STRING)",
          "The parts between delimiters, as an array; without a delimiter, the characters"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           const DataType type = bound.Nullable(DataType::Array(DataType::String()));
           return bound.Call(type, WriterKernel<2, std::string_view, std::string_view>(type, Split));
         });
  Define(registry,
         {"string", "SPLIT_INDEX(text STRING, delimiter STRING|INT, index INT)",
          "The part of the text at an index, from 0; the delimiter may be a character's number"},
         BindSplitIndex);
  Define(registry,
         {"string", "STR_TO_MAP(text STRING [, pairs STRING, values STRING])",
          "A map of 'k=v,k=v'; both delimiters are regular expressions"},
         BindStrToMap);
  Define(registry,
         {"string", "ELT(index BIGINT, text STRING|BYTES...)",
          "The text at an index, from 1; NULL when there is none"},
         BindElt);
}

}  // namespace millrace::functions
