#include "formats/csv_decoder.h"

#include <gmock/gmock.h>

#include <random>

#include "formats/decode_test_sink.h"

namespace millrace::formats {
namespace {

using data::DataType;
using data::Schema;
using testing::ElementsAre;

Schema Behavior() {
  Schema schema;
  schema.Add("user_id", DataType::BigInt());
  schema.Add("行为", DataType::String());
  schema.Add("amount", DataType::Decimal(10, 2));
  schema.Add("ts", DataType::Timestamp(3));
  return schema;
}

Schema One(std::string name, DataType type) {
  Schema schema;
  schema.Add(std::move(name), std::move(type));
  return schema;
}

Schema Two() {
  Schema schema;
  schema.Add("a", DataType::String());
  schema.Add("b", DataType::String());
  return schema;
}

std::vector<std::string> DecodeRows(const Schema& schema, std::string_view input,
                                    const Options& options = {}) {
  auto decoder = MustMakeDecoder("csv", schema, options);
  CollectingSink sink;
  DecodeAll(*decoder, input, sink);
  for (const MalformedRecord& record : sink.malformed) ADD_FAILURE() << record.bytes << ": " << record.reason;
  return Rows(sink);
}

std::string DecodeOne(const DataType& type, std::string_view text, const Options& options = {}) {
  auto decoder = MustMakeDecoder("csv", One("x", type), options);
  CollectingSink sink;
  DecodeAll(*decoder, text, sink);
  if (!sink.malformed.empty()) return sink.malformed[0].reason;
  if (sink.batches.empty()) return "nothing";
  return Show(*sink.batches[0].columns[0], 0);
}

TEST(CsvDecoderTest, ReadsTypedRowsWithTheirOffsets) {
  auto decoder = MustMakeDecoder("csv", Behavior());
  CollectingSink sink;
  DecodeAll(
      *decoder,
      "1,pv,1.5,2020-01-01 00:00:01\r\n\n-2,\"买,东西\"\"\",0,2020-1-2 3:04:05.5\n3,,7,2020-01-01 00:00:02",
      sink, 10);
  EXPECT_THAT(Rows(sink), ElementsAre("[1, pv, 1.50, 2020-01-01 00:00:01.000]",
                                      "[-2, 买,东西\", 0.00, 2020-01-02 03:04:05.500]",
                                      "[3, , 7.00, 2020-01-01 00:00:02.000]"));
  EXPECT_THAT(sink.offsets, ElementsAre(10, 41, 80));
}

TEST(CsvDecoderTest, ScalarsAsFlinkReadsThem) {
  EXPECT_EQ(DecodeOne(DataType::Int(), " 007 "), "7");
  EXPECT_EQ(DecodeOne(DataType::Int(), "+5"), "5");
  EXPECT_EQ(DecodeOne(DataType::TinyInt(), "-128"), "-128");
  EXPECT_EQ(DecodeOne(DataType::Boolean(), "True"), "TRUE");
  EXPECT_EQ(DecodeOne(DataType::Double(), "1e3"), "1000.0");
  EXPECT_EQ(DecodeOne(DataType::Double(), "NaN"), "NaN");
  EXPECT_EQ(DecodeOne(DataType::Float(), "0.5"), "0.5");
  EXPECT_EQ(DecodeOne(DataType::Decimal(20, 2), "123456789012345678.125"), "123456789012345678.13");
  EXPECT_EQ(DecodeOne(DataType::Date(), "2020-2-9"), "2020-02-09");
  EXPECT_EQ(DecodeOne(DataType::Time(3), "12:30"), "12:30:00.000");
  EXPECT_EQ(DecodeOne(DataType::Time(1), "12:30:05.99"), "12:30:05.9");
  EXPECT_EQ(DecodeOne(DataType::TimestampLtz(3), "2020-01-01 00:00:00Z"), "2020-01-01 00:00:00.000");
  EXPECT_EQ(DecodeOne(DataType::Bytes(), "aGk="), "hi");
  EXPECT_EQ(DecodeOne(DataType::String(), "  spaces stay "), "  spaces stay ");
  EXPECT_EQ(DecodeOne(DataType::String(), "\"\""), "");
  EXPECT_EQ(DecodeOne(DataType::String(), "5\" disk"), "5\" disk");
  EXPECT_EQ(DecodeOne(DataType::String(), "\"two\nlines\""), "two\nlines");
  EXPECT_EQ(DecodeOne(DataType::String(), "\"closed\"  "), "closed");
}

TEST(CsvDecoderTest, ArraysAndRows) {
  EXPECT_EQ(DecodeOne(DataType::Array(DataType::Int()), "1;2;3"), "[1, 2, 3]");
  EXPECT_EQ(DecodeOne(DataType::Array(DataType::String()), "\"\""), "[]");
  EXPECT_EQ(DecodeOne(DataType::Array(DataType::String()), "a||b||", {{"csv.array-element-delimiter", "||"}}),
            "[a, b, ]");
  EXPECT_EQ(DecodeOne(DataType::Array(DataType::Int()), "1;n/a;3", {{"csv.null-literal", "n/a"}}),
            "[1, NULL, 3]");
  const DataType row = DataType::Row({{"n", DataType::Int()}, {"s", DataType::String()}});
  EXPECT_EQ(DecodeOne(row, "5;x"), "[5, x]");
  EXPECT_EQ(DecodeOne(row, "5"), "column 'x' ROW<`n` INT, `s` STRING>: '5' does not have 2 fields");
  EXPECT_EQ(DecodeOne(row, "y;x"), "column 'x.n' INT: 'y' is not a whole number");
}

TEST(CsvDecoderTest, Delimiters) {
  const Schema schema = Two();
  EXPECT_THAT(DecodeRows(schema, "a,1\tb\n", {{"csv.field-delimiter", "\\t"}}), ElementsAre("[a,1, b]"));
  EXPECT_THAT(DecodeRows(schema, "a\001b\n", {{"csv.field-delimiter", "\\001"}}), ElementsAre("[a, b]"));
  EXPECT_THAT(DecodeRows(schema, "a\001b\n", {{"csv.field-delimiter", "\\u0001"}}), ElementsAre("[a, b]"));
  EXPECT_THAT(DecodeRows(schema, "a|b\n", {{"csv.field-delimiter", "|"}}), ElementsAre("[a, b]"));
  EXPECT_THAT(DecodeRows(schema, "'a,x','b''s'\n", {{"csv.quote-character", "'"}}),
              ElementsAre("[a,x, b's]"));
  EXPECT_THAT(DecodeRows(schema, "\"a,b\"\n", {{"csv.disable-quote-character", "true"}}),
              ElementsAre("[\"a, b\"]"));
  EXPECT_THAT(DecodeRows(schema, "a\\,x,\"b\\\"y\\n\"\n", {{"csv.escape-character", "\\\\"}}),
              ElementsAre("[a,x, b\"y\n]"));
}

TEST(CsvDecoderTest, DelimitersThatStandInNumbers) {
  Schema schema;
  schema.Add("a", DataType::Int());
  schema.Add("b", DataType::Int());
  std::string input;
  std::vector<std::string> rows;
  for (int i = 0; i < 50; ++i) {
    input += "7-5\n";
    rows.push_back("[7, 5]");
  }
  EXPECT_EQ(DecodeRows(schema, input, {{"csv.field-delimiter", "-"}}), rows);
}

TEST(CsvDecoderTest, NullLiteralCommentsAndHeader) {
  Schema schema;
  schema.Add("a", DataType::Int());
  schema.Add("b", DataType::String());
  EXPECT_THAT(DecodeRows(schema, "null,null\n1,\"null\"\n", {{"csv.null-literal", "null"}}),
              ElementsAre("[NULL, NULL]", "[1, NULL]"));
  EXPECT_THAT(DecodeRows(schema, ",\n", {{"csv.null-literal", ""}}), ElementsAre("[NULL, NULL]"));
  EXPECT_THAT(DecodeRows(schema, "# a \"comment,\n1,x\n#2,y\n", {{"csv.allow-comments", "true"}}),
              ElementsAre("[1, x]"));
  EXPECT_THAT(DecodeRows(schema, "a,b\n1,x\n", {{"csv.header", "true"}}), ElementsAre("[1, x]"));
  // A header stands at the start of a file, not of a block.
  auto decoder = MustMakeDecoder("csv", schema, {{"csv.header", "true"}});
  CollectingSink sink;
  DecodeInBlocks(*decoder, "a,b\n1,x\n2,y\n", 4, sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[1, x]", "[2, y]"));
}

TEST(CsvDecoderTest, NullLiteralThatReadsAsANumber) {
  std::string input;
  for (int i = 0; i < 60; ++i) input += "-1\n";
  auto decoder = MustMakeDecoder("csv", One("a", DataType::Int()), {{"csv.null-literal", "-1"}});
  CollectingSink sink;
  DecodeAll(*decoder, input, sink);
  for (const auto& row : sink.rows) EXPECT_TRUE(row[0].is_null());
  EXPECT_EQ(sink.rows.size(), 60u);
}

TEST(CsvDecoderTest, IgnoreParseErrors) {
  Schema schema;
  schema.Add("a", DataType::Int());
  schema.Add("b", DataType::Int());
  auto decoder = MustMakeDecoder("csv", schema, {{"csv.ignore-parse-errors", "true"}});
  CollectingSink sink;
  DecodeAll(*decoder, "x,1\n2\n1,2,3\n\"3\"x,4\n5,6\n", sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[NULL, 1]", "[2, NULL]", "[5, 6]"));
  EXPECT_TRUE(sink.malformed.empty());
  EXPECT_EQ(decoder->stats().ignored_records, 2u);
  EXPECT_EQ(decoder->stats().ignored_fields, 1u);
}

TEST(CsvDecoderTest, Projection) {
  DecodeContext context;
  context.projection = {2, 0};
  auto decoder = MustMakeDecoder("csv", Behavior(), {}, context);
  CollectingSink sink;
  std::string input;
  for (int i = 0; i < 100; ++i) input += std::to_string(i) + ",\"a,b\",1.25,no timestamp\n";
  DecodeAll(*decoder, input + "1,2,3\n", sink);
  ASSERT_EQ(sink.rows.size(), 100u);
  EXPECT_EQ(Rows(sink)[99], "[1.25, 99]");
  ASSERT_EQ(sink.malformed.size(), 1u);
  EXPECT_EQ(sink.malformed[0].reason, "the record has 3 fields, the table has 4 columns");
}

TEST(CsvDecoderTest, AQuotedLineEndNeverCutsARecord) {
  std::string input;
  std::vector<std::string> rows;
  for (int i = 0; i < 300; ++i) {
    const std::string text = "line one of " + std::to_string(i) + "\nline, two\r\n\nlast";
    input += "\"" + text + "\"," + std::to_string(i) + (i % 3 ? "\n" : "\r\n");
    rows.push_back("[" + text + ", " + std::to_string(i) + "]");
  }
  for (const size_t block_bytes : {1, 7, 64, 1000, 1 << 20}) {
    auto decoder = MustMakeDecoder("csv", Two());
    CollectingSink sink;
    DecodeInBlocks(*decoder, input, block_bytes, sink);
    EXPECT_EQ(Rows(sink), rows) << block_bytes;
    EXPECT_TRUE(sink.malformed.empty());
  }
}

TEST(CsvDecoderTest, AStrayQuoteCostsOneLine) {
  const std::string input = "1,\"open\n2,b\n3,\"c\"\n4,d\n";
  auto decoder = MustMakeDecoder("csv", Two());
  CollectingSink sink;
  DecodeAll(*decoder, input, sink);
  // The quote of line 3 ends the text that line 1 began: text follows it, so line 1 is given up alone.
  EXPECT_THAT(Rows(sink), ElementsAre("[2, b]", "[3, c]", "[4, d]"));
  ASSERT_EQ(sink.malformed.size(), 1u);
  EXPECT_EQ(sink.malformed[0],
            (MalformedRecord{0, "1,\"open", "not CSV: text between a closing quote and the delimiter"}));
}

TEST(CsvDecoderTest, CompleteBytesWaitForAnOpenQuoteWithinReason) {
  const CsvDialect dialect;
  EXPECT_EQ(CompleteCsvBytes(dialect, "1,2\n3,"), 4u);
  EXPECT_EQ(CompleteCsvBytes(dialect, "1,2"), 0u);
  EXPECT_EQ(CompleteCsvBytes(dialect, "1,2\n\"a\nb"), 4u);
  EXPECT_EQ(CompleteCsvBytes(dialect, "1,2\n\"a\nb\"\nc"), 10u);
  const std::string stray = "\"a\n" + std::string(limits::kQuotedRecordBytesMax, 'x') + "\nyy";
  EXPECT_EQ(CompleteCsvBytes(dialect, stray), stray.size() - 2);
}

TEST(CsvDecoderTest, RefusedOptions) {
  const auto error = [](const Options& options, const Schema& schema = Two()) {
    return MakeDecoder("csv", schema, options).error().ToString();
  };
  EXPECT_EQ(error({{"csv.delimiter", ";"}}),
            "42704: format 'csv' has no option 'csv.delimiter'\nHINT: it has: 'csv.field-delimiter', "
            "'csv.disable-quote-character', 'csv.quote-character', 'csv.allow-comments', "
            "'csv.ignore-parse-errors', 'csv.array-element-delimiter', 'csv.escape-character', "
            "'csv.null-literal', 'csv.header', 'csv.write-bigdecimal-in-scientific-notation'");
  EXPECT_EQ(error({{"csv.field-delimiter", "||"}}),
            "22023: option 'csv.field-delimiter' is '||', not one ASCII character other than a line end\n"
            "HINT: write a tab as '\\t' and other control characters as '\\001' or '\\u0001'");
  EXPECT_EQ(error({{"csv.quote-character", "'"}, {"csv.disable-quote-character", "true"}}),
            "22023: option 'csv.quote-character' cannot be set when 'csv.disable-quote-character' is 'true'");
  EXPECT_EQ(error({{"csv.quote-character", ","}}),
            "22023: option 'csv.field-delimiter' and option 'csv.quote-character' are the same character");
  EXPECT_EQ(error({{"csv.array-element-delimiter", ""}}),
            "22023: option 'csv.array-element-delimiter' is empty");
  EXPECT_EQ(error({}, One("m", DataType::Map(DataType::String(), DataType::Int()))),
            "0A000: column 'm': csv has no form for MAP<STRING, INT>\n"
            "HINT: csv takes scalar types, and ARRAY and ROW of scalar types");
  EXPECT_EQ(error({}, One("a", DataType::Array(DataType::Array(DataType::Int())))).substr(0, 5), "0A000");
}

struct Malformation {
  std::string record;
  std::string reason;
};

std::vector<Malformation> Malformations() {
  const auto where = [](std::string_view column, std::string_view text, std::string_view what) {
    return "column '" + std::string(column) + ": '" + std::string(text) + "' " + std::string(what);
  };
  const std::string number = "user_id' BIGINT";
  const std::string amount = "amount' DECIMAL(10, 2)";
  const std::string ts = "ts' TIMESTAMP(3)";
  const std::string form = "is not a timestamp of the expected form";
  const std::string good = ",2020-01-01 00:00:00";
  return {
      {"x,pv,1" + good, where(number, "x", "is not a whole number")},
      {"1.0,pv,1" + good, where(number, "1.0", "is not a whole number")},
      {"1e3,pv,1" + good, where(number, "1e3", "is not a whole number")},
      {"--1,pv,1" + good, where(number, "--1", "is not a whole number")},
      {"-,pv,1" + good, where(number, "-", "is not a whole number")},
      {"+-1,pv,1" + good, where(number, "+-1", "is not a whole number")},
      {"1 2,pv,1" + good, where(number, "1 2", "is not a whole number")},
      {"0x10,pv,1" + good, where(number, "0x10", "is not a whole number")},
      {"一,pv,1" + good, where(number, "一", "is not a whole number")},
      {"9223372036854775808,pv,1" + good, where(number, "9223372036854775808", "is out of range")},
      {"-9223372036854775809,pv,1" + good, where(number, "-9223372036854775809", "is out of range")},
      {",pv,1" + good, "column 'user_id' BIGINT: the field is empty"},
      {"\"\",pv,1" + good, "column 'user_id' BIGINT: the field is empty"},
      {"1,pv," + good, "column 'amount' DECIMAL(10, 2): the field is empty"},
      {"1,pv,abc" + good, where(amount, "abc", "is not a number")},
      {"1,pv,1..2" + good, where(amount, "1..2", "is not a number")},
      {"1,pv,\"1,5\"" + good, where(amount, "1,5", "is not a number")},
      {"1,pv,123456789" + good, where(amount, "123456789", "is out of range")},
      {"1,pv,99999999.995" + good, where(amount, "99999999.995", "is out of range")},
      {"1,pv,1e9" + good, where(amount, "1e9", "is out of range")},
      {"1,pv,NaN" + good, where(amount, "NaN", "is not a number")},
      {"1,pv,1,", "column 'ts' TIMESTAMP(3): the field is empty"},
      {"1,pv,1,2020-01-01", where(ts, "2020-01-01", form)},
      {"1,pv,1,2020-01-01T00:00:00", where(ts, "2020-01-01T00:00:00", form)},
      {"1,pv,1,2020-02-30 00:00:00", where(ts, "2020-02-30 00:00:00", form)},
      {"1,pv,1,2020-01-01 25:00:00", where(ts, "2020-01-01 25:00:00", form)},
      {"1,pv,1,2020-01-01 00:60:00", where(ts, "2020-01-01 00:60:00", form)},
      {"1,pv,1,2020-01-01 00:00:00.", where(ts, "2020-01-01 00:00:00.", form)},
      {"1,pv,1,1577836800", where(ts, "1577836800", form)},
      {"1", "the record has 1 fields, the table has 4 columns"},
      {"1,pv,1", "the record has 3 fields, the table has 4 columns"},
      {"1,pv,1" + good + ",", "the record has 5 fields, the table has 4 columns"},
      {" ", "the record has 1 fields, the table has 4 columns"},
      {"1,\"pv\"x,1" + good, "not CSV: text between a closing quote and the delimiter"},
      {"1,\"p\"v\",1" + good, "not CSV: text between a closing quote and the delimiter"},
      {"1,\xff,1" + good, "the record is not UTF-8 at byte 2"},
      {"1,\xe4\xb8,1" + good, "the record is not UTF-8 at byte 2"},
  };
}

TEST(CsvDecoderTest, EveryMalformedRecordIsFoundOnceAndNothingElseIsLost) {
  std::string input;
  std::vector<MalformedRecord> expected;
  std::vector<std::string> rows;
  int64_t id = 0;
  for (const Malformation& bad : Malformations()) {
    for (int i = 0; i < 3; ++i) {
      input += std::to_string(id) + ",看 with a longer text,1.25,2020-01-01 00:00:01\n";
      rows.push_back("[" + std::to_string(id++) + ", 看 with a longer text, 1.25, 2020-01-01 00:00:01.000]");
    }
    expected.push_back({static_cast<int64_t>(input.size()), bad.record, bad.reason});
    input += bad.record + "\n";
  }
  for (const size_t block_bytes : {size_t{1} << 20, size_t{1000}, size_t{64}, size_t{1}}) {
    auto decoder = MustMakeDecoder("csv", Behavior());
    CollectingSink sink;
    DecodeInBlocks(*decoder, input, block_bytes, sink);
    ASSERT_EQ(sink.malformed.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(sink.malformed[i].reason, expected[i].reason);
      EXPECT_EQ(sink.malformed[i].bytes, expected[i].bytes);
      EXPECT_EQ(sink.malformed[i].offset, expected[i].offset);
    }
    EXPECT_EQ(Rows(sink), rows);
  }
}

// Random records: as a block (hot path) and each as a message (careful path).
TEST(CsvDecoderTest, HotAndCarefulPathsAgree) {
  Schema schema = Behavior();
  schema.Add("d", DataType::Double());
  schema.Add("t", DataType::TinyInt());
  schema.Add("tags", DataType::Array(DataType::Int()));
  const std::vector<Options> dialects = {
      {},
      {{"csv.field-delimiter", "|"}, {"csv.null-literal", "null"}},
      {{"csv.escape-character", "\\\\"}, {"csv.ignore-parse-errors", "true"}},
      {{"csv.disable-quote-character", "true"}, {"csv.null-literal", ""}},
      {{"csv.quote-character", "'"}, {"csv.field-delimiter", ";"}, {"csv.array-element-delimiter", ","}},
  };
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    const Options& options = dialects[seed % dialects.size()];
    const auto delimiter = options.find("csv.field-delimiter");
    const std::string comma = delimiter == options.end() ? "," : delimiter->second;
    const auto pick = [&random](std::initializer_list<const char*> choices) {
      return std::string(choices.begin()[random() % choices.size()]);
    };
    auto records = std::make_shared<std::vector<std::string>>();
    for (int i = 0; i < 300; ++i) {
      std::string record;
      const size_t size = random() % 20 ? 7 : random() % 9;
      for (size_t column = 0; column < size; ++column) {
        if (column > 0) record += comma;
        if (random() % 60 == 0) {
          record += pick({"", "null", "\"x\"", "'x'", "\"a\"\"b\"", "\\\"", " 1", "\"un", "#",
                          "9999999999999999999", "\r"});
          continue;
        }
        switch (column) {
          case 0:
            record += std::to_string(static_cast<int64_t>(random()) >> random() % 64);
            break;
          case 1:
            record += pick({"pv", "buy", "", "a longer text that is not inlined", "\"q,|;\"", "'q,|;'",
                            "中文", "a\"b", "\\n"});
            break;
          case 2:
            record += std::to_string(random() % 100000) + "." + std::to_string(random() % 200);
            break;
          case 3:
            record +=
                "2020-0" + std::to_string(1 + random() % 9) + "-10 10:00:0" + std::to_string(random() % 10);
            break;
          case 4:
            record += pick({"0.1", "1e5", "-3.25", "123456789.123456789", "Infinity", ".5", "007.5"});
            break;
          case 5:
            record += std::to_string(static_cast<int>(random() % 300) - 150);
            break;
          default:
            record += pick({"", "1", "1;2;3", "1,2", "x"});
        }
      }
      if (record.find_first_not_of('\r') != std::string::npos && record.back() != '\r')
        records->push_back(record);
    }
    std::string input;
    std::vector<Message> messages;
    for (const std::string& record : *records) {
      messages.push_back({static_cast<int64_t>(input.size()), record});
      input += record + "\n";
    }
    CollectingSink careful;
    auto careful_decoder = MustMakeDecoder("csv", schema, options);
    ASSERT_TRUE(careful_decoder->DecodeMessages(records, messages, careful).has_value());
    // A quote left open is one record as a message, but may find its end in a later line.
    bool has_open_quote = false;
    for (const MalformedRecord& bad : careful.malformed)
      has_open_quote |= bad.reason.find("not closed") != std::string::npos;
    if (has_open_quote || options.contains("csv.ignore-parse-errors")) {
      std::erase_if(*records,
                    [](const std::string& record) { return record.find("\"un") != std::string::npos; });
      messages.clear();
      input.clear();
      for (const std::string& record : *records) {
        messages.push_back({static_cast<int64_t>(input.size()), record});
        input += record + "\n";
      }
      careful = CollectingSink();
      careful_decoder = MustMakeDecoder("csv", schema, options);
      ASSERT_TRUE(careful_decoder->DecodeMessages(records, messages, careful).has_value());
    }
    CollectingSink fast;
    auto fast_decoder = MustMakeDecoder("csv", schema, options);
    DecodeInBlocks(*fast_decoder, input, 500 + seed * 100, fast);
    ASSERT_EQ(Rows(fast), Rows(careful)) << "seed " << seed;
    ASSERT_EQ(fast.offsets, careful.offsets) << "seed " << seed;
    ASSERT_EQ(fast.malformed.size(), careful.malformed.size()) << "seed " << seed;
    for (size_t i = 0; i < fast.malformed.size(); ++i) {
      ASSERT_EQ(fast.malformed[i], careful.malformed[i]) << "seed " << seed;
    }
    EXPECT_EQ(fast_decoder->stats().ignored_fields, careful_decoder->stats().ignored_fields)
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace::formats
