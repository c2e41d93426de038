#include "server/http/limit_option.h"

#include <gtest/gtest.h>

namespace millrace::server::http {
namespace {

TEST(LimitOptionTest, SetsWhatIsNamed) {
  HttpLimits limits;
  for (const char* option :
       {"connections=500", "header=16kb", "body=64 mb", "keyed-body=2mb", "statement-body=1mb",
        "header-time=2 s", "idle-time=1 min", "body-time=500ms", "request-time=1 h", "room-time=0"}) {
    EXPECT_TRUE(SetHttpLimit(option, &limits).has_value()) << option;
  }
  EXPECT_EQ(limits.connections, 500u);
  EXPECT_EQ(limits.header_bytes, size_t{16} << 10);
  EXPECT_EQ(limits.table_body_bytes, uint64_t{64} << 20);
  EXPECT_EQ(limits.keyed_body_bytes, uint64_t{2} << 20);
  EXPECT_EQ(limits.sql_body_bytes, uint64_t{1} << 20);
  EXPECT_EQ(limits.header_micros, 2'000'000);
  EXPECT_EQ(limits.idle_micros, 60'000'000);
  EXPECT_EQ(limits.body_idle_micros, 500'000);
  EXPECT_EQ(limits.request_micros, int64_t{3'600'000'000});
  EXPECT_EQ(limits.ingest_wait_micros, 0);
}

TEST(LimitOptionTest, RefusesWhatIsNoLimit) {
  HttpLimits limits;
  const auto error = [&limits](std::string_view option) {
    const Status set = SetHttpLimit(option, &limits);
    return set.has_value() ? std::string("taken") : set.error().message() + " [" + set.error().hint() + "]";
  };
  const std::string names =
      "[write name=value; the names are connections, header, body, keyed-body, statement-body, header-time, "
      "idle-time, "
      "body-time, request-time, room-time]";
  EXPECT_EQ(error("colour=red"), "'colour=red' sets no limit of HTTP " + names);
  EXPECT_EQ(error("body"), "'body' sets no limit of HTTP " + names);
  EXPECT_EQ(error(""), "'' sets no limit of HTTP " + names);
  EXPECT_EQ(error("connections=0"),
            "the limit 'connections' of HTTP cannot be '0' [it may be from 1 to 1000000]");
  EXPECT_EQ(error("connections=-1"),
            "the limit 'connections' of HTTP cannot be '-1' [it may be from 1 to 1000000]");
  EXPECT_EQ(error("idle-time=10 ms"),
            "the limit 'idle-time' of HTTP cannot be '10 ms' [it may be from 100 ms to 86400000 ms]");
  EXPECT_EQ(error("header=2mb"),
            "the limit 'header' of HTTP cannot be '2mb' [it may be from 1024 bytes to 1048576 bytes]");
  for (const char* option : {"connections=x", "connections=1e3", "connections=99999999999999999999",
                             "body=", "body=1 parsec", "idle-time=soon"}) {
    EXPECT_FALSE(SetHttpLimit(option, &limits).has_value()) << option;
  }
  EXPECT_EQ(limits.connections, HttpLimits().connections);
}

TEST(LimitOptionTest, KnowsOrigins) {
  for (const char* origin : {"*", "http://localhost:3000", "https://app.example.com", "http://[::1]:8080"}) {
    EXPECT_TRUE(CheckOrigin(origin).has_value()) << origin;
  }
  for (const char* origin :
       {"", "app.example.com", "https://", "https://app.example.com/", "https://a b",
        "https://App.example.com", "ftp://a", "https://u@a", "null", "https://*.example.com/x"}) {
    EXPECT_FALSE(CheckOrigin(origin).has_value()) << origin;
  }
}

}  // namespace
}  // namespace millrace::server::http
