#include "formats/grok.h"

#include <gmock/gmock.h>

#include "formats/decode_test_sink.h"
#include "formats/grok_matcher.h"
#include "formats/grok_patterns.h"
#include "formats/timestamp_pattern.h"

namespace millrace::formats {
namespace {

using data::DataType;
using data::Schema;
using testing::ElementsAre;

// What the pattern named matches in a text, alone and whole; "-" for nothing.
std::string MatchOf(std::string_view name, std::string_view text) {
  const std::string pattern = "%{" + std::string(name) + ":x}";
  auto matcher = GrokMatcher::Compile(pattern, "");
  if (!matcher) return matcher.error().ToString();
  if ((*matcher)->Match(text) != GrokMatcher::Outcome::kMatch) return "-";
  for (size_t i = 0; i < (*matcher)->fields().size(); ++i) {
    if ((*matcher)->fields()[i] == "x") return std::string((*matcher)->Field(i));
  }
  return "no x";
}

Schema AccessLog() {
  Schema schema;
  schema.Add("clientip", DataType::String());
  schema.Add("auth", DataType::String());
  schema.Add("timestamp", DataType::TimestampLtz(3));
  schema.Add("verb", DataType::String());
  schema.Add("request", DataType::String());
  schema.Add("response", DataType::Int());
  schema.Add("bytes", DataType::BigInt());
  return schema;
}

const Options kCommon = {{"grok.pattern", "^%{COMMONAPACHELOG}$"}};

TEST(GrokTest, EveryNameOfTheLibraryCompiles) {
  for (const GrokDefinition& definition : GrokLibrary()) {
    auto matcher = GrokMatcher::Compile("%{" + std::string(definition.name) + "}", "");
    EXPECT_TRUE(matcher.has_value()) << definition.name << ": "
                                     << (matcher ? "" : matcher.error().ToString());
  }
}

TEST(GrokTest, LibraryPatternsMatchWhatTheirNamesSay) {
  EXPECT_EQ(MatchOf("WORD", "  hello world"), "hello");
  EXPECT_EQ(MatchOf("NOTSPACE", " a-b c"), "a-b");
  EXPECT_EQ(MatchOf("GREEDYDATA", "all of it"), "all of it");
  EXPECT_EQ(MatchOf("INT", "x -12 y"), "-12");
  EXPECT_EQ(MatchOf("POSINT", "0 7"), "7");
  EXPECT_EQ(MatchOf("NUMBER", "t=-1.5e3s"), "-1.5e3");
  EXPECT_EQ(MatchOf("BASE16NUM", "0x1fA"), "0x1fA");
  EXPECT_EQ(MatchOf("QS", "say \"a \\\" b\" end"), "\"a \\\" b\"");
  EXPECT_EQ(MatchOf("USER", "john.doe-1_x "), "john.doe-1_x");
  EXPECT_EQ(MatchOf("EMAILADDRESS", "to <a.b+c@example.org>"), "a.b+c@example.org");
  EXPECT_EQ(MatchOf("UUID", "id 123e4567-e89b-12d3-a456-426614174000!"),
            "123e4567-e89b-12d3-a456-426614174000");
  EXPECT_EQ(MatchOf("MAC", "00:1A:2b:3c:4d:5e"), "00:1A:2b:3c:4d:5e");
  EXPECT_EQ(MatchOf("MAC", "001a.2b3c.4d5e"), "001a.2b3c.4d5e");
  EXPECT_EQ(MatchOf("IPV4", "host 192.168.0.255:80"), "192.168.0.255");
  EXPECT_EQ(MatchOf("IPV4", "1.2.3.256"), "-");
  for (const char* ip : {"2001:db8::1", "::1", "::", "fe80::1%eth0", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1",
                         "1::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "64:ff9b::192.0.2.33"}) {
    EXPECT_EQ(MatchOf("IPV6", ip), ip);
    EXPECT_EQ(MatchOf("IP", ip), ip);
  }
  EXPECT_EQ(MatchOf("IPORHOST", "www.example-site.org/x"), "www.example-site.org");
  EXPECT_EQ(MatchOf("HOSTPORT", "db.local:5432"), "db.local:5432");
  EXPECT_EQ(MatchOf("UNIXPATH", "cat /var/log/x.log now"), "/var/log/x.log");
  EXPECT_EQ(MatchOf("URIPATHPARAM", "/a/b.html?x=1&y=%20 HTTP"), "/a/b.html?x=1&y=%20");
  EXPECT_EQ(MatchOf("URI", "see https://u:p@example.org:8080/a?b=c."), "https://u:p@example.org:8080/a?b=c.");
  EXPECT_EQ(MatchOf("LOGLEVEL", "[WARN] x"), "WARN");
  EXPECT_EQ(MatchOf("MONTH", "17 May"), "May");
  EXPECT_EQ(MatchOf("TIME", "at 23:59:59.123"), "23:59:59.123");
  EXPECT_EQ(MatchOf("HTTPDATE", "[10/Oct/2000:13:55:36 -0700]"), "10/Oct/2000:13:55:36 -0700");
  EXPECT_EQ(MatchOf("TIMESTAMP_ISO8601", "2020-12-30T12:13:14.123+08:00 x"), "2020-12-30T12:13:14.123+08:00");
  EXPECT_EQ(MatchOf("SYSLOGTIMESTAMP", "Jan  5 01:02:03 host"), "Jan  5 01:02:03");
  EXPECT_EQ(MatchOf("DATESTAMP_RFC822", "Mon Jan 05 2015 10:00:00 GMT"), "Mon Jan 05 2015 10:00:00 GMT");
}

TEST(GrokTest, AccessLogLines) {
  auto decoder = MustMakeDecoder("grok", AccessLog(), kCommon);
  CollectingSink sink;
  DecodeAll(*decoder,
            "127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /apache_pb.gif HTTP/1.0\" 200 2326\n"
            "2001:db8::7 - - [01/Jan/2020:00:00:00 +0800] \"-\" 408 -\r\n"
            "example.org - 李 [01/Jan/2020:00:00:00 +0800] \"GET / HTTP/1.1\" 200 1\n"
            "example.org - x [01/Jan/2020:00:00:00 +0800] \"POST /买?q=1 HTTP/1.1\" 200 1",
            sink);
  EXPECT_THAT(Rows(sink),
              ElementsAre("[127.0.0.1, frank, 2000-10-10 20:55:36.000, GET, /apache_pb.gif, 200, 2326]",
                          "[2001:db8::7, -, 2019-12-31 16:00:00.000, NULL, NULL, 408, NULL]",
                          "[example.org, x, 2019-12-31 16:00:00.000, POST, /买?q=1, 200, 1]"));
  ASSERT_EQ(sink.malformed.size(), 1u);
  EXPECT_EQ(sink.malformed[0].reason, "the record does not match 'grok.pattern'");
}

TEST(GrokTest, CombinedAndSyslogCaptures) {
  Schema combined;
  combined.Add("referrer", DataType::String());
  combined.Add("agent", DataType::String());
  auto decoder = MustMakeDecoder("grok", combined, {{"grok.pattern", "%{COMBINEDAPACHELOG}"}});
  CollectingSink sink;
  DecodeAll(*decoder,
            R"(1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5 "http://a/b" "Mozilla \"5\"")",
            sink);
  EXPECT_THAT(Rows(sink), ElementsAre(R"(["http://a/b", "Mozilla \"5\""])"));
  Schema syslog;
  syslog.Add("logsource", DataType::String());
  syslog.Add("program", DataType::String());
  syslog.Add("pid", DataType::Int());
  syslog.Add("message", DataType::String());
  auto lines = MustMakeDecoder("grok", syslog, {{"grok.pattern", "%{SYSLOGLINE}"}});
  CollectingSink messages;
  DecodeAll(*lines, "May  6 10:40:48 web-1 sshd[1234]: session opened\nMay  6 10:40:49 web-1 cron: run",
            messages);
  EXPECT_THAT(Rows(messages), ElementsAre("[web-1, sshd, 1234, session opened]", "[web-1, cron, NULL, run]"));
}

TEST(GrokTest, OwnDefinitionsTypesAndNamedGroups) {
  Schema schema;
  schema.Add("id", DataType::BigInt());
  schema.Add("cost", DataType::Decimal(10, 2));
  schema.Add("city", DataType::String());
  const Options options = {{"grok.pattern", "%{ORDER:id:int} %{NUMBER:cost:float} (?<city>\\S+)"},
                           {"grok.definitions", "# ours\nORDER \\d{4,8}\n\nWORD [a-z]"}};
  auto decoder = MustMakeDecoder("grok", schema, options);
  CollectingSink sink;
  DecodeAll(*decoder, "order 00012345 12.5 上海\n", sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[12345, 12.50, 上海]"));
}

TEST(GrokTest, TimestampFormats) {
  Schema schema;
  schema.Add("t", DataType::Timestamp(3));
  const auto decode = [&schema](std::string_view line, const Options& extra) {
    Options options = {{"grok.pattern", "%{GREEDYDATA:t}"}};
    options.insert(extra.begin(), extra.end());
    auto decoder = MustMakeDecoder("grok", schema, options);
    CollectingSink sink;
    DecodeAll(*decoder, line, sink);
    return sink.malformed.empty() ? Rows(sink).at(0) : sink.malformed[0].reason;
  };
  EXPECT_EQ(decode("17/05/2015:10:05:03 +0000", {{"grok.timestamp-format", "dd/MM/yyyy:HH:mm:ss Z"}}),
            "[2015-05-17 10:05:03.000]");
  EXPECT_EQ(decode("10/Oct/2000:13:55:36 -0700", {}), "[2000-10-10 13:55:36.000]");
  EXPECT_EQ(decode("2020-01-02T03:04:05.678+08:00", {}), "[2020-01-02 03:04:05.678]");
  EXPECT_EQ(decode("2020-01-02 03:04:05", {}), "[2020-01-02 03:04:05.000]");
  EXPECT_EQ(decode("Thursday, 2. January 2020 03 PM", {{"grok.timestamp-format", "EEEE, d. MMMM yyyy hh a"}}),
            "[2020-01-02 15:00:00.000]");
  EXPECT_EQ(decode("2020-01-02 03:04:05", {{"grok.timestamp-format", "yyyyMMdd"}}),
            "column 't' TIMESTAMP(3): '2020-01-02 03:04:05' is not a timestamp of the expected form");
  EXPECT_EQ(TimestampPattern::Compile("yyyy-MM-dd QQ").error().message(),
            "timestamp pattern 'yyyy-MM-dd QQ': letter 'Q' is not supported");
  EXPECT_EQ(TimestampPattern::Compile("HH:mm").error().message(), "timestamp pattern 'HH:mm' has no day");
  EXPECT_EQ(TimestampPattern::Compile("dd 'at").error().message(),
            "timestamp pattern 'dd 'at': a quote is not closed");
}

TEST(GrokTest, AMatchThatTakesTooLongIsMalformedNotAHang) {
  Schema schema;
  schema.Add("x", DataType::String());
  auto decoder = MustMakeDecoder("grok", schema, {{"grok.pattern", "^(?<x>(a+)+)$"}});
  CollectingSink sink;
  DecodeAll(*decoder, std::string(60, 'a') + "b\naaa\n", sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[aaa]"));
  ASSERT_EQ(sink.malformed.size(), 1u);
  EXPECT_EQ(sink.malformed[0].reason, "matching 'grok.pattern' took more than 1000000 steps");
}

TEST(GrokTest, IgnoreParseErrors) {
  Schema schema;
  schema.Add("n", DataType::Int());
  schema.Add("s", DataType::String());
  auto decoder = MustMakeDecoder(
      "grok", schema,
      {{"grok.pattern", "^%{NOTSPACE:n} %{NOTSPACE:s}$"}, {"grok.ignore-parse-errors", "true"}});
  CollectingSink sink;
  DecodeAll(*decoder, "1 a\nx b\nnothing\n2 c\n", sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[1, a]", "[NULL, b]", "[2, c]"));
  EXPECT_EQ(decoder->stats().ignored_records, 1u);
  EXPECT_EQ(decoder->stats().ignored_fields, 1u);
}

TEST(GrokTest, Refused) {
  const auto error = [](const Options& options, const Schema& schema = AccessLog()) {
    return MakeDecoder("grok", schema, options).error().ToString();
  };
  EXPECT_EQ(error({}).substr(0, 59), "22023: format 'grok' needs option 'grok.pattern'\nHINT: e.g.");
  EXPECT_EQ(error({{"grok.pattern", "%{IPORHOTS:clientip}"}}),
            "42704: option 'grok.pattern': there is no pattern 'IPORHOTS'\nHINT: did you mean 'IPORHOST'?");
  EXPECT_EQ(error({{"grok.pattern", "%{IP:clientip} %{USER:auth}"}}),
            "42P16: column 'timestamp' is captured by nothing in 'grok.pattern'\nHINT: it captures: "
            "clientip, auth");
  EXPECT_EQ(error({{"grok.pattern", "%{IP:clientip"}}),
            "22023: option 'grok.pattern': '%{IP:clientip' is not closed by '}'");
  EXPECT_EQ(error({{"grok.pattern", "%{IP:[client][ip]}"}}),
            "22023: option 'grok.pattern': '%{IP:[client][ip]}' does not name a column\n"
            "HINT: a field is the name of a column; nested fields such as [a][b] are not supported");
  EXPECT_EQ(error({{"grok.pattern", "%{IP:ip:inet}"}}).substr(0, 60),
            "22023: option 'grok.pattern': '%{IP:ip:inet}' asks for type ");
  EXPECT_EQ(error({{"grok.pattern", "(%{IP:clientip}"}}).substr(0, 60),
            "22023: option 'grok.pattern': missing closing parenthesis be");
  EXPECT_EQ(error({{"grok.pattern", "%{A}"}, {"grok.definitions", "A %{B}\nB %{A}"}}),
            "22023: option 'grok.pattern': patterns refer to each other without end or grow too large");
  EXPECT_EQ(error({{"grok.pattern", "%{A}"}, {"grok.definitions", "A"}}),
            "22023: option 'grok.definitions': line 'A' is not 'NAME regex'");
  EXPECT_EQ(error({{"grok.pattern", "%{IP:x}"}}, Schema({{"x", DataType::Bytes()}})),
            "0A000: column 'x': grok has no form for BYTES\n"
            "HINT: grok takes STRING, numbers, BOOLEAN, DATE, TIME and TIMESTAMP");
  EXPECT_EQ(MakeEncoder("grok", AccessLog(), kCommon).error().ToString(),
            "0A000: format 'grok' only reads\nHINT: a sink can use csv, json or raw");
}

TEST(GrokTest, EveryMalformedRecordIsFoundOnceAndNothingElseIsLost) {
  Schema schema;
  schema.Add("n", DataType::SmallInt());
  schema.Add("t", DataType::Timestamp(0));
  schema.Add("ok", DataType::Boolean());
  schema.Add("p", DataType::Decimal(4, 1));
  const Options options = {{"grok.pattern", "^<(?<n>[^>]*)> \\[(?<t>[^]]*)\\] (?<ok>\\S*) (?<p>\\S+)$"},
                           {"grok.timestamp-format", "dd/MMM/yyyy:HH:mm:ss"}};
  const std::string no_match = "the record does not match 'grok.pattern'";
  const auto flaw = [](std::string_view column, std::string_view text, std::string_view what) {
    return "column '" + std::string(column) + ": '" + std::string(text) + "' " + std::string(what);
  };
  const std::string form = "is not a timestamp of the expected form";
  const auto number = [](std::string_view text) {
    return "<" + std::string(text) + "> [01/Jan/2020:00:00:00] true 1";
  };
  const auto time = [](std::string_view text) { return "<1> [" + std::string(text) + "] true 1"; };
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", ""},
      {"garbage", no_match},
      {"<1> [01/Jan/2020:00:00:00] true", no_match},
      {"<1 [01/Jan/2020:00:00:00] true 1", no_match},
      {" <1> [01/Jan/2020:00:00:00] true 1", no_match},
      {"<1> [01/Jan/2020:00:00:00] true 1 2", no_match},
      {"<1> 01/Jan/2020:00:00:00 true 1", no_match},
      {"{\"n\":1}", no_match},
      {number("x"), flaw("n' SMALLINT", "x", "is not a whole number")},
      {number(""), flaw("n' SMALLINT", "", "is not a whole number")},
      {number("1.5"), flaw("n' SMALLINT", "1.5", "is not a whole number")},
      {number("1e3"), flaw("n' SMALLINT", "1e3", "is not a whole number")},
      {number("32768"), flaw("n' SMALLINT", "32768", "is out of range")},
      {number("-32769"), flaw("n' SMALLINT", "-32769", "is out of range")},
      {number("99999999999999999999"), flaw("n' SMALLINT", "99999999999999999999", "is out of range")},
      {time(""), flaw("t' TIMESTAMP(0)", "", form)},
      {time("01/Foo/2020:00:00:00"), flaw("t' TIMESTAMP(0)", "01/Foo/2020:00:00:00", form)},
      {time("32/Jan/2020:00:00:00"), flaw("t' TIMESTAMP(0)", "32/Jan/2020:00:00:00", form)},
      {time("30/Feb/2020:00:00:00"), flaw("t' TIMESTAMP(0)", "30/Feb/2020:00:00:00", form)},
      {time("01/Jan/2020:24:00:00"), flaw("t' TIMESTAMP(0)", "01/Jan/2020:24:00:00", form)},
      {time("01/Jan/2020:00:60:00"), flaw("t' TIMESTAMP(0)", "01/Jan/2020:00:60:00", form)},
      {time("01/Jan/2020:00:00:60"), flaw("t' TIMESTAMP(0)", "01/Jan/2020:00:00:60", form)},
      {time("1/Jan/2020:00:00:00"), flaw("t' TIMESTAMP(0)", "1/Jan/2020:00:00:00", form)},
      {time("01/Jan/20:00:00:00"), flaw("t' TIMESTAMP(0)", "01/Jan/20:00:00:00", form)},
      {time("01/Jan/2020:00:00:00 Z"), flaw("t' TIMESTAMP(0)", "01/Jan/2020:00:00:00 Z", form)},
      {"<1> [01/Jan/2020:00:00:00] maybe 1", flaw("ok' BOOLEAN", "maybe", "is not true or false")},
      {"<1> [01/Jan/2020:00:00:00] 1 1", flaw("ok' BOOLEAN", "1", "is not true or false")},
      {"<1> [01/Jan/2020:00:00:00]  1", flaw("ok' BOOLEAN", "", "is not true or false")},
      {"<1> [01/Jan/2020:00:00:00] true x", flaw("p' DECIMAL(4, 1)", "x", "is not a number")},
      {"<1> [01/Jan/2020:00:00:00] true 1,5", flaw("p' DECIMAL(4, 1)", "1,5", "is not a number")},
      {"<1> [01/Jan/2020:00:00:00] true 1000", flaw("p' DECIMAL(4, 1)", "1000", "is out of range")},
      {"<1> [01/Jan/2020:00:00:00] true 999.95", flaw("p' DECIMAL(4, 1)", "999.95", "is out of range")},
      {"<\xff> [01/Jan/2020:00:00:00] true 1", "the record is not UTF-8 at byte 1"},
      {"<1> [\xe4\xb8] true 1", "the record is not UTF-8 at byte 5"},
  };
  std::string input;
  std::vector<MalformedRecord> expected;
  size_t good = 0;
  for (const auto& [record, reason] : bad) {
    input += "<7> [01/Jan/2020:00:00:00] FALSE 12.34\n";
    ++good;
    if (!record.empty()) expected.push_back({static_cast<int64_t>(input.size()), record, reason});
    input += record + "\n";
  }
  for (const size_t block_bytes : {1, 100, 1 << 20}) {
    auto decoder = MustMakeDecoder("grok", schema, options);
    CollectingSink sink;
    DecodeInBlocks(*decoder, input, block_bytes, sink);
    EXPECT_EQ(sink.malformed, expected);
    EXPECT_EQ(Rows(sink), std::vector<std::string>(good, "[7, 2020-01-01 00:00:00, FALSE, 12.3]"));
  }
}

}  // namespace
}  // namespace millrace::formats
