#include <gtest/gtest.h>

#include "functions/function_tester.h"
#include "functions/json_document.h"

namespace millrace::functions::testing {

std::string Number(std::string_view text, bool strip = false) {
  std::string out;
  AppendBigDecimal(text, strip, &out);
  return out;
}

TEST(JsonDocumentTest, NumbersAsJavaPrintsThem) {
  EXPECT_EQ(Number("0"), "0");
  EXPECT_EQ(Number("-0"), "0");
  EXPECT_EQ(Number("12345678901234567890123"), "12345678901234567890123");
  EXPECT_EQ(Number("0.50"), "0.50");
  EXPECT_EQ(Number("-1.5e2"), "-1.5E+2");
  EXPECT_EQ(Number("-1.25e1"), "-12.5");
  EXPECT_EQ(Number("0.000001"), "0.000001");
  EXPECT_EQ(Number("0.0000001"), "1E-7");
  EXPECT_EQ(Number("1e5"), "1E+5");
  EXPECT_EQ(Number("0.0"), "0.0");
  EXPECT_EQ(Number("100.00", true), "1E+2");
  EXPECT_EQ(Number("12.50", true), "12.5");
  EXPECT_EQ(Number("0.00", true), "0");
}

std::string Canonical(std::string_view text) {
  JsonDocument& document = JsonDocument::ThisThread();
  if (!document.Parse(text)) return document.problem();
  std::string out;
  document.AppendJson(JsonDocument::kRoot, &out);
  return out;
}

TEST(JsonDocumentTest, PlainForm) {
  EXPECT_EQ(Canonical(R"( { "b" : [ 1 , 2.0 ] , "a" : null } )"), R"({"a":null,"b":[1,2.0]})");
  EXPECT_EQ(Canonical(R"({"k":1,"k":2})"), R"({"k":2})");
  EXPECT_EQ(Canonical(R"("tab\t quote\" slash\/ \u5317\ud83d\ude00 \u0001")"),
            R"("tab\t quote\" slash/ 北😀 \u0001")");
  EXPECT_EQ(Canonical("[]"), "[]");
  EXPECT_EQ(Canonical("[[],{}]"), "[[],{}]");
}

TEST(JsonDocumentTest, WhatIsWrongAndWhere) {
  EXPECT_EQ(Canonical(""), "not valid JSON: a value is missing at byte 1");
  EXPECT_EQ(Canonical("[1,]"), "not valid JSON: an unexpected character at byte 4");
  EXPECT_EQ(Canonical("{\"a\" 1}"), "not valid JSON: no ':' after an object's key at byte 6");
  EXPECT_EQ(Canonical("{a:1}"), "not valid JSON: an object's key is missing at byte 2");
  EXPECT_EQ(Canonical("01"), "not valid JSON: a number with a leading zero at byte 2");
  EXPECT_EQ(Canonical("1."), "not valid JSON: a number without digits after its point at byte 3");
  EXPECT_EQ(Canonical("-"), "not valid JSON: an unexpected character at byte 2");
  EXPECT_EQ(Canonical("\"ab"), "not valid JSON: a string that is not closed at byte 4");
  EXPECT_EQ(Canonical("\"a\nb\""), "not valid JSON: a control character in a string at byte 3");
  EXPECT_EQ(Canonical("\"\\x\""), "not valid JSON: an unknown escape at byte 2");
  EXPECT_EQ(Canonical("{} {}"), "not valid JSON: text after the value at byte 4");
  EXPECT_EQ(Canonical("nul"), "not valid JSON: an unknown word at byte 1");
  EXPECT_EQ(Canonical(std::string(100, '[')), "not valid JSON: values nested too deeply at byte 65");
}

constexpr std::string_view kOrder =
    R"({"id":17,"total":99.90,"paid":true,"note":null,"buyer":{"name":"李雷","age":30},)"
    R"("items":[{"sku":"A","n":2},{"sku":"B"},{"sku":"C","n":1}],"a b":{"c.d":"x"}})";

std::string JsonValue(std::string_view path, std::string_view json = kOrder) {
  return Result("JSON_VALUE", {Text(json), Text(path)});
}

TEST(JsonValueTest, Paths) {
  EXPECT_EQ(JsonValue("$.id"), "17");
  EXPECT_EQ(JsonValue("$.total"), "99.90");
  EXPECT_EQ(JsonValue("$.paid"), "true");
  EXPECT_EQ(JsonValue("lax $.buyer.name"), "李雷");
  EXPECT_EQ(JsonValue("strict $['buyer'][\"age\"]"), "30");
  EXPECT_EQ(JsonValue("$.items[1].sku"), "B");
  EXPECT_EQ(JsonValue("$.items[-1].sku"), "C");
  EXPECT_EQ(JsonValue("$.items[last-1].sku"), "B");
  EXPECT_EQ(JsonValue("$.['a b']['c.d']"), "x");
  EXPECT_EQ(JsonValue("$", "\"a\\u0062\""), "ab");
}

TEST(JsonValueTest, NothingThere) {
  EXPECT_EQ(JsonValue("$.note"), "NULL");
  EXPECT_EQ(JsonValue("lax $.nothing.here"), "NULL");
  EXPECT_EQ(JsonValue("$.items"), "NULL");
  EXPECT_EQ(JsonValue("$.items[3].sku"), "NULL");
  EXPECT_EQ(JsonValue("$.id", "{broken"), "NULL");
}

// (json, path, on empty, its default, on error, its default).
std::string JsonValueOn(std::string_view path, std::string_view on_empty, ExprPtr empty,
                        std::string_view on_error, ExprPtr error, std::string_view json = kOrder) {
  return Result("JSON_VALUE",
                {Text(json), Text(path), Text(on_empty), std::move(empty), Text(on_error), std::move(error)},
                {}, false);
}

TEST(JsonValueTest, OnEmptyAndOnError) {
  EXPECT_EQ(JsonValueOn("lax $.x", "DEFAULT", Int(5), "NULL", Null()), "5");
  EXPECT_EQ(JsonValueOn("lax $.x", "DEFAULT", Bool(false), "NULL", Null()), "false");
  EXPECT_EQ(JsonValueOn("lax $.note", "DEFAULT", Text("-"), "NULL", Null()), "-");
  EXPECT_EQ(JsonValueOn("lax $.items", "DEFAULT", Text("e"), "DEFAULT", Text("r")), "e");
  EXPECT_EQ(JsonValueOn("strict $.items", "DEFAULT", Text("e"), "DEFAULT", Text("r")), "r");
  EXPECT_EQ(JsonValueOn("$.x", "DEFAULT", Text("e"), "DEFAULT", Text("r")), "r");
  EXPECT_EQ(JsonValueOn("lax $.x", "ERROR", Null(), "NULL", Null()),
            "JSON_VALUE: there is no scalar value at the path");
  EXPECT_EQ(JsonValueOn("$.x", "NULL", Null(), "ERROR", Null()), "JSON_VALUE: there is nothing at '$.x'");
  EXPECT_EQ(JsonValueOn("$.x", "NULL", Null(), "ERROR", Null(), "{"),
            "JSON_VALUE: not valid JSON: an object's key is missing at byte 2");
}

TEST(JsonPathTest, WhatIsRefused) {
  const auto message = [](std::string_view path) { return TypeOf("JSON_VALUE", {Text("{}"), Text(path)}); };
  EXPECT_EQ(message("a"), "JSON_VALUE: invalid JSON path 'a': it does not start with '$' at character 1");
  EXPECT_EQ(message("$.a[?(@.b > 1)]"),
            "JSON_VALUE: invalid JSON path '$.a[?(@.b > 1)]': filters are not supported at character 5");
  EXPECT_EQ(
      message("$.a.size()"),
      "JSON_VALUE: invalid JSON path '$.a.size()': functions in a path are not supported at character 5");
  EXPECT_EQ(message("$['a','b']"),
            "JSON_VALUE: invalid JSON path '$['a','b']': several names in one step are not supported at "
            "character 6");
  EXPECT_EQ(message("$[x]"), "JSON_VALUE: invalid JSON path '$[x]': not an index at character 3");
  EXPECT_EQ(message("$.a["), "JSON_VALUE: invalid JSON path '$.a[': ']' is missing at character 5");
  EXPECT_EQ(message("$a"), "JSON_VALUE: invalid JSON path '$a': neither '.' nor '[' at character 2");
  EXPECT_EQ(message("$."), "JSON_VALUE: invalid JSON path '$.': a name is missing at character 3");
}

std::string Query(std::string_view path, std::string_view wrapper = "WITHOUT",
                  std::string_view on_empty = "NULL", std::string_view on_error = "NULL",
                  std::string_view json = kOrder) {
  return Result("JSON_QUERY", {Text(json), Text(path), Text(wrapper), Text(on_empty), Text(on_error)}, {},
                false);
}

TEST(JsonQueryTest, ValuesAndWrappers) {
  EXPECT_EQ(Query("$.buyer"), R"({"age":30,"name":"李雷"})");
  EXPECT_EQ(Query("$.items[0]"), R"({"n":2,"sku":"A"})");
  EXPECT_EQ(Query("$.id"), "NULL");
  EXPECT_EQ(Query("$.id", "CONDITIONAL"), "[17]");
  EXPECT_EQ(Query("$.items[*].sku", "CONDITIONAL"), R"(["A","B","C"])");
  EXPECT_EQ(Query("$.items[*].sku", "UNCONDITIONAL"), R"([["A","B","C"]])");
  EXPECT_EQ(Query("lax $.items[*].n"), "[2,1]");
  EXPECT_EQ(Query("strict $.items[*].n"), "[2,1]");
  EXPECT_EQ(Query("$.items[0 to 1].sku"), R"(["A","B"])");
  EXPECT_EQ(Query("$.items[1:].sku"), R"(["B","C"])");
  EXPECT_EQ(Query("$.items[:-1].sku"), R"(["A","B"])");
  EXPECT_EQ(Query("$.items[2,0].sku"), R"(["C","A"])");
  EXPECT_EQ(Query("$.buyer.*"), R"(["李雷",30])");
  EXPECT_EQ(Query("$..n"), "[2,1]");
  EXPECT_EQ(Query("lax $.gone[*]"), "[]");
  EXPECT_EQ(Result("JSON_QUERY", {Text(kOrder), Text("$.buyer")}), R"({"age":30,"name":"李雷"})");
}

TEST(JsonQueryTest, OnEmptyAndOnError) {
  EXPECT_EQ(Query("lax $.gone", "WITHOUT", "EMPTY OBJECT"), "{}");
  EXPECT_EQ(Query("lax $.gone", "WITHOUT", "EMPTY ARRAY"), "[]");
  EXPECT_EQ(Query("strict $.gone", "WITHOUT", "NULL", "EMPTY ARRAY"), "[]");
  EXPECT_EQ(Query("lax $.id", "WITHOUT", "EMPTY ARRAY", "EMPTY OBJECT"), "[]");
  EXPECT_EQ(Query("strict $.id", "WITHOUT", "EMPTY ARRAY", "EMPTY OBJECT"), "{}");
  EXPECT_EQ(Query("$.gone", "WITHOUT", "NULL", "ERROR"), "JSON_QUERY: there is nothing at '$.gone'");
  EXPECT_EQ(Query("$.gone[*]", "WITHOUT", "NULL", "ERROR"), "JSON_QUERY: there is nothing at '$.gone[*]'");
  EXPECT_EQ(Query("$.a", "WITHOUT", "TRUE"), "JSON_QUERY does not take 'TRUE' ON EMPTY or ON ERROR");
}

TEST(JsonQueryTest, AsArray) {
  const auto array = [](std::string_view path, std::string_view wrapper, std::string_view on_error) {
    return Result("JSON_QUERY",
                  {Text(kOrder), Text(path), Text(wrapper), Text("NULL"), Text(on_error), Text("ARRAY")}, {},
                  false);
  };
  EXPECT_EQ(array("$.items[*].sku", "WITHOUT", "NULL"), "[A, B, C]");
  EXPECT_EQ(array("$.items", "WITHOUT", "NULL"), R"([{"n":2,"sku":"A"}, {"sku":"B"}, {"n":1,"sku":"C"}])");
  EXPECT_EQ(array("$.id", "CONDITIONAL", "NULL"), "[17]");
  EXPECT_EQ(array("$.id", "WITHOUT", "EMPTY ARRAY"), "[]");
  EXPECT_EQ(array("$.id", "WITHOUT", "EMPTY OBJECT"),
            "JSON_QUERY does not take 'EMPTY OBJECT' ON EMPTY or ON ERROR");
}

TEST(JsonExistsTest, Behaviors) {
  EXPECT_EQ(Result("JSON_EXISTS", {Text(kOrder), Text("$.buyer.age")}), "TRUE");
  EXPECT_EQ(Result("JSON_EXISTS", {Text(kOrder), Text("$.buyer.sex")}), "FALSE");
  EXPECT_EQ(Result("JSON_EXISTS", {Text(kOrder), Text("lax $.note")}), "FALSE");
  EXPECT_EQ(Result("JSON_EXISTS", {Text(kOrder), Text("$.x"), Text("TRUE")}, {}, false), "TRUE");
  EXPECT_EQ(Result("JSON_EXISTS", {Text(kOrder), Text("$.x"), Text("UNKNOWN")}, {}, false), "NULL");
  EXPECT_EQ(Result("JSON_EXISTS", {Text(kOrder), Text("lax $.x"), Text("UNKNOWN")}, {}, false), "FALSE");
  EXPECT_EQ(Result("JSON_EXISTS", {Text("x"), Text("$.x"), Text("ERROR")}, {}, false),
            "JSON_EXISTS: not valid JSON: an unexpected character at byte 1");
}

TEST(JsonTest, IsJson) {
  EXPECT_EQ(Result("IS JSON VALUE", {Text(" [1] ")}), "TRUE");
  EXPECT_EQ(Result("IS JSON VALUE", {Text("abc")}), "FALSE");
  EXPECT_EQ(Result("IS JSON OBJECT", {Text("{}")}), "TRUE");
  EXPECT_EQ(Result("IS JSON OBJECT", {Text("[]")}), "FALSE");
  EXPECT_EQ(Result("IS JSON ARRAY", {Text("[]")}), "TRUE");
  EXPECT_EQ(Result("IS JSON SCALAR", {Text("\"a\"")}), "TRUE");
  EXPECT_EQ(Result("IS JSON SCALAR", {Text("{}")}), "FALSE");
  EXPECT_EQ(Result("IS JSON VALUE", {NullOf(DataType::String())}, {}, false), "NULL");
}

TEST(JsonTest, LengthAndType) {
  EXPECT_EQ(Result("JSON_LENGTH", {Text("[1,[2,3]]")}), "2");
  EXPECT_EQ(Result("JSON_LENGTH", {Text(R"({"a":1,"a":2})")}), "1");
  EXPECT_EQ(Result("JSON_LENGTH", {Text("null")}), "1");
  EXPECT_EQ(Result("JSON_LENGTH", {Text("{")}), "NULL");
  EXPECT_EQ(Result("JSON_LENGTH", {Text(kOrder), Text("$.items")}), "3");
  EXPECT_EQ(Result("JSON_LENGTH", {Text(kOrder), Text("$.gone")}), "NULL");
  EXPECT_EQ(Result("JSON_TYPE", {Text(kOrder), Text("$.paid")}), "boolean");
  EXPECT_EQ(Result("JSON_TYPE", {Text(kOrder), Text("$.note")}), "null");
  EXPECT_EQ(Result("JSON_TYPE", {Text("1.5")}), "number");
}

TEST(JsonConstructTest, Objects) {
  EXPECT_EQ(Result("JSON_OBJECT", {Text("NULL")}, {}, false), "{}");
  EXPECT_EQ(Result("JSON_OBJECT", {Text("NULL"), Text("b"), Int(1), Text("a"), Text("x\"y")}, {}, false),
            R"({"a":"x\"y","b":1})");
  EXPECT_EQ(Result("JSON_OBJECT", {Text("NULL"), Text("a"), NullOf(DataType::Int())}, {}, false),
            R"({"a":null})");
  EXPECT_EQ(Result("JSON_OBJECT", {Text("ABSENT"), Text("a"), NullOf(DataType::Int())}, {}, false), "{}");
  EXPECT_EQ(TypeOf("JSON_OBJECT", {Text("NULL"), Text("a"), Int(1)}), "STRING NOT NULL");
  EXPECT_EQ(TypeOf("JSON_OBJECT", {Text("NULL"), Int(1), Int(1)}),
            "a key of JSON_OBJECT is a constant text, not 1");
}

TEST(JsonConstructTest, NestedCallsGoInAsTheyAre) {
  const auto inner =
      Registry::Get().BindScalar("JSON_ARRAY", {Text("ABSENT"), Int(1), Text("2")}, BindContext{});
  const auto json = Registry::Get().BindScalar("JSON", {Text("{\"z\":1, \"y\": [ ]}")}, BindContext{});
  EXPECT_EQ(Result("JSON_OBJECT", {Text("NULL"), Text("k"), *inner, Text("j"), *json}, {}, false),
            R"({"j":{"y":[],"z":1},"k":[1,"2"]})");
  EXPECT_EQ(Result("JSON_ARRAY", {Text("ABSENT"), *inner, Text("[1]")}, {}, false), R"([[1,"2"],"[1]"])");
}

TEST(JsonConstructTest, ValuesOfEachType) {
  const auto json = [](ExprPtr value) { return Result("JSON_STRING", {std::move(value)}); };
  EXPECT_EQ(json(Bool(true)), "true");
  EXPECT_EQ(json(Long(-5)), "-5");
  EXPECT_EQ(json(Dec(6, 2, "12.50")), "12.5");
  EXPECT_EQ(json(Double(1.5)), "1.5");
  EXPECT_EQ(json(Double(1e10)), "1.0E+10");
  EXPECT_EQ(json(Text("a\tb")), R"("a\tb")");
  EXPECT_EQ(json(Timestamp("2024-05-06 07:08:09.120")), R"("2024-05-06T07:08:09.120")");
  EXPECT_EQ(json(Timestamp("2024-05-06 07:08:00.000")), R"("2024-05-06T07:08")");
  EXPECT_EQ(json(Of(DataType::TimestampLtz(3), "2024-05-06 07:08:00")), R"("2024-05-06T07:08:00Z")");
  EXPECT_EQ(json(Date("2024-05-06")), R"("2024-05-06")");
  EXPECT_EQ(json(MakeLiteral(DataType::Bytes(), Value::String("Ma"))), R"("TWE=")");
  EXPECT_EQ(json(Double(std::numeric_limits<double>::infinity())), "NaN and Infinity have no JSON form");
  EXPECT_EQ(TypeOf("JSON_STRING", {Months(3)}), "JSON_STRING: INTERVAL YEAR TO MONTH has no JSON form");
}

TEST(JsonConstructTest, QuoteAndUnquote) {
  EXPECT_EQ(Result("JSON_QUOTE", {Text("a/b \"c\"\n京😀")}), "\"a\\/b \\\"c\\\"\\n\\u4eac\\ud83d\\ude00\"");
  EXPECT_EQ(Result("JSON_UNQUOTE", {Text(R"("a\tb\u0043")")}), "a\tbC");
  EXPECT_EQ(Result("JSON_UNQUOTE", {Text(R"({"a":1})")}), R"({"a":1})");
  EXPECT_EQ(Result("JSON_UNQUOTE", {Text(R"("a\zb")")}), R"("a\zb")");
  EXPECT_EQ(Result("JSON_UNQUOTE", {Text("\"open")}), "\"open");
  EXPECT_EQ(Result("JSON_UNQUOTE", {Text("\"\"\"")}), "\"");
  EXPECT_EQ(Result("JSON_UNQUOTE", {Text("\"")}), "\"");
}

}  // namespace millrace::functions::testing
