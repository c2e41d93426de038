// The recorded queries of tests/pgcatalog (its README.md says how the files are written), each run against
// the sample catalog.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "query/pgcatalog/catalog.h"
#include "query/pgcatalog/catalog_test_fixture.h"
#include "query/pgcatalog/rewrite.h"

namespace millrace::query::pgcatalog {
namespace {

struct Recorded {
  std::string name = {};
  std::string sql = {};
  std::string user = "millrace";
  std::vector<std::string> parameters = {};
  std::vector<std::string> columns = {};
  std::vector<std::vector<std::string>> rows = {};    // each is there
  std::vector<std::vector<std::string>> absent = {};  // none is there
  int count = -1;
  std::string error = {};
};

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> parts = {""};
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '|') {
      parts.emplace_back();
    } else if (line.compare(i, 2, "\\p") == 0) {
      parts.back() += '|';
      ++i;
    } else if (line.compare(i, 2, "\\n") == 0) {
      parts.back() += '\n';
      ++i;
    } else {
      parts.back() += line[i];
    }
  }
  return parts;
}

// {{ods.orders}} is the oid of a relation (or index), {{type ods.orders}} of its row type, {{schema ods}},
// {{role reader}}.
std::string WithOids(std::string text, const Catalog& catalog) {
  for (size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", at)) {
    const size_t end = text.find("}}", at);
    const std::string name = text.substr(at + 2, end - at - 2);
    uint32_t oid = 0;
    if (name.starts_with("type ")) {
      oid = catalog.TypeOid(name.substr(5));
    } else if (name.starts_with("schema ")) {
      oid = catalog.FindNamespace(name.substr(7))->oid;
    } else if (name.starts_with("role ")) {
      oid = catalog.RoleOid(name.substr(5));
    } else if (name == "database") {
      oid = catalog.database_oid();
    } else {
      oid = catalog.RelationOid(name);
    }
    EXPECT_NE(oid, 0u) << name;
    text.replace(at, end + 2 - at, std::to_string(oid));
  }
  return text;
}

std::vector<Recorded> ReadFile(const std::filesystem::path& path, const Catalog& catalog) {
  std::vector<Recorded> queries;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const auto takes = [&line](const std::string& key, std::string* rest) {
      const std::string prefix = "-- @" + key + " ";
      if (!line.starts_with(prefix)) return false;
      *rest = line.substr(prefix.size());
      return true;
    };
    std::string rest;
    if (takes("query", &rest)) {
      queries.push_back(
          {.name = path.parent_path().filename().string() + "/" + path.stem().string() + ": " + rest});
      continue;
    }
    if (queries.empty()) continue;  // where the file says what it is
    Recorded& query = queries.back();
    if (takes("columns", &rest)) {
      query.columns = Split(rest);
    } else if (takes("row", &rest)) {
      query.rows.push_back(Split(WithOids(rest, catalog)));
    } else if (takes("absent", &rest)) {
      query.absent.push_back(Split(WithOids(rest, catalog)));
    } else if (takes("rows", &rest)) {
      query.count = std::stoi(rest);
    } else if (takes("parameter", &rest)) {
      query.parameters.push_back(WithOids(rest, catalog));
    } else if (takes("user", &rest)) {
      query.user = rest;
    } else if (takes("error", &rest)) {
      query.error = rest;
    } else if (line.starts_with("-- @")) {
      ADD_FAILURE() << path << ": " << line;
    } else {
      query.sql += WithOids(line, catalog) + "\n";
    }
  }
  return queries;
}

bool Matches(const std::vector<std::string>& row, const std::vector<std::string>& wanted) {
  return std::ranges::equal(row, wanted, [](const std::string& value, const std::string& want) {
    return want == "*" || value == want;
  });
}

std::string Show(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (size_t i = 0; i < rows.size() && i < 40; ++i) {
    for (const std::string& value : rows[i]) text += value + "|";
    text += "\n";
  }
  return text;
}

void Check(SampleDatabase& database, const Recorded& query) {
  SCOPED_TRACE(query.name);
  SessionView session;
  session.current_user = session.session_user = query.user;
  session.pid = 4711;
  EXPECT_TRUE(MentionsCatalog(query.sql)) << query.sql;
  const auto answer = database.Query(query.sql, session, query.parameters);
  if (!query.error.empty()) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_NE(answer.error().ToString().find(query.error), std::string::npos) << answer.error().ToString();
    return;
  }
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_EQ(answer->columns, query.columns);
  if (query.count >= 0) {
    EXPECT_EQ(answer->rows.size(), static_cast<size_t>(query.count)) << Show(answer->rows);
  }
  for (const auto& wanted : query.rows) {
    EXPECT_TRUE(std::ranges::any_of(answer->rows, [&](const auto& row) { return Matches(row, wanted); }))
        << "no row " << Show({wanted}) << "in\n"
        << Show(answer->rows);
  }
  for (const auto& unwanted : query.absent) {
    EXPECT_TRUE(std::ranges::none_of(answer->rows, [&](const auto& row) { return Matches(row, unwanted); }))
        << "a row " << Show({unwanted});
  }
}

TEST(RecordedQueriesTest, AnswerWhatTheirToolsNeed) {
  SampleDatabase database;
  const CatalogPtr catalog = MakeCatalog(SampleView(), {});
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/pgcatalog")) {
    if (entry.path().extension() == ".sql") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  size_t checked = 0;
  for (const auto& file : files) {
    const auto queries = ReadFile(file, *catalog);
    EXPECT_FALSE(queries.empty()) << file;
    for (const Recorded& query : queries) {
      // Every query says what it wants.
      EXPECT_TRUE(!query.error.empty() ||
                  (!query.columns.empty() && (query.count >= 0 || !query.rows.empty())))
          << query.name;
      Check(database, query);
      ++checked;
    }
  }
  EXPECT_GE(checked, 290u);
}

}  // namespace
}  // namespace millrace::query::pgcatalog
