// Random JSON records: the hot path and the careful path give the same rows and the same malformed
// records, and both agree with an independent parser on what is JSON.
#include <simdjson.h>

#include <random>

#include "formats/decode_test_sink.h"

namespace millrace::formats {
namespace {

using data::DataType;

data::Schema RandomEvents() {
  data::Schema schema;
  schema.Add("user_id", DataType::BigInt());
  schema.Add("n", DataType::Int());
  schema.Add("t", DataType::TinyInt());
  schema.Add("name", DataType::String());
  schema.Add("价格", DataType::Decimal(12, 3));
  schema.Add("d", DataType::Double());
  schema.Add("b", DataType::Boolean());
  schema.Add("ts", DataType::Timestamp(3));
  schema.Add("day", DataType::Date());
  schema.Add("a_key_that_is_longer_than_thirty_two_bytes", DataType::SmallInt());
  schema.Add("tags", DataType::Array(DataType::String()));
  schema.Add("pos", DataType::Row({{"x", DataType::Double()}, {"y", DataType::Int()}}));
  return schema;
}

class RecordMaker {
 public:
  explicit RecordMaker(uint64_t seed) : random_(seed) {}

  std::string Make() {
    if (Chance(40)) Reshuffle();
    std::string out = "{" + Space();
    bool is_first = true;
    for (const std::string& key : order_) {
      if (Chance(optional_)) continue;
      if (!is_first) out += Space() + ",";
      is_first = false;
      out += Space() + "\"" + key + "\"" + Space() + ":" + Space() + Value(key);
    }
    if (Chance(60)) out += std::string(is_first ? "" : ",") + "\"n\":" + std::to_string(Number(100));
    out += Space() + "}";
    if (Chance(50)) Spoil(&out);
    if (Chance(60)) out += " ";
    return out;
  }

 private:
  int Number(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  bool Chance(int one_in) { return Number(one_in) == 0; }
  std::string Pick(std::initializer_list<const char*> choices) {
    return choices.begin()[Number(choices.size())];
  }
  std::string Space() { return spaced_ ? Pick({"", " ", "  ", "\t"}) : ""; }

  void Reshuffle() {
    order_ = {"user_id", "n",   "t",     "name",          "价格",
              "d",       "b",   "ts",    "day",           "a_key_that_is_longer_than_thirty_two_bytes",
              "tags",    "pos", "extra", "unknown_nested"};
    if (!Chance(3)) std::shuffle(order_.begin(), order_.end(), random_);
    order_.resize(1 + Number(static_cast<int>(order_.size())));
    optional_ = Chance(2) ? 1000000 : 8;
    spaced_ = Chance(3);
  }

  std::string Digits(int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += static_cast<char>('0' + Number(10));
    return out;
  }

  std::string Json(const std::string& key) {
    if (key == "user_id" || key == "n" || key == "t" || key.size() > 20) {
      switch (Number(12)) {
        case 0:
          return Pick({"9223372036854775807", "-9223372036854775808", "9223372036854775808", "2147483648",
                       "-2147483648", "127", "128", "-129", "0", "-0", "00", "1e3", "1.0", "1.5"});
        case 1:
          return "\"" + Digits(3) + "\"";
        case 2:
          return Digits(1 + Number(21));
        default:
          return (Chance(3) ? "-" : "") + std::to_string(1 + Number(120));
      }
    }
    if (key == "价格" || key == "d") {
      switch (Number(6)) {
        case 0:
          return Pick({"0.001", "-0.0005", "1e-400", "1e400", "123456789.999", "999999999.9995", "5e-324",
                       "0.1e1", "1.", "179769313486231580793e289"});
        case 1:
          return Digits(1 + Number(20)) + "." + Digits(1 + Number(20));
        default:
          return std::to_string(Number(100000)) + "." + Digits(1 + Number(4));
      }
    }
    if (key == "b") return Pick({"true", "false", "true", "\"true\"", "tru", "1"});
    if (key == "ts") {
      if (Chance(6))
        return Pick(
            {"\"2020-02-30 00:00:00\"", "\"2020-01-01T00:00:00\"", "5", "\"\"", "\"2020-1-1 00:00:00\""});
      return "\"20" + Pick({"19", "20"}) + "-0" + std::to_string(1 + Number(9)) + "-1" + Digits(1) + " 1" +
             Digits(1) + ":" + std::to_string(Number(6)) + Digits(1) + ":0" + Digits(1) +
             (Chance(2) ? "." + Digits(1 + Number(9)) : "") + "\"";
    }
    if (key == "day")
      return "\"2020-0" + std::to_string(1 + Number(9)) + "-" + std::to_string(10 + Number(25)) + "\"";
    if (key == "tags") {
      std::string out = "[";
      for (int i = Number(4); i > 0; --i) out += Text() + (i > 1 ? "," : "");
      return out + "]";
    }
    if (key == "pos") return "{\"x\":" + Json("d") + ",\"y\":" + std::to_string(Number(9)) + "}";
    if (key == "unknown_nested")
      return Pick({"{}", "[[],[{}]]", "{\"n\":{\"n\":[1,\"]}\"]}}", "[1,]", "\"\\u00e9\""});
    return Text();
  }

  std::string Text() {
    std::string out = "\"";
    for (int i = Number(Chance(4) ? 60 : 10); i > 0; --i) {
      out +=
          Chance(40)
              ? Pick({"\\n", "\\\"", "\\\\", "\\u4e2d", "\\ud83d\\ude00", "\\u0000", "\\/", "\\ud800", "\\x"})
          : Chance(10) ? Pick({"中", "é", "😀", "'", "{", "}", ",", ":", "[", "\x7f"})
                       : std::string(1, static_cast<char>('a' + Number(26)));
    }
    return out + "\"";
  }

  std::string Value(const std::string& key) { return Chance(15) ? "null" : Json(key); }

  void Spoil(std::string* out) {
    const size_t at = static_cast<size_t>(Number(static_cast<int>(out->size())));
    switch (Number(4)) {
      case 0:
        out->erase(at, 1);
        break;
      case 1:
        out->insert(at, Pick({"\"", "{", "}", ",", ":", "\\", "\x01", "\xff", "0"}));
        break;
      case 2:
        out->resize(at);
        break;
      default:
        (*out)[at] = static_cast<char>(32 + Number(95));
    }
    std::erase(*out, '\n');
  }

  std::mt19937_64 random_;
  std::vector<std::string> order_ = {"user_id"};
  int optional_ = 1000000;
  bool spaced_ = false;
};

// Control characters are let through by us alone.
bool HasControlCharacters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

void CheckSeed(uint64_t seed, const Options& options, const std::optional<std::vector<int>>& projection) {
  RecordMaker maker(seed);
  std::string input;
  auto records = std::make_shared<std::vector<std::string>>();
  std::vector<Message> messages;
  for (int i = 0; i < 400; ++i) records->push_back(maker.Make());
  for (const std::string& record : *records) {
    messages.push_back({static_cast<int64_t>(input.size()), record});
    input += record + "\n";
  }
  const data::Schema schema = RandomEvents();
  const DecodeContext context = {.projection = projection};
  CollectingSink fast;
  auto fast_decoder = MustMakeDecoder("json", schema, options, context);
  DecodeInBlocks(*fast_decoder, input, 1 + seed % 5 * 3000, fast);
  CollectingSink careful;
  auto careful_decoder = MustMakeDecoder("json", schema, options, context);
  ASSERT_TRUE(careful_decoder->DecodeMessages(records, messages, careful).has_value());
  ASSERT_EQ(Rows(fast), Rows(careful)) << "seed " << seed;
  ASSERT_EQ(fast.offsets, careful.offsets) << "seed " << seed;
  ASSERT_EQ(fast.malformed.size(), careful.malformed.size()) << "seed " << seed;
  for (size_t i = 0; i < fast.malformed.size(); ++i) {
    ASSERT_EQ(fast.malformed[i], careful.malformed[i]) << "seed " << seed;
  }
  ASSERT_EQ(fast_decoder->stats().ignored_fields, careful_decoder->stats().ignored_fields) << "seed " << seed;

  // What we call "not JSON" is what another parser calls so.
  simdjson::dom::parser parser;
  for (const MalformedRecord& record : careful.malformed) {
    if (HasControlCharacters(record.bytes)) continue;
    const bool is_syntax =
        record.reason.starts_with("not JSON") || record.reason.find("UTF-8") != std::string::npos;
    const auto error = parser.parse(simdjson::padded_string(record.bytes)).error();
    if (error == simdjson::NUMBER_ERROR) continue;
    if (is_syntax) {
      EXPECT_NE(error, simdjson::SUCCESS) << record.bytes << " " << record.reason;
    }
  }
  for (size_t i = 0, bad = 0; i < messages.size(); ++i) {
    if (bad < careful.malformed.size() && careful.malformed[bad].offset == messages[i].offset) {
      ++bad;
      continue;
    }
    if (HasControlCharacters(messages[i].bytes) || !options.empty()) continue;
    const auto error = parser.parse(simdjson::padded_string(messages[i].bytes)).error();
    if (error == simdjson::NUMBER_ERROR) continue;
    if (messages[i].bytes.find_first_not_of(' ') == std::string_view::npos) continue;
    EXPECT_EQ(error, simdjson::SUCCESS) << messages[i].bytes;
  }
}

TEST(JsonPropertyTest, HotAndCarefulPathsAgree) {
  for (uint64_t seed = 1; seed <= 120; ++seed) CheckSeed(seed, {}, std::nullopt);
}

TEST(JsonPropertyTest, TheyAgreeUnderProjection) {
  for (uint64_t seed = 1000; seed < 1030; ++seed) CheckSeed(seed, {}, std::vector<int>{7, 3, 10});
}

TEST(JsonPropertyTest, TheyAgreeWhenErrorsAreIgnoredOrFieldsRequired) {
  for (uint64_t seed = 2000; seed < 2030; ++seed) {
    CheckSeed(seed, {{"json.ignore-parse-errors", "true"}}, std::nullopt);
    CheckSeed(seed, {{"json.fail-on-missing-field", "true"}}, std::vector<int>{0, 3});
  }
}

// The same schema and records, but every value checked against the other parser's.
TEST(JsonPropertyTest, ValuesEqualAnotherParsers) {
  data::Schema schema;
  schema.Add("i", DataType::BigInt());
  schema.Add("d", DataType::Double());
  schema.Add("s", DataType::String());
  std::mt19937_64 random(7);
  std::string input;
  for (int i = 0; i < 3000; ++i) {
    const double d = std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 200) - 130);
    char text[64];
    std::snprintf(text, sizeof(text), random() % 2 ? "%.17g" : "%.4f", d);
    std::string s;
    for (uint64_t j = random() % 40; j > 0; --j) s += random() % 9 ? "x" : random() % 2 ? "\\u00fc" : "\\t";
    input += "{\"i\":" + std::to_string(static_cast<int64_t>(random()) >> random() % 64) + ",\"d\":" + text +
             ",\"s\":\"" + s + "\"}\n";
  }
  auto decoder = MustMakeDecoder("json", schema);
  CollectingSink sink;
  DecodeAll(*decoder, input, sink);
  ASSERT_EQ(sink.rows.size(), 3000u);
  simdjson::dom::parser parser;
  size_t row = 0;
  simdjson::padded_string padded(input);
  simdjson::dom::document_stream stream;
  ASSERT_EQ(parser.parse_many(padded).get(stream), simdjson::SUCCESS);
  for (auto document : stream) {
    EXPECT_EQ(sink.rows[row][0].as_int(), int64_t(document["i"]));
    EXPECT_EQ(sink.rows[row][1].as_double(), double(document["d"])) << row;
    EXPECT_EQ(sink.rows[row][2].as_string(), std::string_view(document["s"]));
    ++row;
  }
  EXPECT_EQ(row, 3000u);
}

}  // namespace
}  // namespace millrace::formats
