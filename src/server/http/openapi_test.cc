#include "server/http/openapi.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "server/http/router.h"

namespace millrace::server::http {
namespace {

// "GET /v1/views/{view}" of each operation that the document describes.
std::set<std::string> Described(simdjson::dom::element document) {
  std::set<std::string> operations;
  for (const auto path : document["paths"].get_object()) {
    for (const auto operation : path.value.get_object()) {
      std::string method(operation.key);
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      operations.insert(fmt::format("{} {}", method, path.key));
    }
  }
  return operations;
}

// Every "$ref" below an element.
void CollectReferences(simdjson::dom::element element, std::set<std::string>* references) {
  if (element.is_object()) {
    for (const auto member : element.get_object()) {
      if (member.key == "$ref") references->insert(std::string(member.value.get_string().value()));
      CollectReferences(member.value, references);
    }
  } else if (element.is_array()) {
    for (const auto child : element.get_array()) CollectReferences(child, references);
  }
}

TEST(OpenApiTest, DescribesTheRoutesAndNoOthers) {
  simdjson::dom::parser parser;
  const simdjson::dom::element document = parser.parse(OpenApiDocument("1.2.3", HttpLimits()));
  EXPECT_EQ(document["openapi"].get_string().value(), "3.1.0");
  EXPECT_EQ(document["info"]["version"].get_string().value(), "1.2.3");
  std::set<std::string> routes;
  for (const RouteInfo& route : Routes()) routes.insert(fmt::format("{} {}", route.method, route.path));
  EXPECT_EQ(Described(document), routes);
}

TEST(OpenApiTest, ReferencesLeadSomewhere) {
  simdjson::dom::parser parser;
  const simdjson::dom::element document = parser.parse(OpenApiDocument("1", HttpLimits()));
  std::set<std::string> references;
  CollectReferences(document, &references);
  EXPECT_GE(references.size(), 8u);
  for (const std::string& reference : references) {
    ASSERT_TRUE(reference.starts_with("#/")) << reference;
    EXPECT_EQ(document.at_pointer(reference.substr(1)).error(), simdjson::SUCCESS) << reference;
  }
}

TEST(OpenApiTest, StatesTheLimits) {
  HttpLimits limits;
  limits.table_body_bytes = 12345;
  limits.keyed_body_bytes = 6789;
  limits.default_view_rows = 678;
  const std::string document = OpenApiDocument("1", limits);
  EXPECT_THAT(
      document,
      testing::AllOf(testing::HasSubstr("At most 12345 bytes"), testing::HasSubstr("has at most 6789 bytes"),
                     testing::HasSubstr("\"maxLength\":64"), testing::HasSubstr("\"default\":678")));
}

}  // namespace
}  // namespace millrace::server::http
