// The tables of docs/connectors.md and its translation say what the code does. Tests run from the
// project's root.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "connectors/registry.h"
#include "env/posix_files.h"

namespace millrace::connectors {
namespace {

struct Section {
  std::string connector;  // "" before the first
  std::vector<std::string> rows;
};

// The rows of option tables ("| `key` | …"), by section.
std::vector<Section> ReadSections(const std::string& path) {
  env::PosixFiles files;
  auto text = files.ReadAll(path);
  EXPECT_TRUE(text.has_value()) << text.error().ToString();
  std::vector<Section> sections(1);
  std::string_view rest = text.has_value() ? std::string_view(*text) : std::string_view();
  bool in_options = false;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size() - 1);
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.starts_with("## `")) sections.push_back({std::string(line.substr(4, line.size() - 5)), {}});
    if (line.starts_with("| option |") || line.starts_with("| 选项 |")) in_options = true;
    if (!line.starts_with("|")) in_options = false;
    if (in_options && line.starts_with("| `")) sections.back().rows.emplace_back(line);
  }
  return sections;
}

std::string TypeOf(const OptionSpec& spec) {
  if (spec.type != OptionType::kChoice) return std::string(OptionTypeName(spec.type));
  return fmt::format("Enum: {}", spec.choices);
}

std::string RowStart(const OptionSpec& spec, std::string_view yes, std::string_view no) {
  const std::string fallback = spec.default_text.empty() ? "—" : fmt::format("`{}`", spec.default_text);
  return fmt::format("| `{}` | {} | {} | {} | ", spec.key, TypeOf(spec), fallback, spec.required ? yes : no);
}

TEST(ConnectorDocsTest, EnglishTablesAreTheCode) {
  std::vector<Section> expected(1);
  for (const OptionSpec& spec : CommonSourceOptions()) {
    expected[0].rows.push_back(RowStart(spec, "yes", "no") + std::string(spec.doc) + " |");
  }
  for (const ConnectorType* type : AllConnectors()) {
    Section& section = expected.emplace_back(Section{std::string(type->options.connector), {}});
    for (const OptionSpec& spec : type->options.specs) {
      section.rows.push_back(RowStart(spec, "yes", "no") + std::string(spec.doc) + " |");
    }
  }
  const auto written = ReadSections("docs/connectors.md");
  ASSERT_EQ(written.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(written[i].connector, expected[i].connector);
    EXPECT_EQ(written[i].rows, expected[i].rows);
  }
}

TEST(ConnectorDocsTest, ChineseTablesHaveTheSameOptions) {
  const auto written = ReadSections("docs/zh-CN/connectors.md");
  ASSERT_EQ(written.size(), AllConnectors().size() + 1);
  for (size_t i = 0; i < written.size(); ++i) {
    const auto specs = i == 0 ? CommonSourceOptions() : AllConnectors()[i - 1]->options.specs;
    EXPECT_EQ(written[i].connector, i == 0 ? "" : AllConnectors()[i - 1]->options.connector);
    ASSERT_EQ(written[i].rows.size(), specs.size()) << written[i].connector;
    for (size_t j = 0; j < specs.size(); ++j) {
      EXPECT_TRUE(written[i].rows[j].starts_with(RowStart(specs[j], "是", "否"))) << written[i].rows[j];
    }
  }
}

}  // namespace
}  // namespace millrace::connectors
