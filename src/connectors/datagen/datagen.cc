#include "connectors/datagen/datagen.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connectors/datagen/generator.h"

namespace millrace::connectors {
namespace {

constexpr OptionSpec kOptions[] = {
    {.key = "rows-per-second",
     .type = OptionType::kInteger,
     .default_text = "10000",
     .min = 1,
     .doc = "how many rows are made in a second, at most"},
    {.key = "number-of-rows",
     .type = OptionType::kInteger,
     .min = 0,
     .doc = "rows in all; without it, and without a sequence, the table never ends"},
    {.key = "seed",
     .type = OptionType::kInteger,
     .doc = "the same seed gives the same rows (times of day apart); not in Flink"},
    {.key = "fields.#.kind",
     .type = OptionType::kChoice,
     .default_text = "random",
     .choices = "random; sequence",
     .doc = "how the values of column # are made"},
    {.key = "fields.#.min",
     .type = OptionType::kFieldValue,
     .doc = "the smallest random value; numbers and intervals (months, or milliseconds)"},
    {.key = "fields.#.max", .type = OptionType::kFieldValue, .doc = "the largest random value"},
    {.key = "fields.#.max-past",
     .type = OptionType::kDuration,
     .default_text = "0",
     .doc = "how far before the present a TIMESTAMP or TIMESTAMP_LTZ may lie"},
    {.key = "fields.#.length",
     .type = OptionType::kInteger,
     .min = 0,
     .doc = "characters of STRING and VARCHAR, bytes of BYTES and VARBINARY (100, or all that the type "
            "holds), elements of ARRAY, MAP and MULTISET (3)"},
    {.key = "fields.#.var-len",
     .type = OptionType::kBoolean,
     .default_text = "false",
     .doc = "lengths are random, from 1 to 'length'"},
    {.key = "fields.#.start", .type = OptionType::kInteger, .doc = "the first value of a sequence"},
    {.key = "fields.#.end",
     .type = OptionType::kInteger,
     .doc = "the last value of a sequence; the table ends when its first sequence does"},
    {.key = "fields.#.null-rate", .type = OptionType::kFieldValue, .doc = "the share of NULLs, from 0 to 1"},
};

struct GeneratorPlan {
  std::vector<std::unique_ptr<Generator>> generators;  // one a physical column
  std::optional<uint64_t> rows_max;
};

Result<GeneratorPlan> PlanGenerators(const TableRequest& request, uint64_t seed) {
  GeneratorPlan plan;
  FieldOptions options(request.options, request.parsed);
  std::set<std::string> paths;
  if (request.parsed.Has("number-of-rows")) {
    plan.rows_max = static_cast<uint64_t>(request.parsed.GetInt("number-of-rows"));
  }
  for (const data::Field& field : request.columns.physical) {
    MR_ASSIGN(MadeGenerator made, MakeGenerator(field.name, field.type, seed, options, &paths));
    if (made.rows_max) plan.rows_max = std::min(plan.rows_max.value_or(UINT64_MAX), *made.rows_max);
    plan.generators.push_back(std::move(made.generator));
  }
  MR_TRY(options.CheckAllKnown(paths));
  return plan;
}

class DatagenSource final : public Source {
 public:
  // Makes the plan anew for a seed: for going on under the seed of an earlier run.
  using Planner = std::function<Result<GeneratorPlan>(uint64_t seed)>;

  DatagenSource(data::Schema schema, GeneratorPlan plan, Planner planner, const SourceContext& context,
                uint64_t seed, uint64_t rows_per_second)
      : schema_(std::move(schema)),
        planner_(std::move(planner)),
        plan_(std::move(plan)),
        env_(*context.env),
        zone_(context.zone),
        seed_(seed),
        rows_per_second_(rows_per_second) {}

  const data::Schema& schema() const override { return schema_; }
  bool bounded() const override { return plan_.rows_max.has_value(); }

  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override {
    const uint64_t left = plan_.rows_max.value_or(UINT64_MAX) - rows_;
    if (left == 0) return ReadStatus::End();
    // In steps of ten milliseconds, so that slow tables make no batch for each row.
    const uint64_t step = std::min(left, std::clamp<uint64_t>(rows_per_second_ / 100, 1, limits.rows_max));
    const uint64_t due = RowsDue();
    if (due < rows_ - first_row_ + step) return ReadStatus::Idle(MicrosUntil(rows_ - first_row_ + step));
    uint64_t rows = std::min<uint64_t>({left, due - (rows_ - first_row_), limits.rows_max});
    while (rows > 0) {
      const size_t count = std::min<uint64_t>(rows, limits::kBatchRows);
      MR_TRY(sink.OnBatch(0, MakeBatch(count)));
      rows -= count;
    }
    return plan_.rows_max == rows_ ? ReadStatus::End() : ReadStatus::More();
  }

  std::string Position() const override { return fmt::format("{} {}", rows_, seed_); }

  Status Seek(std::string_view position) override {
    const char* end = position.data() + position.size();
    uint64_t rows = 0;
    uint64_t seed = 0;
    const auto parsed = std::from_chars(position.data(), end, rows);
    if (parsed.ec != std::errc() || parsed.ptr == end ||
        std::from_chars(parsed.ptr + 1, end, seed).ec != std::errc() ||
        rows > plan_.rows_max.value_or(UINT64_MAX)) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("'{}' is no position of this datagen table", position));
    }
    MR_ASSIGN(plan_, planner_(seed));
    seed_ = seed;
    rows_ = rows;
    first_row_ = rows;
    return {};
  }

  SourceProgress Progress() const override { return {0, std::nullopt, fmt::format("row {}", rows_)}; }

 private:
  // Rows that may have been made by now, counted from the first Poll: one at once, then by the clock.
  uint64_t RowsDue() {
    const int64_t now = env_.clock->MonotonicMicros();
    if (start_micros_ < 0) start_micros_ = now;
    const auto product = static_cast<unsigned __int128>(now - start_micros_) * rows_per_second_ / 1'000'000;
    return 1 + static_cast<uint64_t>(std::min<unsigned __int128>(product, uint64_t{1} << 62));
  }

  int64_t MicrosUntil(uint64_t rows_due) const {
    const auto micros = static_cast<unsigned __int128>(rows_due - 1) * 1'000'000 / rows_per_second_ + 1;
    const auto when =
        start_micros_ + static_cast<int64_t>(std::min<unsigned __int128>(micros, INT64_MAX / 2));
    return std::max<int64_t>(1, when - env_.clock->MonotonicMicros());
  }

  data::Batch MakeBatch(size_t rows) {
    const GeneratorClock clock{env_.clock->NowMicros(), zone_};
    data::Batch batch;
    batch.rows = rows;
    for (size_t i = 0; i < schema_.size(); ++i) {
      data::MutableColumnPtr column = data::Column::Make(schema_[i].type, rows);
      column->Resize(rows);
      plan_.generators[i]->Fill(rows_, rows, clock, *column);
      batch.columns.push_back(std::move(column));
    }
    rows_ += rows;
    return batch;
  }

  const data::Schema schema_;
  const Planner planner_;
  GeneratorPlan plan_;  // generators of the needed columns
  env::Env& env_;
  const data::TimeZone* zone_;
  uint64_t seed_;
  const uint64_t rows_per_second_;
  uint64_t rows_ = 0;       // made so far, by this source and those before it
  uint64_t first_row_ = 0;  // of this source
  int64_t start_micros_ = -1;
};

Result<TableTraits> DescribeDatagen(const TableRequest& request) {
  MR_ASSIGN(const GeneratorPlan plan, PlanGenerators(request, 0));
  TableTraits traits;
  traits.can_read = true;
  traits.reading = "exactly-once: rows follow from their number and the seed";
  traits.bounded = plan.rows_max.has_value();
  if (request.parsed.Has("seed"))
    traits.warnings.push_back("option 'seed' of datagen is not portable to Flink");
  return traits;
}

Result<std::unique_ptr<Source>> MakeDatagen(const TableRequest& request, const std::vector<bool>& needed,
                                            const SourceContext& context) {
  auto planner = [options = request.options, parsed = request.parsed, columns = request.columns,
                  needed](uint64_t seed) -> Result<GeneratorPlan> {
    MR_ASSIGN(GeneratorPlan plan, PlanGenerators({options, parsed, columns}, seed));
    std::vector<std::unique_ptr<Generator>> used;
    for (size_t i = 0; i < needed.size(); ++i) {
      if (needed[i]) used.push_back(std::move(plan.generators[i]));
    }
    plan.generators = std::move(used);
    return plan;
  };
  const uint64_t seed = request.parsed.Has("seed") ? static_cast<uint64_t>(request.parsed.GetInt("seed"))
                                                   : context.env->seeds->NextSeed();
  MR_ASSIGN(GeneratorPlan plan, planner(seed));
  return std::make_unique<DatagenSource>(ReadSchema(request.columns, needed), std::move(plan),
                                         std::move(planner), context, seed,
                                         static_cast<uint64_t>(request.parsed.GetInt("rows-per-second")));
}

}  // namespace

const ConnectorType& DatagenConnector() {
  static constexpr ConnectorType kType = {
      .options = {.connector = "datagen", .specs = kOptions},
      .describe = DescribeDatagen,
      .make_source = MakeDatagen,
      .make_sink = nullptr,
  };
  return kType;
}

}  // namespace millrace::connectors
