// Decoding speed, rows and bytes a second: json (ours and simdjson into the same columns), csv, grok.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <memory>
#include <random>
#include <string>

#include "data/batch_builder.h"
#include "formats/format.h"

namespace millrace::formats {
namespace {

using data::DataType;

constexpr size_t kInputBytes = size_t{8} << 20;
constexpr size_t kBlockBytes = size_t{1} << 20;

class CountingSink : public DecodeSink {
 public:
  Status OnBatch(data::Batch batch, std::span<const int64_t>) override {
    rows += batch.rows;
    benchmark::DoNotOptimize(batch.columns.data());
    return Ok();
  }
  Status OnMalformed(int64_t, std::string_view, const Error&) override {
    ++malformed;
    return Ok();
  }
  size_t rows = 0;
  size_t malformed = 0;
};

data::Schema EventSchema() {
  data::Schema schema;
  schema.Add("user_id", DataType::BigInt());
  schema.Add("item_id", DataType::BigInt());
  schema.Add("category_id", DataType::Int());
  schema.Add("behavior", DataType::String());
  schema.Add("province", DataType::String());
  schema.Add("amount", DataType::Decimal(10, 2));
  schema.Add("score", DataType::Double());
  schema.Add("is_new", DataType::Boolean());
  schema.Add("ts", DataType::Timestamp(3));
  schema.Add("session", DataType::String());
  return schema;
}

// About 200 bytes a record, ten fields.
std::string Events() {
  std::mt19937_64 random(1);
  constexpr const char* kBehaviors[] = {"pv", "buy", "cart", "fav"};
  constexpr const char* kProvinces[] = {"beijing", "guangdong", "上海", "zhejiang"};
  std::string out;
  while (out.size() < kInputBytes) {
    out += fmt::format(
        R"({{"user_id":{},"item_id":{},"category_id":{},"behavior":"{}","province":"{}","amount":{}.{:02},)"
        R"("score":0.{:04},"is_new":{},"ts":"2017-11-26 {:02}:{:02}:{:02}.{:03}","session":"s-{:016x}"}})"
        "\n",
        random() % 1000000, random() % 5000000, random() % 5000000, kBehaviors[random() % 4],
        kProvinces[random() % 4], random() % 10000, random() % 100, random() % 10000,
        random() % 2 ? "true" : "false", random() % 24, random() % 60, random() % 60, random() % 1000,
        random());
  }
  return out;
}

std::string Behaviors() {
  std::mt19937_64 random(2);
  constexpr const char* kBehaviors[] = {"pv", "pv", "pv", "buy", "cart", "fav"};
  std::string out;
  while (out.size() < kInputBytes) {
    out += fmt::format("{},{},{},{},{}\n", random() % 1000000, random() % 5000000, random() % 5000000,
                       kBehaviors[random() % 6], 1511658000 + random() % 100000);
  }
  return out;
}

std::string AccessLog() {
  std::mt19937_64 random(3);
  std::string out;
  while (out.size() < kInputBytes) {
    out += fmt::format(
        "{}.{}.{}.{} - - [26/Nov/2017:{:02}:{:02}:{:02} +0800] \"GET /items/{}?from=home HTTP/1.1\" 200 {}\n",
        random() % 256, random() % 256, random() % 256, random() % 256, random() % 24, random() % 60,
        random() % 60, random() % 100000, random() % 100000);
  }
  return out;
}

void RunDecoder(benchmark::State& state, std::string_view format, const data::Schema& schema,
                const Options& options, std::string input, const DecodeContext& context = {}) {
  auto block = std::make_shared<const std::string>(std::move(input));
  auto decoder = MakeDecoder(format, schema, options, context);
  if (!decoder) {
    state.SkipWithError(decoder.error().ToString().c_str());
    return;
  }
  CountingSink sink;
  for (auto _ : state) {
    for (size_t begin = 0; begin < block->size();) {
      const std::string_view rest = std::string_view(*block).substr(begin, kBlockBytes);
      const size_t size = (*decoder)->CompleteBytes(rest);
      if (!(*decoder)->Decode(block, rest.substr(0, size), static_cast<int64_t>(begin), sink)) return;
      begin += size;
    }
  }
  if (sink.malformed > 0) state.SkipWithError("malformed records");
  state.SetItemsProcessed(static_cast<int64_t>(sink.rows));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * block->size()));
}

void BM_JsonDecode(benchmark::State& state) {
  RunDecoder(state, "json", EventSchema(), {}, Events());
}
BENCHMARK(BM_JsonDecode)->Unit(benchmark::kMillisecond);

void BM_JsonDecodeThreeOfTenColumns(benchmark::State& state) {
  RunDecoder(state, "json", EventSchema(), {}, Events(), {.projection = std::vector<int>{0, 3, 8}});
}
BENCHMARK(BM_JsonDecodeThreeOfTenColumns)->Unit(benchmark::kMillisecond);

// Records as messages, which have no readable memory behind them: every one takes the careful path.
void BM_JsonDecodeCarefulPath(benchmark::State& state) {
  const std::string input = Events();
  auto block = std::make_shared<const std::string>(input);
  std::vector<Message> messages;
  for (size_t begin = 0; begin < input.size();) {
    const size_t end = input.find('\n', begin);
    messages.push_back({static_cast<int64_t>(begin), std::string_view(*block).substr(begin, end - begin)});
    begin = end + 1;
  }
  auto decoder = MakeDecoder("json", EventSchema(), {});
  CountingSink sink;
  for (auto _ : state) {
    if (!(*decoder)->DecodeMessages(block, messages, sink)) return;
  }
  state.SetItemsProcessed(static_cast<int64_t>(sink.rows));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * block->size()));
}
BENCHMARK(BM_JsonDecodeCarefulPath)->Unit(benchmark::kMillisecond);

int64_t ReadMicros(std::string_view text) {
  const auto two = [&text](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const data::CivilTime time = {{two(0) * 100 + two(2), two(5), two(8)}, two(11), two(14), two(17), 0};
  return data::MicrosFromCivil(time) +
         ((text[20] - '0') * 100 + (text[21] - '0') * 10 + (text[22] - '0')) * 1000;
}

// simdjson's on-demand parser over the same bytes into the same columns.
void BM_JsonSimdjsonOnDemand(benchmark::State& state) {
  const std::string input = Events();
  const simdjson::padded_string padded(input);
  const data::Schema schema = EventSchema();
  size_t rows = 0;
  for (auto _ : state) {
    data::BatchBuilder builder(schema);
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document_stream stream = parser.iterate_many(padded, kBlockBytes);
    for (auto document : stream) {
      simdjson::ondemand::object object = document.get_object();
      builder.column(0).Append<int64_t>(object["user_id"].get_int64());
      builder.column(1).Append<int64_t>(object["item_id"].get_int64());
      builder.column(2).Append<int32_t>(static_cast<int32_t>(object["category_id"].get_int64().value()));
      builder.column(3).AppendString(object["behavior"].get_string());
      builder.column(4).AppendString(object["province"].get_string());
      builder.column(5).Append<int64_t>(std::llround(object["amount"].get_double().value() * 100));
      builder.column(6).Append<double>(object["score"].get_double());
      builder.column(7).Append<uint8_t>(object["is_new"].get_bool());
      builder.column(8).Append<int64_t>(ReadMicros(object["ts"].get_string()));
      builder.column(9).AppendString(object["session"].get_string());
      builder.FinishRow();
      ++rows;
      if (builder.IsFull()) benchmark::DoNotOptimize(builder.Build().columns.data());
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(rows));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * input.size()));
}
BENCHMARK(BM_JsonSimdjsonOnDemand)->Unit(benchmark::kMillisecond);

void BM_CsvDecode(benchmark::State& state) {
  data::Schema schema;
  schema.Add("user_id", DataType::BigInt());
  schema.Add("item_id", DataType::BigInt());
  schema.Add("category_id", DataType::Int());
  schema.Add("behavior", DataType::String());
  schema.Add("ts", DataType::BigInt());
  RunDecoder(state, "csv", schema, {}, Behaviors());
}
BENCHMARK(BM_CsvDecode)->Unit(benchmark::kMillisecond);

void BM_GrokDecode(benchmark::State& state) {
  data::Schema schema;
  schema.Add("clientip", DataType::String());
  schema.Add("timestamp", DataType::TimestampLtz(3));
  schema.Add("verb", DataType::String());
  schema.Add("request", DataType::String());
  schema.Add("response", DataType::Int());
  schema.Add("bytes", DataType::BigInt());
  RunDecoder(state, "grok", schema, {{"grok.pattern", "^%{COMMONAPACHELOG}$"}}, AccessLog());
}
BENCHMARK(BM_GrokDecode)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::formats
