// JSON_VALUE, JSON_QUERY, JSON_EXISTS, IS JSON, JSON_LENGTH, JSON_TYPE.
//
// The clauses of the grammar come as literal words: RETURNING is a cast around the call.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "functions/builtin.h"
#include "functions/json_document.h"
#include "functions/json_path.h"
#include "functions/pattern_argument.h"
#include "functions/row_writer.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::DataType;
using data::Value;

namespace {

using State = JsonFound::State;

// What a call gives where there is no value, or an error.
enum class Behavior : uint8_t { kNull, kError, kDefault, kEmptyArray, kEmptyObject, kTrue, kFalse, kUnknown };

constexpr std::array<std::pair<std::string_view, Behavior>, 8> kBehaviors = {{
    {"NULL", Behavior::kNull},
    {"ERROR", Behavior::kError},
    {"DEFAULT", Behavior::kDefault},
    {"EMPTY ARRAY", Behavior::kEmptyArray},
    {"EMPTY OBJECT", Behavior::kEmptyObject},
    {"TRUE", Behavior::kTrue},
    {"FALSE", Behavior::kFalse},
    {"UNKNOWN", Behavior::kUnknown},
}};

constexpr std::array kValueBehaviors = {Behavior::kNull, Behavior::kError, Behavior::kDefault};
// The last is for texts only.
constexpr std::array kQueryBehaviors = {Behavior::kNull, Behavior::kError, Behavior::kEmptyArray,
                                        Behavior::kEmptyObject};
constexpr std::array kExistsBehaviors = {Behavior::kTrue, Behavior::kFalse, Behavior::kUnknown,
                                         Behavior::kError};

// The literal word of argument i.
Result<std::string> Word(const BoundArgs& bound, size_t i) {
  if (bound.IsLiteral(i) && bound.type(i).IsCharacter() && !bound.LiteralValue(i).is_null()) {
    return bound.LiteralValue(i).as_string();
  }
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("argument {} of {} is not a word of its grammar", i + 1, bound.name),
              "write the clauses as in SQL, for example NULL ON ERROR");
}

Result<Behavior> BehaviorArgument(const BoundArgs& bound, size_t i, std::span<const Behavior> allowed) {
  MR_ASSIGN(const std::string word, Word(bound, i));
  std::string choices;
  for (const auto& [name, behavior] : kBehaviors) {
    if (std::find(allowed.begin(), allowed.end(), behavior) == allowed.end()) continue;
    if (word == name) return behavior;
    choices += (choices.empty() ? "" : ", ") + std::string(name);
  }
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("{} does not take '{}' ON EMPTY or ON ERROR", bound.name, word),
              fmt::format("it takes {}", choices));
}

// The path of a call: compiled when it is constant, else from the row.
class PathArgument {
 public:
  static Result<PathArgument> Bind(BoundArgs* bound) {
    PathArgument path;
    if (const std::optional<std::string> text = ConstantText(bound, 1)) {
      Result<JsonPathPtr> compiled = JsonPath::Compile(*text);
      if (!compiled) return std::unexpected(compiled.error().Within(bound->name));
      path.constant_ = *std::move(compiled);
    }
    return path;
  }

  // What the path of the row finds in the thread's document.
  void Find(std::string_view json, std::string_view text, JsonFound* found) const {
    JsonDocument* document = &JsonDocument::ThisThread();
    if (constant_ != nullptr) return constant_->Find(json, document, found);
    const Result<JsonPathPtr> path = JsonPath::Cached(text);
    if (path) return (*path)->Find(json, document, found);
    found->state = State::kError;
    found->problem = JsonFound::Problem::kBadPath;
    found->values.clear();
  }

  bool IsLax(std::string_view text) const {
    if (constant_ != nullptr) return constant_->is_lax();
    const Result<JsonPathPtr> path = JsonPath::Cached(text);
    return path && (*path)->is_lax();
  }

 private:
  JsonPathPtr constant_;
};

JsonFound& ThreadFound() {
  thread_local JsonFound found;
  return found;
}

// The words for an error that is reported; none, and no cost, for one that is answered otherwise.
std::string Reason(Behavior on_error, const JsonFound& found, std::string_view path) {
  return on_error == Behavior::kError ? found.Explain(path, JsonDocument::ThisThread()) : std::string();
}

Error NotFound(std::string_view function, std::string_view why) {
  return Error(ErrorCode::kInvalidText, fmt::format("{}: {}", function, why));
}

// --- JSON_VALUE(json, path [, on empty, its default, on error, its default]) ---

struct ValueCall {
  PathArgument path;
  Behavior on_empty = Behavior::kNull;
  Behavior on_error = Behavior::kNull;

  void Answer(Behavior behavior, const Cell* otherwise, std::string_view why, RowWriter& out) const {
    if (behavior == Behavior::kError) return out.Fail(NotFound("JSON_VALUE", why));
    if (behavior == Behavior::kNull || otherwise->is_null()) return out.SetNull();
    out.SetText(otherwise->text());
  }

  void Run(std::string_view json, std::string_view path_text, const Cell* empty_default,
           const Cell* error_default, RowWriter& out) const {
    JsonFound& found = ThreadFound();
    path.Find(json, path_text, &found);
    const JsonDocument& document = JsonDocument::ThisThread();
    const bool scalar = found.state == State::kValue && document.node(found.values[0]).is_scalar();
    if (scalar) {
      out.scratch().clear();
      document.AppendScalar(found.values[0], &out.scratch());
      return out.SetText(out.scratch());
    }
    if (found.state == State::kError) {
      return Answer(on_error, error_default, Reason(on_error, found, path_text), out);
    }
    if (found.state == State::kNothing || path.IsLax(path_text)) {
      return Answer(on_empty, empty_default, "there is no scalar value at the path", out);
    }
    Answer(on_error, error_default, "the value at the strict path is not a scalar", out);
  }
};

// A default as JSON_VALUE gives it: as text.
Result<ExprPtr> DefaultText(ExprPtr value, const BindContext& context) {
  if (value->kind() == ExprKind::kLiteral && value->type().kind() == data::TypeKind::kBoolean) {
    const Value& constant = static_cast<const Literal&>(*value).value();
    if (!constant.is_null()) {
      return MakeLiteral(DataType::String().NotNull(), Value::String(constant.as_bool() ? "true" : "false"));
    }
  }
  if (value->type().IsCharacter()) return value;
  return MakeCast(std::move(value), DataType::String(), /*is_try=*/false, context);
}

Result<ExprPtr> BindJsonValue(BoundArgs bound) {
  if (bound.size() != 2 && bound.size() != 6) {
    return std::unexpected(BadArguments(bound.name, bound.args, "JSON_VALUE(json STRING, path STRING)"));
  }
  ValueCall call;
  MR_ASSIGN(call.path, PathArgument::Bind(&bound));
  const DataType type = DataType::String();
  if (bound.size() == 2) {
    return bound.Call(type, WriterKernel<2, std::string_view, std::string_view>(
                                type, [call](std::string_view json, std::string_view path, RowWriter& out) {
                                  call.Run(json, path, nullptr, nullptr, out);
                                }));
  }
  MR_ASSIGN(call.on_empty, BehaviorArgument(bound, 2, kValueBehaviors));
  MR_ASSIGN(call.on_error, BehaviorArgument(bound, 4, kValueBehaviors));
  MR_ASSIGN(bound.args[3], DefaultText(bound.args[3], bound.context));
  MR_ASSIGN(bound.args[5], DefaultText(bound.args[5], bound.context));
  return bound.Call(
      type, WriterKernel<2, std::string_view, std::string_view, Cell, Cell, Cell, Cell>(
                type, [call](std::string_view json, std::string_view path, const Cell&,
                             const Cell& empty_default, const Cell&, const Cell& error_default,
                             RowWriter& out) { call.Run(json, path, &empty_default, &error_default, out); }));
}

// --- JSON_QUERY(json, path [, wrapper, on empty, on error [, 'ARRAY']]) ---

enum class Wrapper : uint8_t { kWithout, kConditional, kUnconditional };

struct QueryCall {
  PathArgument path;
  Wrapper wrapper = Wrapper::kWithout;
  Behavior on_empty = Behavior::kNull;
  Behavior on_error = Behavior::kNull;
  bool as_array = false;  // ARRAY<STRING>, else STRING

  void Answer(Behavior behavior, std::string_view why, RowWriter& out) const {
    switch (behavior) {
      case Behavior::kError:
        return out.Fail(NotFound("JSON_QUERY", why));
      case Behavior::kEmptyArray:
        if (!as_array) out.SetText("[]");
        return;
      case Behavior::kEmptyObject:
        return out.SetText("{}");
      default:
        return out.SetNull();
    }
  }

  static void AppendElement(const JsonDocument& document, uint32_t value, RowWriter& out) {
    if (document.node(value).kind == JsonKind::kNull) return out.elements().AppendNull();
    out.scratch().clear();
    if (document.node(value).is_scalar()) {
      document.AppendScalar(value, &out.scratch());
    } else {
      document.AppendJson(value, &out.scratch());
    }
    out.elements().AppendString(out.scratch());
  }

  static void AppendList(const JsonDocument& document, const std::vector<uint32_t>& values,
                         std::string* text) {
    text->push_back('[');
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) text->push_back(',');
      document.AppendJson(values[i], text);
    }
    text->push_back(']');
  }

  void Run(std::string_view json, std::string_view path_text, RowWriter& out) const {
    JsonFound& found = ThreadFound();
    path.Find(json, path_text, &found);
    if (found.state == State::kError) return Answer(on_error, Reason(on_error, found, path_text), out);
    if (found.state == State::kNothing) return Answer(on_empty, "there is no value at the path", out);
    const JsonDocument& document = JsonDocument::ThisThread();
    const bool is_list = found.state == State::kValues;
    const JsonNode* node = is_list ? nullptr : &document.node(found.values[0]);
    const bool is_array = is_list || node->kind == JsonKind::kArray;
    const bool wraps = wrapper == Wrapper::kUnconditional || (wrapper == Wrapper::kConditional && !is_array);
    if (!wraps && !is_list && node->is_scalar()) {
      if (path.IsLax(path_text)) return Answer(on_empty, "there is no array or object at the path", out);
      return Answer(on_error, "the value at the strict path is neither an array nor an object", out);
    }
    if (as_array) return RunArray(document, found, wraps, out);
    std::string& text = out.scratch();
    text.clear();
    if (wraps) text.push_back('[');
    if (is_list) {
      AppendList(document, found.values, &text);
    } else {
      document.AppendJson(found.values[0], &text);
    }
    if (wraps) text.push_back(']');
    out.SetText(text);
  }

  void RunArray(const JsonDocument& document, const JsonFound& found, bool wraps, RowWriter& out) const {
    const bool is_list = found.state == State::kValues;
    if (!wraps && !is_list && document.node(found.values[0]).kind == JsonKind::kObject) {
      return Answer(on_error, "the value at the path is not an array", out);
    }
    out.BeginList();
    if (wraps && is_list) {
      out.scratch().clear();
      AppendList(document, found.values, &out.scratch());
      out.elements().AppendString(out.scratch());
    } else if (wraps || is_list) {
      for (const uint32_t value : found.values) AppendElement(document, value, out);
    } else {
      const JsonNode& array = document.node(found.values[0]);
      for (uint32_t e = found.values[0] + 1; e < array.next; e = document.node(e).next) {
        AppendElement(document, e, out);
      }
    }
    out.EndList();
  }
};

Result<ExprPtr> BindJsonQuery(BoundArgs bound) {
  QueryCall call;
  MR_ASSIGN(call.path, PathArgument::Bind(&bound));
  if (bound.size() != 2 && bound.size() != 5 && bound.size() != 6) {
    return std::unexpected(BadArguments(bound.name, bound.args, "JSON_QUERY(json STRING, path STRING)"));
  }
  if (bound.size() > 2) {
    MR_ASSIGN(const std::string wrapper, Word(bound, 2));
    if (wrapper == "CONDITIONAL") {
      call.wrapper = Wrapper::kConditional;
    } else if (wrapper == "UNCONDITIONAL") {
      call.wrapper = Wrapper::kUnconditional;
    } else if (wrapper != "WITHOUT") {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("JSON_QUERY does not know the wrapper '{}'", wrapper),
                  "the wrappers are WITHOUT, CONDITIONAL and UNCONDITIONAL");
    }
    if (bound.size() == 6) {
      MR_ASSIGN(const std::string returning, Word(bound, 5));
      if (returning != "ARRAY" && returning != "STRING") {
        return Fail(ErrorCode::kNotSupported, fmt::format("JSON_QUERY cannot return {}", returning),
                    "it returns STRING or ARRAY<STRING>");
      }
      call.as_array = returning == "ARRAY";
    }
    const auto allowed = std::span(kQueryBehaviors).first(call.as_array ? 3 : 4);
    MR_ASSIGN(call.on_empty, BehaviorArgument(bound, 3, allowed));
    MR_ASSIGN(call.on_error, BehaviorArgument(bound, 4, allowed));
  }
  const DataType type = call.as_array ? DataType::Array(DataType::String()) : DataType::String();
  return bound.Call(type, WriterKernel<2, std::string_view, std::string_view>(
                              type, [call](std::string_view json, std::string_view path, RowWriter& out) {
                                call.Run(json, path, out);
                              }));
}

// --- JSON_EXISTS(json, path [, on error]) ---

Result<ExprPtr> BindJsonExists(BoundArgs bound) {
  MR_ASSIGN(const PathArgument path, PathArgument::Bind(&bound));
  Behavior on_error = Behavior::kFalse;
  if (bound.size() == 3) {
    MR_ASSIGN(on_error, BehaviorArgument(bound, 2, kExistsBehaviors));
  }
  const DataType type = DataType::Boolean();
  return bound.Call(
      type, WriterKernel<2, std::string_view, std::string_view>(
                type, [path, on_error](std::string_view json, std::string_view text, RowWriter& out) {
                  JsonFound& found = ThreadFound();
                  path.Find(json, text, &found);
                  if (found.state != State::kError) {
                    return out.Set<bool>(found.state != State::kNothing);
                  }
                  if (on_error == Behavior::kError)
                    return out.Fail(NotFound("JSON_EXISTS", found.Explain(text, JsonDocument::ThisThread())));
                  if (on_error == Behavior::kUnknown) return out.SetNull();
                  out.Set<bool>(on_error == Behavior::kTrue);
                }));
}

// --- IS JSON, JSON_LENGTH, JSON_TYPE ---

bool IsScalar(JsonKind kind) {
  return kind < JsonKind::kArray;
}

void DefineIsJson(Registry& registry, std::string_view name, std::string_view summary,
                  bool (*accepts)(JsonKind)) {
  const std::string signature = fmt::format("{}(text STRING)", name);
  const std::string shown = fmt::format("text {}", name);
  DefineRow<bool, std::string_view>(
      registry, {"json", signature, summary, shown}, DataType::Boolean(), [accepts](std::string_view text) {
        JsonDocument& document = JsonDocument::ThisThread();
        return document.Parse(text) && accepts(document.node(JsonDocument::kRoot).kind);
      });
}

std::string_view TypeName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      return "boolean";
    case JsonKind::kNumber:
      return "number";
    case JsonKind::kString:
      return "string";
    case JsonKind::kArray:
      return "array";
    case JsonKind::kObject:
      return "object";
  }
  return "null";
}

// Functions of the one value at a path, "strict $" unless given: answer(document, node, out). NULL where the
// text is not JSON, or the path finds nothing or not exactly one value; a null there is a value.
template <typename F>
Result<ExprPtr> BindOfOneValue(BoundArgs bound, const DataType& type, F answer) {
  if (bound.size() == 1) {
    return bound.Call(
        type, WriterKernel<1, std::string_view>(type, [answer](std::string_view json, RowWriter& out) {
          JsonDocument& document = JsonDocument::ThisThread();
          if (!document.Parse(json)) return out.SetNull();
          answer(document, JsonDocument::kRoot, out);
        }));
  }
  MR_ASSIGN(const PathArgument path, PathArgument::Bind(&bound));
  return bound.Call(type,
                    WriterKernel<2, std::string_view, std::string_view>(
                        type, [answer, path](std::string_view json, std::string_view text, RowWriter& out) {
                          JsonFound& found = ThreadFound();
                          path.Find(json, text, &found);
                          if (found.values.size() != 1) return out.SetNull();
                          answer(JsonDocument::ThisThread(), found.values[0], out);
                        }));
}

}  // namespace

void RegisterJsonQuery(Registry& registry) {
  Define(
      registry,
      {"json", "JSON_VALUE(json STRING, path STRING [, ANY, ANY, ANY, ANY])", "The scalar at a path, as text",
       "JSON_VALUE(json, path [RETURNING type] [{NULL | ERROR | DEFAULT value} ON EMPTY] [{NULL | ERROR | "
       "DEFAULT value} ON ERROR])"},
      BindJsonValue);
  Define(registry,
         {"json", "JSON_QUERY(json STRING, path STRING [, STRING, STRING, STRING, STRING])",
          "The array or object at a path, as JSON",
          "JSON_QUERY(json, path [{WITHOUT | WITH [CONDITIONAL | UNCONDITIONAL]} [ARRAY] WRAPPER] [{NULL | "
          "ERROR "
          "| EMPTY ARRAY | EMPTY OBJECT} ON EMPTY] [{NULL | ERROR | EMPTY ARRAY | EMPTY OBJECT} ON ERROR])"},
         BindJsonQuery);
  Define(registry,
         {"json", "JSON_EXISTS(json STRING, path STRING [, STRING])", "Whether there is a value at a path",
          "JSON_EXISTS(json, path [{TRUE | FALSE | UNKNOWN | ERROR} ON ERROR])"},
         BindJsonExists);
  DefineIsJson(registry, "IS JSON VALUE", "Whether the text is JSON", [](JsonKind) { return true; });
  DefineIsJson(registry, "IS JSON OBJECT", "Whether the text is a JSON object",
               [](JsonKind kind) { return kind == JsonKind::kObject; });
  DefineIsJson(registry, "IS JSON ARRAY", "Whether the text is a JSON array",
               [](JsonKind kind) { return kind == JsonKind::kArray; });
  DefineIsJson(registry, "IS JSON SCALAR", "Whether the text is a JSON string, number, boolean or null",
               IsScalar);
  Define(registry,
         {"json", "JSON_LENGTH(json STRING [, path STRING])",
          "The members of an object, the elements of an array, or 1 for a scalar"},
         [](BoundArgs bound) {
           return BindOfOneValue(std::move(bound), DataType::Int(),
                                 [](const JsonDocument& document, uint32_t value, RowWriter& out) {
                                   out.Set<int32_t>(document.Length(value));
                                 });
         });
  Define(registry,
         {"json", "JSON_TYPE(json STRING [, path STRING])",
          "object, array, string, number, boolean or null; NULL where the text is not JSON"},
         [](BoundArgs bound) {
           return BindOfOneValue(std::move(bound), DataType::String(),
                                 [](const JsonDocument& document, uint32_t value, RowWriter& out) {
                                   out.SetText(TypeName(document.node(value).kind));
                                 });
         });
}

}  // namespace millrace::functions
