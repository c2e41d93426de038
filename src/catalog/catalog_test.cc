#include "catalog/catalog.h"

#include <gtest/gtest.h>

namespace millrace::catalog {
namespace {

sql::QualifiedName Name(const std::vector<std::string>& parts) {
  sql::QualifiedName name;
  uint32_t column = 1;
  for (const std::string& part : parts) {
    name.parts.push_back({part, {1, column}, false});
    column += static_cast<uint32_t>(part.size()) + 1;
  }
  return name;
}

EntryPtr Table(const std::string& schema, const std::string& name, std::vector<ObjectName> dependencies = {},
               EntryKind kind = EntryKind::kTable) {
  auto entry = std::make_shared<Entry>();
  entry->kind = kind;
  entry->name = {schema, name};
  entry->dependencies = std::move(dependencies);
  return entry;
}

TEST(Catalog, FindsNamesWithAndWithoutSchemaAndCatalog) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Create(Table("public", "t")));
  ASSERT_TRUE(catalog.Create(Table("ods", "t")));
  const auto schema_of = [&](const std::vector<std::string>& parts) {
    const Result<EntryPtr> entry = catalog.Resolve(Name(parts));
    return entry ? (*entry)->name.schema : entry.error().ToString();
  };
  EXPECT_EQ(schema_of({"t"}), "public");
  EXPECT_EQ(schema_of({"ods", "t"}), "ods");
  EXPECT_EQ(schema_of({"default_catalog", "ods", "t"}), "ods");
  EXPECT_EQ(schema_of({"default_database", "t"}), "public");
  EXPECT_EQ(schema_of({"T"}), "42P01 at line 1, column 1: no table or view 'T'\nHINT: did you mean 't'?");
  EXPECT_EQ(schema_of({"hive", "ods", "t"}),
            "42704 at line 1, column 1: no catalog 'hive'\nHINT: the only catalog is 'default_catalog'");
  ASSERT_TRUE(catalog.Use(Name({"ods"})));
  EXPECT_EQ(schema_of({"t"}), "ods");
  EXPECT_FALSE(catalog.Use(Name({"odss"})));
  EXPECT_FALSE(Catalog::UseCatalog(Name({"hive"})));
}

TEST(Catalog, RefusesTakenNames) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Create(Table("public", "t")));
  EXPECT_FALSE(catalog.Create(Table("public", "t")));
  const Result<bool> again = catalog.Create(Table("public", "t"), true);
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(*again);
}

TEST(Catalog, DropsWithWhatDependsOnIt) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Create(Table("public", "t")));
  ASSERT_TRUE(catalog.Create(Table("public", "v", {{"public", "t"}}, EntryKind::kView)));
  ASSERT_TRUE(catalog.Create(Table("dws", "m", {{"public", "v"}}, EntryKind::kMaterializedView)));
  const auto refused = catalog.Drop(sql::ObjectKind::kTable, Name({"t"}), false, false);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message(), "table 'public.t' cannot be dropped: view 'public.v' depends on it");
  const auto dropped = catalog.Drop(sql::ObjectKind::kTable, Name({"t"}), false, true);
  ASSERT_TRUE(dropped.has_value());
  std::vector<std::string> order;
  for (const EntryPtr& entry : *dropped) order.push_back(entry->name.ToString());
  EXPECT_EQ(order, (std::vector<std::string>{"dws.m", "public.v", "public.t"}));
  EXPECT_TRUE(catalog.AllEntries().empty());
  const auto gone = catalog.Drop(sql::ObjectKind::kTable, Name({"t"}), true, false);
  ASSERT_TRUE(gone.has_value());
  EXPECT_TRUE(gone->empty());
}

TEST(Catalog, DropsAnObjectOfItsKindOnly) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Create(Table("public", "v", {}, EntryKind::kView)));
  const auto refused = catalog.Drop(sql::ObjectKind::kTable, Name({"v"}), true, false);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().ToString(),
            "42P01 at line 1, column 1: 'public.v' is a view, not a table\nHINT: use DROP VIEW");
}

TEST(Catalog, Schemas) {
  Catalog catalog;
  ASSERT_TRUE(catalog.CreateSchema(Name({"mart"}), false, ""));
  EXPECT_FALSE(catalog.CreateSchema(Name({"mart"}), false, ""));
  EXPECT_TRUE(catalog.CreateSchema(Name({"mart"}), true, ""));
  ASSERT_TRUE(catalog.Create(Table("mart", "t")));
  EXPECT_FALSE(catalog.DropSchema(Name({"mart"}), false, false));
  const auto dropped = catalog.DropSchema(Name({"mart"}), false, true);
  ASSERT_TRUE(dropped.has_value());
  EXPECT_EQ(dropped->size(), 1u);
  EXPECT_FALSE(catalog.DropSchema(Name({"sys"}), false, true));
  EXPECT_FALSE(catalog.DropSchema(Name({"public"}), false, true));
  EXPECT_FALSE(catalog.ResolveNew(Name({"sys", "x"})));
  EXPECT_EQ(catalog.Schemas().size(), 7u);
}

TEST(Catalog, ReplacesOnlyWhatNothingDependsOn) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Create(Table("public", "v", {}, EntryKind::kView)));
  EXPECT_TRUE(catalog.Replace(Table("public", "v", {}, EntryKind::kView)));
  EXPECT_FALSE(catalog.Replace(Table("public", "v")));
  ASSERT_TRUE(catalog.Create(Table("public", "w", {{"public", "v"}}, EntryKind::kView)));
  EXPECT_FALSE(catalog.Replace(Table("public", "v", {}, EntryKind::kView)));
}

TEST(Catalog, SystemTablesStay) {
  Catalog catalog;
  data::Schema schema;
  schema.Add("reason", data::DataType::String());
  ASSERT_TRUE(catalog.AddSystemTable("dead_letters", schema, "what could not be read"));
  ASSERT_TRUE(catalog.Resolve(Name({"sys", "dead_letters"})));
  EXPECT_FALSE(catalog.Drop(sql::ObjectKind::kTable, Name({"sys", "dead_letters"}), false, false));
}

}  // namespace
}  // namespace millrace::catalog
