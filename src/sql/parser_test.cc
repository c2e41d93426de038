#include "sql/parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"
#include "sql/printer.h"
#include "sql/query_body.h"

namespace millrace::sql {
namespace {

ExprPtr Expression(std::string_view text) {
  auto parsed = ParseExpression(text);
  EXPECT_TRUE(parsed.has_value()) << text << "\n" << (parsed ? "" : parsed.error().ToString());
  return parsed ? std::move(*parsed) : nullptr;
}

template <typename T>
std::unique_ptr<T> Parsed(std::string_view text) {
  auto parsed = ParseStatement(text);
  EXPECT_TRUE(parsed.has_value()) << text << "\n" << (parsed ? "" : parsed.error().ToString());
  if (!parsed || (*parsed)->kind != T::kKind) return nullptr;
  return std::unique_ptr<T>(static_cast<T*>(parsed->release()));
}

TEST(Parser, LocatesExpressions) {
  const std::string_view text = "a +\n  城市 * `b c`";
  const ExprPtr expr = Expression(text);
  const auto& sum = expr->As<BinaryExpr>();
  EXPECT_EQ(sum.op, BinaryOp::kAdd);
  EXPECT_EQ(sum.location, (SourceLocation{1, 3})) << "a binary expression is where its operator is";
  EXPECT_EQ(text.substr(sum.range.begin, sum.range.end - sum.range.begin), text);
  const auto& product = sum.right->As<BinaryExpr>();
  EXPECT_EQ(product.location, (SourceLocation{2, 6}));
  EXPECT_EQ(text.substr(product.range.begin, product.range.end - product.range.begin), "城市 * `b c`");
  const auto& name = product.right->As<IdentifierExpr>();
  EXPECT_EQ(name.location, (SourceLocation{2, 8}));
  EXPECT_EQ(name.parts[0].text, "b c");
  EXPECT_TRUE(name.parts[0].quoted);
  EXPECT_EQ(product.left->As<IdentifierExpr>().parts[0].text, "城市");
}

TEST(Parser, RangeOfParenthesesIncludesThem) {
  const std::string_view text = "(a + b) * c";
  const ExprPtr expr = Expression(text);
  const Expr& left = *expr->As<BinaryExpr>().left;
  EXPECT_EQ(text.substr(left.range.begin, left.range.end - left.range.begin), "(a + b)");
}

TEST(Parser, GroupsFromTheLeft) {
  const ExprPtr expr = Expression("a - b - c");
  EXPECT_EQ(expr->As<BinaryExpr>().left->kind, ExprKind::kBinary);
  EXPECT_EQ(expr->As<BinaryExpr>().right->kind, ExprKind::kIdentifier);
}

TEST(Parser, CountArguments) {
  const ExprPtr star = Expression("COUNT(*)");
  EXPECT_EQ(star->As<FunctionCallExpr>().args.at(0)->kind, ExprKind::kStar);
}

TEST(Parser, PutsKeywordArgumentsInOrder) {
  const ExprPtr extract = Expression("EXTRACT(YEAR FROM ts)");
  const auto& call = extract->As<FunctionCallExpr>();
  EXPECT_EQ(call.name.ToString(), "EXTRACT");
  EXPECT_EQ(call.args.at(0)->As<SymbolExpr>().unit, TimeUnit::kYear);
  EXPECT_EQ(call.args.at(1)->As<IdentifierExpr>().parts[0].text, "ts");
  const ExprPtr trim = Expression("TRIM(LEADING FROM a)");
  const auto& trim_call = trim->As<FunctionCallExpr>();
  EXPECT_EQ(trim_call.args.at(0)->As<SymbolExpr>().trim, TrimMode::kLeading);
  EXPECT_EQ(trim_call.args.at(1)->As<LiteralExpr>().text, " ");
  EXPECT_EQ(trim_call.args.at(2)->kind, ExprKind::kIdentifier);
}

TEST(Parser, CurrentTimestampHasNoParentheses) {
  const ExprPtr expr = Expression("CURRENT_TIMESTAMP");
  EXPECT_FALSE(expr->As<FunctionCallExpr>().has_parentheses);
  EXPECT_EQ(expr->As<FunctionCallExpr>().name.ToString(), "CURRENT_TIMESTAMP");
}

TEST(Parser, TumbleTableFunction) {
  const auto statement = Parsed<QueryStatement>(
      "SELECT * FROM TABLE(TUMBLE(TABLE s.t, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) AS w");
  ASSERT_NE(statement, nullptr);
  const auto& select = statement->query->body->As<SelectBody>();
  const auto& function = select.from->As<FunctionTableRef>();
  EXPECT_EQ(function.alias->text, "w");
  EXPECT_TRUE(function.has_table_keyword);
  EXPECT_EQ(function.call->args.at(0)->As<TableArgExpr>().table.ToString(), "s.t");
  EXPECT_EQ(function.call->args.at(1)->As<DescriptorExpr>().columns.at(0).text, "ts");
  const auto& size = function.call->args.at(2)->As<IntervalExpr>();
  EXPECT_EQ(size.text, "10");
  EXPECT_EQ(size.from, TimeUnit::kMinute);
}

TEST(Parser, CommaBindsLessThanJoin) {
  const auto statement = Parsed<QueryStatement>("SELECT * FROM a, b JOIN c ON b.x = c.x");
  const auto& comma = statement->query->body->As<SelectBody>().from->As<JoinTableRef>();
  EXPECT_EQ(comma.join, JoinKind::kComma);
  EXPECT_EQ(comma.left->kind, TableRefKind::kNamed);
  EXPECT_EQ(comma.right->As<JoinTableRef>().join, JoinKind::kInner);
}

TEST(Parser, IntersectBindsMoreThanUnion) {
  const auto statement = Parsed<QueryStatement>("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3");
  const auto& set_union = statement->query->body->As<SetOperationBody>();
  EXPECT_EQ(set_union.op, SetOp::kUnion);
  EXPECT_TRUE(set_union.all);
  EXPECT_EQ(set_union.right->As<SetOperationBody>().op, SetOp::kIntersect);
}

TEST(Parser, OrderByBelongsToTheWholeUnion) {
  const auto statement = Parsed<QueryStatement>("SELECT a FROM t UNION SELECT b FROM u ORDER BY 1 LIMIT 2");
  EXPECT_EQ(statement->query->body->kind, QueryBodyKind::kSetOperation);
  EXPECT_EQ(statement->query->order_by.size(), 1u);
  EXPECT_EQ(statement->query->limit->As<LiteralExpr>().text, "2");
}

TEST(Parser, CreateTableHasAllItsParts) {
  const auto table = Parsed<CreateTableStatement>(
      "CREATE TABLE ods.clicks (\n"
      "  user_id BIGINT NOT NULL,\n"
      "  金额 DECIMAL(10, 2),\n"
      "  ts AS TO_TIMESTAMP_LTZ(t, 3),\n"
      "  off BIGINT METADATA FROM 'offset' VIRTUAL,\n"
      "  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,\n"
      "  PRIMARY KEY (user_id) NOT ENFORCED\n"
      ") WITH ('connector' = 'filesystem', 'format' = 'json')");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->name.ToString(), "ods.clicks");
  ASSERT_EQ(table->columns.size(), 4u);
  EXPECT_TRUE(table->columns[0].type.not_null);
  EXPECT_EQ(table->columns[1].name.text, "金额");
  EXPECT_EQ(table->columns[1].type.precision, 10);
  EXPECT_EQ(table->columns[1].type.scale, 2);
  EXPECT_EQ(table->columns[2].kind, ColumnKind::kComputed);
  EXPECT_EQ(table->columns[3].kind, ColumnKind::kMetadata);
  EXPECT_EQ(table->columns[3].metadata_key, "offset");
  EXPECT_TRUE(table->columns[3].is_virtual);
  EXPECT_EQ(table->columns[3].name.location, (SourceLocation{5, 3}));
  EXPECT_EQ(table->watermarks.at(0).column.at(0).text, "ts");
  EXPECT_EQ(table->primary_key->columns.at(0).text, "user_id");
  ASSERT_EQ(table->options.size(), 2u);
  EXPECT_EQ(table->options[1].key, "format");
  EXPECT_EQ(table->options[1].value, "json");
  EXPECT_EQ(table->options[1].value_location, (SourceLocation{8, 48}));
}

TEST(Parser, NestedTypes) {
  const auto type = ParseType("ROW<a ARRAY<INT NOT NULL>, m MAP<STRING, ROW<b TIMESTAMP_LTZ(3)>>> NOT NULL");
  ASSERT_TRUE(type.has_value());
  EXPECT_EQ(type->kind, TypeKind::kRow);
  EXPECT_TRUE(type->not_null);
  EXPECT_EQ(type->field_names.at(1).text, "m");
  EXPECT_TRUE(type->children.at(0).children.at(0).not_null);
  const TypeSpec& inner = type->children.at(1).children.at(1).children.at(0);
  EXPECT_EQ(inner.kind, TypeKind::kTimestampLtz);
  EXPECT_EQ(inner.precision, 3);
}

TEST(Parser, NonReservedWordsAreNames) {
  const auto statement = Parsed<QueryStatement>(
      "SELECT data, key, name, type, version, source, level AS week, map, plan FROM view WHERE format = 1");
  ASSERT_NE(statement, nullptr);
  EXPECT_EQ(statement->query->body->As<SelectBody>().items.size(), 9u);
}

TEST(Parser, StatementSetCrossesSemicolons) {
  const auto set = Parsed<StatementSetStatement>(
      "EXECUTE STATEMENT SET BEGIN\n  INSERT INTO a SELECT 1;\n  INSERT INTO b SELECT 2;\nEND;");
  ASSERT_NE(set, nullptr);
  ASSERT_EQ(set->inserts.size(), 2u);
  EXPECT_EQ(set->inserts[1]->table.ToString(), "b");
  EXPECT_EQ(set->inserts[1]->location, (SourceLocation{3, 3}));
}

TEST(ParseScript, SplitsStatements) {
  const std::string_view script =
      "-- a script\n;;SET 'a' = 'b';\nBEGIN STATEMENT SET; INSERT INTO t SELECT ';'; END;\n/* last */ SELECT "
      "1";
  const auto statements = ParseScript(script);
  ASSERT_TRUE(statements.has_value()) << statements.error().ToString();
  ASSERT_EQ(statements->size(), 3u);
  EXPECT_EQ((*statements)[0].text, "SET 'a' = 'b'");
  EXPECT_EQ((*statements)[1].text, "BEGIN STATEMENT SET; INSERT INTO t SELECT ';'; END");
  EXPECT_EQ((*statements)[2].text, "SELECT 1");
  EXPECT_EQ((*statements)[2].statement->location, (SourceLocation{4, 12}));
}

TEST(ParseScript, OfNothingIsEmpty) {
  for (const char* script : {"", ";", " ; ;\n-- only a comment\n", "/**/"}) {
    const auto statements = ParseScript(script);
    ASSERT_TRUE(statements.has_value()) << script;
    EXPECT_TRUE(statements->empty());
  }
}

TEST(StatementReader, GivesWhatComesBeforeAnError) {
  StatementReader reader("SELECT 1; SELEC 2; SELECT 3");
  auto first = reader.Next();
  ASSERT_TRUE(first.has_value() && first->has_value());
  EXPECT_EQ((*first)->text, "SELECT 1");
  const auto second = reader.Next();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().location(), (SourceLocation{1, 11}));
  EXPECT_FALSE(reader.Next().has_value()) << "an error stays";
}

TEST(ParseStatement, WantsExactlyOne) {
  EXPECT_TRUE(ParseStatement("SELECT 1;").has_value());
  EXPECT_TRUE(ParseStatement(" ; SELECT 1 ; ; -- end").has_value());
  EXPECT_EQ(ParseStatement("").error().ToString(), "42601: there is no statement in this text");
  EXPECT_EQ(ParseStatement("SELECT 1; SELECT 2").error().ToString(),
            "42601 at line 1, column 11: unexpected 'SELECT' after the end of the statement\n"
            "HINT: one statement is wanted here");
}

// ---------------------------------------------------------------- depth

std::string Repeat(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

void ExpectTooDeep(const std::string& text) {
  const auto parsed = ParseStatement(text);
  ASSERT_FALSE(parsed.has_value()) << text.substr(0, 60);
  EXPECT_NE(parsed.error().message().find("nested deeper than"), std::string::npos)
      << parsed.error().ToString();
}

TEST(Depth, LongAndOrChainsAreShallow) {
  std::string text = "a = 0";
  for (int i = 1; i < 5000; ++i) text += fmt::format(" OR a = {}", i);
  const ExprPtr expr = Expression(text);
  EXPECT_LE(expr->height, 16);
  EXPECT_EQ(Print(*expr), text) << "the order stays";
  EXPECT_LE(Expression("(" + text + ") OR (" + text + ")")->height, 17) << "and parentheses do not matter";
}

TEST(Depth, LongListsAreShallow) {
  std::string text = "a IN (0";
  for (int i = 1; i < 20000; ++i) text += fmt::format(", b BETWEEN {} AND 2", i);
  EXPECT_LE(Expression(text + ")")->height, 4);
}

TEST(Depth, IsBoundedInEveryDirection) {
  constexpr int kMany = 100000;
  ExpectTooDeep("SELECT " + Repeat("(", kMany) + "1" + Repeat(")", kMany));
  ExpectTooDeep("SELECT " + Repeat("(", kMany));
  ExpectTooDeep("SELECT " + Repeat("- ", kMany) + "1");
  ExpectTooDeep("SELECT " + Repeat("NOT ", kMany) + "a");
  ExpectTooDeep("SELECT a" + Repeat(" + a", kMany));
  ExpectTooDeep("SELECT a" + Repeat(" IS NULL", kMany));
  ExpectTooDeep("SELECT a" + Repeat("[1]", kMany));
  ExpectTooDeep("SELECT a[1]" + Repeat(".x", kMany));
  ExpectTooDeep("SELECT a" + Repeat(".x", kMany));
  ExpectTooDeep("SELECT " + Repeat("f(", kMany));
  ExpectTooDeep("SELECT " + Repeat("CASE WHEN ", kMany));
  ExpectTooDeep("SELECT " + Repeat("ARRAY[", kMany));
  ExpectTooDeep("SELECT f(" + Repeat("x => ", 1) + Repeat("f(y => ", kMany));
  ExpectTooDeep(Repeat("SELECT * FROM (", kMany));
  ExpectTooDeep(Repeat("(", kMany) + "SELECT 1" + Repeat(")", kMany));
  ExpectTooDeep("SELECT 1" + Repeat(" UNION SELECT 1", kMany));
  ExpectTooDeep("SELECT 1" + Repeat(" INTERSECT SELECT 1", kMany));
  ExpectTooDeep("SELECT * FROM a" + Repeat(" CROSS JOIN a", kMany));
  ExpectTooDeep("SELECT * FROM a" + Repeat(", a", kMany));
  ExpectTooDeep("SELECT * FROM " + Repeat("(", kMany) + "a");
  ExpectTooDeep("SELECT CAST(a AS " + Repeat("ARRAY<", kMany));
  ExpectTooDeep("SELECT CAST(a AS INT" + Repeat(" ARRAY", kMany));
  ExpectTooDeep("SELECT * FROM t MATCH_RECOGNIZE (PATTERN (" + Repeat("(", kMany));
  ExpectTooDeep("SELECT a FROM t GROUP BY " + Repeat("GROUPING SETS (", kMany));
}

TEST(Depth, WhatIsReadCanBePrintedAndReadAgain) {
  constexpr int kDeep = limits::kSqlDepthMax - 10;
  for (const std::string& text :
       {"SELECT " + Repeat("- ", kDeep) + "1", "SELECT a" + Repeat(" IS NULL", kDeep),
        "SELECT a" + Repeat(" = a", kDeep), "SELECT " + Repeat("(1 - ", kDeep) + "1" + Repeat(")", kDeep),
        "SELECT a" + Repeat(" BETWEEN 1 AND 2", kDeep),
        "SELECT " + Repeat("f(", kDeep) + Repeat(")", kDeep)}) {
    const auto parsed = ParseStatement(text);
    ASSERT_TRUE(parsed.has_value()) << text.substr(0, 60) << parsed.error().ToString();
    const std::string printed = Print(**parsed);
    const auto again = ParseStatement(printed);
    ASSERT_TRUE(again.has_value()) << printed.substr(0, 60) << again.error().ToString();
    EXPECT_EQ(Print(**again), printed);
  }
}

}  // namespace
}  // namespace millrace::sql
