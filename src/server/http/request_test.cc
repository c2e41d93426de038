#include "server/http/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace millrace::server::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(RequestTest, TargetsAreTakenApart) {
  Request request;
  ASSERT_TRUE(ParseTarget("/v1/views/a%2Fb.%E5%8C%97?x=1&y=a+b%2Bc&&z&x=2", &request));
  EXPECT_EQ(request.path, "/v1/views/a%2Fb.%E5%8C%97");
  EXPECT_THAT(request.segments, ElementsAre("v1", "views", "a/b.\xE5\x8C\x97"));
  EXPECT_THAT(request.query, ElementsAre(Pair("x", "1"), Pair("y", "a b+c"), Pair("z", ""), Pair("x", "2")));
  EXPECT_EQ(*request.FindQuery("x"), "1");
  EXPECT_EQ(request.FindQuery("w"), nullptr);
}

TEST(RequestTest, WrongTargets) {
  for (const std::string_view target :
       {"", "v1", "*", "http://a/b", "/%", "/%4", "/%4g", "/%00", "/%C3", "/a?b=%ff"}) {
    Request request;
    EXPECT_FALSE(ParseTarget(target, &request)) << target;
  }
  std::string many = "/?";
  for (int i = 0; i < 300; ++i) many += "a=1&";
  Request request;
  EXPECT_FALSE(ParseTarget(many, &request));
}

TEST(RequestTest, AcceptHeadersAreNegotiated) {
  constexpr std::array<std::string_view, 3> kOffered = {"application/json", "text/csv", "text/plain"};
  const auto chosen = [&](const std::string& accept) {
    const auto index = Negotiate(&accept, kOffered);
    return index ? kOffered[*index] : "none";
  };
  EXPECT_EQ(Negotiate(nullptr, kOffered), 0u);
  EXPECT_EQ(chosen(""), "application/json");
  EXPECT_EQ(chosen("*/*"), "application/json");
  EXPECT_EQ(chosen("text/csv"), "text/csv");
  EXPECT_EQ(chosen("text/*"), "text/csv");
  EXPECT_EQ(chosen("Text/CSV;q=0.5, text/plain;q=0.9"), "text/plain");
  EXPECT_EQ(chosen("text/*;q=0.5, text/csv;q=0.1"), "text/plain");
  EXPECT_EQ(chosen("*/*;q=0.1, application/json;q=0"), "text/csv");
  EXPECT_EQ(chosen("image/png"), "none");
  EXPECT_EQ(chosen("text/csv;q=0"), "none");
  EXPECT_EQ(chosen(",;,"), "none");
}

TEST(RequestTest, BearerTokens) {
  Request request;
  EXPECT_EQ(BearerToken(request).value(), std::nullopt);
  request.headers = {{"authorization", "bearer \t abc "}};
  EXPECT_EQ(BearerToken(request).value(), "abc");
  request.headers = {{"authorization", "Basic abc"}};
  EXPECT_FALSE(BearerToken(request));
  request.headers = {{"authorization", "Bearer"}};
  EXPECT_FALSE(BearerToken(request));
}

}  // namespace
}  // namespace millrace::server::http
