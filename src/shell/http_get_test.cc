#include "shell/http_get.h"

#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

TEST(HttpGet, ReadsUrls) {
  const auto plain = ParseHttpUrl("http://127.0.0.1:8080");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 8080);
  EXPECT_EQ(plain->path, "/");
  const auto other = ParseHttpUrl("http://[::1]:90/base");
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->host, "::1");
  EXPECT_EQ(other->port, 90);
  EXPECT_EQ(other->path, "/base");
  EXPECT_EQ(ParseHttpUrl("http://h")->port, 80);
  for (const char* bad : {"", "h:80", "https://h", "http://", "http://h:x", "http://h:0", "http://h:99999",
                          "http://h/\r\nX: y"}) {
    EXPECT_FALSE(ParseHttpUrl(bad).has_value()) << bad;
  }
}

TEST(HttpGet, ReadsBodies) {
  EXPECT_EQ(HttpBody("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd").value(), "abc");
  EXPECT_EQ(HttpBody("HTTP/1.1 200 OK\r\n\r\nabc").value(), "abc");
  EXPECT_EQ(
      HttpBody(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n")
          .value(),
      "abc0123456789");
}

TEST(HttpGet, RefusesOtherAnswers) {
  const auto denied = HttpBody("HTTP/1.1 401 Unauthorized\r\n\r\n");
  ASSERT_FALSE(denied.has_value());
  EXPECT_EQ(denied.error().message(), "the answer is 401 Unauthorized");
  EXPECT_FALSE(denied.error().hint().empty());
  EXPECT_FALSE(HttpBody("nonsense").has_value());
  EXPECT_FALSE(HttpBody("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").has_value());
  EXPECT_FALSE(HttpBody("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc").has_value());
  EXPECT_FALSE(
      HttpBody("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc").has_value());
}

}  // namespace
}  // namespace millrace::shell
