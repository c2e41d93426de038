// Types, and units of time.
#include <fmt/format.h>

#include <array>
#include <iterator>

#include "base/suggest.h"
#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

// What other systems call types, and what to write here.
struct ForeignType {
  std::string_view name;
  std::string_view here;
};
constexpr ForeignType kForeignTypes[] = {
    {"BOOL", "BOOLEAN"},
    {"BYTEA", "BYTES"},
    {"DATETIME", "TIMESTAMP(3)"},
    {"DOUBLES", "DOUBLE"},
    {"FLOAT4", "FLOAT"},
    {"FLOAT8", "DOUBLE"},
    {"INT2", "SMALLINT"},
    {"INT4", "INT"},
    {"INT8", "BIGINT"},
    {"INT16", "SMALLINT"},
    {"INT32", "INT"},
    {"INT64", "BIGINT"},
    {"JSON", "STRING"},
    {"JSONB", "STRING"},
    {"LONG", "BIGINT"},
    {"LONGTEXT", "STRING"},
    {"MEDIUMINT", "INT"},
    {"MONEY", "DECIMAL(18, 2)"},
    {"NUMBER", "DECIMAL"},
    {"NVARCHAR", "STRING"},
    {"SERIAL", "BIGINT"},
    {"STRUCT", "ROW"},
    {"TEXT", "STRING"},
    {"TIMESTAMPTZ", "TIMESTAMP_LTZ(3)"},
    {"UUID", "STRING"},
    {"VARCHAR2", "VARCHAR"},
    {"BLOB", "BYTES"},
    {"CLOB", "STRING"},
    {"TIMESTAMP_NTZ", "TIMESTAMP"},
    {"NCHAR", "CHAR"},
};

constexpr std::string_view kTypeNames[] = {
    "BOOLEAN",  "TINYINT",   "SMALLINT", "INT",     "INTEGER", "BIGINT",    "FLOAT",
    "REAL",     "DOUBLE",    "DECIMAL",  "NUMERIC", "CHAR",    "VARCHAR",   "STRING",
    "BINARY",   "VARBINARY", "BYTES",    "DATE",    "TIME",    "TIMESTAMP", "TIMESTAMP_LTZ",
    "INTERVAL", "ARRAY",     "MULTISET", "MAP",     "ROW",     "VARIANT"};

int HeightOf(const TypeSpec& type) {
  int height = 0;
  for (const TypeSpec& child : type.children) height = std::max(height, HeightOf(child));
  return height + 1;
}

struct UnitWord {
  Word word;
  TimeUnit unit;
};
constexpr UnitWord kUnitWords[] = {
    {Word::kYEAR, TimeUnit::kYear},
    {Word::kYEARS, TimeUnit::kYear},
    {Word::kQUARTER, TimeUnit::kQuarter},
    {Word::kQUARTERS, TimeUnit::kQuarter},
    {Word::kMONTH, TimeUnit::kMonth},
    {Word::kMONTHS, TimeUnit::kMonth},
    {Word::kWEEK, TimeUnit::kWeek},
    {Word::kWEEKS, TimeUnit::kWeek},
    {Word::kDAY, TimeUnit::kDay},
    {Word::kDAYS, TimeUnit::kDay},
    {Word::kHOUR, TimeUnit::kHour},
    {Word::kHOURS, TimeUnit::kHour},
    {Word::kMINUTE, TimeUnit::kMinute},
    {Word::kMINUTES, TimeUnit::kMinute},
    {Word::kSECOND, TimeUnit::kSecond},
    {Word::kSECONDS, TimeUnit::kSecond},
    {Word::kMILLISECOND, TimeUnit::kMillisecond},
    {Word::kMILLISECONDS, TimeUnit::kMillisecond},
    {Word::kMICROSECOND, TimeUnit::kMicrosecond},
    {Word::kMICROSECONDS, TimeUnit::kMicrosecond},
    {Word::kNANOSECOND, TimeUnit::kNanosecond},
    {Word::kNANOSECONDS, TimeUnit::kNanosecond},
    {Word::kEPOCH, TimeUnit::kEpoch},
    {Word::kDOW, TimeUnit::kDow},
    {Word::kISODOW, TimeUnit::kIsodow},
    {Word::kDOY, TimeUnit::kDoy},
    {Word::kISOYEAR, TimeUnit::kIsoyear},
    {Word::kDECADE, TimeUnit::kDecade},
    {Word::kCENTURY, TimeUnit::kCentury},
    {Word::kMILLENNIUM, TimeUnit::kMillennium},
    {Word::kSQL_TSI_YEAR, TimeUnit::kYear},
    {Word::kSQL_TSI_QUARTER, TimeUnit::kQuarter},
    {Word::kSQL_TSI_MONTH, TimeUnit::kMonth},
    {Word::kSQL_TSI_WEEK, TimeUnit::kWeek},
    {Word::kSQL_TSI_DAY, TimeUnit::kDay},
    {Word::kSQL_TSI_HOUR, TimeUnit::kHour},
    {Word::kSQL_TSI_MINUTE, TimeUnit::kMinute},
    {Word::kSQL_TSI_SECOND, TimeUnit::kSecond},
    {Word::kSQL_TSI_MICROSECOND, TimeUnit::kMicrosecond},
    {Word::kSQL_TSI_FRAC_SECOND, TimeUnit::kMicrosecond},
    {Word::kFRAC_SECOND, TimeUnit::kMicrosecond},
};

}  // namespace

Result<TimeUnit> Parser::ParseTimeUnit(std::string_view where) {
  for (const UnitWord& entry : kUnitWords) {
    if (Accept(entry.word)) return entry.unit;
  }
  return Expected(fmt::format("a unit of time {}, such as DAY, HOUR, MINUTE or SECOND", where));
}

Result<TypeSpec> Parser::ParseTypeSpec() {
  const auto too_deep = [&]() {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("this type is nested deeper than {} levels", limits::kNestingMax), {},
                Current().location);
  };
  if (type_depth_ >= limits::kNestingMax) return too_deep();
  ++type_depth_;
  auto type = ParseTypeWithSuffixes();
  --type_depth_;
  if (type && type_depth_ == 0 && HeightOf(*type) > limits::kNestingMax) return too_deep();
  return type;
}

Result<TypeSpec> Parser::ParseCastType() {
  struct Alias {
    std::string_view name;
    TypeKind kind;
  };
  constexpr Alias kAliases[] = {
      {"BOOL", TypeKind::kBoolean}, {"INT2", TypeKind::kSmallInt},   {"INT4", TypeKind::kInt},
      {"INT8", TypeKind::kBigInt},  {"FLOAT4", TypeKind::kFloat},    {"FLOAT8", TypeKind::kDouble},
      {"TEXT", TypeKind::kVarchar}, {"BYTEA", TypeKind::kVarbinary}, {"TIMESTAMPTZ", TypeKind::kTimestampLtz},
  };
  for (const Alias& alias : kAliases) {
    if (!IsText(Current(), alias.name)) continue;
    TypeSpec type;
    type.kind = alias.kind;
    type.location = Current().location;
    Advance();
    return type;
  }
  return ParseBaseType();
}

Result<TypeSpec> Parser::ParseTypeWithSuffixes() {
  MR_ASSIGN(TypeSpec type, ParseBaseType());
  const auto parse_null = [&](TypeSpec* t) -> Status {
    if (Accept(Word::kNOT)) {
      MR_TRY(Expect(Word::kNULL, "after NOT"));
      t->not_null = true;
    } else {
      Accept(Word::kNULL);
    }
    return Ok();
  };
  MR_TRY(parse_null(&type));
  int suffixes = 0;
  while (At(Word::kARRAY) || At(Word::kMULTISET)) {
    if (++suffixes > limits::kNestingMax) return TooDeep();
    TypeSpec outer;
    outer.kind = At(Word::kARRAY) ? TypeKind::kArray : TypeKind::kMultiset;
    outer.location = type.location;
    outer.children.push_back(std::move(type));
    type = std::move(outer);
    Advance();
    MR_TRY(parse_null(&type));
  }
  return type;
}

Result<std::optional<int>> Parser::ParseLength() {
  if (!Accept(TokenKind::kLeftParen)) return std::nullopt;
  MR_ASSIGN(const int length, ParseInt("a length"));
  MR_TRY(Expect(TokenKind::kRightParen, "after the length"));
  return std::optional<int>(length);
}

Result<TypeSpec> Parser::ParseBaseType() {
  TypeSpec type;
  const Token first = Current();
  type.location = first.location;
  const auto with_length = [&](TypeKind kind) -> Result<TypeSpec> {
    type.kind = kind;
    MR_ASSIGN(type.precision, ParseLength());
    return std::move(type);
  };
  const auto plain = [&](TypeKind kind) -> Result<TypeSpec> {
    type.kind = kind;
    return std::move(type);
  };
  const auto time_zone = [&]() -> Status {
    MR_TRY(Expect(Word::kTIME));
    return Expect(Word::kZONE, "after TIME");
  };
  if (first.kind != TokenKind::kWord) return Expected("a type");
  switch (first.word) {
    case Word::kBOOLEAN:
      Advance();
      return plain(TypeKind::kBoolean);
    case Word::kTINYINT:
      Advance();
      return plain(TypeKind::kTinyInt);
    case Word::kSMALLINT:
      Advance();
      return plain(TypeKind::kSmallInt);
    case Word::kINT:
    case Word::kINTEGER:
      Advance();
      return plain(TypeKind::kInt);
    case Word::kBIGINT:
      Advance();
      return plain(TypeKind::kBigInt);
    case Word::kFLOAT:
    case Word::kREAL:
      Advance();
      return plain(TypeKind::kFloat);
    case Word::kDOUBLE:
      Advance();
      Accept(Word::kPRECISION);
      return plain(TypeKind::kDouble);
    case Word::kDATE:
      Advance();
      return plain(TypeKind::kDate);
    case Word::kNULL:
      Advance();
      return plain(TypeKind::kNull);
    case Word::kVARIANT:
      Advance();
      return plain(TypeKind::kVariant);
    case Word::kSTRING:
      Advance();
      return plain(TypeKind::kVarchar);
    case Word::kBYTES:
      Advance();
      return plain(TypeKind::kVarbinary);
    case Word::kVARCHAR:
      Advance();
      return with_length(TypeKind::kVarchar);
    case Word::kVARBINARY:
      Advance();
      return with_length(TypeKind::kVarbinary);
    case Word::kCHAR:
    case Word::kCHARACTER:
      Advance();
      return with_length(Accept(Word::kVARYING) ? TypeKind::kVarchar : TypeKind::kChar);
    case Word::kBINARY:
      Advance();
      return with_length(Accept(Word::kVARYING) ? TypeKind::kVarbinary : TypeKind::kBinary);
    case Word::kDECIMAL:
    case Word::kDEC:
    case Word::kNUMERIC: {
      Advance();
      type.kind = TypeKind::kDecimal;
      if (Accept(TokenKind::kLeftParen)) {
        MR_ASSIGN(type.precision, ParseInt("a precision"));
        if (Accept(TokenKind::kComma)) {
          MR_ASSIGN(type.scale, ParseInt("a scale"));
        }
        MR_TRY(Expect(TokenKind::kRightParen, "after the precision and scale"));
      }
      return type;
    }
    case Word::kTIME: {
      Advance();
      type.kind = TypeKind::kTime;
      MR_ASSIGN(type.precision, ParseLength());
      if (Accept(Word::kWITHOUT)) MR_TRY(time_zone());
      if (At(Word::kWITH)) {
        return NotSupported(Current(), "TIME with a time zone is not supported", "use TIME or TIMESTAMP_LTZ");
      }
      return type;
    }
    case Word::kTIMESTAMP_LTZ:
      Advance();
      return with_length(TypeKind::kTimestampLtz);
    case Word::kTIMESTAMP: {
      Advance();
      type.kind = TypeKind::kTimestamp;
      MR_ASSIGN(type.precision, ParseLength());
      if (Accept(Word::kWITHOUT)) {
        MR_TRY(time_zone());
      } else if (Accept(Word::kWITH)) {
        type.kind = Accept(Word::kLOCAL) ? TypeKind::kTimestampLtz : TypeKind::kTimestampTz;
        MR_TRY(time_zone());
      }
      return type;
    }
    case Word::kINTERVAL: {
      Advance();
      type.kind = TypeKind::kInterval;
      MR_ASSIGN(type.interval_from, ParseTimeUnit("after INTERVAL"));
      MR_ASSIGN(type.precision, ParseLength());
      if (Accept(Word::kTO)) {
        MR_ASSIGN(type.interval_to, ParseTimeUnit("after TO"));
        MR_ASSIGN(type.scale, ParseLength());
      }
      return type;
    }
    case Word::kARRAY:
    case Word::kMULTISET: {
      Advance();
      type.kind = first.word == Word::kARRAY ? TypeKind::kArray : TypeKind::kMultiset;
      const std::string name(WordText(first.word));
      MR_TRY(Expect(TokenKind::kLess, fmt::format("after {0}, as in {0}<STRING>", name)));
      MR_ASSIGN(TypeSpec element, ParseTypeSpec());
      type.children.push_back(std::move(element));
      MR_TRY(Expect(TokenKind::kGreater, fmt::format("after the element type of {}", name)));
      return type;
    }
    case Word::kMAP: {
      Advance();
      type.kind = TypeKind::kMap;
      MR_TRY(Expect(TokenKind::kLess, "after MAP, as in MAP<STRING, INT>"));
      MR_ASSIGN(TypeSpec key, ParseTypeSpec());
      MR_TRY(Expect(TokenKind::kComma, "after the key type of MAP"));
      MR_ASSIGN(TypeSpec value, ParseTypeSpec());
      type.children.push_back(std::move(key));
      type.children.push_back(std::move(value));
      MR_TRY(Expect(TokenKind::kGreater, "after the value type of MAP"));
      return type;
    }
    case Word::kROW:
      Advance();
      type.kind = TypeKind::kRow;
      MR_TRY(ParseRowFields(&type));
      return type;
    case Word::kRAW:
      Advance();
      type.kind = TypeKind::kRaw;
      MR_TRY(Expect(TokenKind::kLeftParen, "after RAW"));
      MR_TRY(ParseRawArguments(&type));
      return type;
    case Word::kSTRUCTURED:
      return NotSupported(first, fmt::format("the type {} is not supported", WordText(first.word)),
                          "it names a class of Java; use ROW");
    default:
      break;
  }
  if (IsReserved(first.word) && first.word != Word::kDATETIME && first.word != Word::kBLOB &&
      first.word != Word::kCLOB && first.word != Word::kNCHAR) {
    return Expected("a type");
  }
  const std::string name = lexer_.NameOf(first);
  std::string hint;
  for (const ForeignType& foreign : kForeignTypes) {
    if (EditDistance(name, foreign.name, 0) == 0) hint = fmt::format("write {}", foreign.here);
  }
  if (hint.empty()) hint = DidYouMean(name, kTypeNames);
  return Fail(ErrorCode::kUndefinedObject, fmt::format("there is no type '{}'", name), std::move(hint),
              first.location);
}

// 'class', 'snapshot' )
Status Parser::ParseRawArguments(TypeSpec* type) {
  MR_ASSIGN(type->raw_class, ParseString("the class of RAW as a string"));
  MR_TRY(Expect(TokenKind::kComma, "after the class of RAW"));
  MR_ASSIGN(type->raw_snapshot, ParseString("the serializer of RAW as a string"));
  return Expect(TokenKind::kRightParen, "after the serializer of RAW");
}

Status Parser::ParseRowFields(TypeSpec* type) {
  if (At(TokenKind::kNotEqual)) {
    return Fail(ErrorCode::kSyntaxError, "a ROW type needs at least one field",
                "as in ROW<city STRING, amount INT>", Current().location);
  }
  const TokenKind close = At(TokenKind::kLess) ? TokenKind::kGreater : TokenKind::kRightParen;
  if (!Accept(TokenKind::kLess) && !Accept(TokenKind::kLeftParen)) {
    return Expected("'<' after ROW, as in ROW<city STRING, amount INT>");
  }
  do {
    MR_ASSIGN(Name name, ParseName("the name of a field"));
    MR_ASSIGN(TypeSpec field, ParseTypeSpec());
    std::optional<std::string> comment;
    if (At(TokenKind::kString) || At(TokenKind::kUnicodeString)) {
      MR_ASSIGN(comment, ParseString("a comment"));
    }
    type->field_names.push_back(std::move(name));
    type->children.push_back(std::move(field));
    type->field_comments.push_back(std::move(comment));
  } while (Accept(TokenKind::kComma));
  if (!Accept(close)) return Expected(fmt::format("',' or {} after a field of ROW", SymbolText(close)));
  return Ok();
}

}  // namespace millrace::sql
