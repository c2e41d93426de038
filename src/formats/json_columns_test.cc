#include "formats/json_columns.h"

#include <gmock/gmock.h>

#include <fmt/format.h>

#include <random>

#include "formats/decode_test_sink.h"

namespace millrace::formats {
namespace {

using data::DataType;
using data::Schema;
using testing::ElementsAre;

// Lines read by columns after a layout has been learnt from the first.
class ColumnsReader {
 public:
  ColumnsReader(const Schema& schema, const std::string& first_line, std::string line_end = "\n")
      : line_end_(std::move(line_end)),
        record_(MakeRecordSpec(schema, AllColumns(schema))),
        types_(Types(schema)),
        values_(JsonDecodeOptions{}),
        columns_(&record_, false, &values_) {
    BatchWriter writer(types_);
    writer.BeginBlock(nullptr, 1);
    const std::string line = first_line + line_end_;
    JsonCursor cursor(line.data(), line.data() + first_line.size());
    std::vector<JsonMember> members;
    EXPECT_EQ(
        values_.WriteMembers(
            cursor, record_, [&](size_t i) -> data::Column& { return writer.column(i); }, 0, 0, &members),
        JsonOutcome::kOk);
    columns_.Learn(line, members);
  }

  bool has_layout() const { return columns_.has_layout(); }

  // Of each line its values as "[1, a]", or "-" when it is not read.
  std::vector<std::string> Read(const std::vector<std::string>& lines) {
    // Exactly as much memory as may be read.
    std::string text(JsonColumns::kReadableBytes, ' ');
    for (const std::string& line : lines) text += line + line_end_;
    const size_t end = text.size();
    text.resize(end + JsonColumns::kReadableBytes);
    std::shared_ptr<char[]> memory(new char[text.size()]);
    std::copy(text.begin(), text.end(), memory.get());
    JsonIndex index;
    index.Build(memory.get() + JsonColumns::kReadableBytes, memory.get() + end, memory.get() + text.size(),
                JsonColumns::kReadableBytes);
    EXPECT_EQ(index.lines(), lines.size());
    std::vector<std::string> out;
    for (size_t first = 0; first < index.lines(); first += JsonColumns::kLinesMax) {
      const size_t count = std::min(JsonColumns::kLinesMax, index.lines() - first);
      BatchWriter writer(types_);
      writer.BeginBlock(memory, count);
      const uint64_t bad = columns_.Read(index, first, count, writer);
      for (size_t i = 0; i < count; ++i) {
        if ((bad >> i & 1) != 0) {
          out.push_back("-");
          continue;
        }
        std::string row;
        for (size_t c = 0; c < types_.size(); ++c) row += (c > 0 ? ", " : "") + Show(writer.column(c), i);
        out.push_back("[" + row + "]");
      }
    }
    return out;
  }

 private:
  static std::vector<int> AllColumns(const Schema& schema) {
    std::vector<int> columns;
    for (size_t i = 0; i < schema.size(); ++i) columns.push_back(static_cast<int>(i));
    return columns;
  }
  static std::vector<DataType> Types(const Schema& schema) {
    std::vector<DataType> types;
    for (size_t i = 0; i < schema.size(); ++i) types.push_back(schema[i].type);
    return types;
  }

  std::string line_end_;
  ValueSpec record_;
  std::vector<DataType> types_;
  JsonValueWriter values_;
  JsonColumns columns_;
};

Schema One(DataType type) {
  Schema schema;
  schema.Add("x", std::move(type));
  return schema;
}

// One value of a type in lines {"x":<json>} of the layout of `first`: its text, or "-".
std::string ReadOne(const DataType& type, const std::string& first, const std::string& json) {
  ColumnsReader reader(One(type), "{\"x\":" + first + "}");
  EXPECT_TRUE(reader.has_layout());
  const std::vector<std::string> rows =
      reader.Read({"{\"x\":" + first + "}", "{\"x\":" + json + "}", "{\"x\":" + first + "}"});
  EXPECT_EQ(rows[0], rows[2]);
  EXPECT_NE(rows[0], "-");
  return rows[1] == "-" ? "-" : rows[1].substr(1, rows[1].size() - 2);
}

Schema Orders() {
  Schema schema;
  schema.Add("id", DataType::BigInt());
  schema.Add("city", DataType::String());
  schema.Add("price", DataType::Decimal(10, 2));
  schema.Add("ts", DataType::Timestamp(3));
  schema.Add("ok", DataType::Boolean());
  return schema;
}

const std::string kOrder =
    R"({"id":1,"city":"bj","price":12.50,"ts":"2020-12-30 12:13:14.123","note":"n","ok":true})";
constexpr const char* kOrderRow = "[1, bj, 12.50, 2020-12-30 12:13:14.123, TRUE]";

TEST(JsonColumnsTest, WholeNumbersOfEveryLength) {
  std::string digits;
  for (int size = 1; size <= 19; ++size) {
    digits += static_cast<char>('0' + size % 9);
    EXPECT_EQ(ReadOne(DataType::BigInt(), "1", digits), digits);
    EXPECT_EQ(ReadOne(DataType::BigInt(), "1", "-" + digits), "-" + digits);
    EXPECT_EQ(ReadOne(DataType::BigInt(), "1", "0" + digits), "-") << "a zero in front";
    for (size_t at = 0; at < digits.size(); ++at) {
      std::string spoilt = digits;
      for (const char c : {'/', ':', 'x', ' ', '\xFF', '.', 'e'}) {
        spoilt[at] = c;
        EXPECT_EQ(ReadOne(DataType::BigInt(), "1", spoilt), "-") << spoilt;
      }
    }
  }
  EXPECT_EQ(ReadOne(DataType::BigInt(), "1", "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(ReadOne(DataType::BigInt(), "1", "-9223372036854775808"), "-9223372036854775808");
  for (const char* json : {"9223372036854775808", "-9223372036854775809", "12345678901234567890", "", "-",
                           "--1", "+1", "1 ", " 1", "null", "\"1\"", "1e3"}) {
    EXPECT_EQ(ReadOne(DataType::BigInt(), "1", json), "-") << json;
  }
  EXPECT_EQ(ReadOne(DataType::BigInt(), "1", "-0"), "0");
}

TEST(JsonColumnsTest, NarrowIntegersEndAtTheirBounds) {
  EXPECT_EQ(ReadOne(DataType::TinyInt(), "1", "-128"), "-128");
  EXPECT_EQ(ReadOne(DataType::TinyInt(), "1", "128"), "-");
  EXPECT_EQ(ReadOne(DataType::SmallInt(), "1", "32767"), "32767");
  EXPECT_EQ(ReadOne(DataType::SmallInt(), "1", "-32769"), "-");
  EXPECT_EQ(ReadOne(DataType::Int(), "1", "-2147483648"), "-2147483648");
  EXPECT_EQ(ReadOne(DataType::Int(), "1", "2147483648"), "-");
}

TEST(JsonColumnsTest, DecimalsOfTheLearntFractionAndOfOthers) {
  const DataType type = DataType::Decimal(10, 3);
  EXPECT_EQ(ReadOne(type, "1.25", "0.01"), "0.010");
  EXPECT_EQ(ReadOne(type, "1.25", "-0.00"), "0.000");
  EXPECT_EQ(ReadOne(type, "1.25", "-12345.67"), "-12345.670");
  EXPECT_EQ(ReadOne(type, "1.25", "123456.78"), "123456.780");  // more digits than are read at once
  EXPECT_EQ(ReadOne(type, "1.25", "7"), "7.000");
  EXPECT_EQ(ReadOne(type, "1.25", "7.5"), "7.500");
  EXPECT_EQ(ReadOne(type, "1.25", "7.125"), "7.125");
  EXPECT_EQ(ReadOne(type, "1", "9999999.999"), "9999999.999");
  for (const char* json : {"10000000.00", "01.25", "1.2x", "1x25", "x.25", ".25", "1.", "1.2345", "1.25e1",
                           "-", "1..5", "--1.25", "\"1.25\"", "1.25 "}) {
    EXPECT_EQ(ReadOne(type, "1.25", json), "-") << json;
  }
  EXPECT_EQ(ReadOne(DataType::Decimal(4, 2), "1.25", "99.99"), "99.99");
  EXPECT_EQ(ReadOne(DataType::Decimal(4, 2), "1.25", "100.00"), "-");
  EXPECT_EQ(ReadOne(DataType::Decimal(4, 2), "1.5", "99.9"), "99.90");
  EXPECT_EQ(ReadOne(DataType::Decimal(4, 2), "1.5", "100.0"), "-");
}

TEST(JsonColumnsTest, DoublesAreTheNearestOnes) {
  EXPECT_EQ(ReadOne(DataType::Double(), "0.5", "0.3"), "0.3");
  EXPECT_EQ(ReadOne(DataType::Double(), "0.1234", "0.1235"), "0.1235");
  EXPECT_EQ(ReadOne(DataType::Double(), "0.1234", "-0.0000"), "-0.0");
  EXPECT_EQ(ReadOne(DataType::Double(), "0.1234", "0.0000"), "0.0");
  EXPECT_EQ(ReadOne(DataType::Double(), "0.1234", "3"), "3.0");
  EXPECT_EQ(ReadOne(DataType::Double(), "0.1234", "-31.5"), "-31.5");
  EXPECT_EQ(ReadOne(DataType::Double(), "0.1234", "1234567.8901"), "1234567.8901");
  EXPECT_EQ(ReadOne(DataType::Double(), "0.1234", "00.1234"), "-");
  EXPECT_EQ(ReadOne(DataType::Double(), "0.1234", "1e3"), "-");
}

TEST(JsonColumnsTest, TimestampsOfOneShape) {
  const DataType type = DataType::Timestamp(3);
  const std::string first = "\"2020-12-30 12:13:14.123\"";
  EXPECT_EQ(ReadOne(type, first, "\"2020-12-30 00:00:00.000\""), "2020-12-30 00:00:00.000");
  EXPECT_EQ(ReadOne(type, first, "\"2020-12-30 23:59:59.999\""), "2020-12-30 23:59:59.999");
  EXPECT_EQ(ReadOne(type, first, "\"1969-12-31 23:59:59.999\""), "1969-12-31 23:59:59.999");
  EXPECT_EQ(ReadOne(type, first, "\"2020-12-30 01:02:03\""), "2020-12-30 01:02:03.000");
  EXPECT_EQ(ReadOne(type, first, "\"2020-12-30 01:02:03.4567\""), "2020-12-30 01:02:03.456");
  EXPECT_EQ(ReadOne(type, "\"2020-12-30 12:13:14\"", "\"2020-12-31 01:02:03\""), "2020-12-31 01:02:03.000");
  EXPECT_EQ(ReadOne(DataType::Timestamp(1), first, "\"2020-12-30 01:02:03.456\""), "2020-12-30 01:02:03.4");
  for (const char* text : {"2020-12-30 24:00:00.000", "2020-12-30 12:60:00.000", "2020-12-30 12:00:60.000",
                           "2020-02-30 12:00:00.000", "2020-12-30T12:00:00.000", "2020-12-30 12:00:00,000",
                           "2020-12-30 12:00:00.00Z", "", "2020-12-30"}) {
    EXPECT_EQ(ReadOne(type, first, "\"" + std::string(text) + "\""), "-") << text;
  }
  const std::string good = "2020-12-30 12:13:14.123";
  for (size_t at = 0; at < good.size(); ++at) {
    for (const char c : {'/', ':', 'x', '\xFF', '"', '\\'}) {
      std::string text = good;
      if (text[at] == c) continue;
      text[at] = c;
      EXPECT_EQ(ReadOne(type, first, "\"" + text + "\""), "-") << text;
    }
  }
}

TEST(JsonColumnsTest, InstantsInUtc) {
  Schema schema = One(DataType::TimestampLtz(3));
  ColumnsReader reader(schema, R"({"x":"2020-12-30 12:13:14.123Z"})");
  EXPECT_THAT(reader.Read({R"({"x":"2020-12-30 12:13:14.123Z"})", R"({"x":"2020-12-30 12:13:15.123Z"})",
                           R"({"x":"2020-12-30 12:13:16.123x"})", R"({"x":"2020-12-30 12:13:17+02:00"})",
                           R"({"x":"2020-12-31 12:13:18.123Z"})"}),
              ElementsAre("[2020-12-30 12:13:14.123]", "[2020-12-30 12:13:15.123]", "-",
                          "[2020-12-30 10:13:17.000]", "[2020-12-31 12:13:18.123]"));
}

TEST(JsonColumnsTest, StringsOfEveryLengthAndWhatMayNotStandInThem) {
  for (size_t size = 0; size <= 100; ++size) {
    const std::string text(size, 'a');
    EXPECT_EQ(ReadOne(DataType::String(), "\"b\"", "\"" + text + "\""), text);
    for (size_t at = 0; at < size; ++at) {
      for (const char* inside : {"\\n", "\\\\", "\"", "\":", "\\\""}) {
        std::string spoilt = text;
        spoilt.replace(at, 1, inside);
        EXPECT_EQ(ReadOne(DataType::String(), "\"b\"", "\"" + spoilt + "\""), "-") << spoilt;
      }
    }
  }
  EXPECT_EQ(ReadOne(DataType::String(), "\"b\"", "\"a\tb,{}:\""), "a\tb,{}:");
  EXPECT_EQ(ReadOne(DataType::String(), "\"b\"", "12"), "-");
  EXPECT_EQ(ReadOne(DataType::String(), "\"b\"", "null"), "-");
}

TEST(JsonColumnsTest, Booleans) {
  EXPECT_EQ(ReadOne(DataType::Boolean(), "true", "false"), "FALSE");
  EXPECT_EQ(ReadOne(DataType::Boolean(), "false", "true"), "TRUE");
  for (const char* json :
       {"tru", "truE", "fals", "falsE", "talse", "frue", "truee", "falsee", "null", "1", ""}) {
    EXPECT_EQ(ReadOne(DataType::Boolean(), "true", json), "-") << json;
  }
}

TEST(JsonColumnsTest, LinesCutAtAnyByteAreToldAndTheirNeighboursRead) {
  ColumnsReader reader(Orders(), kOrder);
  for (size_t size = 0; size < kOrder.size(); ++size) {
    EXPECT_THAT(reader.Read({kOrder, kOrder.substr(0, size), kOrder, kOrder.substr(size + 1), kOrder}),
                ElementsAre(kOrderRow, "-", kOrderRow, "-", kOrderRow))
        << size;
    if (size > 0) {
      EXPECT_EQ(reader.Read({kOrder.substr(0, size), kOrder.substr(size)}),
                (std::vector<std::string>{"-", "-"}));
    }
  }
}

TEST(JsonColumnsTest, AByteTooManyAnywhereIsTold) {
  ColumnsReader reader(Orders(), kOrder);
  for (size_t at = 0; at <= kOrder.size(); ++at) {
    for (const char c : {' ', ',', '"', '{', '\\', '\r'}) {
      std::string line = kOrder;
      line.insert(at, 1, c);
      // Inside the strings these may stand, and change what is read.
      const size_t city = kOrder.find("bj");
      const size_t note = kOrder.find("\"n\"") + 1;
      const bool in_string = (at >= city && at <= city + 2) || (at >= note && at <= note + 1);
      if (in_string && c != '"' && c != '\\') continue;
      EXPECT_EQ(reader.Read({kOrder, line})[1], "-") << line;
    }
  }
}

TEST(JsonColumnsTest, OtherLayoutsAreTold) {
  ColumnsReader reader(Orders(), kOrder);
  EXPECT_THAT(
      reader.Read({
          R"({"city":"bj","id":1,"price":12.50,"ts":"2020-12-30 12:13:14.123","note":"n","ok":true})",
          R"({"id":1,"city":"bj","price":12.50,"ts":"2020-12-30 12:13:14.123","ok":true,"note":"n"})",
          R"({"id":1,"id":1,"price":12.50,"ts":"2020-12-30 12:13:14.123","note":"n","ok":true})",
          R"({"id":1,"city":"bj","price":12.50,"ts":"2020-12-30 12:13:14.123","note":"n","ok":true,"id":2})",
          R"({"id": 1,"city":"bj","price":12.50,"ts":"2020-12-30 12:13:14.123","note":"n","ok":true})",
          R"([{"id":1,"city":"bj","price":12.50,"ts":"2020-12-30 12:13:14.123","note":"n","ok":true}])",
          "",
          "{}",
          kOrder,
      }),
      ElementsAre("-", "-", "-", "-", "-", "-", "-", "-", kOrderRow));
}

TEST(JsonColumnsTest, LayoutsWithSpacesAndWithCarriageReturns) {
  const std::string spaced =
      R"({ "id": 1, "city": "bj", "price": 12.50, "ts": "2020-12-30 12:13:14.123", "ok": true })";
  ColumnsReader with_spaces(Orders(), spaced);
  EXPECT_THAT(with_spaces.Read({spaced, kOrder, spaced}), ElementsAre(kOrderRow, "-", kOrderRow));
  ColumnsReader with_returns(Orders(), kOrder, "\r\n");
  EXPECT_THAT(with_returns.Read({kOrder, kOrder + " ", kOrder}), ElementsAre(kOrderRow, "-", kOrderRow));
}

TEST(JsonColumnsTest, LongKeysAreComparedToTheirEnds) {
  const std::string key(80, 'k');
  Schema schema;
  schema.Add(key + "a", DataType::Int());
  ColumnsReader reader(schema, "{\"" + key + "a\":1}");
  EXPECT_THAT(reader.Read({"{\"" + key + "a\":2}", "{\"" + key + "b\":3}", "{\"" + key + "a\":4}"}),
              ElementsAre("[2]", "-", "[4]"));
}

TEST(JsonColumnsTest, NoLayoutWhereKeysAreTwiceOrApartFromTheirColons) {
  EXPECT_FALSE(ColumnsReader(One(DataType::Int()), R"({"x":1,"x":2})").has_layout());
  EXPECT_FALSE(ColumnsReader(One(DataType::Int()), R"({"x" :1})").has_layout());
  EXPECT_FALSE(ColumnsReader(One(DataType::Int()), "{}").has_layout());
}

// The decoder, lines of every kind between those of one layout: the same rows, offsets and malformed records
// as when each is given on its own, for which there is only the careful path.
TEST(JsonColumnsTest, TheDecoderGivesTheRowsOfTheCarefulPath) {
  Schema schema = Orders();
  schema.Add("day", DataType::Date());
  schema.Add("tags", DataType::Array(DataType::String()));
  schema.Add("absent", DataType::Int());
  std::mt19937_64 random(7);
  const std::vector<std::string> others = {
      "",
      "   ",
      "{}",
      "[]",
      "7",
      "{\"id\":",
      R"({"id":null,"city":null})",
      R"([{"id":5},{"id":6},7])",
      R"({"city":"a\"b","id":3,"tags":["p","q"],"absent":4})",
      R"({"id":1,"city":"bj","price":1e1,"ts":"2020-12-30 12:13:14.123","day":"2020-01-01","tags":[],"ok":"true"})",
      R"({"id":1,"city":"bj","price":1.25,"ts":null,"day":null,"tags":null,"ok":true})",
      R"({"id":1,"city":"bj","price":1.25,"ts":"x","day":"2020-01-01","tags":[],"ok":true})",
      R"({"id":1,"city":"bj","price":1.25,"ts":"2020-12-30 12:13:14.123","day":"x","tags":[],"ok":true})"};
  for (const int one_in : {2, 9, 50, 100000}) {
    std::string input;
    std::vector<Message> messages;
    std::vector<std::pair<size_t, size_t>> places;
    while (input.size() < 400'000) {
      std::string line;
      if (random() % one_in == 0) {
        line = others[random() % others.size()];
      } else {
        line = fmt::format(
            R"({{"id":{},"city":"{}","price":{}.{},"ts":"20{}-12-30 12:{}:14.123","day":"2020-01-{}","tags":["a","{}"],"ok":{}}})",
            static_cast<int64_t>(random()) >> (random() % 64), std::string(random() % 40, 'c'),
            random() % 10000, random() % 1000, 10 + random() % 2, 10 + random() % 50, 10 + random() % 20,
            random() % 100, random() % 2 == 0);
      }
      places.emplace_back(input.size(), line.size());
      input += line + (random() % one_in == 1 ? "\r\n" : "\n");
    }
    auto block = std::make_shared<const std::string>(input);
    for (const auto& [begin, size] : places) {
      messages.push_back({static_cast<int64_t>(begin), std::string_view(*block).substr(begin, size)});
    }
    for (const char* ignore : {"false", "true"}) {
      const Options options = {{"json.ignore-parse-errors", ignore}};
      auto careful = MustMakeDecoder("json", schema, options);
      CollectingSink expected;
      ASSERT_TRUE(careful->DecodeMessages(block, messages, expected).has_value());
      auto fast = MustMakeDecoder("json", schema, options);
      CollectingSink sink;
      DecodeInBlocks(*fast, input, 100'000, sink);
      EXPECT_EQ(Rows(sink), Rows(expected));
      EXPECT_EQ(sink.offsets, expected.offsets);
      EXPECT_EQ(sink.malformed, expected.malformed);
      EXPECT_EQ(fast->stats().ignored_fields, careful->stats().ignored_fields);
      EXPECT_EQ(fast->stats().rows, careful->stats().rows);
    }
  }
}

}  // namespace
}  // namespace millrace::formats
